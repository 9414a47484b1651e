from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from benchmark.synth import stripes
from benchmark.synth.settings import Stream, stream
from benchmark.synth.stripes import Array


@pytest.fixture(scope="module")
def flanks() -> list[Array]:
    return [stripes.flank(stream(11, Stream.FLANK, fish, side)) for fish in range(4) for side in (0, 1)]


def _bands(flank: Array) -> NDArray[np.int_]:
    """Number of dark stripes in each column."""
    dark = np.pad(flank > 0.5, ((1, 0), (0, 0)))
    return (dark[1:] & ~dark[:-1]).sum(axis=0)


def test_a_flank_is_an_image_of_unit_range(flanks: list[Array]) -> None:
    for flank in flanks:
        assert flank.shape == stripes.GRID
        assert flank.dtype == np.float32
        assert flank.min() >= 0
        assert flank.max() <= 1
        assert np.mean(flank > 0.5) == pytest.approx(stripes.DARK_SHARE, abs=0.01)


def test_the_same_stream_grows_the_same_flank(flanks: list[Array]) -> None:
    np.testing.assert_array_equal(flanks[0], stripes.flank(stream(11, Stream.FLANK, 0, 0)))


def test_no_two_flanks_are_alike(flanks: list[Array]) -> None:
    """Not those of one fish either."""
    for one, other in combinations(flanks, 2):
        assert np.corrcoef(one.ravel(), other.ravel())[0, 1] < 0.7


def test_stripes_run_along_the_body(flanks: list[Array]) -> None:
    """The main axis of the structure tensor, against numpy's eigenvectors."""
    for flank in flanks:
        gy, gx = np.gradient(flank)
        tensor = np.array([[np.mean(gx * gx), np.mean(gx * gy)], [np.mean(gx * gy), np.mean(gy * gy)]])
        values, vectors = np.linalg.eigh(tensor)
        assert values[1] > 8 * values[0]
        assert abs(vectors[1, 1]) > 0.98


def test_there_are_four_or_five_stripes_that_fork_or_end(flanks: list[Array]) -> None:
    counts = [_bands(flank) for flank in flanks]
    assert 3.5 <= np.mean(counts) <= 5.5
    assert sum(len(np.unique(count)) > 1 for count in counts) >= 7


def test_the_model_makes_the_wavelength_not_the_start() -> None:
    """Grown from noise alone, it still settles at the wavelength of linear theory."""
    noise = np.random.default_rng(3).standard_normal(stripes.GRID).astype(np.float32)
    a = b = 0.05 * noise
    decay_a, decay_b = (
        stripes._decay(stripes._ACTIVATOR, stripes._ALONG),
        stripes._decay(stripes._INHIBITOR, 1.0),
    )
    for _ in range(160):
        rise_a = a * (1 - a * a) - b
        rise_b = stripes._RATE * (a - stripes._INHIBITION * b)
        a = stripes._spread(a + stripes._STEP * rise_a, decay_a)
        b = stripes._spread(b + stripes._STEP * rise_b, decay_b)
    power = np.abs(np.fft.rfft(np.concatenate([a, a[::-1]]), axis=0)) ** 2
    cycles = np.average(np.arange(len(power)) / 2, weights=power.mean(axis=1))
    expected = stripes.GRID[0] / (2 * np.pi) * _fastest_mode()
    assert cycles == pytest.approx(expected, rel=0.2)


def _fastest_mode() -> float:
    """Wave number with the largest growth rate of the linearised model, by a scan of its eigenvalues."""
    k = np.linspace(0.05, 1.5, 600)
    growth = [
        np.linalg.eigvals(
            [
                [1 - stripes._ACTIVATOR * v * v, -1],
                [stripes._RATE, -stripes._RATE * stripes._INHIBITION - stripes._INHIBITOR * v * v],
            ]
        ).real.max()
        for v in k
    ]
    return k[int(np.argmax(growth))]
