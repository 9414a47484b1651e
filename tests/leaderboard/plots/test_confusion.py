import numpy as np
import pytest

from benchmark.records.classification import Classification, Scores
from leaderboard.plots.confusion import confusion_matrices
from leaderboard.record_files import RecordFile, sections
from support.figures import drawn
from support.records import blank_record


def trained(answers: list[int], recall: list[float | None]) -> Classification:
    test = Scores(accuracy=0.5, recall=0.5, f1=0.5, images=len(answers), at_chance=False)
    return Classification(
        test=test, validation=(), probe_localisation=(), answers=tuple(answers), individual_recall=tuple(recall)
    )


def file(
    title: str, count: int, labels: list[int], names: tuple[str, ...] = (), **trainings: Classification
) -> RecordFile:
    record = blank_record(
        key=f"{title:*<16}",
        backbone=title,
        title=title,
        individuals=count,
        classification=trainings,
        test_images={"labels": labels, "groups": list(range(len(labels))), "by": "images", "identities": names},
    )
    return RecordFile(record, f"leaderboard/records/{title}.json")


LABELS = [0, 0, 0, 0, 1, 1, 3]
ANSWERS = [0, 1, 1, 3, 1, 1, 0]
THREE = file(
    "Net", 4, LABELS, ("ann", "b|b", "cy", "new"),
    shallow=trained(LABELS, [1, 1, None, 1]),
    deep=trained(ANSWERS, [0.25, 1, None, None]),  # training does not show the last one
)  # fmt: skip


def test_matrices_are_shares_of_the_rows() -> None:
    unnamed = file("Other", 4, LABELS, deep=trained(ANSWERS, [0.25, 1, None, 0]))
    figure = drawn(confusion_matrices(sections([THREE, unnamed])[0]))
    first, second, _ = figure.axes
    expected = np.array([[0.25, 0.5, 0, 0.25], [0, 1, 0, 0], [np.nan] * 4, [np.nan] * 4])
    assert np.ma.filled(first.images[0].get_array(), np.nan) == pytest.approx(expected, nan_ok=True)
    expected[3] = [1, 0, 0, 0]
    assert np.ma.filled(second.images[0].get_array(), np.nan) == pytest.approx(expected, nan_ok=True)
    assert [label.get_text() for label in first.get_yticklabels()] == ["ann", "b|b", "cy", "new"]
    assert "ann" not in [label.get_text() for label in second.get_yticklabels()]
    assert (first.get_title(), second.get_title()) == ("Net", "Other")


def test_long_names_and_dollars_do_not_break_the_figure() -> None:
    long = file("$a$", 2, [0, 1], ("an individual with a name", "b"), deep=trained([0, 1], [1, 1]))
    short = file("Other", 2, [0, 1], ("$x$", "b"), deep=trained([0, 1], [1, 1]))
    figure = drawn(confusion_matrices(sections([long, short])[0]))
    numbers = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert {"0", "1"} <= set(numbers)
    assert not any("." in number or "individual" in number for number in numbers)
    assert [label.get_text() for label in figure.axes[1].get_xticklabels()] == [r"\$x\$", "b"]
