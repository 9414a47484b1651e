"""Shared parts of all splits: shares in whole numbers, and a random order that is the same on every machine."""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from benchmark.data.catalogue import Catalogue
from benchmark.errors import InputError
from benchmark.splitting.split import Split

INPAINT_SHARES = (80, 16, 4)
CLASSIFY_SHARES = (80, 10, 10)
"""The paper's shares of train, val and test in each of its two sets."""

INPAINT_PERCENT = 20
"""Share of the images for inpainting, in percent."""

MIN_IMAGES = 5
"""Images that every individual needs."""


class Splitter(Protocol):
    """Draws one kind of split."""

    def __call__(
        self, catalogue: Catalogue, digests: Mapping[str, str], seed: int, *, name: str | None = None
    ) -> Split:
        """Draw the split.

        Args:
            catalogue: the data set.
            digests: content digest by image_id.
            seed: seed of the drawing.
            name: name of the split; None = `<kind>-<seed>`.

        Raises:
            InputError: the data set does not support the split; the message gives the reason.
        """


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Whole numbers with the sum `total` in proportion to the weights (Hare's largest remainders).

    Equal remainders favour the earlier weight.

    >>> apportion(14, [80, 10, 10])
    [11, 2, 1]
    """
    whole = sum(weights)
    shares = [total * weight // whole for weight in weights]
    remainders = [total * weight % whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda index: -remainders[index])
    for index in by_remainder[: total - sum(shares)]:
        shares[index] += 1
    return shares


def part_sizes(count: int, shares: tuple[int, int, int]) -> tuple[int, int, int]:
    """Numbers of images in train, val and test; from three images on, none is 0.

    >>> part_sizes(5, (80, 16, 4))
    (3, 1, 1)
    """
    sizes = apportion(count, shares)
    for part, size in enumerate(sizes):
        if not size and count >= len(sizes):
            sizes[sizes.index(max(sizes))] -= 1
            sizes[part] = 1
    train, val, test = sizes
    return train, val, test


def shuffled(names: Iterable[str], salt: str) -> list[str]:
    """The names in a random order, the same on every platform and in every version of Python.

    >>> shuffled(["a", "b", "c"], "1") == shuffled(["c", "a", "b"], "1")
    True
    """
    return sorted(names, key=lambda name: hashlib.sha256(f"{salt}:{name}".encode()).digest())


def by_identity(catalogue: Catalogue) -> dict[str, list[str]]:
    """The image ids of each individual; individuals are sorted, ids are in the order of the rows.

    Raises:
        InputError: an individual has fewer than five images.
    """
    images: defaultdict[str, list[str]] = defaultdict(list)
    for row in catalogue.rows:
        images[row.identity].append(row.image_id)
    few = sorted(identity for identity, ids in images.items() if len(ids) < MIN_IMAGES)
    if few:
        raise InputError(
            f"{catalogue.name}: the individual {few[0]!r} has {len(images[few[0]])} images; {len(few)} in "
            f"all have fewer than {MIN_IMAGES}. Leave them out (identity `unknown`), or add images."
        )
    return dict(sorted(images.items()))


def first_of_each(labels: NDArray[np.int64], most: int) -> NDArray[np.int64]:
    """Indices of the first `most` entries of each label, ascending.

    >>> first_of_each(np.array([3, 1, 3, 3, 1]), 2).tolist()
    [0, 1, 2, 4]
    """
    return np.sort(np.concatenate([np.flatnonzero(labels == label)[:most] for label in np.unique(labels)]))
