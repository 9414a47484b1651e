"""Zones: what the leak-free splits divide first. Each zone is one part, in both sets, so nothing learnt is near a test.

Inpainting learns from images without their labels, but it learns from their pixels all the same: a frame of the
inpainting set beside a test frame would leak as well. So the images are divided into train, val and test first, by
whatever is to be kept apart, and then an inpainting set is drawn within each. The zones' sizes are such that both sets
come out as the paper divides them: 80:16:4 and 80:10:10.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.data.catalogue import Catalogue
from benchmark.errors import InputError
from benchmark.splitting.sampling import CLASSIFY_SHARES, INPAINT_PERCENT, INPAINT_SHARES, apportion, shuffled
from benchmark.splitting.split import Split, SplitRow
from benchmark.vocabulary import SPLIT_PARTS, SplitPart, SplitSet

Zones = dict[str, SplitPart]
"""The part of each image by its id; images that are not in it are left out of the split."""

_INPAINT = tuple(INPAINT_PERCENT * share for share in INPAINT_SHARES)
_CLASSIFY = tuple((100 - INPAINT_PERCENT) * share for share in CLASSIFY_SHARES)

ZONE_SHARES = (_INPAINT[0] + _CLASSIFY[0], _INPAINT[1] + _CLASSIFY[1], _INPAINT[2] + _CLASSIFY[2])
"""Of all images, those of the zones train, val and test: 80 : 11.2 : 8.8."""

DROPPED = -1
"""An image in no zone, where zones are numbers: 0 = train, 1 = val, 2 = test."""


class Zoning(NamedTuple):
    """How images were divided.

    Attributes:
        zones: the part of each image that is in the split.
        recipe: how, in words.
    """

    zones: Zones
    recipe: str


def named(catalogue: Catalogue, numbers: NDArray[np.int8]) -> Zones:
    """Zones by image id from the number of each row's zone."""
    return {
        row.image_id: SPLIT_PARTS[number]
        for row, number in zip(catalogue.rows, numbers, strict=True)
        if number != DROPPED
    }


def refuse_absence(catalogue: Catalogue, zones: Zones, kind: str, why: str) -> None:
    """Refuse zones in which an individual is missing from a part.

    Args:
        catalogue: the data set.
        zones: as divided.
        kind: of split.
        why: an individual may be missing, as the end of a sentence.

    Raises:
        InputError: names the first such individual.
    """
    there = {(row.identity, zones.get(row.image_id)) for row in catalogue.rows}
    for identity in catalogue.identities:
        absent = [part for part in SPLIT_PARTS if (identity, part) not in there]
        if absent:
            raise InputError(
                f"{catalogue.name} cannot carry the split {kind!r}: the individual {identity!r} would have no image "
                f"in {' and '.join(absent)}, {why}."
            )


def split_of(catalogue: Catalogue, digests: Mapping[str, str], seed: int, zoning: Zoning, name: str) -> Split:
    """The split of zones: within each, images are drawn at random for inpainting, stratified over identity.

    Every individual keeps at least one image for classification in each zone where it has any.

    Raises:
        InputError: a zone is too small for one image of each set.
    """
    images: dict[SplitPart, defaultdict[str, list[str]]] = {part: defaultdict(list) for part in SPLIT_PARTS}
    for row in catalogue.rows:
        if row.image_id in zoning.zones:
            images[zoning.zones[row.image_id]][row.identity].append(row.image_id)
    places: dict[str, tuple[SplitSet, SplitPart]] = {}
    for part, inpaint, classify in zip(SPLIT_PARTS, _INPAINT, _CLASSIFY, strict=True):
        chosen = _for_inpainting(images[part], inpaint, inpaint + classify, seed)
        if not chosen:
            counts = Counter({identity: len(ids) for identity, ids in images[part].items()})
            raise InputError(
                f"{catalogue.name} cannot carry the split {name!r}: {part} would have {counts.total()} images, one an "
                "individual at most, and none to spare for inpainting. Add images."
            )
        for ids in images[part].values():
            places |= {image_id: ("inpaint" if image_id in chosen else "classify", part) for image_id in ids}
    rows = tuple(SplitRow(image_id, digests[image_id], *places[image_id]) for image_id in sorted(places))
    recipe = (
        f"{zoning.recipe} A part is the same in both sets. In each part, images are drawn at random for inpainting, "
        f"stratified over identity, so many that the sets come near {INPAINT_PERCENT} % (80:16:4) and "
        f"{100 - INPAINT_PERCENT} % (80:10:10) of the images."
    )
    return Split(catalogue.name, name, seed, recipe, rows)


def _for_inpainting(images: Mapping[str, Sequence[str]], share: int, whole: int, seed: int) -> frozenset[str]:
    """`share / whole` of a zone's images, rounded, at least one where an individual has one to spare."""
    identities = sorted(images)
    spare = [len(images[identity]) - 1 for identity in identities]
    if not any(spare):
        return frozenset()
    count = sum(spare) + len(spare)
    wanted = min(max(1, (2 * count * share + whole) // (2 * whole)), sum(spare))
    quotas = apportion(wanted, spare)
    return frozenset(
        image_id
        for identity, quota in zip(identities, quotas, strict=True)
        for image_id in shuffled(images[identity], f"{seed}")[:quota]
    )
