"""The figure of the shortcut calibration, from records made by hand."""

import pytest
from matplotlib.figure import Figure

from benchmark.records.classification import Classification
from benchmark.vocabulary import Mode
from leaderboard.plots.shortcut import strength_curves
from support.shortcut import ablated, experiment_of, reader, record, trained


def lines(figure: Figure) -> list[dict[str, tuple[list[float], list[float]]]]:
    """The lines with markers in each panel: their coordinates by line style."""
    return [
        {
            str(line.get_linestyle()): (list(map(float, line.get_xdata())), list(map(float, line.get_ydata())))
            for line in axes.get_lines()
            if line.get_marker() not in {"None", None, ""}
        }
        for axes in figure.axes
    ]


def test_the_figure_shows_what_the_table_shows() -> None:
    experiment = experiment_of(reader(1, 0.3, 0.9), reader(0, 0.6, 0.6), reader(0.5, 0.5, 0.7))
    accuracy, reliance, excess = lines(strength_curves(experiment))
    assert accuracy["-"] == ([0, 0.5, 1], [0.6, 0.5, 0.3])
    assert accuracy["--"] == ([0, 0.5, 1], [0.6, 0.7, 0.9])
    assert reliance["-"] == ([0, 0.5, 1], [0.4, 0.4, 0.4])
    assert excess["-"] == ([0, 0.5, 1], pytest.approx([0.2, 0.2, 0.2]))


def test_seeds_are_averaged_in_the_figure() -> None:
    experiment = experiment_of(reader(0, 0.6, 0.6), reader(0, 0.4, 0.8, seed=1), reader(1, 0.2, 1))
    accuracy, _, _ = lines(strength_curves(experiment))
    assert accuracy["-"][1] == pytest.approx([0.5, 0.2])
    assert accuracy["--"][1] == pytest.approx([0.7, 1])


def test_a_missing_point_is_left_out_of_its_line() -> None:
    bodiless = ablated()
    del bodiless["body"]
    blind = record("reader", 0.5, {"shallow": trained(0.5, excess=None)}, {"shallow": bodiless})
    experiment = experiment_of(reader(0, 0.6, 0.6), blind, reader(1, 0.3, 0.9))
    accuracy, reliance, excess = lines(strength_curves(experiment))
    assert accuracy["-"][0] == [0, 0.5, 1]
    assert reliance["-"][0] == excess["-"][0] == [0, 1]


def test_of_a_classifier_never_above_chance_only_the_accuracy_is_drawn() -> None:
    lost = trained(0.2).model_copy(update={"never_above_chance": True})
    experiment = experiment_of(reader(0, 0.6, 0.6), record("reader", 1, {"shallow": lost}, {"shallow": ablated()}))
    accuracy, reliance, excess = lines(strength_curves(experiment))
    assert accuracy["-"] == ([0, 1], [0.6, 0.2])
    assert reliance["-"][0] == excess["-"][0] == [0]


def test_a_row_of_panels_for_each_mode_and_a_name_for_each_backbone() -> None:
    both: dict[Mode, Classification] = {"deep": trained(0.7), "shallow": trained(0.5)}
    other = record("c$t", 0, both, {"deep": ablated(), "shallow": ablated()})
    experiment = experiment_of(reader(0, 0.6, 0.6), other)
    figure = strength_curves(experiment)
    assert len(figure.axes) == 6
    assert [axes.get_ylabel() for axes in figure.axes[::3]] == ["shallow classifiers", "deep classifiers"]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()][:2] == ["C$T", "READER"]
