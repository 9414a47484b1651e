from pathlib import Path, PurePosixPath

import numpy as np
import pytest

from leaderboard.plots.localisation import focus_overlays, overlays_file
from support.figures import drawn

HEADING = "Density on the pattern"


def test_overlays_show_the_cam_on_the_image_and_close_every_outline() -> None:
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (3, 20, 30, 3), np.uint8)
    cams = random.random((3, 4, 5))
    animal, pattern = np.zeros((2, 3, 20, 30), bool)
    animal[:, :12, 5:] = True  # touches three edges
    pattern[:2, 3:6, 10:20] = True  # none in the third
    outlined = {"animal": animal, "pattern": pattern}
    titles = ["best", "typical", "worst"]
    figure = drawn(focus_overlays(images, list(cams.astype(np.float16)), outlined, titles, HEADING))
    top, bottom = figure.axes[:3], figure.axes[3:6]
    for column in range(3):
        assert np.array_equal(top[column].images[0].get_array(), images[column])
        shown = np.asarray(bottom[column].images[1].get_array(), float)
        assert shown == pytest.approx(cams[column] / cams[column].max(), abs=1e-3)
        outlines = [path.get_extents() for lines in bottom[column].collections for path in lines.get_paths()]
        assert [np.round(box.extents).tolist() for box in outlines] == [[5, 0, 30, 12], [10, 3, 20, 6]][
            : 2 - column // 2
        ]
        assert top[column].get_title() == titles[column]
    assert [text.get_text() for text in figure.legends[0].get_texts()] == ["animal", "pattern"]
    assert figure.get_suptitle() == HEADING


def test_cams_may_differ_in_size() -> None:
    images = np.zeros((2, 8, 8, 3), np.uint8)
    cams = [np.eye(4, dtype=np.float32), np.eye(2, dtype=np.float32)]
    nowhere = {"pattern": np.zeros((2, 8, 8), bool)}
    figure = drawn(focus_overlays(images, cams, nowhere, ["deep, best: 1.00", "shallow, best: 2.00"], HEADING))
    assert [np.asarray(axes.images[1].get_array()).shape for axes in figure.axes[2:4]] == [(4, 4), (2, 2)]


def test_overlays_are_stored_beside_their_record() -> None:
    assert overlays_file(Path("a.b/timm-v1.5-01ab.json")) == Path("a.b/timm-v1.5-01ab-focus.png")
    assert overlays_file(PurePosixPath("x/y.json")) == PurePosixPath("x/y-focus.png")
