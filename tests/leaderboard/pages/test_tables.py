from typing import Any

import pytest

from benchmark.records.classification import Classification, Scores
from benchmark.records.clustering import Clustering
from benchmark.records.provenance import Failure
from leaderboard import layout
from leaderboard.cells import marked
from leaderboard.entries import Entry, sections
from leaderboard.pages import focus as focus_page
from leaderboard.pages import models, retrieval, tables
from support.records import blank_record
from support.tables import cells

STUDY = {
    "deep": (0.75, 0.88, 0.85, 0.82, 0.89, 0.93, 0.97),
    "shallow": (0.76, 0.32, 0.17, 0.46, 0.86, 0.68, 0.75),
}
"""AOT-GAN's rows of the paper's ablation tables."""


def score(accuracy: float, *, at_chance: bool = False, images: int = 60) -> Scores:
    return Scores(accuracy=accuracy, recall=accuracy, f1=accuracy / 2, images=images, at_chance=at_chance)


def trained(accuracy: float, *, at_chance: bool = False) -> Classification:
    return Classification(test=score(accuracy, at_chance=at_chance), validation=(), probe_localisation=())


def grouped(adjusted_rand: float, silhouette: float | None = 0.0604) -> Clustering:
    return Clustering(
        adjusted_rand=adjusted_rand,
        mutual_information=0.339,
        silhouette=silhouette,
        davies_bouldin=3.224,
        calinski_harabasz=36.558,
        images=60,
        dimensions=4096,
    )


def entry(key: str = "0123456789abcdef", **changes: Any) -> Entry:
    values = {
        "licence": "Apache-2.0",
        "init": "big-lama",
        "dataset": "zebrafish-synth",
        "split": "time",
        "protocol": "full",
    }
    one = blank_record(key=key, **values | changes)
    return Entry(one, f"leaderboard/records/{one.dataset}/{one.protocol}/{one.backbone}-{key[:12]}.json")


def ablated(mode: str) -> dict[str, Scores]:
    return {
        variant: score(accuracy, at_chance=accuracy < 0.2)
        for variant, accuracy in zip(tables.VARIANTS, STUDY[mode], strict=True)
    }


def complete(**changes: Any) -> Entry:
    values = {
        "classification": {"shallow": trained(0.31, at_chance=True), "deep": trained(0.97)},
        "ablation": {mode: ablated(mode) for mode in STUDY},
        "clustering": {"initial": grouped(0.127), "finetuned": grouped(0.228)},
    }
    return entry(**values | changes)


def failed(**changes: Any) -> Entry:
    failure = Failure(stage="train-deep", cause="No answer | for 600 s.", log="...")
    return entry("fedcba9876543210", **{"status": "timeout", "failure": failure} | changes)


def test_classification_golden() -> None:
    text = tables.classification(sections([complete()]), "leaderboard/classification.md")
    assert text.startswith(
        "## zebrafish-synth, split time, protocol full\n\n6 individuals, chance 0.17, 60 test images.\n\n| "
    )
    link = "[0123456](records/zebrafish-synth/full/lama-0123456789ab.json)"
    scores = ["0.31 (chance)", "0.31", "0.15", "–", "0.97", "0.97", "0.48", "–"]  # noqa: RUF001
    assert cells(text, "LaMa") == [["LaMa", "big-lama", *scores, "0", link]]
    assert "`(chance)`: no better than" in text


def test_ablation_is_the_paper_s() -> None:
    text = tables.ablation(sections([complete()]), "leaderboard/ablation.md")
    deep, shallow = cells(text, "LaMa")
    assert deep[2:9] == ["*0.75*", "0.88", "0.85", "0.82", "0.89", "0.93", "**0.97**"]
    assert shallow[2:9] == ["0.76", "0.32", "*0.17* (chance)", "0.46", "**0.86**", "0.68", "0.75"]
    assert deep[9:11] == ["0.85", "-0.11"]  # 0.75 / 0.88, 0.82 - 0.93
    assert text.index("**Deep**") < text.index("**Shallow**")
    columns = "Background Body Pattern No_background No_body No_pattern All".replace("_", " ")
    header = next(line for line in text.splitlines() if line.startswith("| Backbone"))
    assert " ".join(cell.strip() for cell in header.strip("|").split("|")[2:9]) == columns


@pytest.mark.parametrize(
    ("accuracies", "expected"),
    [
        ([0.994, 0.986, 0.5], ["**0.99**", "**0.99**", "*0.50*"]),  # equal as shown: both are best
        ([0.2, 0.9, 0.2], ["*0.20*", "**0.90**", "*0.20*"]),
        ([0.17, 0.17, 0.17], ["0.17", "0.17", "0.17"]),
        ([None, 0.3, 0.1], ["–", "**0.30**", "*0.10*"]),  # noqa: RUF001 - the table's dash
        ([None, None], ["–", "–"]),  # noqa: RUF001
        ([None, 0.3], ["–", "0.30"]),  # noqa: RUF001
    ],
)
def test_best_and_worst(accuracies: list[float | None], expected: list[str]) -> None:
    assert marked([None if value is None else score(value) for value in accuracies]) == expected


def test_clustering_has_a_row_before_and_after() -> None:
    text = tables.clustering(sections([complete()]), "leaderboard/clustering.md")
    measures = ["0.339", "0.060", "3.224", "36.558", "60", "4096"]
    assert cells(text, "lama")[0][:9] == ["lama", "big-lama", "0.127", *measures]
    assert cells(text, "ref-lama")[0][:9] == ["ref-lama", "big-lama", "0.228", *measures]


def test_a_measure_that_is_not_defined_is_a_dash() -> None:
    one = complete(clustering={"initial": grouped(0.0, silhouette=None)})
    text = tables.clustering(sections([one]), "leaderboard/clustering.md")
    assert cells(text, "lama")[0][4] == "–"  # noqa: RUF001
    assert cells(text, "ref-lama") == []


def test_controls_stand_beside_what_was_trained() -> None:
    one = complete(untrained=trained(0.25), clustering={name: grouped(0.1) for name in ("initial", "untrained")})
    shown = [one]
    classified = tables.classification(sections(shown), "leaderboard/classification.md")
    assert cells(classified, "LaMa, *untrained*")[0][:4] == ["LaMa, *untrained*", "random", "0.25", "0.25"]
    assert cells(tables.clustering(sections(shown), "leaderboard/clustering.md"), "random-lama")


def test_the_inpainting_table_has_the_model_and_what_learns_nothing() -> None:
    fillings = {
        "model": {"l1": 0.05, "psnr": 21.5, "ssim": 0.75, "images": 18, "lpips": 0.1234},
        "mean_colour": {"l1": 0.2, "psnr": 12.0, "ssim": 0.1, "images": 18},
        "telea": {"l1": 0.1, "psnr": None, "ssim": 0.5, "images": 18},
    }
    one = complete(
        inpainting={
            "loss": 4.2551,
            "epoch": 8,
            "iterations": 12784,
            "batch_size": 4,
            "validation": [5.0, 4.2551],
            "reconstruction": fillings,
        }
    )
    text = models.inpainting(sections([one]), "leaderboard/inpainting.md")
    assert cells(text, "LaMa")[0][2:10] == ["4.2551", "8", "12784", "4", "0.0500", "21.50", "0.750", "0.123"]
    assert cells(text, "*Mean colour*")[0][6:10] == ["0.2000", "12.00", "0.100", "–"]  # noqa: RUF001
    assert cells(text, "*Telea*")[0][7] == "–"  # noqa: RUF001
    widths = {line.count(" | ") for line in text.splitlines() if line.startswith("| ")}
    assert len(widths) == 1
    assert "18 test images" in text
    assert models.inpainting(sections([complete()]), "leaderboard/inpainting.md") == layout.EMPTY


def test_the_controls_have_lpips_where_any_record_has() -> None:
    def filled(lpips: float | None) -> dict[str, Any]:
        measured = {"l1": 0.1, "psnr": 20.0, "ssim": 0.5, "images": 8, "lpips": lpips}
        return {
            "loss": 1.0,
            "epoch": 1,
            "iterations": 1,
            "batch_size": 4,
            "validation": [1.0],
            "reconstruction": dict.fromkeys(("model", "mean_colour", "telea"), measured),
        }

    shown = [complete(inpainting=filled(None)), complete(inpainting=filled(0.25), seed=1)]
    text = models.inpainting(sections(shown), "leaderboard/inpainting.md")
    assert [row[9] for row in cells(text, "LaMa")] == ["–", "0.250"]  # noqa: RUF001
    assert cells(text, "*Telea*")[0][9] == "0.250"


def test_encoders_are_sized() -> None:
    one = complete(encoder={"parameters": 1562752, "shape": [512, 32, 32], "image_size": 256})
    text = models.encoders(sections([one]), "leaderboard/encoders.md")
    assert cells(text, "LaMa")[0][2:6] == ["1,562,752", "512 x 32 x 32", "524,288", "512"]


@pytest.mark.parametrize("table", [tables.classification, tables.ablation, tables.clustering, tables.summary])
def test_a_failed_run_is_a_row_with_its_cause(table: Any) -> None:
    text = table(sections([complete(), failed(backbone="aotgan", title="aotgan")]), "leaderboard/page.md")
    rows = cells(text, "aotgan")
    assert len(rows) == (2 if table is tables.ablation else 1)
    for row in rows:
        assert set(row[2:-2]) == {"–"}  # noqa: RUF001
        assert row[-1] == (
            "[fedcba9](records/zebrafish-synth/full/aotgan-fedcba987654.json) "
            r"failed: `timeout` in train-deep: No answer \| for 600 s."
        )


def test_a_long_cause_is_cut() -> None:
    text = tables.classification(sections([failed(failure=Failure(stage="s", cause="x " * 500, log=""))]), "a.md")
    assert "x x…" in text
    assert max(len(line) for line in text.splitlines() if line.startswith("|")) < 560


def test_a_data_set_without_regions_says_so() -> None:
    text = tables.ablation(sections([complete(ablation={}), failed(seed=1)]), "leaderboard/ablation.md")
    assert "No ablation: it needs a region mask for every image" in text
    assert "| LaMa" not in text


def test_failed_runs_alone_do_not_say_that_regions_are_missing() -> None:
    assert "No ablation" not in tables.ablation(sections([failed()]), "leaderboard/ablation.md")


def test_the_summary_is_of_the_built_in_data_set_with_links_from_the_root() -> None:
    text = tables.summary(sections([complete(split="open"), complete(dataset="other", title="Other")]), "README.md")
    assert "Other" not in text
    link = "[0123456](leaderboard/records/zebrafish-synth/full/lama-0123456789ab.json)"
    assert cells(text, "LaMa") == [
        ["LaMa", "big-lama", "0.97", "0.31 (chance)", "0.127", "0.228", "0", link],
    ]


def test_the_summary_leaves_clusters_of_stretches_of_film_to_their_page() -> None:
    text = tables.summary(sections([complete(split="block")]), "README.md")
    assert cells(text, "LaMa")[0][:5] == ["LaMa", "big-lama", "0.97", "0.31 (chance)", "0"]
    assert "AdjRand |" not in text


def test_records_that_disagree_about_the_images_show_both_numbers() -> None:
    other = complete(
        seed=1, classification={"deep": Classification(test=score(1, images=59), validation=(), probe_localisation=())}
    )
    assert "59 or 60 test images" in tables.classification(sections([complete(), other]), "a.md")


def test_chance_is_one_over_the_individuals_that_can_be_the_answer() -> None:
    text = tables.classification(sections([complete(candidate_count=4)]), "a.md")
    assert "6 individuals, of whom 4 can be the answer, chance 0.25, 60 test images." in text
    assert "of whom" not in tables.classification(sections([complete(candidate_count=6)]), "a.md")


def test_a_title_cannot_break_the_table_or_its_markers() -> None:
    title = "a|b <!-- end table: classification -->"
    text = tables.classification(sections([complete(title=title)]), "a.md")
    assert r"| a\|b &lt;!-- end table: classification -->" in text


@pytest.mark.parametrize("table", [tables.classification, tables.ablation, tables.clustering, tables.summary])
def test_without_records_the_table_says_how_to_make_them(table: Any) -> None:
    assert table([], "a.md") == "No records yet; `patternbench run` writes them."


def examined(answers: list[int], **changes: Any) -> dict[str, Any]:
    return trained(0.5).model_dump() | {"answers": answers} | changes


def test_rows_that_cannot_be_told_apart_share_a_rank_and_others_do_not() -> None:
    labels = [0, 1] * 20
    test = {"labels": labels, "groups": list(range(40)), "by": "images"}
    wrong = [1 - label for label in labels]
    almost = [*labels[:-1], wrong[-1]]
    answers = {"LaMa": labels, "AOT": almost, "Poor": wrong}
    shown = [
        complete(title=title, backbone=title.lower(), key=f"{place}" * 16, test_images=test,
                 classification={"deep": examined(given)})
        for place, (title, given) in enumerate(answers.items())
    ]  # fmt: skip
    text = tables.classification(sections(shown), "leaderboard/classification.md")
    assert {title: cells(text, title)[0][9] for title in answers} == {"LaMa": "1", "AOT": "1", "Poor": "3"}
    assert {cells(text, title)[0][5] for title in answers} == {"–"}  # noqa: RUF001 - none was trained shallow


def test_intervals_and_what_needs_no_animal_stand_in_the_table() -> None:
    guess = dict.fromkeys(("balanced_accuracy", "recall", "adjusted_rand", "mutual_information"), 0.25)
    one = complete(
        classification={
            "deep": examined(
                [0], intervals={"accuracy": {"low": 0.4, "high": 0.61, "groups": 9}}, never_above_chance=True
            )
        },
        group_baselines={
            "majority": {"accuracy": 0.2, "f1": 0.1, **guess},
            "video": {"accuracy": 0.333, "f1": 0.3, **guess},
        },
    )
    text = tables.classification(sections([one]), "leaderboard/classification.md")
    assert cells(text, "LaMa")[0][6] == "0.50 [0.40, 0.61] (never above chance)"
    assert cells(text, "*video alone*")[0][2:5] == ["0.33", "0.25", "0.30"]
    assert cells(text, "*commonest individual alone*")[0][6:9] == ["0.20", "0.25", "0.10"]


def test_the_audit_of_the_split_stands_above_the_table() -> None:
    one = complete(audit={"sentence": "random: 96 % of test images leak", "faults": ["96 % leak"]})
    text = tables.classification(sections([one]), "leaderboard/classification.md")
    above = text.split("\n\n| ")[0]
    assert above.endswith("*random: 96 % of test images leak.* This split is not clean: read the scores as memory at "
                          "least in part.")  # fmt: skip
    clean = complete(audit={"sentence": "block: no test image leaks", "faults": []})
    assert "\n\n*block: no test image leaks.*\n\n| " in tables.ablation(sections([clean]), "a.md").replace(
        "**Deep**\n\n", ""
    )


def test_retrieval_has_a_row_for_each_embedding_and_focus_one_for_each_classifier() -> None:
    interval = {"low": 0.5, "high": 0.7, "groups": 9}
    found = {
        "rank1": 0.6,
        "rank5": 0.9,
        "mean_average_precision": 0.45,
        "rank1_interval": interval,
        "map_interval": None,
        "queries": 9,
        "unmatched": 1,
        "average_precisions": [0.45],
    }
    regions = {"background": 0.7, "body": 0.2, "pattern": None}
    seen = {
        "empty": 3,
        "mass": regions,
        "density": {"background": 0.8, "body": 1.5, "pattern": 2.0},
        "rank": regions,
        "pattern_density": interval,
        "images": 10,
    }
    one = complete(
        retrieval={"initial": {"cosine": found, "euclidean": found}, "finetuned": {"cosine": found}},
        classification={"deep": examined([0], localisation=seen)},
    )
    text = retrieval.retrieval(sections([one]), "leaderboard/retrieval.md")
    assert "9 queries, 1 without a match left out" in text
    assert cells(text, "lama")[0][2:8] == ["0.60 [0.50, 0.70]", "0.90", "0.45"] * 2
    assert cells(text, "ref-lama")[0][5:8] == ["–"] * 3  # noqa: RUF001
    text = focus_page.focus(sections([one]), "leaderboard/focus.md")
    shown = cells(text, "LaMa")[0][2:11]
    assert shown == ["deep", "0.70", "0.20", "–", "0.80", "1.50", "2.00 [0.50, 0.70]", "–", "3 of 10"]  # noqa: RUF001
    lost = complete(classification={"deep": examined([0], localisation=seen | {"empty": 10})})
    shown = cells(focus_page.focus(sections([lost]), "leaderboard/focus.md"), "LaMa")[0][2:11]
    assert shown == ["deep", *["–"] * 7, "10 of 10"]  # noqa: RUF001
    assert "*Random map*" not in text.split("*Mass*")[0]  # an old record, which does not say what random maps give
    assert "<details>" not in text
    assert "Maps by" not in text


def test_a_random_map_ends_the_focus_table_and_pictures_are_folded_under_their_names() -> None:
    seen = {
        "mass": {"background": 0.5, "body": 0.25, "pattern": 0.25},
        "density": {"background": 0.625, "body": 1.25, "pattern": None},
        "rank": {"background": 0.5, "body": 0.5, "pattern": None},
        "pattern_density": None,
        "images": 10,
        "area": {"background": 0.8, "body": 0.2, "pattern": 0},
        "rank_null": {"background": 0.8, "body": 0.2, "pattern": None},
        "method": "hirescam",
    }
    shown = {"image": 3, "density": 2.0}
    examples = {"examples": dict.fromkeys(("best", "typical", "worst"), shown)}
    first = complete(
        title="A <b> & [C]", init="none", classification={"deep": examined([0], localisation=seen | examples)}
    )
    second = complete(title="Bare", seed=1, classification={"deep": examined([0], localisation=seen)})
    text = focus_page.focus(sections([first, second]), "leaderboard/focus.md")
    null = cells(text, "*Random map*")
    assert null == [["*Random map*", "–", "–", "0.80", "0.20", "0.00", "1.00", "1.00", "–", "–", "–", "–", "–"]]  # noqa: RUF001
    assert "test images.\n\nMaps by HiResCAM.\n\n|" in text
    picture = "records/zebrafish-synth/full/lama-0123456789ab-focus.png"
    assert text.count("<details>") == text.count("</details>") == 1
    assert (
        "<details><summary>A &lt;b&gt; &amp; [C]: best, typical and worst test image</summary>\n\n"
        f"![Maps on test images]({picture})\n\n</details>"
    ) in text


APPROXIMATE = "are approximate: proposed by a program, not all corrected by a person.*"


def with_regions(**changes: Any) -> Entry:
    regions = {"background": 0.5, "body": 0.25, "pattern": 0.25}
    seen = {"mass": regions, "density": regions, "rank": regions, "pattern_density": None, "images": 10}
    trainings = {"loss": 1.0, "epoch": 1, "iterations": 10, "batch_size": 2, "validation": [1.0]}
    return complete(classification={"deep": examined([0], localisation=seen)}, inpainting=trainings, **changes)


@pytest.mark.parametrize("table", [tables.ablation, focus_page.focus, models.inpainting])
def test_approximate_region_masks_are_said_above_every_table_that_uses_them(table: Any) -> None:
    approximate, exact = with_regions(approximate_regions=True), with_regions(seed=1, title="Exact")
    assert APPROXIMATE not in table(sections([exact]), "leaderboard/page.md")
    above = table(sections([approximate]), "leaderboard/page.md").split("| Backbone")[0]
    assert f".\n\n*Region masks {APPROXIMATE}\n\n" in above
    assert f"*Region masks of LaMa {APPROXIMATE}" in table(sections([approximate, exact]), "leaderboard/page.md")


def test_tables_that_use_no_regions_do_not_speak_of_their_masks() -> None:
    one = with_regions(approximate_regions=True)
    for table in (tables.classification, tables.clustering, tables.summary):
        assert "Region masks" not in table(sections([one]), "leaderboard/page.md")
