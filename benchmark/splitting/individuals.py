"""Splits by individual: `open` keeps some for the test alone, `disjoint` keeps those of the parts apart."""

from collections import Counter, defaultdict
from collections.abc import Mapping

from benchmark.data.capture import RECORDINGS, filled
from benchmark.data.catalogue import Catalogue
from benchmark.errors import InputError
from benchmark.splitting.block import by_block
from benchmark.splitting.sampling import apportion, by_identity, part_sizes, shuffled
from benchmark.splitting.sequence import by_sequence
from benchmark.splitting.split import Split
from benchmark.splitting.zones import ZONE_SHARES, Zones, Zoning, split_of
from benchmark.vocabulary import SPLIT_PARTS

_ONE_UNKNOWN_OF = 5
_FEWEST_OPEN = 3
_FEWEST_DISJOINT = 5
_DISJOINT_SHARES = (3, 1, 2)
_ENOUGH_FOR_PAIRS = 8
"""Images of an individual that give val and test two each: one for either set."""


def open_split(catalogue: Catalogue, digests: Mapping[str, str], seed: int, *, name: str | None = None) -> Split:
    """Some individuals are met in the test alone: a fifth of them, rounded up.

    The images are divided as the strictest split does that the data set can carry: `sequence`, else `block`, else at
    random within each individual. Then those of the unknown individuals are left out of train and val, also of
    the inpainting set: their patterns were never seen and, unless the division is random, nor were the photos that
    show them in the test. The unknown are drawn from as many recordings as possible, so that the recording alone
    does not say who is unknown.

    Raises:
        InputError: there are fewer than three individuals, or one has fewer than five images.
    """
    images = by_identity(catalogue)
    if len(images) < _FEWEST_OPEN:
        raise InputError(
            f"{catalogue.name} cannot carry the split 'open': it has {len(images)} individuals; two known ones and an "
            "unknown one are needed."
        )
    base = strictest(catalogue, seed)
    unknown = sorted(_spread(catalogue, seed)[: -(-len(images) // _ONE_UNKNOWN_OF)])
    hidden = {image_id for identity in unknown for image_id in images[identity] if base.zones.get(image_id) != "test"}
    zones = {image_id: part for image_id, part in base.zones.items() if image_id not in hidden}
    recipe = (
        f"Open, seed {seed}: {', '.join(unknown)} ({len(unknown)} of {len(images)} individuals) in test alone. "
        f"{base.recipe}"
    )
    return split_of(catalogue, digests, seed, Zoning(zones, recipe), name or f"open-{seed}")


def disjoint_split(catalogue: Catalogue, digests: Mapping[str, str], seed: int, *, name: str | None = None) -> Split:
    """No individual is in two parts: half of them train, a sixth is val, a third test, at least two of them.

    Every image is used. What is measured is whether embeddings tell apart animals that no training has seen: gallery
    and queries are both test images, and no classifier can be right. The parts draw from as many recordings
    as possible. Animals of two parts may share a photo, so light and background are not new in the test.

    Raises:
        InputError: there are fewer than five individuals, or one has fewer than five images.
    """
    images = by_identity(catalogue)
    if len(images) < _FEWEST_DISJOINT:
        raise InputError(
            f"{catalogue.name} cannot carry the split 'disjoint': it has {len(images)} individuals; two in train, one "
            "in val and two in test are needed."
        )
    _, val, test = apportion(len(images), _DISJOINT_SHARES)
    val, test = max(val, 1), max(test, 2)
    order = _spread(catalogue, seed)
    of = {"test": order[:test], "val": order[test : test + val], "train": order[test + val :]}
    zones: Zones = {image_id: part for part in SPLIT_PARTS for identity in of[part] for image_id in images[identity]}
    members = "; ".join(f"{part}: {', '.join(sorted(of[part]))}" for part in SPLIT_PARTS)
    recipe = f"Disjoint, seed {seed}: each individual is in one part ({members})."
    return split_of(catalogue, digests, seed, Zoning(zones, recipe), name or f"disjoint-{seed}")


def strictest(catalogue: Catalogue, seed: int) -> Zoning:
    """Zones by sequence, else by block, else at random within each individual."""
    for zoning in (by_sequence, by_block):
        try:
            return zoning(catalogue, seed)
        except InputError:
            continue
    zones: Zones = {}
    for ids in by_identity(catalogue).values():
        _, val, test = part_sizes(len(ids), ZONE_SHARES)
        if len(ids) >= _ENOUGH_FOR_PAIRS:
            val, test = max(val, 2), max(test, 2)
        order = shuffled(ids, f"{seed}")
        zones |= dict.fromkeys(order, "train")
        zones |= dict.fromkeys(order[:val], "val")
        zones |= dict.fromkeys(order[val : val + test], "test")
    return Zoning(zones, f"Random, seed {seed}: each image on its own, near 80 : 11.2 : 8.8 within each individual.")


def _spread(catalogue: Catalogue, seed: int) -> list[str]:
    """The individuals in random order, those of different recordings by turns."""
    column = next((column for column in RECORDINGS if filled(catalogue.rows, column)), None)
    homes: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in catalogue.rows:
        homes[row.identity][row.groups[column] if column else ""] += 1
    turn: Counter[str] = Counter()
    turns = {}
    for identity in shuffled(homes, f"{seed}:individuals"):
        home = max(sorted(homes[identity]), key=homes[identity].__getitem__)
        turns[identity] = turn[home]
        turn[home] += 1
    return sorted(turns, key=lambda identity: turns[identity])
