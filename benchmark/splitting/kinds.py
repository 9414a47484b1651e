"""The kinds of split by name."""

from collections.abc import Mapping
from dataclasses import replace

from benchmark.data.catalogue import Catalogue
from benchmark.errors import InputError
from benchmark.splitting.block import block_split
from benchmark.splitting.chronological import time_split
from benchmark.splitting.individuals import disjoint_split, open_split
from benchmark.splitting.random_images import random_split
from benchmark.splitting.sampling import Splitter
from benchmark.splitting.sequence import sequence_split
from benchmark.splitting.split import LEAK_FREE, Split

__all__ = ["KINDS", "draw_split", "leak_free_kind"]

KINDS: dict[str, Splitter] = {
    "random": random_split,
    "block": block_split,
    "sequence": sequence_split,
    "time": time_split,
    "open": open_split,
    "disjoint": disjoint_split,
}
"""Every kind of split."""


def draw_split(kind: str, catalogue: Catalogue, digests: Mapping[str, str], seed: int) -> Split:
    """Draw a split of one kind; its name is the kind.

    Args:
        kind: a key of `KINDS`.
        catalogue: the data set.
        digests: content digest by image_id.
        seed: seed of the drawing.

    Raises:
        InputError: the data set does not support the kind; the message gives the reason and the supported kinds.
    """
    try:
        split = KINDS[kind](catalogue, digests, seed, name=kind)
    except InputError as error:
        others = [other for other in KINDS if other != kind and _supports(catalogue, other)]
        raise InputError(f"{error} Splits that {catalogue.name} supports: {', '.join(others) or 'none'}.") from error
    placed = {row.image_id for row in split.rows}
    return replace(split, left_out=tuple(sorted(row.image_id for row in catalogue.rows if row.image_id not in placed)))


def leak_free_kind(catalogue: Catalogue) -> str | None:
    """The strictest leak-free kind that a data set supports; None if it supports none."""
    return next((kind for kind in LEAK_FREE if _supports(catalogue, kind)), None)


def _supports(catalogue: Catalogue, kind: str) -> bool:
    """Whether a split of this kind can be drawn; that does not depend on the digests."""
    try:
        KINDS[kind](catalogue, dict.fromkeys((row.image_id for row in catalogue.rows), ""), 0)
    except InputError:
        return False
    return True
