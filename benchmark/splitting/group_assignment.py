"""Assignment of whole groups of images to train, val and test, so that every individual gets its share of each part."""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from benchmark.data.capture import codes
from benchmark.splitting.parts import DROPPED, PART_SHARES
from benchmark.splitting.sampling import part_sizes, shuffled
from benchmark.vocabulary import SPLIT_PARTS

_DRAWS = 32
_MILLION = 1_000_000
"""Shares are compared in millionths, as whole numbers: every machine rounds them alike."""

_URGENT = 100 * _MILLION
"""Gain of a part that an individual still misses, when its last groups are assigned."""

DropImages = Callable[[NDArray[np.int8]], NDArray[np.int8]]
"""From the part of each image, shape (N,), to the same with `DROPPED` for the images to leave out."""


def assign_groups(
    identities: Sequence[str], groups: Sequence[str], seed: int, drop_images: DropImages
) -> NDArray[np.int8]:
    """The part of each image, with each group whole in one part; the best of 32 random draws.

    In a draw, the groups come in random order, by the sha256 of `<seed>:<draw>:<group>`. Each goes to the part with the
    largest gain, summed over the individuals in the group. The gain of an individual is:

    - the images that fill its share of the part, less those that overfill it, relative to the share;
    - an additional gain if it has no image in the part yet, larger the fewer of its groups are left.

    The best draw has the fewest individuals missing from a part. Among those, val and test are closest to their target
    sizes; among equals the first draw is taken.

    Args:
        identities: (N,) individual of each image.
        groups: (N,) group of each image.
        seed: seed of the draws.
        drop_images: applied to the parts of each draw, before draws are compared.

    Returns:
        (N,) code of each image's part: 0, 1, 2 for train, val, test, or `DROPPED`. If groups are few, an individual may
        be missing from a part.
    """
    owners = codes(identities)
    totals = np.bincount(owners)
    targets = np.maximum([part_sizes(int(total), PART_SHARES) for total in totals], 1)
    members: defaultdict[str, Counter[int]] = defaultdict(Counter)
    for owner, group in zip(owners.tolist(), groups, strict=True):
        members[group][owner] += 1
    best_cost: tuple[int, int] | None = None
    best = np.empty(0, dtype=np.int8)
    for draw in range(_DRAWS):
        part_of = place_groups(members, targets.tolist(), f"{seed}:{draw}")
        parts = drop_images(np.array([part_of[group] for group in groups], dtype=np.int8))
        cost = _cost(owners, parts, targets)
        if best_cost is None or cost < best_cost:
            best_cost, best = cost, parts
    return best


def place_groups(
    members: Mapping[str, Counter[int]],
    targets: Sequence[Sequence[int]],
    salt: str,
    present: Sequence[Sequence[int]] | None = None,
) -> dict[str, int]:
    """One random assignment of groups, each to the part with the largest gain (see `assign_groups`).

    Args:
        members: by group, the images of each individual by its code.
        targets: by individual, its images in each part when all are placed; at least 1.
        salt: of the order of the groups.
        present: by individual, the images that are in each part already; None = none.

    Returns:
        The code of each group's part: 0, 1, 2 for train, val, test.
    """
    present = present or [[0] * len(SPLIT_PARTS)] * len(targets)
    lacking = [[size - held for size, held in zip(*pair, strict=True)] for pair in zip(targets, present, strict=True)]
    missing_parts = [{part for part, count in enumerate(held) if not count} for held in present]
    groups_left = Counter(owner for owners in members.values() for owner in owners)
    part_of: dict[str, int] = {}
    for group in shuffled(members, salt):
        gains = [0] * len(SPLIT_PARTS)
        for owner, count in members[group].items():
            urgency = _URGENT // (1 + max(0, groups_left[owner] - len(missing_parts[owner])))
            for part, lack in enumerate(lacking[owner]):
                filled = min(count, max(lack, 0))
                gains[part] += (2 * filled - count) * _MILLION // targets[owner][part]
                gains[part] += urgency if part in missing_parts[owner] else 0
        part = max(range(len(SPLIT_PARTS)), key=lambda part: (gains[part], part))
        part_of[group] = part
        for owner, count in members[group].items():
            lacking[owner][part] -= count
            missing_parts[owner].discard(part)
            groups_left[owner] -= 1
    return part_of


def _cost(owners: NDArray[np.int64], parts: NDArray[np.int8], targets: NDArray[np.int64]) -> tuple[int, int]:
    """Number of individuals missing from a part, and distance of val and test from their target sizes."""
    kept = parts != DROPPED
    cells = owners[kept] * len(SPLIT_PARTS) + parts[kept]
    counts = np.bincount(cells, minlength=targets.size).reshape(targets.shape)
    misfit = np.abs(counts - targets)[:, 1:] * _MILLION // targets[:, 1:]
    return int((counts == 0).sum()), int(misfit.sum())
