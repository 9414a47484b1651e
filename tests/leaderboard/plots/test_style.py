import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from skimage.color import deltaE_ciede2000, rgb2lab

from leaderboard.plots.cam_density import density_curves
from leaderboard.plots.style import COLOURS, MARKERS, line_style, literal, named, picture
from leaderboard.plots.validation import validation_curves
from support.figures import drawn, followed, named_file, section, words


def test_rows_of_one_backbone_are_named_by_their_seeds_and_dollars_mean_themselves() -> None:
    deep = followed([0.5], [(0.1, 0.2, None)])
    rows = section(named_file("$A$", deep=deep), named_file("B", seed=0, deep=deep), named_file("B", seed=1, deep=deep))
    assert [name for name, _ in named(rows)] == ["$A$", "B\nseed 0", "B\nseed 1"]
    assert literal("$A$") == r"\$A\$"
    assert words(drawn(validation_curves(rows)))[:3] == [r"\$A\$", "B seed 0", "B seed 1"]
    drawn(density_curves(rows))


def test_pictures_keep_the_figure_in_a_palette() -> None:
    image = picture(Figure(figsize=(2, 1), dpi=50, facecolor="#0072b2"))
    assert (image.mode, image.size) == ("P", (100, 50))
    assert set(image.convert("RGB").get_flattened_data()) == {(0x00, 0x72, 0xB2)}


def test_line_styles_differ() -> None:
    assert len({line_style(number) for number in range(200)}) == 200


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
