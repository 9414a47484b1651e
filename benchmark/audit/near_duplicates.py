"""Near duplicates: images that look the same, by a perceptual hash, and images whose embeddings point the same way."""

from collections.abc import Iterable, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError

_SIDE = 32
_LOW = 8
_PAIRS = 1 << 22
"""Pairs compared at a time."""

_ROWS, _COLUMNS = 1024, 1 << 14
"""Of embeddings, read at a time."""

_NOTHING = 1e-6
"""An embedding nearer to the mean than this share of its own length says nothing of its image."""


def perceptual_hashes(images: Iterable[NDArray[np.uint8]]) -> NDArray[np.uint64]:
    """A 64-bit hash of each image that hardly changes with its brightness, size or compression (pHash, Zauner 2010).

    The image becomes grey (ITU-R 601), 32 x 32 pixels (Lanczos); of its type-II cosine transform the 8 x 8 lowest
    frequencies are compared with their median, row by row from the highest bit: 1 = above it. Images without
    structure, such as plain colours, all have one hash.

    Args:
        images: each (H, W, 3) RGB; an array (N, H, W, 3) or anything that yields them.

    Returns:
        (N,) hashes; images whose hashes differ in few bits look alike (`near`).
    """
    from PIL import Image
    from scipy.fft import dctn

    weights = 2 ** np.arange(_LOW * _LOW, dtype=np.uint64)[::-1]
    hashes = []
    for image in images:
        grey = Image.fromarray(image).convert("L").resize((_SIDE, _SIDE), Image.Resampling.LANCZOS)
        lowest = dctn(np.asarray(grey, dtype=np.float64))[:_LOW, :_LOW].ravel().round(6)
        hashes.append(weights[lowest > np.median(lowest)].sum())
    return np.array(hashes, dtype=np.uint64)


def near(asked: NDArray[np.uint64], pool: NDArray[np.uint64], bits: int) -> NDArray[np.bool_]:
    """Whether a hash of the pool differs in at most so many bits, compared in blocks.

    Args:
        asked: (Q,) hashes.
        pool: (P,) hashes.
        bits: of 64.

    Returns:
        (Q,).
    """
    known = np.unique(pool)
    wanted, back = np.unique(asked, return_inverse=True)
    found = np.zeros(len(wanted), dtype=bool)
    if len(known):
        for block in _slices(len(wanted), max(1, _PAIRS // len(known))):
            found[block] = (np.bitwise_count(wanted[block, None] ^ known) <= bits).any(axis=1)
    return found[back]


class Centred(NamedTuple):
    """Embeddings with what their mean is, so that it can be taken off as they are read.

    Attributes:
        embeddings: (N, D), as given.
        mean: (D,).
        lengths: (N,) how far each is from the mean; 0 where that is next to nothing.
    """

    embeddings: NDArray[np.floating]
    mean: NDArray[np.float64]
    lengths: NDArray[np.float64]


def centre(embeddings: NDArray[np.floating], names: Sequence[str]) -> Centred:
    """Find the mean of embeddings; read in blocks, so a memory-mapped array of any size will do.

    Args:
        embeddings: (N, D), any floating dtype, finite.
        names: (N,) of the images.

    Raises:
        InputError: an embedding is not finite; names its image.
    """
    count, width = embeddings.shape
    mean, whole, centred = np.zeros(width), np.zeros(count), np.zeros(count)
    for rows, part in product(_slices(count, _ROWS), _slices(width, _COLUMNS)):
        values = embeddings[rows, part].astype(np.float64)
        bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
        if bad.size:
            raise InputError(f"The embedding of {names[rows.start + bad[0]]!r} is not finite. Compute it again.")
        mean[part] += values.sum(axis=0) / count
        whole[rows] += (values**2).sum(axis=1)
    for rows, part in product(_slices(count, _ROWS), _slices(width, _COLUMNS)):
        centred[rows] += ((embeddings[rows, part].astype(np.float64) - mean[part]) ** 2).sum(axis=1)
    lengths = np.sqrt(centred)
    return Centred(embeddings, mean, np.where(lengths > _NOTHING * np.sqrt(whole), lengths, 0))


def similar(centred: Centred, asked: NDArray[np.bool_], pool: NDArray[np.bool_], above: float) -> NDArray[np.bool_]:
    """Whether an embedding of the pool has a cosine similarity above a threshold, after the mean of all is taken off.

    Without taking it off, the embeddings of any network with positive features are all alike. One that is the mean
    itself (as all are, if they are constant) is similar to nothing. Compared in blocks.

    Args:
        centred: the embeddings.
        asked: (N,) for which images.
        pool: (N,) among which images.
        above: the threshold, in [0, 1].

    Returns:
        (number asked,) in the order of the images.
    """
    lengths = centred.lengths
    wanted, known = np.flatnonzero(asked & (lengths > 0)), np.flatnonzero(pool & (lengths > 0))
    found = np.zeros(len(asked), dtype=bool)
    for block, other in product(_slices(len(wanted), _ROWS), _slices(len(known), _ROWS)):
        rows, columns = wanted[block], known[other]
        products = np.zeros((len(rows), len(columns)), dtype=np.float32)
        for part in _slices(len(centred.mean), _COLUMNS):
            products += _read(centred, rows, part) @ _read(centred, columns, part).T
        found[rows] |= (products > above * np.outer(lengths[rows], lengths[columns])).any(axis=1)
    return found[asked]


def _read(centred: Centred, rows: NDArray[np.int64], part: slice) -> NDArray[np.float32]:
    values: NDArray[np.float32] = (centred.embeddings[rows, part] - centred.mean[part]).astype(np.float32)
    return values


def _slices(length: int, step: int) -> list[slice]:
    return [slice(start, min(start + step, length)) for start in range(0, length, step)]
