import numpy as np
import pytest

from leaderboard.plots.cam_density import density_curves, probed
from leaderboard.plots.style import COLOURS
from support.figures import drawn, followed, lines, named_file, section, words


def test_curves_are_mass_by_area_with_random_cams_at_one() -> None:
    areas = {"background": 0.8, "body": 0.15, "pattern": 0.05}
    net = named_file(
        "Net",
        shallow=followed([0.1, 0.2], [0.1, 0.2], probe_area=areas),
        deep=followed([0.1, 0.2], [0.0, 0.4], probe_area=areas),
    )
    old = named_file("Old", deep=followed([0.1], [0.1]))  # a record without areas
    figure = drawn(density_curves(section(old, net)))
    (axes,) = figure.axes
    assert axes.get_title() == "Net"
    values = lines(axes)
    assert values[f"{COLOURS[0]} --"] == pytest.approx([0.9 / 0.8, 0.8 / 0.8])
    assert values[f"{COLOURS[2]} --"] == pytest.approx([2, 4])
    assert values[f"{COLOURS[2]} -"] == pytest.approx([0, 8])
    assert values[f"{COLOURS[1]} -"] == [0, 0]
    assert list(axes.lines[-1].get_ydata()) == [1, 1]  # type: ignore[arg-type]
    assert words(figure) == ["background", "body", "pattern", "shallow", "deep", "random CAM"]


def test_a_region_that_no_probe_has_is_not_drawn_and_panels_fill_a_grid() -> None:
    areas = {"background": 0.8, "body": 0.2, "pattern": 0.0}
    rows = section(*(named_file(f"N{number}", deep=followed([0.1], [0.0], probe_area=areas)) for number in range(4)))
    figure = drawn(density_curves(rows))
    assert [axes.get_visible() for axes in figure.axes] == [True] * 4 + [False] * 2
    assert all(np.isnan(lines(axes)[f"{COLOURS[2]} -"]).all() for axes in figure.axes[:4])
    assert len(probed(rows)) == 4
