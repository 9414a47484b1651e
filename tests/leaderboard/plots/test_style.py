from collections.abc import Iterable

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from skimage.color import deltaE_ciede2000, rgb2lab

from benchmark.records.record import Record
from leaderboard.plots.cam_density import density_curves
from leaderboard.plots.style import COLOURS, MARKERS, colour_of, named, picture, styles
from leaderboard.plots.validation import validation_curves
from support.figures import drawn, followed, named_file, section, words
from support.paths import ROOT

SHIPPED = tuple(path.parent.name for path in (ROOT / "backbones").glob("*/backbone.toml") if path.parent.name != "timm")


def test_rows_of_one_backbone_are_named_by_their_seeds() -> None:
    deep = followed([0.5], [(0.1, 0.2, None)])
    rows = section(named_file("$A$", deep=deep), named_file("B", seed=0, deep=deep), named_file("B", seed=1, deep=deep))
    assert [name for name, _ in named(rows)] == ["$A$", "B\nseed 0", "B\nseed 1"]
    assert words(drawn(validation_curves(rows)))[:2] == ["$A$", "B"]
    drawn(density_curves(rows))


def test_pictures_keep_the_figure_in_a_palette() -> None:
    image = picture(Figure(figsize=(2, 1), dpi=50, facecolor="#0072b2"))
    assert (image.mode, image.size) == ("P", (100, 50))
    assert set(image.convert("RGB").get_flattened_data()) == {(0x00, 0x72, 0xB2)}


def records(names: Iterable[str], init: str = "random") -> list[Record]:
    return [named_file(name, init).record for name in names]


def test_the_shipped_contestants_have_colours_of_their_own() -> None:
    assert len(SHIPPED) >= 9
    assert len({colour_of(name) for name in SHIPPED}) == len(SHIPPED)


NAMES = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=20)


@given(st.lists(NAMES, unique=True, max_size=12), st.integers(0, 11))
def test_a_contestant_keeps_its_colour_beside_any_others(names: list[str], place: int) -> None:
    shown = styles(records([*names[:place], "Net", *names[place:]]))
    assert shown["net", "random"].colour == colour_of("net")


def test_contestants_of_one_colour_differ_in_their_markers() -> None:
    names = [name for name in map(str, range(400)) if colour_of(name) == colour_of("0")][: len(MARKERS)]
    assert len(set(styles(records(names)).values())) == len(names) == len(MARKERS)


def test_seeds_look_alike_and_initial_weights_do_not() -> None:
    seeds = [named_file("Net", seed=seed).record for seed in (0, 1)]
    first, second = styles([*seeds, *records(["Net"], "imagenet")]).values()
    assert first.colour == second.colour
    assert first.marker != second.marker


def test_colours_differ_for_everyone() -> None:
    """Machado et al. (2009), severity 1: protanopia, deuteranopia, tritanopia, on linear RGB."""
    simulations = [
        np.eye(3),
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    ]
    colours = np.array([to_rgb(colour) for colour in COLOURS])
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    for simulation in simulations:
        seen = np.clip(linear @ np.transpose(simulation), 0, 1)
        seen = np.where(seen <= 0.0031308, seen * 12.92, 1.055 * seen ** (1 / 2.4) - 0.055)
        lab = rgb2lab(seen[None])[0]
        apart = deltaE_ciede2000(lab[:, None], lab[None])
        assert apart[~np.eye(len(COLOURS), dtype=bool)].min() > 6
    assert len(set(COLOURS)) == 20
    assert len(set(MARKERS)) == 10
