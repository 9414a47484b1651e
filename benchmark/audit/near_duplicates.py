"""Near duplicates: images with almost the same perceptual hash in some view, and images with similar embeddings."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError

_SIDE = 32
_LOW = 8

ROWS, COLUMNS = 1024, 1 << 14
"""Size of a block of embeddings."""

_CANDIDATES = 1 << 22
"""Pairs compared at once."""

_ROUNDING = 1e-6
"""An embedding nearer to the mean than this share of its own length is rounding, and similar to nothing."""

_SHIFTS = (1 / 32, 1 / 16)
"""Shares of a side by which views are shifted or cropped. Between them, hashes change in few bits."""

Box = tuple[float, float, float, float]

_VIEWS: tuple[Box, ...] = (
    (0, 0, 1, 1),
    *(
        box
        for shift in _SHIFTS
        for box in (
            (shift, 0, 1, 1),
            (0, 0, 1 - shift, 1),
            (0, shift, 1, 1),
            (0, 0, 1, 1 - shift),
            (shift, shift, 1 - shift, 1 - shift),
        )
    ),
)
"""Left, top, right and bottom of each view, as shares of the sides. The last of all views is the image mirrored."""

VIEWS = len(_VIEWS) + 1

_OPPOSITE = tuple(
    pair
    for first in range(1, len(_VIEWS), 5)
    for pair in (
        (first, first + 1),
        (first + 1, first),
        (first + 2, first + 3),
        (first + 3, first + 2),
        (0, first + 4),
        (first + 4, 0),
    )
)
_COMPARED = ((0, 0), (0, len(_VIEWS)), *_OPPOSITE)
"""Views of the query and of the other image that show the same if that is a copy, mirrored, shifted or cropped."""


def view_hashes(images: Iterable[NDArray[np.uint8]]) -> NDArray[np.uint64]:
    """64-bit hashes of each image and its views, which hardly change with brightness, size or compression.

    The hash is pHash (Zauner 2010). The image becomes grey (ITU-R 601), 32 x 32 pixels (Lanczos); of its type-II cosine
    transform the 8 x 8 lowest frequencies are compared with their median, row by row from the highest bit: 1 = above
    it. All images without structure, such as plain colours, have the same hash. The views lack a 32nd or a 16th of the
    image at the left, right, top, bottom or all around; the last one is mirrored from left to right.

    Args:
        images: each (H, W, 3) RGB; an array (N, H, W, 3) or any iterable.

    Returns:
        (N, 12) hashes; the first is that of the image itself. Images look alike if the hashes of two of their views
        differ in few bits (`is_near`).
    """
    from PIL import Image
    from scipy.fft import dctn

    weights = 2 ** np.arange(_LOW * _LOW, dtype=np.uint64)[::-1]

    def hash_of(small: NDArray[np.float64]) -> np.uint64:
        lowest = dctn(small)[:_LOW, :_LOW].ravel().round(6)
        return np.uint64(weights[lowest > np.median(lowest)].sum())

    hashes = []
    for image in images:
        grey = Image.fromarray(image).convert("L")
        views = []
        for left, top, right, bottom in _VIEWS:
            box = (left * grey.width, top * grey.height, right * grey.width, bottom * grey.height)
            small = grey.resize((_SIDE, _SIDE), Image.Resampling.LANCZOS, box=box)
            views.append(np.asarray(small, dtype=np.float64))
        hashes.append([hash_of(view) for view in (*views, views[0][:, ::-1])])
    return np.array(hashes, dtype=np.uint64).reshape(-1, VIEWS)


def is_near(queries: NDArray[np.uint64], pool: NDArray[np.uint64], bits: int) -> NDArray[np.bool_]:
    """(Q, P) whether a query and an image of the pool look alike, as they are, mirrored, shifted or cropped.

    Args:
        queries: (Q, 12) `view_hashes`.
        pool: (P, 12).
        bits: of 64; the most in which two views of a pair differ.
    """
    near = np.zeros((len(queries), len(pool)), dtype=bool)
    for own, other in _COMPARED:
        near |= np.bitwise_count(queries[:, own, None] ^ pool[:, other]) <= bits
    return near


class NearIndex:
    """Finds the images of a pool that look like a query without comparing every pair (Norouzi et al. 2012).

    Hashes that differ in at most `bits` of 64 agree in at least one of `bits + 1` bands. Only pairs that agree in a
    band are compared.
    """

    def __init__(self, pool: NDArray[np.uint64], bits: int) -> None:
        """Args: the (P, 12) `view_hashes` of the pool, and the most bits in which two views of a pair differ."""
        self._pool, self._bits = pool, bits
        edges = np.linspace(0, 64, bits + 2).round().astype(np.uint64)
        self._bands = list(zip(edges[:-1].tolist(), np.diff(edges).tolist(), strict=True))
        self._sorted = {
            (view, band): self._sort(view, *band) for view in {other for _, other in _COMPARED} for band in self._bands
        }

    def pairs(self, queries: NDArray[np.uint64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The pairs that look alike, in order: (M,) rows of the queries, and (M,) rows of the pool.

        Args:
            queries: (Q, 12) `view_hashes`.
        """
        parts = [np.zeros(0, np.int64)]
        for own, other in _COMPARED:
            for band in self._bands:
                parts += self._agreeing(queries[:, own], other, band)
        keys = np.unique(np.concatenate(parts))
        rows, images = np.divmod(keys, max(len(self._pool), 1))
        return rows, images

    def _sort(self, view: int, start: int, width: int) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """The values of a band in ascending order, and the rows of the pool in that order."""
        values = _band(self._pool[:, view], start, width)
        order = np.argsort(values, kind="stable")
        return values[order], order

    def _agreeing(self, queries: NDArray[np.uint64], view: int, band: tuple[int, int]) -> Iterator[NDArray[np.int64]]:
        """Keys `query * P + image` of the pairs that agree in a band and are near."""
        values, order = self._sorted[view, band]
        wanted = _band(queries, *band)
        starts = np.searchsorted(values, wanted)
        counts = np.searchsorted(values, wanted, side="right") - starts
        for rows in _shares(counts):
            owners = np.repeat(rows, counts[rows])
            offsets = np.arange(len(owners)) - np.repeat(counts[rows].cumsum() - counts[rows], counts[rows])
            images = order[np.repeat(starts[rows], counts[rows]) + offsets]
            near = np.bitwise_count(queries[owners] ^ self._pool[images, view]) <= self._bits
            yield owners[near] * len(self._pool) + images[near]


def _band(hashes: NDArray[np.uint64], start: int, width: int) -> NDArray[np.uint64]:
    """Bits `start` to `start + width` of hashes, as numbers."""
    return (hashes >> np.uint64(start)) & np.uint64(2**width - 1)


def _shares(counts: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    """Rows in order, in parts whose counts add up to about `_CANDIDATES`; a row with more is a part of its own."""
    rows = np.flatnonzero(counts)
    return [
        part for part in np.split(rows, np.flatnonzero(np.diff(counts[rows].cumsum() // _CANDIDATES)) + 1) if len(part)
    ]


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


def centre(
    embeddings: NDArray[np.floating], names: Sequence[str], *, rows: int = ROWS, columns: int = COLUMNS
) -> Centred:
    """The embeddings with their mean; read in blocks, so a memory-mapped array may have any size.

    Args:
        embeddings: (N, D), any floating dtype, finite.
        names: (N,) of the images.
        rows: of a block.
        columns: of a block.

    Raises:
        InputError: an embedding is not finite; names its image.
    """
    count, width = embeddings.shape
    mean, squares, centred_squares = np.zeros(width), np.zeros(count), np.zeros(count)
    for block, part in product(_slices(count, rows), _slices(width, columns)):
        values = embeddings[block, part].astype(np.float64)
        bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
        if bad.size:
            raise InputError(f"The embedding of {names[block.start + bad[0]]!r} is not finite. Compute it again.")
        mean[part] += values.sum(axis=0) / count
        squares[block] += (values**2).sum(axis=1)
    for block, part in product(_slices(count, rows), _slices(width, columns)):
        centred_squares[block] += ((embeddings[block, part].astype(np.float64) - mean[part]) ** 2).sum(axis=1)
    lengths = np.sqrt(centred_squares)
    return Centred(embeddings, mean, np.where(lengths > _ROUNDING * np.sqrt(squares), lengths, 0))


def similar(
    centred: Centred,
    query_mask: NDArray[np.bool_],
    pool_mask: NDArray[np.bool_],
    above: float,
    *,
    rows: int = ROWS,
    columns: int = COLUMNS,
) -> NDArray[np.bool_]:
    """Whether the pool holds an embedding with a cosine similarity above a threshold; compared in blocks.

    The mean of all embeddings is subtracted first: without that, the embeddings of any network with positive features
    are all similar. An embedding equal to the mean is similar to nothing; so are constant embeddings. An image that is
    in both parts is not compared with itself.

    Args:
        centred: the embeddings.
        query_mask: (N,) whether each image is a query.
        pool_mask: (N,) whether each image is in the pool.
        above: the threshold, in [0, 1].
        rows: of a block.
        columns: of a block.

    Returns:
        (number of queries,) in the order of the images.
    """
    lengths = centred.lengths
    queries, pool = np.flatnonzero(query_mask & (lengths > 0)), np.flatnonzero(pool_mask & (lengths > 0))
    is_similar = np.zeros(len(query_mask), dtype=bool)
    for query_block, pool_block in product(_slices(len(queries), rows), _slices(len(pool), rows)):
        own, others = queries[query_block], pool[pool_block]
        products = np.zeros((len(own), len(others)), dtype=np.float32)
        for part in _slices(len(centred.mean), columns):
            products += _read_centred(centred, own, part) @ _read_centred(centred, others, part).T
        alike = products > above * np.outer(lengths[own], lengths[others])
        is_similar[own] |= (alike & (own[:, None] != others)).any(axis=1)
    return is_similar[query_mask]


def _read_centred(centred: Centred, rows: NDArray[np.int64], part: slice) -> NDArray[np.float32]:
    values: NDArray[np.float32] = (centred.embeddings[rows, part] - centred.mean[part]).astype(np.float32)
    return values


def _slices(length: int, step: int) -> list[slice]:
    return [slice(start, min(start + step, length)) for start in range(0, length, step)]
