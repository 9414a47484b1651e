"""Ways of drawing a split, by name. Each says why where a data set cannot carry it."""

from collections.abc import Mapping

from benchmark.data.catalogue import Catalogue
from benchmark.errors import InputError
from benchmark.splitting.block import block_split
from benchmark.splitting.chronological import time_split
from benchmark.splitting.individuals import disjoint_split, open_split
from benchmark.splitting.random_images import random_split
from benchmark.splitting.sampling import Maker
from benchmark.splitting.sequence import sequence_split
from benchmark.splitting.split import LEAK_FREE, Split

__all__ = ["KINDS", "draw_split", "leak_free_kind"]

KINDS: dict[str, Maker] = {
    "random": random_split,
    "block": block_split,
    "sequence": sequence_split,
    "time": time_split,
    "open": open_split,
    "disjoint": disjoint_split,
}
"""Every kind of split."""


def draw_split(kind: str, catalogue: Catalogue, digests: Mapping[str, str], seed: int) -> Split:
    """Draw a split of a known kind, which is its name.

    Raises:
        InputError: the data set cannot carry it; says why, and which kinds it can carry.
    """
    try:
        return KINDS[kind](catalogue, digests, seed, name=kind)
    except InputError as error:
        others = [other for other in KINDS if other != kind and _carries(other, catalogue)]
        raise InputError(f"{error} Splits that {catalogue.name} can carry: {', '.join(others) or 'none'}.") from error


def leak_free_kind(catalogue: Catalogue) -> str | None:
    """The strictest kind that a data set can carry to stand beside `random`; None where it can carry none."""
    return next((kind for kind in LEAK_FREE if _carries(kind, catalogue)), None)


def _carries(kind: str, catalogue: Catalogue) -> bool:
    """Whether it can be drawn; digests do not matter for that."""
    try:
        KINDS[kind](catalogue, dict.fromkeys((row.image_id for row in catalogue.rows), ""), 0)
    except InputError:
        return False
    return True
