import numpy as np
import pytest

from leaderboard.plots.confusion import confusion_matrices
from leaderboard.record_files import sections
from support.figures import drawn
from support.individuals import ANSWERS, FOUR, LABELS, answering, individuals_file


def test_matrices_are_shares_of_the_rows() -> None:
    other = individuals_file("Other", LABELS, "ann", "b|b", "cy", "new", deep=answering(ANSWERS, [0.25, 1, None, 0]))
    figure = drawn(confusion_matrices(sections([FOUR, other])[0]))
    first, second, _ = figure.axes
    expected = np.array([[0.25, 0.5, 0, 0.25], [0, 1, 0, 0], [np.nan] * 4, [np.nan] * 4])
    assert np.ma.filled(first.images[0].get_array(), np.nan) == pytest.approx(expected, nan_ok=True)
    expected[3] = [1, 0, 0, 0]
    assert np.ma.filled(second.images[0].get_array(), np.nan) == pytest.approx(expected, nan_ok=True)
    assert [label.get_text() for label in first.get_yticklabels()] == ["ann", "b|b", "cy", "new"]
    assert (first.get_title(), second.get_title()) == ("Net", "Other")


def test_long_names_and_dollars_do_not_break_the_figure() -> None:
    long = individuals_file("$a$", [0, 1], "an individual with a name", "b", deep=answering([0, 1], [1, 1]))
    short = individuals_file("Other", [0, 1], "$x$", "b", deep=answering([0, 1], [1, 1]))
    figure = drawn(confusion_matrices(sections([long, short])[0]))
    numbers = [label.get_text() for label in figure.axes[0].get_yticklabels()]
    assert {"0", "1"} <= set(numbers)
    assert not any("." in number or "individual" in number for number in numbers)
    assert [label.get_text() for label in figure.axes[1].get_xticklabels()] == ["$x$", "b"]
