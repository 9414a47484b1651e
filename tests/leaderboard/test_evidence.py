import re
from typing import Any

import numpy as np

from benchmark.records.classification import ScoredImages
from benchmark.records.provenance import Provenance
from benchmark.records.record import Record
from leaderboard.classifiers import ranks
from leaderboard.evidence import answered, chance_mark, is_above_chance, sentences
from leaderboard.record_files import RecordFile, Section
from support.records import PROVENANCE, complete, trained

LABELS = [0, 1] * 18


def answering(number: int, share: float, by: str = "stretches", units: int = 12, **fields: Any) -> RecordFile:
    """A record whose deep classifier answers this share of 36 images correctly."""
    groups = np.repeat(np.arange(units), 36 // units).tolist()
    images = {"labels": LABELS, "groups": groups, "by": by, "train_images": (9, 9)}
    right = np.random.default_rng(number).random(36) < share
    answers = [label if hit else 1 - label for label, hit in zip(LABELS, right, strict=True)]
    values = {"init": "random", "test_images": images, "classification": {"deep": trained(0.5, answers=answers)}}
    return complete(title=f"T{number}", backbone=f"b{number}", key=f"{number:016}", **values | fields)


def section(*files: RecordFile) -> Section:
    return Section("d", "s", "p", files)


def test_the_heading_has_units_effective_number_and_smallest_differences() -> None:
    text = sentences(section(*(answering(number, 0.6) for number in range(3))))
    assert text.startswith("36 test images from 12 stretches; answers within a stretch agree no more than others, so ")
    assert " counts as independent. Smallest difference in accuracy that can be detected (80 % power, 5 %): " in text
    assert re.search(r": between two rows \d+ points, among 3", text)
    assert re.search(r"among 3 ranked together \d+ points\. One training seed a row", text)
    assert text.endswith(" Chance, the best answer without looking at the animal: *uniform guess*, 0.50.")


def test_images_whose_answers_agree_within_a_stretch_count_as_fewer() -> None:
    answers = np.array(LABELS) ^ np.repeat([0, 1, 0, 0, 1, 0], 6)
    text = sentences(section(answering(0, 1, units=6, classification={"deep": trained(0.7, answers=answers.tolist())})))
    agreeing = "answers within a stretch agree so often that all count as 6 independent images. "
    assert text.startswith(f"36 test images from 6 stretches; {agreeing}")


def test_one_pair_or_one_row_has_one_difference() -> None:
    assert "ranked together" not in sentences(section(answering(0, 0.6), answering(1, 0.6)))
    assert re.search(r"between two rows \d+ points\. One", sentences(section(answering(0, 0.6))))


def test_fewer_than_six_units_have_no_rank_no_mark_and_a_sentence() -> None:
    few = section(answering(0, 0.9, units=2), answering(1, 0.1, units=2))
    assert sentences(few).startswith("36 test images from 2 stretches; ")
    assert sentences(few).endswith(" Intervals, ranks and marks need 6 stretches or more.")
    assert ranks(few, "deep") == {}
    assert ranks(section(answering(0, 1.0), answering(1, 0.0)), "deep") == {f"{0:016}": "1 of 2", f"{1:016}": "2 of 2"}


def test_a_single_unit_is_named_in_the_singular() -> None:
    assert sentences(section(answering(0, 0.9, units=1)), classified=False).startswith("36 test images from 1 stretch.")
    encounter = section(answering(0, 0.9, "encounters", 1))
    assert sentences(encounter, classified=False).startswith("36 test images from 1 encounter.")


def test_the_spread_of_the_units_over_individuals_and_recordings_is_named() -> None:
    def text(groups: list[int], recordings: list[str]) -> str:
        images = {"labels": [0, 0, 1, 1], "groups": groups, "by": "stretches", "train_images": [5, 5]}
        shown = {"rows": range(4), "recordings": recordings}
        return sentences(section(complete(test_images=images, projected_images=shown)), classified=False)

    two = ["a", "a", "b", "b"]
    assert text([0, 0, 1, 1], two) == (
        "4 test images from 2 stretches (one of each of 2 individuals, in 2 recordings). "
        "Intervals, ranks and marks need 6 stretches or more."
    )
    assert text([0, 1, 2, 2], []).startswith("4 test images from 3 stretches (1 to 2 of each of 2 individuals). ")


def test_without_accuracies_there_are_only_units() -> None:
    text = sentences(section(answering(0, 0.9)), classified=False)
    assert text == "36 test images from 12 stretches."


def test_data_without_recordings_says_that_every_image_counts_as_independent() -> None:
    text = sentences(section(answering(0, 0.6, "images", 36)))
    assert text.startswith("Units not recorded: every image counts as independent. Smallest")


def test_records_of_other_images_are_left_out() -> None:
    other = Provenance.model_validate(PROVENANCE.model_dump() | {"split": "0f"})
    table = answered(section(answering(0, 0.6), answering(1, 0.6), answering(2, 0.6, provenance=other)), "deep")
    assert table is not None
    assert [one.first.title for one in table.contestants] == ["T0", "T1"]
    assert answered(section(complete()), "deep") is None
    assert sentences(section(complete())) == ""


def test_the_mark_of_chance_is_tested_by_units_and_needs_six() -> None:
    labels = [0, 1] * 18
    wrong = [1 - label for label in labels]

    def images(units: int) -> Record:
        return answering(0, 1, units=units).record

    assert is_above_chance(labels, images(12)) is True
    assert is_above_chance(wrong, images(12)) is False
    assert is_above_chance(wrong, images(4)) is None
    assert is_above_chance(wrong, complete(test_images=None).record) is None
    assert [chance_mark(above) for above in (True, False, None)] == ["", " (n.s.)", ""]
    validated = ScoredImages(labels=(0, 1) * 6, groups=tuple(range(12)), by="stretches")
    assert is_above_chance((0,) * 12, images(4), validated) is False
