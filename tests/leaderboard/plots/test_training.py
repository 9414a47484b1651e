from typing import Any

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from benchmark.records.classification import Classification, EpochScores, Scores
from benchmark.records.localisation import EpochLocalisation, RegionValues
from leaderboard.entries import Entry, Section
from leaderboard.plots.projections import COLOURS
from leaderboard.plots.style import literal, named, picture
from leaderboard.plots.training import focus_curves, learnt, validation_curves, watched
from support.figures import drawn
from support.records import blank_record

TEST = Scores(accuracy=0.5, recall=0.5, f1=0.5, images=10, at_chance=False)
NULL = RegionValues(background=0.8, body=0.2, pattern=0.0)


def trained(accuracies: list[float], patterns: list[float] | None = None, **changes: Any) -> Classification:
    """Accuracies on validation images; of the probes' mass what is not on the pattern lies on the background."""
    return Classification(
        test=TEST,
        validation=tuple(
            EpochScores(epoch=epoch, loss=1, accuracy=value, recall=value, f1=value)
            for epoch, value in enumerate(accuracies, start=1)
        ),
        probe_localisation=tuple(
            EpochLocalisation(epoch=epoch, background=1 - value, body=0, pattern=value)
            for epoch, value in enumerate(patterns or [], start=1)
        ),
        **changes,
    )


def entry(title: str, init: str = "random", seed: int = 0, **classification: Classification) -> Entry:
    one = blank_record(
        key=f"{title}{init}{seed}",
        backbone=title.lower(),
        title=title,
        init=init,
        individuals=4,
        seed=seed,
        classification=classification,
    )
    return Entry(one, f"{title}.json")


def section(*entries: Entry) -> Section:
    return Section("d", "s", "p", entries)


def lines(axes: Axes) -> dict[str, list[float]]:
    """What is drawn by colour and style, dotted lines left out."""
    return {
        f"{to_hex(line.get_color())} {line.get_linestyle()}": [float(value) for value in line.get_ydata()]
        for line in axes.lines
        if line.get_linestyle() != ":" and len(line.get_ydata())
    }


def words(figure: Figure) -> list[str]:
    return [text.get_text() for text in figure.legends[0].get_texts()]


def test_accuracies_have_the_colour_of_their_row_in_both_panels() -> None:
    rows = section(
        entry("Old"),  # failed: has no place in the figure
        entry("Shallow", shallow=trained([0.1, 0.2])),
        entry("Both", "imagenet", shallow=trained([0.3, 0.4]), deep=trained([0.5, 0.9])),
    )
    figure = drawn(validation_curves(rows))
    shallow, deep = figure.axes
    assert lines(shallow) == {f"{COLOURS[0]} -": [0.1, 0.2], f"{COLOURS[1]} -": [0.3, 0.4]}
    assert lines(deep) == {f"{COLOURS[1]} -": [0.5, 0.9]}
    assert [axes.lines[-1].get_ydata()[0] for axes in figure.axes] == [0.25, 0.25]
    assert words(figure) == ["Shallow", "Both (imagenet)", "chance, 4 individuals"]
    assert [name for name, _ in learnt(rows)] == ["Shallow", "Both\n(imagenet)"]


def test_chance_is_one_over_the_individuals_that_can_be_the_answer() -> None:
    one = entry("One", deep=trained([0.5]))
    figure = drawn(validation_curves(section(Entry(one.record.model_copy(update={"candidate_count": 2}), one.path))))
    assert [axes.lines[-1].get_ydata()[0] for axes in figure.axes] == [0.5, 0.5]
    assert words(figure)[-1] == "chance, 2 individuals"


def test_no_two_of_many_lines_look_alike() -> None:
    figure = drawn(validation_curves(section(*(entry(f"N{number}", deep=trained([0.5])) for number in range(45)))))
    styles = [(line.get_color(), line.get_marker()) for line in figure.axes[1].lines[:-1]]
    assert len(set(styles)) == len(styles) == 45


def test_curves_of_focus_are_mass_by_area_with_the_null_at_one() -> None:
    null = RegionValues(background=0.8, body=0.15, pattern=0.05)
    shown = entry(
        "Net",
        shallow=trained([0.1, 0.2], [0.1, 0.2], probe_area=null),
        deep=trained([0.1, 0.2], [0.0, 0.4], probe_area=null),
    )
    old = entry("Old", deep=trained([0.1], [0.1]))  # a record from before areas were kept
    figure = drawn(focus_curves(section(old, shown)))
    (axes,) = figure.axes
    assert axes.get_title() == "Net"
    found = lines(axes)
    assert found[f"{COLOURS[0]} --"] == pytest.approx([0.9 / 0.8, 0.8 / 0.8])
    assert found[f"{COLOURS[2]} --"] == pytest.approx([2, 4])
    assert found[f"{COLOURS[2]} -"] == pytest.approx([0, 8])
    assert found[f"{COLOURS[1]} -"] == [0, 0]
    assert list(axes.lines[-1].get_ydata()) == [1, 1]
    assert words(figure) == ["background", "body", "pattern", "shallow", "deep", "random map"]


def test_a_region_that_no_probe_has_is_not_drawn_and_panels_fill_a_grid() -> None:
    rows = section(*(entry(f"N{number}", deep=trained([0.1], [0.0], probe_area=NULL)) for number in range(4)))
    figure = drawn(focus_curves(rows))
    assert [axes.get_visible() for axes in figure.axes] == [True] * 4 + [False] * 2
    assert all(np.isnan(lines(axes)[f"{COLOURS[2]} -"]).all() for axes in figure.axes[:4])
    assert len(watched(rows)) == 4


def test_rows_of_one_backbone_are_named_by_their_seeds_and_dollars_mean_themselves() -> None:
    deep = trained([0.5], [0.1], probe_area=NULL)
    rows = section(entry("$A$", deep=deep), entry("B", seed=0, deep=deep), entry("B", seed=1, deep=deep))
    assert [name for name, _ in named(rows)] == ["$A$", "B\nseed 0", "B\nseed 1"]
    assert literal("$A$") == r"\$A\$"
    assert words(drawn(validation_curves(rows)))[:3] == [r"\$A\$", "B seed 0", "B seed 1"]
    drawn(focus_curves(rows))


def test_pictures_keep_the_figure_in_a_palette() -> None:
    figure = Figure(figsize=(2, 1), dpi=50, facecolor="#0072b2")
    made = picture(figure)
    assert (made.mode, made.size) == ("P", (100, 50))
    assert set(made.convert("RGB").get_flattened_data()) == {(0x00, 0x72, 0xB2)}
