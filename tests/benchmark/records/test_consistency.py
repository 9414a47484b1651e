"""A record whose parts contradict each other is refused, and the place is named."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmark.errors import InputError
from benchmark.records.consistency import problems
from benchmark.records.files import read_record, write_record
from benchmark.records.record import Record
from support.records import blank_record, clustered, group_baseline, ranked, trained

ANSWERS = (0, 1, 0, 1)
TOLD = {
    "answers": ANSWERS,
    "confidences": (0.5,) * 4,
    "individual_recall": (0.5, 0.5),
    "validation": [{"epoch": 1, "answers": (0, 1)}],
}
COLUMNS = {"first_ranks": (1, 2, 0, 1), "average_precisions": (1, 0.5, None, 1)}


def record() -> Record:
    """Four test images of two individuals, half of them answered rightly, and two validation images."""
    return blank_record(
        individuals=2,
        test_images={
            "labels": (0, 1, 1, 0),
            "groups": (0, 1, 1, 0),
            "by": "stretches",
            "identities": ("ann", "bob"),
            "train_images": (3, 3),
        },
        validation_images={"labels": (0, 1), "groups": (0, 1), "by": "stretches"},
        classification={"deep": trained(0.5, test={"accuracy": 0.5, "images": 4}, **TOLD)},
        group_baselines={"video": group_baseline(0.5, groups=(0, 1, 1, 0), answers=((0, 1), (1,)), correct=(0.5,) * 4)},
        clustering={"initial": clustered(0.5, clusters=(0, 1, 1, 0))},
        retrieval={"initial": {"cosine": ranked(0.5, **COLUMNS)}},
    )


def test_a_record_of_a_run_does_not_contradict_itself() -> None:
    assert problems(record()) == []
    assert problems(blank_record()) == []


DEEP = ("classification", "deep")
EDITS: dict[str, tuple[tuple[Any, ...], Any]] = {
    "classification.deep.answers: 3 values; 4 are needed": ((*DEEP, "answers"), [0, 1, 0]),
    "classification.deep.answers: 1.0000 of them are right, but the accuracy is 0.5000": (
        (*DEEP, "answers"),
        [0, 1, 1, 0],
    ),
    "classification.deep.answers: the number 7; the highest allowed is 1": ((*DEEP, "answers"), [0, 1, 0, 7]),
    "classification.deep.answers: the scores are of 5 images, but 4 can be scored": ((*DEEP, "test", "images"), 5),
    "classification.deep.confidences: 1 values; 4 are needed": ((*DEEP, "confidences"), [1.0]),
    "classification.deep.validation.1.answers: 1 values; 2 are needed": ((*DEEP, "validation", 0, "answers"), [0]),
    "test_images.groups: 3 values; 4 are needed": (("test_images", "groups"), [0, 1, 1]),
    "test_images.labels: the number 2; the highest allowed is 1": (("test_images", "labels"), [0, 1, 1, 2]),
    "group_baselines.video.groups: the number 2; the highest allowed is 1": (
        ("group_baselines", "video", "groups"),
        [0, 1, 2, 0],
    ),
    "clustering.initial.clusters: 2 values; 4 are needed": (("clustering", "initial", "clusters"), [0, 1]),
    "retrieval.initial.cosine.first_ranks: 1 values; 4 are needed": (
        ("retrieval", "initial", "cosine", "first_ranks"),
        [1],
    ),
}


@pytest.mark.parametrize(("problem", "edit"), EDITS.items())
def test_an_edited_record_is_refused_with_the_place(
    problem: str, edit: tuple[tuple[Any, ...], Any], tmp_path: Path
) -> None:
    path = write_record(record(), tmp_path)
    assert read_record(path) == record()
    edited = json.loads(path.read_text())
    (*steps, last), value = edit
    part = edited
    for step in steps:
        part = part[step]
    part[last] = value
    path.write_text(json.dumps(edited))
    with pytest.raises(InputError, match="contradicts itself") as refusal:
        read_record(path)
    assert problem in str(refusal.value)


@pytest.mark.parametrize(
    ("steps", "value"),
    [
        ((*DEEP, "test", "accuracy"), 1.2),
        ((*DEEP, "test", "f1"), -0.1),
        ((*DEEP, "confidences", 0), 1.5),
        (("test_images", "labels", 0), -1),
        (("clustering", "initial", "adjusted_rand"), 3),
        (("retrieval", "initial", "cosine", "first_ranks", 0), -2),
        (("individuals",), 0),
    ],
)
def test_impossible_numbers_are_refused(steps: tuple[Any, ...], value: float, tmp_path: Path) -> None:
    path = write_record(record(), tmp_path)
    edited = json.loads(path.read_text())
    part = edited
    for step in steps[:-1]:
        part = part[step]
    part[steps[-1]] = value
    path.write_text(json.dumps(edited))
    with pytest.raises(InputError, match="not a record"):
        read_record(path)


def test_lists_of_numbers_are_on_one_line(tmp_path: Path) -> None:
    text = write_record(record(), tmp_path).read_text()
    assert '"answers": [0, 1, 0, 1]' in text
    assert '"average_precisions": [1.0, 0.5, null, 1.0]' in text
