"""Zebrafish stripes: an activator-inhibitor model of one flank, in body coordinates."""

import numpy as np
from numpy.typing import NDArray
from scipy.fft import dctn, idctn
from scipy.ndimage import gaussian_filter

Array = NDArray[np.float32]

GRID = (56, 176)
DARK_SHARE = 0.71

# FitzHugh-Nagumo kinetics in the Turing regime: the fastest mode is about GRID[0] / 3.9 cells long.
_INHIBITION, _RATE = 0.7, 2.0
_ACTIVATOR, _INHIBITOR = 2.1, 16.8
_ALONG = 1.7  # the activator spreads faster along the body, which favours stripes over bars
_STEP, _STEPS = 0.4, 140


def flank(rng: np.random.Generator) -> Array:
    """The stripes of one flank.

    An activator a and an inhibitor b (Turing 1952; kinetics of FitzHugh-Nagumo form) react and spread,

        da/dt = a - a^3 - b + D_a (1.7 d2/dx2 + d2/dy2) a,    db/dt = 2 (a - 0.7 b) + D_b (d2/dx2 + d2/dy2) b,

    without flux over the edge, solved by semi-implicit Euler steps in the cosine basis. They start from wavy horizontal
    stripes with dislocations (a stripe forks or ends) and noise.

    Returns:
        (56, 176) float32 in [0, 1], 1 = dark stripe; rows from back to belly, columns from gill to tail.
    """
    activator = _start(rng)
    inhibitor = activator.copy()
    decay_a, decay_b = _decay(_ACTIVATOR, _ALONG), _decay(_INHIBITOR, 1.0)
    for _ in range(_STEPS):
        change_a = activator * (1 - activator * activator) - inhibitor
        change_b = _RATE * (activator - _INHIBITION * inhibitor)
        activator = _spread(activator + _STEP * change_a, decay_a)
        inhibitor = _spread(inhibitor + _STEP * change_b, decay_b)
    level = np.quantile(activator, 1 - DARK_SHARE)
    return np.asarray(0.5 + 0.5 * np.tanh(3.2 * (activator - level) / activator.std()), dtype=np.float32)


def _start(rng: np.random.Generator) -> Array:
    """Wavy horizontal stripes with dislocations (phase vortices) and noise."""
    rows, columns = GRID
    y, x = np.mgrid[0:rows, 0:columns].astype(np.float32)
    phase = 2 * np.pi * (rng.uniform(3.5, 4.4) * y / rows + rng.uniform())
    waver = gaussian_filter(rng.standard_normal(GRID), (9, 14), mode="reflect")
    phase = phase + rng.uniform(0.6, 1.3) * waver / waver.std()
    for _ in range(rng.integers(5, 11)):
        row, column = rng.uniform(0.25, 0.95) * rows, rng.uniform(0.02, 0.98) * columns
        phase = phase + rng.choice((-1, 1)) * np.arctan2(y - row, (x - column) / 2)
    noise = gaussian_filter(rng.standard_normal(GRID), 1.5, mode="reflect")
    return np.asarray(0.6 * np.cos(phase) + 0.4 * noise / noise.std(), dtype=np.float32)


def _decay(diffusion: float, along: float) -> Array:
    """1 + dt D k^2 for every cosine mode of the grid."""
    ky, kx = (np.pi * np.arange(n) / n for n in GRID)
    return np.asarray(1 + _STEP * diffusion * (ky[:, None] ** 2 + along * kx[None, :] ** 2), dtype=np.float32)


def _spread(field: NDArray[np.floating], decay: Array) -> Array:
    return np.asarray(idctn(dctn(field, norm="ortho") / decay, norm="ortho"), dtype=np.float32)
