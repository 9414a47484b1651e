from typing import Any

from benchmark.records.clustering import Agreement, ClusterValidation
from leaderboard.pages import cluster_validation
from leaderboard.pages.clustering import PAGE
from support.records import clustered, complete, part
from support.tables import cells, page_text


def measures(rand: float, silhouette: float | None) -> dict[str, Any]:
    agreement = {name: rand + number / 10 for number, name in enumerate(Agreement.model_fields)}
    return {
        "agreement": agreement,
        "shape": {"silhouette": silhouette, "davies_bouldin": None, "calinski_harabasz": None},
    }


def partition(rand: float, *, estimated: int | None = 4, silhouette: float | None = 0.2) -> ClusterValidation:
    mean, sd = measures(rand, silhouette), measures(0.01, None if silhouette is None else 0.03)
    starts = {"starts": 5, "mean": mean, "sd": sd}
    return part(
        ClusterValidation,
        given={"clusters": 6, **starts},
        estimated=estimated and {"clusters": estimated, **starts, "mean": measures(rand / 2, 0.3)},
        truth=measures(0.2, -0.041),
        dimensions=4096,
        permuted_silhouette=-0.123,
    )


def test_every_view_has_a_table_with_a_row_for_each_encoder() -> None:
    views = {"raw": partition(0.1), "unit": partition(0.2), "whitened": partition(-0.001, estimated=None)}
    one = complete(
        clustering={"initial": clustered(0.127)},
        cluster_validation={"initial": views, "finetuned": {"raw": partition(0.3, silhouette=None)}},
    )
    text = page_text(PAGE, one)
    paper, beside = text.split("### Beyond the paper's metrics")
    assert cells(paper, "LaMa")[0][2] == "0.127"
    raw, unit, whitened = cells(beside, "LaMa")
    expected = ["0.10 ± 0.01", "0.30 ± 0.21", "0.40 ± 0.31", "0.50 ± 0.41", "0.80 ± 0.71", "0.20 ± 0.03", "-0.04"]
    assert raw[2:14] == [*expected, "-0.12", "4", "0.05", "0.25", "0.75"]
    assert unit[2] == "0.20 ± 0.01"
    assert whitened[2] == "0.00 ± 0.01"  # not -0.00
    assert whitened[10:14] == ["–"] * 4  # noqa: RUF001 - the table's dash
    (after,) = cells(beside, "ref-LaMa")
    assert after[7:10] == ["–", "-0.04", "-0.12"]  # noqa: RUF001
    assert beside.index(cluster_validation.VIEWS["raw"]) < beside.index(cluster_validation.VIEWS["unit"])
    assert text.count("*Purity*: ") == 1


def test_the_range_of_the_estimated_k_follows_it() -> None:
    def shown(low: int, high: int) -> str:
        validation = partition(0.1).model_copy(update={"estimated_range": (low, high)})
        one = complete(clustering={"initial": clustered(0.1)}, cluster_validation={"initial": {"raw": validation}})
        return cells(page_text(PAGE, one), "LaMa")[1][10]

    assert shown(2, 7) == "4 [2, 7]"
    assert shown(4, 4) == "4"


def test_silhouettes_stand_beside_their_value_under_permuted_labels_and_the_dimension() -> None:
    one = complete(clustering={"initial": clustered(0.1)}, cluster_validation={"initial": {"raw": partition(0.1)}})
    text = page_text(PAGE, one)
    assert cells(text, "LaMa")[1][8:10] == ["-0.04", "-0.12"]
    assert cells(text, "LaMa")[1][14] == "4096"
    assert "no row is the best" in text
    assert "**0." not in text


def test_records_without_such_measures_have_the_paper_s_table_alone() -> None:
    text = page_text(PAGE, complete())
    assert "Beside" not in text
    assert "Purity" not in text
