import numpy as np
import pytest

from benchmark.synth import body, paint
from benchmark.synth.body import Shape
from benchmark.synth.stripes import GRID, Array


@pytest.fixture(scope="module")
def shape() -> Shape:
    return body.draw(120)


@pytest.fixture(scope="module")
def ramp() -> Array:
    """A made-up pattern whose value is the place along the body."""
    return np.tile(np.linspace(0, 1, GRID[1], dtype=np.float32), (GRID[0], 1))


def _painted(shape: Shape, stripes: Array) -> paint.Flank:
    return paint.paint(shape, stripes, paint.Coat(0, 0), np.random.default_rng(1))


def test_the_stripes_are_laid_from_gill_to_tail_and_back_to_belly(shape: Shape, ramp: Array) -> None:
    on = shape.flank > 0.9
    along = paint.lay_stripes(shape, ramp)[on]
    expected = (shape.x[on] - body.PATTERN_X[0]) / (body.PATTERN_X[1] - body.PATTERN_X[0])
    np.testing.assert_allclose(along, np.clip(expected, 0, 1), atol=1e-4)
    upright = np.tile(np.linspace(0, 1, GRID[0], dtype=np.float32)[:, None], (1, GRID[1]))
    down = paint.lay_stripes(shape, upright)[on]
    assert np.corrcoef(down, shape.q[on])[0, 1] > 0.999


def test_the_pattern_colours_the_flank_only(shape: Shape) -> None:
    dark, light = (_painted(shape, np.full(GRID, value, dtype=np.float32)) for value in (1, 0))
    change = np.abs(dark.warm - light.warm).max(axis=-1)
    assert not change[shape.flank == 0].any()
    middle = (shape.flank > 0.9) & (shape.x > 0.6) & (shape.x < 0.9)
    assert change[middle].min() > 20
    assert np.all(dark.warm[middle].sum(axis=-1) < light.warm[middle].sum(axis=-1))


def test_regions_cover_what_is_opaque(shape: Shape, ramp: Array) -> None:
    flank = _painted(shape, ramp)
    assert set(np.unique(flank.region)) == {0, 1, 2}
    np.testing.assert_array_equal(flank.region == 2, shape.flank > 0.5)
    assert not flank.alpha[flank.region == 0].max() > 0.35
    assert np.all(flank.region[shape.trunk > 0.9] > 0)
    assert np.all(flank.region[shape.fins["dorsal"] > 0.9] > 0)


def test_the_colours_are_those_of_a_zebrafish(shape: Shape, ramp: Array) -> None:
    """Brownish back, silvery belly, a dark pupil in a bright ring, translucent fins."""
    flank = _painted(shape, ramp)
    inner = shape.trunk > 0.99
    back = flank.warm[inner & (shape.q < 0.12) & (shape.x > 0.3) & (shape.x < 0.7)].mean(axis=0)
    belly = flank.warm[inner & (shape.q > 0.92) & (shape.x > 0.3) & (shape.x < 0.45)].mean(axis=0)
    assert back[0] > back[1] + 15 > back[2] + 30
    assert np.ptp(belly) < 40
    assert belly.mean() > back.mean() + 30
    radius = np.hypot(shape.x - 0.083, shape.y - 0.002)
    pupil = flank.cool[radius < 0.015].mean()
    ring = flank.cool[(radius > 0.0225) & (radius < 0.0265)].mean()
    assert pupil < 50
    assert ring > 150
    assert 0.2 < flank.alpha[(shape.fins["tail"] > 0.9) & (shape.x > 1.1)].mean() < 0.7
