"""Division of images into train, val and test: the first step of every split but the random one.

Inpainting learns from images without their labels, but it does learn from their pixels: an inpainting image beside a
test frame would leak. So the images are divided into train, val and test first, by the recordings, times or individuals
that must be kept apart. Then an inpainting set is drawn within each part. An image's part is the same in both sets, and
the sizes of the parts give both sets the paper's shares: 80:16:4 and 80:10:10.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.data.catalogue import Catalogue
from benchmark.errors import InputError
from benchmark.splitting.sampling import CLASSIFY_SHARES, INPAINT_PERCENT, INPAINT_SHARES, apportion, shuffled
from benchmark.splitting.split import Split, SplitRow
from benchmark.vocabulary import SPLIT_PARTS, SplitPart, SplitSet

PartOf = dict[str, SplitPart]
"""The part of each image by its id; other images are left out of the split."""

_INPAINT = tuple(INPAINT_PERCENT * share for share in INPAINT_SHARES)
_CLASSIFY = tuple((100 - INPAINT_PERCENT) * share for share in CLASSIFY_SHARES)

PART_SHARES = (_INPAINT[0] + _CLASSIFY[0], _INPAINT[1] + _CLASSIFY[1], _INPAINT[2] + _CLASSIFY[2])
"""Shares of train, val and test among all images: 80 : 11.2 : 8.8."""

INPAINT_SHARE = {
    part: Fraction(inpaint, inpaint + classify)
    for part, inpaint, classify in zip(SPLIT_PARTS, _INPAINT, _CLASSIFY, strict=True)
}
"""Share of the inpainting set among the images of each part."""

DROPPED = -1
"""An image in no part, where parts are codes: 0 = train, 1 = val, 2 = test."""


class Parts(NamedTuple):
    """A division of images into parts.

    Attributes:
        part_of: the part of each image that is in the split.
        recipe: how the images were divided, in words.
    """

    part_of: PartOf
    recipe: str


def parts_by_id(catalogue: Catalogue, codes: NDArray[np.int8]) -> PartOf:
    """The part of each image by its id, from the code of each row's part, shape (N,); `DROPPED` rows are left out."""
    return {row.image_id: SPLIT_PARTS[code] for row, code in zip(catalogue.rows, codes, strict=True) if code != DROPPED}


def require_all_parts(catalogue: Catalogue, part_of: PartOf, kind: str, reason: str) -> None:
    """Refuse parts from which an individual is missing.

    Args:
        catalogue: the data set.
        part_of: the part of each image.
        kind: kind of split, for the message.
        reason: why an individual may be missing: the end of the message.

    Raises:
        InputError: an individual has no image in some part; names the first one.
    """
    occupied = {(row.identity, part_of.get(row.image_id)) for row in catalogue.rows}
    for identity in catalogue.identities:
        missing = [part for part in SPLIT_PARTS if (identity, part) not in occupied]
        if missing:
            raise InputError(
                f"{catalogue.name} does not support the split {kind!r}: the individual {identity!r} would have no "
                f"image in {' and '.join(missing)}, {reason}."
            )


def split_from_parts(catalogue: Catalogue, digests: Mapping[str, str], seed: int, parts: Parts, name: str) -> Split:
    """The split of divided images: in each part, inpainting images are drawn at random, stratified over identity.

    Every individual keeps at least one classification image in each part that it occurs in.

    Args:
        catalogue: the data set.
        digests: content digest by image_id.
        seed: seed of the drawing.
        parts: the part of each image.
        name: name of the split.

    Raises:
        InputError: a part is too small for one image of each set.
    """
    images: dict[SplitPart, defaultdict[str, list[str]]] = {part: defaultdict(list) for part in SPLIT_PARTS}
    for row in catalogue.rows:
        if row.image_id in parts.part_of:
            images[parts.part_of[row.image_id]][row.identity].append(row.image_id)
    places: dict[str, tuple[SplitSet, SplitPart]] = {}
    for part, inpaint, classify in zip(SPLIT_PARTS, _INPAINT, _CLASSIFY, strict=True):
        chosen = _inpainting_images(images[part], inpaint, inpaint + classify, seed)
        if not chosen:
            counts = Counter({identity: len(ids) for identity, ids in images[part].items()})
            raise InputError(
                f"{catalogue.name} does not support the split {name!r}: {part} would have {counts.total()} images, at "
                "most one of each individual, and none to spare for inpainting. Add images."
            )
        for ids in images[part].values():
            places |= {image_id: ("inpaint" if image_id in chosen else "classify", part) for image_id in ids}
    rows = tuple(SplitRow(image_id, digests[image_id], *places[image_id]) for image_id in sorted(places))
    recipe = (
        f"{parts.recipe} A part is the same in both sets. In each part, images are drawn at random for inpainting, "
        f"stratified over identity, so many that the sets come near {INPAINT_PERCENT} % (80:16:4) and "
        f"{100 - INPAINT_PERCENT} % (80:10:10) of the images."
    )
    return Split(catalogue.name, name, seed, recipe, rows)


def _inpainting_images(images: Mapping[str, Sequence[str]], share: int, whole: int, seed: int) -> frozenset[str]:
    """`share / whole` of a part's images, rounded; at least one if any individual has two images."""
    identities = sorted(images)
    spare = [len(images[identity]) - 1 for identity in identities]
    if not any(spare):
        return frozenset()
    count = sum(spare) + len(spare)
    target = min(max(1, (2 * count * share + whole) // (2 * whole)), sum(spare))
    quotas = apportion(target, spare)
    return frozenset(
        image_id
        for identity, quota in zip(identities, quotas, strict=True)
        for image_id in shuffled(images[identity], f"{seed}")[:quota]
    )
