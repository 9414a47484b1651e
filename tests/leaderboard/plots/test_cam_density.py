import numpy as np
import pytest
from matplotlib.colors import to_hex

from benchmark.records.classification import Classification
from benchmark.vocabulary import Region
from leaderboard.plots.cam_density import GREYS, density_curves, probed
from leaderboard.plots.style import colour_of
from support.figures import drawn, followed, lines, named_file, section, words
from support.records import trained


def grey(region: Region) -> str:
    return to_hex(GREYS[region])


Three = tuple[float | None, float | None, float | None]


def localised(*excesses: Three) -> Classification:
    """A classifier with this excess density on background, body and pattern after every epoch."""
    return followed([0.1] * len(excesses), excesses)


def test_curves_are_the_excess_density_with_other_images_at_zero() -> None:
    shallow, deep = localised((0.1, 0.2, 0.3), (-0.1, 0.0, 0.5)), localised((0.0, 0.0, 1.0), (0.0, 0.0, 2.0))
    net = named_file("Net", shallow=shallow, deep=deep)
    without = named_file("Without", deep=trained(0.5))
    figure = drawn(density_curves(section(without, net)))
    (axes,) = figure.axes
    assert axes.get_title() == "Net"
    values = lines(axes)
    assert values[f"{grey('background')} --"] == pytest.approx([0.1, -0.1])
    assert values[f"{colour_of('net')} --"] == pytest.approx([0.3, 0.5])
    assert values[f"{colour_of('net')} -"] == pytest.approx([1, 2])
    assert values[f"{grey('body')} -"] == [0, 0]
    assert list(axes.lines[-1].get_ydata()) == [0, 0]  # type: ignore[arg-type]
    assert words(figure) == ["background", "body", "pattern (in colour)", "shallow", "deep", "as on other images"]


def test_what_no_probe_has_is_not_drawn_and_panels_fill_a_grid() -> None:
    rows = section(*(named_file(f"N{number}", deep=localised((0.1, 0.2, None))) for number in range(4)))
    figure = drawn(density_curves(rows))
    assert [axes.get_visible() for axes in figure.axes] == [True] * 4 + [False] * 2
    for number, axes in enumerate(figure.axes[:4]):
        assert np.isnan(lines(axes)[f"{colour_of(f'n{number}')} -"]).all()
    assert len(probed(rows)) == 4
