from typing import Any

import pytest

from benchmark.records.clustering import Agreement, Clustering, ClusterValidation
from leaderboard.entries import Entry, sections
from leaderboard.pages import cluster_validation, tables
from support.records import blank_record
from support.tables import cells

PAGE = "leaderboard/clustering.md"


def entry(**changes: Any) -> Entry:
    fields = {"clustering": {"initial": grouped()}} | changes
    return Entry(blank_record(**fields), "leaderboard/records/d/p/lama.json")


def grouped(**changes: Any) -> Clustering:
    values = dict.fromkeys(("adjusted_rand", "mutual_information", "silhouette", "davies_bouldin"), 0.127)
    return Clustering(**values | {"calinski_harabasz": None, "images": 60, "dimensions": 8} | changes)


def measures(rand: float, silhouette: float | None) -> dict[str, Any]:
    agreement = {name: rand + place / 10 for place, name in enumerate(Agreement.model_fields)}
    return {
        "agreement": agreement,
        "shape": {"silhouette": silhouette, "davies_bouldin": None, "calinski_harabasz": None},
    }


def partition(rand: float, *, estimated: int | None = 4, silhouette: float | None = 0.2) -> ClusterValidation:
    mean, sd = measures(rand, silhouette), measures(0.01, None if silhouette is None else 0.03)
    starts = {"starts": 5, "mean": mean, "sd": sd}
    return ClusterValidation.model_validate(
        {
            "given": {"clusters": 6, **starts},
            "estimated": estimated and {"clusters": estimated, **starts, "mean": measures(rand / 2, 0.3)},
            "truth": measures(1, -0.041),
            "dimensions": 4096,
        }
    )


def test_every_view_has_a_table_with_a_row_for_each_encoder() -> None:
    views = {"raw": partition(0.1), "unit": partition(0.2), "whitened": partition(-0.001, estimated=None)}
    one = entry(cluster_validation={"initial": views, "finetuned": {"raw": partition(0.3, silhouette=None)}})
    text = tables.clustering(sections([one]), PAGE)
    study, beside = text.split("### Beside the paper's measures")
    assert cells(study, "lama")[0][2] == "0.127"
    raw, unit, whitened = cells(beside, "lama")
    expected = ["0.10 ± 0.01", "0.30 ± 0.21", "0.40 ± 0.31", "0.50 ± 0.41", "0.80 ± 0.71", "0.20 ± 0.03", "-0.04"]
    assert raw[2:13] == [*expected, "4", "0.05", "0.25", "0.75"]
    assert unit[2] == "0.20 ± 0.01"
    assert whitened[2] == "0.00 ± 0.01"  # not -0.00
    assert whitened[9:13] == ["–"] * 4  # noqa: RUF001 - the table's dash
    (after,) = cells(beside, "ref-lama")
    assert after[7:9] == ["–", "-0.04"]  # noqa: RUF001
    assert beside.index(cluster_validation.VIEWS["raw"]) < beside.index(cluster_validation.VIEWS["unit"])
    assert text.count("*Purity*: ") == 1


def test_records_without_such_measures_have_the_study_s_table_alone() -> None:
    text = tables.clustering(sections([entry()]), PAGE)
    assert "Beside" not in text
    assert "Purity" not in text
    assert "Maps" not in text


@pytest.mark.parametrize(("exact", "shown"), [(True, "60"), (False, "60 (approximate)")])
def test_what_is_not_exact_says_so(exact: bool, shown: str) -> None:
    text = tables.clustering(sections([entry(clustering={"initial": grouped(exact=exact)})]), PAGE)
    assert cells(text, "lama")[0][7] == shown


def test_a_video_alone_stands_below_the_encoders() -> None:
    guess = dict.fromkeys(("accuracy", "balanced_accuracy", "recall", "f1"), 0.25)
    video = {**guess, "adjusted_rand": 0.333, "mutual_information": 0.693}
    text = tables.clustering(sections([entry(group_baselines={"video": video})]), PAGE)
    assert cells(text, "*video alone*")[0][2:4] == ["0.333", "0.693"]


def test_maps_are_shown_where_there_are_some() -> None:
    plane = {"x": [0.0], "y": [1.0]}
    found = {"pca": plane, "variance": [1, 0], "tsne": None, "perplexity": 0, "umap": None, "neighbours": 0}
    one = entry(
        projected_images={"rows": [0]},
        projections={"finetuned": found},
        test_images={"labels": [0], "groups": [0], "by": "images"},
    )
    text = tables.clustering(sections([one]), PAGE)
    assert "(figures/embeddings-d-s-p-finetuned.png)" in text
    assert "p-inpainting.png" not in text
