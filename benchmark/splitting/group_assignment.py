"""Whole groups of images to train, val and test, so that every individual gets its share of each."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark.data.capture import codes
from benchmark.splitting.sampling import part_sizes, shuffled
from benchmark.splitting.zones import DROPPED, ZONE_SHARES
from benchmark.vocabulary import SPLIT_PARTS

_DRAWS = 32
_MILLION = 1_000_000
"""Shares are compared in millionths, as whole numbers: they round the same way everywhere."""

_URGENT = 100 * _MILLION
"""What a part that an individual still misses counts for when its last groups come."""

Settle = Callable[[NDArray[np.int8]], NDArray[np.int8]]


def assign(identities: Sequence[str], groups: Sequence[str], seed: int, settle: Settle) -> NDArray[np.int8]:
    """Give each group to one part; the best of 32 random draws.

    In a draw, groups come in random order (sha256 of `<seed>:<draw>:<group>`), each to the part where it gains most,
    summed over the individuals in it: what it fills of that individual's share less what it overfills, in
    proportion to the share; and more, where the individual still misses the part, the fewer of its groups are to
    come. The draw with the fewest individuals missing from a part is taken; among these, the one whose val and test
    are nearest to their wanted sizes; among these, the first.

    Args:
        identities: (N,) whose image it is.
        groups: (N,) the group that it must stay with.
        seed: of the draws.
        settle: from the zone of each image to that which is left of it, DROPPED where the image is left out.

    Returns:
        (N,) the zone of each image after `settle`: 0, 1, 2 for train, val, test, or DROPPED. An individual may be
        missing from a zone where groups are few.
    """
    owners = codes(identities)
    totals = np.bincount(owners)
    wanted = np.array([part_sizes(int(total), ZONE_SHARES) for total in totals])
    wanted = np.maximum(wanted, 1)
    contents: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for owner, group in zip(owners.tolist(), groups, strict=True):
        contents[group][owner] += 1
    best: tuple[int, int] | None = None
    chosen = np.empty(0, dtype=np.int8)
    for draw in range(_DRAWS):
        zone_of = _draw(contents, wanted.tolist(), f"{seed}:{draw}")
        zones = settle(np.array([zone_of[group] for group in groups], dtype=np.int8))
        cost = _cost(owners, zones, wanted)
        if best is None or cost < best:
            best, chosen = cost, zones
    return chosen


def _draw(contents: Mapping[str, Counter[int]], wanted: list[list[int]], salt: str) -> dict[str, int]:
    lacking = [list(sizes) for sizes in wanted]
    absent = [set(range(len(SPLIT_PARTS))) for _ in wanted]
    to_come = Counter(owner for owners in contents.values() for owner in owners)
    zone_of: dict[str, int] = {}
    for group in shuffled(contents, salt):
        gains = [0] * len(SPLIT_PARTS)
        for owner, count in contents[group].items():
            urgency = _URGENT // (1 + max(0, to_come[owner] - len(absent[owner])))
            for zone, lack in enumerate(lacking[owner]):
                filled = min(count, max(lack, 0))
                gains[zone] += (2 * filled - count) * _MILLION // wanted[owner][zone]
                gains[zone] += urgency if zone in absent[owner] else 0
        zone = max(range(len(SPLIT_PARTS)), key=lambda zone: (gains[zone], zone))
        zone_of[group] = zone
        for owner, count in contents[group].items():
            lacking[owner][zone] -= count
            absent[owner].discard(zone)
            to_come[owner] -= 1
    return zone_of


def _cost(owners: NDArray[np.int64], zones: NDArray[np.int8], wanted: NDArray[np.int64]) -> tuple[int, int]:
    """How many individuals miss a part, and how far val and test are from their wanted sizes."""
    kept = zones != DROPPED
    cells = owners[kept] * len(SPLIT_PARTS) + zones[kept]
    counts = np.bincount(cells, minlength=wanted.size).reshape(wanted.shape)
    misfit = np.abs(counts - wanted)[:, 1:] * _MILLION // wanted[:, 1:]
    return int((counts == 0).sum()), int(misfit.sum())
