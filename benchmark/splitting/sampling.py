"""What every way of drawing a split shares: shares in whole numbers, and an order that every machine agrees on."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from benchmark.data.catalogue import Catalogue
from benchmark.errors import InputError
from benchmark.splitting.split import Split

INPAINT_SHARES = (80, 16, 4)
CLASSIFY_SHARES = (80, 10, 10)
"""Train, val and test, as the paper splits each of its two sets."""

INPAINT_PERCENT = 20
"""Of the images, those for inpainting."""

FEWEST = 5
"""Images that every individual must have."""


class Maker(Protocol):
    """Draws one kind of split.

    It takes the data set, the content digest of each image by its id, the seed, and the split's name (None =
    `<kind>-<seed>`); it raises InputError, saying why, where the data set cannot carry the split.
    """

    def __call__(
        self, catalogue: Catalogue, digests: Mapping[str, str], seed: int, *, name: str | None = None
    ) -> Split:
        """Draw it."""


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Whole numbers that add up to `total` in proportion to the weights (Hare's largest remainders).

    Ties go to the earlier weight.
    """
    whole = sum(weights)
    shares = [total * weight // whole for weight in weights]
    remainders = [total * weight % whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda index: -remainders[index])
    for index in by_remainder[: total - sum(shares)]:
        shares[index] += 1
    return shares


def part_sizes(count: int, shares: tuple[int, int, int]) -> tuple[int, int, int]:
    """How many of `count` images are for train, val and test; none is empty where there are three images."""
    train, val, test = apportion(count, shares)
    if count >= 3:  # noqa: PLR2004 - one for each part
        val, test = max(val, 1), max(test, 1)
        train = count - val - test
    return train, val, test


def shuffled(names: Iterable[str], salt: str) -> list[str]:
    """A random order that is the same on every platform and in every version of Python."""
    return sorted(names, key=lambda name: hashlib.sha256(f"{salt}:{name}".encode()).digest())


def by_identity(catalogue: Catalogue) -> dict[str, list[str]]:
    """The image ids of each individual, both in order.

    Raises:
        InputError: an individual has fewer than five images.
    """
    images: defaultdict[str, list[str]] = defaultdict(list)
    for row in catalogue.rows:
        images[row.identity].append(row.image_id)
    few = sorted(identity for identity, ids in images.items() if len(ids) < FEWEST)
    if few:
        raise InputError(
            f"{catalogue.name}: the individual {few[0]!r} has {len(images[few[0]])} images; {len(few)} in "
            f"all have fewer than {FEWEST}. Leave them out (identity `unknown`), or add images."
        )
    return dict(sorted(images.items()))
