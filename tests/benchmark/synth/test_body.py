import numpy as np
import pytest

from benchmark.synth import body
from benchmark.synth.body import Shape


@pytest.fixture(scope="module")
def shape() -> Shape:
    return body.draw(150)


def test_the_snout_is_a_point_and_the_body_is_highest_before_the_dorsal_fin() -> None:
    x = np.linspace(0, 1, 201, dtype=np.float32)
    back, belly = body.edges(x)
    height = back + belly
    assert height[0] < 0.03
    assert 0.3 < x[height.argmax()] < 0.6
    assert 0.2 < height.max() < 0.32
    assert height[-10] < height.max() / 2


def test_depth_scales_the_height() -> None:
    x = np.linspace(0, 1, 21, dtype=np.float32)
    for thin, deep in zip(body.edges(x), body.edges(x, 1.1), strict=True):
        np.testing.assert_allclose(deep, 1.1 * thin, rtol=1e-5)


def test_the_drawn_trunk_has_the_area_of_its_outline(shape: Shape) -> None:
    x = np.linspace(0, 1, 2001, dtype=np.float32)
    expected = np.trapezoid(np.add(*body.edges(x)), x)
    assert shape.trunk.sum() / 150**2 == pytest.approx(expected, rel=0.03)


def test_the_flank_lies_on_the_trunk_behind_the_gill(shape: Shape) -> None:
    assert np.all(shape.flank <= shape.trunk + 1e-6)
    assert not np.any(shape.flank[shape.x < 0.15])
    assert 0.4 < shape.flank.sum() / shape.trunk.sum() < 0.75


def test_the_fins_sit_where_a_zebrafish_has_them(shape: Shape) -> None:
    middle = {name: (np.average(shape.x, weights=f), np.average(shape.y, weights=f)) for name, f in shape.fins.items()}
    assert middle["pectoral"][0] < middle["pelvic"][0] < middle["anal"][0] < middle["tail"][0]
    assert middle["dorsal"][1] < -0.1
    assert middle["anal"][1] > 0.1
    assert shape.x[shape.fins["tail"] > 0.5].max() == pytest.approx(body.LENGTH, abs=0.02)


def test_step_is_smooth_and_runs_either_way() -> None:
    values = np.array([-1, 0, 0.5, 1, 2], dtype=np.float32)
    np.testing.assert_allclose(body.step(values, 0, 1), [0, 0, 0.5, 1, 1])
    np.testing.assert_allclose(body.step(values, 1, 0), [1, 1, 0.5, 0, 0])
