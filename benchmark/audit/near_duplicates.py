"""Near duplicates: images with almost the same perceptual hash, and images with similar embeddings."""

from collections.abc import Iterable, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError

_SIDE = 32
_LOW = 8
_PAIRS = 1 << 22
"""Pairs of hashes in a block."""

_ROWS, _COLUMNS = 1024, 1 << 14
"""Size of a block of embeddings."""

_ROUNDING = 1e-6
"""An embedding nearer to the mean than this share of its own length is rounding, and similar to nothing."""


def perceptual_hashes(images: Iterable[NDArray[np.uint8]]) -> NDArray[np.uint64]:
    """A 64-bit hash of each image that hardly changes with its brightness, size or compression (pHash, Zauner 2010).

    The image becomes grey (ITU-R 601), 32 x 32 pixels (Lanczos); of its type-II cosine transform the 8 x 8 lowest
    frequencies are compared with their median, row by row from the highest bit: 1 = above it. All images without
    structure, such as plain colours, have the same hash.

    Args:
        images: each (H, W, 3) RGB; an array (N, H, W, 3) or any iterable.

    Returns:
        (N,) hashes; images whose hashes differ in few bits look similar (`near`).
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


def near(queries: NDArray[np.uint64], pool: NDArray[np.uint64], bits: int) -> NDArray[np.bool_]:
    """(Q,) whether the pool holds a hash that differs in at most `bits` bits; compared in blocks.

    Args:
        queries: (Q,) hashes.
        pool: (P,) hashes.
        bits: of 64.

    Example:
        >>> near(np.array([0b0000, 0b0111], np.uint64), np.array([0b0001], np.uint64), bits=1)
        array([ True, False])
    """
    pool_hashes = np.unique(pool)
    query_hashes, row = np.unique(queries, return_inverse=True)
    is_near = np.zeros(len(query_hashes), dtype=bool)
    if len(pool_hashes):
        for block in _slices(len(query_hashes), max(1, _PAIRS // len(pool_hashes))):
            is_near[block] = (np.bitwise_count(query_hashes[block, None] ^ pool_hashes) <= bits).any(axis=1)
    return is_near[row]


class Centred(NamedTuple):
    """Embeddings and their mean, which is subtracted as they are read.

    Attributes:
        embeddings: (N, D), unchanged.
        mean: (D,).
        lengths: (N,) distance of each from the mean; 0 if it is only rounding.
    """

    embeddings: NDArray[np.floating]
    mean: NDArray[np.float64]
    lengths: NDArray[np.float64]


def centre(embeddings: NDArray[np.floating], names: Sequence[str]) -> Centred:
    """The embeddings with their mean; read in blocks, so a memory-mapped array may have any size.

    Args:
        embeddings: (N, D), any floating dtype, finite.
        names: (N,) of the images.

    Raises:
        InputError: an embedding is not finite; names its image.
    """
    count, width = embeddings.shape
    mean, squares, centred_squares = np.zeros(width), np.zeros(count), np.zeros(count)
    for rows, part in product(_slices(count, _ROWS), _slices(width, _COLUMNS)):
        values = embeddings[rows, part].astype(np.float64)
        bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
        if bad.size:
            raise InputError(f"The embedding of {names[rows.start + bad[0]]!r} is not finite. Compute it again.")
        mean[part] += values.sum(axis=0) / count
        squares[rows] += (values**2).sum(axis=1)
    for rows, part in product(_slices(count, _ROWS), _slices(width, _COLUMNS)):
        centred_squares[rows] += ((embeddings[rows, part].astype(np.float64) - mean[part]) ** 2).sum(axis=1)
    lengths = np.sqrt(centred_squares)
    return Centred(embeddings, mean, np.where(lengths > _ROUNDING * np.sqrt(squares), lengths, 0))


def similar(
    centred: Centred, query_mask: NDArray[np.bool_], pool_mask: NDArray[np.bool_], above: float
) -> NDArray[np.bool_]:
    """Whether the pool holds an embedding with a cosine similarity above a threshold; compared in blocks.

    The mean of all embeddings is subtracted first: without that, the embeddings of any network with positive features
    are all similar. An embedding equal to the mean is similar to nothing; so are constant embeddings.

    Args:
        centred: the embeddings.
        query_mask: (N,) whether each image is a query.
        pool_mask: (N,) whether each image is in the pool.
        above: the threshold, in [0, 1].

    Returns:
        (number of queries,) in the order of the images.
    """
    lengths = centred.lengths
    queries, pool = np.flatnonzero(query_mask & (lengths > 0)), np.flatnonzero(pool_mask & (lengths > 0))
    is_similar = np.zeros(len(query_mask), dtype=bool)
    for query_block, pool_block in product(_slices(len(queries), _ROWS), _slices(len(pool), _ROWS)):
        rows, columns = queries[query_block], pool[pool_block]
        products = np.zeros((len(rows), len(columns)), dtype=np.float32)
        for part in _slices(len(centred.mean), _COLUMNS):
            products += _read_centred(centred, rows, part) @ _read_centred(centred, columns, part).T
        is_similar[rows] |= (products > above * np.outer(lengths[rows], lengths[columns])).any(axis=1)
    return is_similar[query_mask]


def _read_centred(centred: Centred, rows: NDArray[np.int64], part: slice) -> NDArray[np.float32]:
    values: NDArray[np.float32] = (centred.embeddings[rows, part] - centred.mean[part]).astype(np.float32)
    return values


def _slices(length: int, step: int) -> list[slice]:
    return [slice(start, min(start + step, length)) for start in range(0, length, step)]
