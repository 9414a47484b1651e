"""The page of the region ablation, from records made by hand."""

from typing import Any

import numpy as np
import pytest

from benchmark.metrics.resampling.intervals import of_mean
from benchmark.records.classification import TestImages
from leaderboard.classifiers import gain_of
from leaderboard.formats import bracketed
from leaderboard.markdown import NOTHING
from leaderboard.pages.ablation import PAGE, marked
from leaderboard.pages.region_accuracies import Ablation, RegionAccuracy, difference
from leaderboard.record_files import RecordFile
from support.records import complete, failed, paper_ablation, part, record_file, score
from support.region_probes import IMAGES, LABELS, UNITS, answers, probes
from support.tables import cells, page_text, rows

RELIED, CONTAINED = (20, 12, 12, 12, 20, 22), (18, 20, 24, 24, 22, 20)
BOTH: dict[str, Any] = {"reliance": RELIED, "information": CONTAINED}


def probed_file(**fields: Any) -> RecordFile:
    """A record whose encoder relies on the background, though the pattern identifies every image."""
    return record_file(**{"probes": {"initial": probes(22, BOTH)}, "test_images": IMAGES, "individuals": 2} | fields)


def test_each_question_has_a_table_with_intervals_and_marks() -> None:
    text = page_text(PAGE, probed_file())
    relied, contained = cells(text, "LaMa")
    assert relied[2].startswith("0.83 [")
    assert relied[3].startswith("0.50 [")
    assert [cell.endswith(" (n.s.)") for cell in relied[2:9]] == [False, True, True, True, False, False, False]
    assert relied[8].startswith("0.92 [")
    assert contained[4] == "1.00 [0.74, 1.00]"  # all twelve units agree: Clopper-Pearson
    assert contained[8] == relied[8]  # whole images: the same probe
    assert text.index("What does a classifier of whole images rely on?") < text.index("What identifies the animals?")
    assert "with random weights (for published weights" not in text
    assert "**Deep" not in text


def test_differences_are_paired_and_can_be_computed_from_the_record() -> None:
    relied, contained = cells(page_text(PAGE, probed_file()), "LaMa")
    for row, (background, body, pattern, *_) in ((relied, RELIED), (contained, CONTAINED)):
        for cell, one, other in ((row[9], background, body), (row[11], pattern, background)):
            right = [np.equal(answers(number), LABELS).astype(int) for number in (one, other)]
            interval = of_mean(right[0] - right[1], np.array(UNITS), bounds=(-1, 1))
            assert cell == f"{(one - other) / 24:+.2f}{bracketed(interval)}"
    assert relied[10].startswith("-0.42 [")  # 12 - 22 of 24
    assert contained[10].startswith("+0.17 [")


def test_the_paired_interval_is_narrower_than_that_of_independent_answers() -> None:
    """The answers differ in two units of twelve; answers with the same accuracies that share nothing differ in ten."""
    first = [RegionAccuracy(0.5, np.arange(24)[None] < 12), RegionAccuracy(2 / 3, np.arange(24)[None] < 16)]
    apart = [first[0], RegionAccuracy(2 / 3, np.arange(24)[None] >= 8)]
    ends = []
    for body, background in (first, apart):
        one = difference(Ablation({"body": body, "background": background}, IMAGES), "background", "body")
        assert one is not None
        assert one.interval is not None
        assert one.value == pytest.approx(1 / 6)
        ends.append(one.interval.high - one.interval.low)
    assert ends[0] < 0.7 * ends[1]


def test_images_of_unknown_individuals_are_in_no_difference() -> None:
    """Half of the images cannot be named: eight units remain of sixteen."""
    images = TestImages(
        labels=(0, 1) * 16,
        groups=tuple(n // 2 for n in range(32)),
        by="stretches",
        identities=("ann", "bob"),
        train_images=(9, 0),
    )
    known = np.arange(32) % 2 == 0
    right = {"background": known, "body": known & (np.arange(32) < 16)}
    accuracies = {name: RegionAccuracy(one[known].mean(), one[None, known]) for name, one in right.items()}
    one = difference(Ablation(accuracies, images), "background", "body")
    assert one is not None
    assert one.interval is not None
    assert one.interval.groups == 16
    assert one.value == 0.5


def test_seeds_are_one_row_and_their_spread_is_in_its_intervals() -> None:
    """One seed reads the background alone, the other the body alone."""
    seeds = [
        probed_file(seed=0),
        probed_file(
            seed=1,
            key="other",
            probes={
                "initial": probes(
                    22,
                    {
                        "reliance": (12, 20, 12, 12, 20, 22),
                        "information": CONTAINED,
                    },
                )
            },
        ),
    ]
    relied, _ = cells(page_text(PAGE, *seeds), "LaMa")
    single, _ = cells(page_text(PAGE, seeds[0]), "LaMa")
    assert relied[2].startswith("0.67 [")  # the mean of 20 / 24 and 12 / 24
    assert relied[9].startswith("+0.00 [")
    assert width(relied[9]) > width(single[9])


def width(cell: str) -> float:
    low, high = (float(end) for end in cell[cell.index("[") + 1 : cell.index("]")].split(","))
    return high - low


def test_the_untrained_encoder_has_a_row_and_a_table_of_gains() -> None:
    untrained = probes(22, {"reliance": RELIED, "information": (18, 20, 12, 14, 22, 20)})
    text = page_text(PAGE, probed_file(probes={"initial": probes(22, BOTH), "untrained": untrained}))
    assert len(cells(text, "LaMa, *untrained*")) == 2
    gains = cells(text, "LaMa")[2]
    assert [cell[:7] for cell in gains[2:9]] == ["+0.00, "] * 2 + ["+0.50 [", "+0.42 ["] + ["+0.00, "] * 3
    assert text.index("What identifies the animals?") < text.index("with random weights (for published weights")


def test_few_units_have_neither_intervals_nor_marks() -> None:
    few = IMAGES.model_copy(update={"groups": tuple(number // 12 for number in range(24))})
    bare = probes(22, BOTH).model_dump()
    for pair in (bare, *(one for questions in bare["regions"].values() for one in questions.values())):
        pair["linear"]["intervals"] = {}
    text = page_text(PAGE, probed_file(test_images=few, probes={"initial": bare}))
    relied, _ = cells(text, "LaMa")
    assert relied[2:4] == ["0.83", "0.50"]
    assert relied[9] == "+0.33"
    assert "*Background - Body* by reliance: too few units for an interval." in text


def test_the_page_says_what_can_be_concluded() -> None:
    text = page_text(PAGE, probed_file())
    assert "*Background - Body* by reliance: 1 above, 0 below, 0 cannot be told." in text
    assert "*Background - Body* by information: 0 above, 0 below, 1 cannot be told." in text
    assert "*No background - No pattern* by reliance: 0 above, 1 below, 0 cannot be told." in text


def test_a_failed_run_and_a_record_without_probes_have_rows_of_dashes() -> None:
    text = page_text(PAGE, probed_file(), failed(seed=1), record_file(backbone="bare", title="Bare", key="bare"))
    assert cells(text, "Bare")[0][2:11] == [NOTHING] * 9
    assert "failed" in cells(text, "LaMa, seed 1")[0][-1]


def test_the_tables_of_trained_classifiers_are_the_paper_s() -> None:
    text = page_text(PAGE, complete())
    deep, shallow = cells(text, "LaMa")
    assert deep[2:9] == ["*0.75*", "0.88", "0.85", "0.82", "0.89", "0.93", "**0.97**"]
    assert shallow[2:9] == ["0.76", "0.32", "*0.17*", "0.46", "**0.86**", "0.68", "0.75"]
    assert deep[9:11] == ["-0.13", "-0.11"]  # 0.75 - 0.88, 0.82 - 0.93
    assert text.index("**Deep") < text.index("**Shallow (paper)")
    headers = ["Background", "Body", "Pattern", "No background", "No body", "No pattern", "All"]
    assert rows(text)[0][2:9] == headers
    assert "Linear probe" not in text


def test_only_the_modes_that_a_record_has_are_shown() -> None:
    text = page_text(PAGE, complete(ablation={"deep": paper_ablation("deep")}))
    assert "**Deep" in text
    assert "Shallow" not in text


@pytest.mark.parametrize("units", [2, 12])
def test_trained_classifiers_are_marked_by_units(units: int) -> None:
    groups = tuple(number * units // 24 for number in range(24))
    images = IMAGES.model_copy(update={"groups": groups, "ablated": tuple(range(24))})
    accuracy = score(0.5).model_copy(update={"answers": answers(12)})
    text = page_text(
        PAGE, record_file(ablation={"deep": {"body": accuracy, "background": accuracy}}, test_images=images)
    )
    assert cells(text, "LaMa")[0][3] == ("0.50 (n.s.)" if units == 12 else "0.50")
    assert cells(text, "LaMa")[0][9] == "+0.00, no image differs" + " [-0.26, 0.26]" * (units == 12)


def test_only_the_scored_images_are_in_intervals_of_trained_classifiers() -> None:
    """The first half is scored, and all of it is right in the one variant, wrong in the other."""
    images = IMAGES.model_copy(update={"ablated": tuple(range(12))})
    scores = {
        name: score(accuracy, images=12).model_copy(update={"answers": answers(right)})
        for name, accuracy, right in (("background", 1.0, 12), ("body", 0.0, 0))
    }
    text = page_text(PAGE, record_file(ablation={"deep": scores}, test_images=images))
    assert cells(text, "LaMa")[0][9].startswith("+1.00 [")
    assert cells(text, "LaMa")[0][9].endswith(", 1.00]")


def test_a_head_that_is_not_trained_has_its_loss_instead() -> None:
    one = score(0.5).model_copy(update={"losses": (1.79,)})
    other = score(0.5).model_copy(update={"losses": (0.5,)})
    text = page_text(PAGE, record_file(ablation={"deep": {"body": one, "background": other}}))
    assert cells(text, "LaMa")[0][2:4] == ["0.50", "not trained (loss 1.79)"]
    assert cells(text, "LaMa")[0][9] == NOTHING


@pytest.mark.parametrize(
    ("accuracies", "expected"),
    [
        ([0.994, 0.986, 0.5], ["**0.99**", "**0.99**", "*0.50*"]),  # equal as shown: both are best
        ([0.2, 0.9, 0.2], ["*0.20*", "**0.90**", "*0.20*"]),
        ([0.17, 0.17, 0.17], ["0.17", "0.17", "0.17"]),
        ([None, 0.3, 0.1], [None, "**0.30**", "*0.10*"]),
        ([None, None], [None, None]),
        ([None, 0.3], [None, "0.30"]),
    ],
)
def test_best_and_worst(accuracies: list[float | None], expected: list[str | None]) -> None:
    variants = ("background", "body", "pattern")[: len(accuracies)]
    pairs = zip(variants, accuracies, strict=True)
    known = {variant: RegionAccuracy(accuracy) for variant, accuracy in pairs if accuracy is not None}
    texts = marked(Ablation(known))
    assert [texts.get(variant) for variant in variants] == expected


def test_a_section_without_regions_is_not_shown() -> None:
    assert page_text(PAGE, complete(ablation={}), failed(seed=1)) == PAGE.empty


def test_failed_runs_alone_do_not_mean_that_regions_are_missing() -> None:
    assert "No ablation" not in page_text(PAGE, failed())


def test_the_audit_of_the_split_is_above_the_tables() -> None:
    text = page_text(PAGE, complete(audit={"sentence": "block: no test image leaks", "faults": []}))
    assert "\n\n*block: no test image leaks.*\n\n**Deep" in text


def test_equal_answers_say_that_no_image_differs_and_how_large_a_difference_may_be() -> None:
    images = part(TestImages, labels=[0] * 6, groups=range(6), by="stretches", identities=["a"], train_images=[5])
    same, one = (gain_of(np.array([[0, 0, 0, 0, 0, value]]), images) for value in (0, 1))
    assert (same.note, one.note) == (", no image differs", "")
    # at most 46 % of units may differ if none of six does: the exact end for 0 of 6
    assert f"{same.value:+.2f}{same.note}{bracketed(same.interval)}" == "+0.00, no image differs [-0.46, 0.46]"
