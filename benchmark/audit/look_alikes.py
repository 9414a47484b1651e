"""Look-alikes: images that perceptual hashes call alike, and how often they call different individuals alike.

If one species is photographed before one background, images of different individuals look alike too. A share of
look-alikes is therefore evidence of a leak only if images look like their own individual more often than like others.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from benchmark.audit.near_duplicates import NearIndex
from benchmark.data.pairing import Sightings

OTHERS = 20
"""Most other individuals that each individual is compared with."""

DRAWS = 999
"""Random draws of the test."""

LEVEL = 0.05
"""Probability below which a difference is no chance."""

_CLEAR = 0.5

_COUNTS = 1 << 22
"""Counts by query and individual held at once."""

Hide = Callable[[int], NDArray[np.bool_]]


class LookAlikes(BaseModel, frozen=True, extra="forbid"):
    """Shares of queries with a look-alike in a pool of images.

    `own` and `other` are expected shares among equally many images: of the query's individual, and of one other
    individual, in each case as many as the one with fewer has. Individuals count alike. Others share a recording with
    the individual if any does, so that background and light are the same.

    Attributes:
        share: with a look-alike, whatever the individual.
        own: with a look-alike of their own individual; None if no query's individual is in the pool.
        other: with a look-alike of one other individual; None as for `own`, and if there is no other individual.
        probability: of an `own` as large if images looked like their own individual as often as like others
            (randomisation test over individuals); None as for `other`, and if individuals are too few for any result
            below 0.05.
    """

    share: float
    own: float | None = None
    other: float | None = None
    probability: float | None = None

    def excess(self, tolerated: float) -> float | None:
        """By how much more queries look like their own individual; None if that is tolerated or may be chance.

        Without another individual the share decides. With too few individuals for a test, only a difference above one
        half counts.

        Args:
            tolerated: difference that is no fault, in [0, 1].
        """
        if self.own is None:
            return None
        excess = self.own - (self.other or 0)
        is_tested = self.other is None or self.probability is not None
        is_chance = self.probability is not None and self.probability >= LEVEL
        return excess if not is_chance and excess > (tolerated if is_tested else _CLEAR) else None


class _Compared(NamedTuple):
    """One individual: the others it is compared with, and its rates.

    Attributes:
        others: (K,) labels; may be empty.
        own: expected hits of each query among images of its own.
        hits: of each query, (K,) the same among images of each other.
    """

    others: NDArray[np.int64]
    own: list[float]
    hits: list[NDArray[np.float64]]


def look_alikes(
    hashes: NDArray[np.uint64],
    sightings: Sightings,
    masks: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    bits: int,
    hide: Hide | None = None,
) -> LookAlikes:
    """The share of queries that look like an image of the pool, beside the shares for own and other individuals.

    Args:
        hashes: (N, V) `view_hashes` of the images.
        sightings: of the N images.
        masks: (N,) whether each image is a query, and whether it is in the pool.
        bits: images look alike if a pair of views differs in at most this number of 64 bits.
        hide: from the number of a query among the queries, which images of the pool are not compared with it; None =
            an image that is in both parts is not compared with itself.
    """
    queries = np.flatnonzero(masks[0])
    pool = np.flatnonzero(masks[1])
    owners, owner_of, totals = np.unique(sightings.labels[pool], return_inverse=True, return_counts=True)
    compared = _comparisons(sightings, queries, pool, owners)
    index = NearIndex(hashes[pool], bits)
    alike = 0
    step = max(1, _COUNTS // max(len(owners), 1))
    for block in range(0, len(queries) if len(pool) else 0, step):
        at = queries[block : block + step]
        hidden = [np.flatnonzero(pool == query if hide is None else hide(block + n)) for n, query in enumerate(at)]
        hidden_keys = np.concatenate([n * len(pool) + images for n, images in enumerate(hidden)])
        rows, images = index.pairs(hashes[at])
        shown = ~np.isin(rows * len(pool) + images, hidden_keys)
        hits = _count_by(rows[shown], owner_of[images[shown]], len(at), len(owners))
        sizes = totals - _count_by(hidden_keys // len(pool), owner_of[hidden_keys % len(pool)], len(at), len(owners))
        alike += int(hits.any(axis=1).sum())
        for label, own_hits, own_sizes in zip(sightings.labels[at].tolist(), hits, sizes, strict=True):
            if label in compared:
                _add(compared[label], int(np.searchsorted(owners, label)), owners, own_hits, own_sizes)
    share = alike / len(queries) if len(queries) else 0.0
    tables = [(float(np.mean(one.own)), np.mean(one.hits, axis=0)) for one in compared.values() if one.own]
    return _tested(share, tables)


def _count_by(rows: NDArray[np.int64], columns: NDArray[np.int64], height: int, width: int) -> NDArray[np.int64]:
    """(height, width) how often each row and column come together."""
    counts: NDArray[np.int64] = np.bincount(rows * width + columns, minlength=height * width)
    return counts.reshape(height, width)


def _comparisons(
    sightings: Sightings, queries: NDArray[np.int64], pool: NDArray[np.int64], owners: NDArray[np.int64]
) -> dict[int, _Compared]:
    """The others of each individual that has queries and pool images, by its label."""
    labels, recordings = sightings.labels, sightings.recordings
    places: dict[int, set[int]] = {}
    individuals: dict[int, set[int]] = {}
    if recordings is not None:
        for at in (queries, pool):
            for label, recording in zip(labels[at].tolist(), recordings[at].tolist(), strict=True):
                places.setdefault(label, set()).add(recording)
                individuals.setdefault(recording, set()).add(label)
    in_pool = set(owners.tolist())
    rng = np.random.default_rng(0)
    compared = {}
    for label in np.intersect1d(labels[queries], owners).tolist():
        others = owners[owners != label]
        company = set().union(*(individuals[recording] for recording in places.get(label, set())))
        beside = sorted((company & in_pool) - {label})
        chosen = np.array(beside, dtype=np.int64) if beside else others
        chosen = chosen if len(chosen) <= OTHERS else rng.choice(chosen, OTHERS, replace=False)
        compared[label] = _Compared(chosen, [], [])
    return compared


def _add(
    one: _Compared, own: int, owners: NDArray[np.int64], hits: NDArray[np.int64], sizes: NDArray[np.int64]
) -> None:
    """Add a query: `hits` and `sizes` are the look-alikes and images of each owner, `own` is its own column."""
    if not sizes[own]:
        return
    columns = np.searchsorted(owners, one.others)
    drawn = np.minimum(sizes[own], sizes[columns])
    whole = np.append(drawn[drawn > 0], sizes[own] if not drawn.any() else np.zeros(0, np.int64))
    one.own.append(float(_chance_of_any(hits[own], sizes[own], whole).mean()))
    one.hits.append(_chance_of_any(hits[columns], sizes[columns], drawn))


def _chance_of_any(hits: NDArray[np.int64], sizes: NDArray[np.int64], drawn: NDArray[np.int64]) -> NDArray[np.float64]:
    """Probability that images drawn without replacement hold a hit: 1 - C(sizes - hits, drawn) / C(sizes, drawn)."""
    from scipy.special import gammaln

    rest = sizes - hits
    enough = rest >= drawn
    left = np.where(enough, rest - drawn, 0)
    log_miss = gammaln(rest + 1.0) - gammaln(left + 1.0) - gammaln(sizes + 1.0) + gammaln(sizes - drawn + 1.0)
    return np.where(hits > 0, np.where(enough, 1 - np.exp(np.minimum(log_miss, 0)), 1.0), 0.0)


def _tested(share: float, tables: Sequence[tuple[float, NDArray[np.float64]]]) -> LookAlikes:
    """The shares over individuals, each with its own rate and the rates of others, and the test of their difference.

    If an individual's images looked like it as often as like others, its own rate would be any one of them. So for each
    individual one of these rates is drawn; the probability is the share of draws whose mean is at least the mean of the
    own rates. Individuals are drawn independently, which makes the test cautious where many look like the same one.
    """
    if not tables:
        return LookAlikes(share=share)
    own = float(np.mean([rate for rate, _ in tables]))
    if any(not len(rates) for _, rates in tables):  # there is one individual in all
        return LookAlikes(share=share, own=own)
    other = float(np.mean([rates.mean() for _, rates in tables]))
    least = float(np.prod([1 / (1 + len(rates)) for _, rates in tables]))
    if least >= LEVEL:
        return LookAlikes(share=share, own=own, other=other)
    rng = np.random.default_rng(0)
    drawn = np.mean([rng.choice([rate, *rates], DRAWS) for rate, rates in tables], axis=0)
    reached = int((drawn >= own - 1e-12).sum())
    return LookAlikes(share=share, own=own, other=other, probability=(1 + reached) / (1 + DRAWS))
