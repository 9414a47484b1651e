"""Weights and inputs of the reference values, made again on any machine from names and shapes; see tests/reference."""

import zlib
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

POWER_ITERATIONS = 20
ALIAS, ALIASED = "features.", "conv1."
"""EdgeConnect's discriminators register their first block under two names: the first is an alias of the second."""


def make_weights(shapes: Mapping[str, Sequence[int]], gain: float = 1.0) -> dict[str, Array]:
    """A state dict in which every tensor follows from its key and shape alone.

    Spectral-norm vectors follow from the kernel of their layer too.

    Args:
        shapes: of the tensors, by their published keys, in any order.
        gain: of kernels, which are divided by the square root of their fan-in.

    Returns:
        Arrays by key, in the order of `shapes`: float32, but for the int64 counters of batch norm.

    Raises:
        KeyError: there is no rule for a key.

    >>> {key: array.shape for key, array in make_weights({"conv.weight": (2, 3, 3, 3), "conv.bias": (2,)}).items()}
    {'conv.weight': (2, 3, 3, 3), 'conv.bias': (2,)}
    """
    own = {key: tuple(shape) for key, shape in shapes.items() if not key.startswith(ALIAS)}
    made = {key: _tensor(key, shape, gain) for key, shape in own.items() if not _is_spectral(key)}
    for key, shape in own.items():
        if key.endswith(".weight_u"):
            stem = key.removesuffix(".weight_u")
            kernel = made[f"{stem}.weight_orig" if f"{stem}.weight_orig" in made else f"{stem}.weight"]
            left, right = _singular_vectors(kernel, _normal(key, shape))
            made[key], made[f"{stem}.weight_v"] = left, right
    return {key: made[ALIASED + key.removeprefix(ALIAS) if key.startswith(ALIAS) else key] for key in shapes}


def make_inputs(seed: int, batch: int, height: int, width: int) -> dict[str, Array]:
    """Random images, masks and edges, drawn from one generator in a fixed order.

    Args:
        seed: of the generator.
        batch: B, the number of samples.
        height: H, in pixels.
        width: W, in pixels.

    Returns:
        float32 arrays: `image01` (B, 3, H, W) and `gray01` (B, 1, H, W) in [0, 1); `mask` (B, 1, H, W) with one
        rectangular hole of ones a sample; `edge` (B, 1, H, W), 1 at about a tenth of the pixels.
    """
    draw = np.random.default_rng(seed)
    image = draw.random((batch, 3, height, width), dtype=np.float32)
    gray = draw.random((batch, 1, height, width), dtype=np.float32)
    mask = np.zeros((batch, 1, height, width), dtype=np.float32)
    for sample in mask[:, 0]:
        top, left = int(draw.integers(0, height // 2)), int(draw.integers(0, width // 2))
        tall = int(draw.integers(height // 4, height // 2 + 1))
        wide = int(draw.integers(width // 4, width // 2 + 1))
        sample[top : top + tall, left : left + wide] = 1
    edge = (draw.random((batch, 1, height, width), dtype=np.float32) < 0.1).astype(np.float32)
    return {"image01": image, "gray01": gray, "mask": mask, "edge": edge}


def checksum(arrays: Mapping[str, Array]) -> tuple[float, float, int]:
    """Sum, sum of squares and count of all floating values in float64, keys sorted, aliases left out."""
    kept = [
        arrays[key].astype(np.float64)
        for key in sorted(arrays)
        if arrays[key].dtype.kind == "f" and not key.startswith(ALIAS)
    ]
    return sum(float(one.sum()) for one in kept), sum(float((one * one).sum()) for one in kept), sum(map(np.size, kept))


def _normal(key: str, shape: Sequence[int]) -> Array:
    return np.random.default_rng(zlib.crc32(key.encode())).standard_normal(tuple(shape), dtype=np.float32)


def _tensor(key: str, shape: tuple[int, ...], gain: float) -> Array:
    value: Array
    match key.rpartition(".")[2]:
        case "num_batches_tracked":
            value = np.zeros(shape, dtype=np.int64)
        case "fuse_weight":  # a constant of DeepFillV2, never trained
            value = np.eye(shape[-1], dtype=np.float32).reshape(shape)
        case "running_mean":
            value = np.float32(0.1) * _normal(key, shape)
        case "running_var":
            value = np.float32(1) + np.float32(0.1) * np.abs(_normal(key, shape))
        case "bias":
            value = np.float32(0.01) * _normal(key, shape)
        case "weight" if len(shape) == 1:
            value = np.float32(1) + np.float32(0.1) * _normal(key, shape)
        case "weight" | "weight_orig":
            value = _normal(key, shape) * np.float32(gain / np.sqrt(np.prod(shape[1:])))
        case _:
            raise KeyError(f"no rule for {key} of the shape {shape}")
    return value


def _is_spectral(key: str) -> bool:
    return key.endswith((".weight_u", ".weight_v"))


def _singular_vectors(kernel: Array, start: Array) -> tuple[Array, Array]:
    """The first left and right singular vectors of a layer's kernel in float32, by power iteration from `start`."""
    matrix = kernel.astype(np.float64)
    if len(matrix) != len(start):  # a transposed convolution: its output channels are the second axis
        matrix = matrix.swapaxes(0, 1)
    matrix = matrix.reshape(len(start), -1)
    left = _unit(start.astype(np.float64))
    for _ in range(POWER_ITERATIONS):
        right = _unit(matrix.T @ left)
        left = _unit(matrix @ right)
    return left.astype(np.float32), right.astype(np.float32)


def _unit(vector: Array) -> Array:
    length = np.linalg.norm(vector)
    scaled: Array = vector / length
    return scaled
