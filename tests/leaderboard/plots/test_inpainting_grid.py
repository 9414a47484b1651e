from pathlib import Path

import numpy as np
from PIL import Image

from leaderboard.plots.inpainting_grid import inpainting_grid
from support.figures import drawn

SIDE = 32


def strip(path: Path, images: int, *shades: int) -> Path:
    """A strip of rows in these shades."""
    rows = [np.full((SIDE, SIDE * images, 3), shade, np.uint8) for shade in shades]
    Image.fromarray(np.concatenate(rows)).save(path)
    return path


def test_strips_of_fewer_images_leave_their_row_white_at_its_end(tmp_path: Path) -> None:
    strips = {"One": strip(tmp_path / "1.png", 4, 10, 20, 30), "Two": strip(tmp_path / "2.png", 2, 10, 20, 60)}
    figure = inpainting_grid(strips)
    (axes,) = figure.axes
    shown = np.asarray(axes.images[0].get_array())[..., 0]
    middles = [round(place) for place in axes.get_yticks()]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["Original", "Hole", "One", "Two"]
    assert [shown[middle].tolist() for middle in middles[:3]] == [[shade] * 4 * SIDE for shade in (10, 20, 30)]
    assert shown[middles[3]].tolist() == [60] * 2 * SIDE + [255] * 2 * SIDE
    drawn(figure)


def test_a_long_name_is_not_cut_off(tmp_path: Path) -> None:
    name = "EdgeConnect, edge branch (places2-edge), seed 10"
    figure = drawn(inpainting_grid({name: strip(tmp_path / "1.png", 4, 10, 20, 30)}))
    assert all(label.get_window_extent().x0 >= 0 for label in figure.axes[0].get_yticklabels())
