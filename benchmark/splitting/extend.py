"""A split with the images that its data set got later: what is in it stays where it is."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import replace
from operator import attrgetter
from typing import NamedTuple

from benchmark.data.catalogue import Catalogue
from benchmark.data.faults import SHOWN, counted
from benchmark.errors import InputError
from benchmark.splitting import later_rules
from benchmark.splitting.later_images import LaterImages
from benchmark.splitting.parts import INPAINT_SHARE, PartOf
from benchmark.splitting.sampling import shuffled
from benchmark.splitting.split import Split, SplitRow, check_individuals_of


class Rule(NamedTuple):
    """How the later images of one kind of split get their part.

    Attributes:
        place: the part of each later image; an image without a part is left out.
        reason: why an image is left out: the end of a sentence.
    """

    place: Callable[[LaterImages], PartOf]
    reason: str


_KEPT_APART = "what they share with images of two parts, or with training images of their individual, would leak"

RULES: Mapping[str, Rule] = {
    "random": Rule(later_rules.by_groups, _KEPT_APART),
    "sequence": Rule(later_rules.by_groups, _KEPT_APART),
    "block": Rule(later_rules.by_frames, "they are between two parts or too near to one, or have no frame number"),
    "time": Rule(later_rules.by_time, "their time is between two parts of their individual, or is not known"),
    "open": Rule(later_rules.with_unknown, _KEPT_APART),
    "disjoint": Rule(later_rules.by_individual, ""),
}
"""The rule of each kind of split."""


class Extension(NamedTuple):
    """An extended split.

    Attributes:
        split: with the rows that were added.
        added: these rows, sorted by image_id.
        left_out: image ids of later images that are in no part, sorted.
        reason: why they are in none.
    """

    split: Split
    added: tuple[SplitRow, ...]
    left_out: tuple[str, ...]
    reason: str


def extend_split(split: Split, catalogue: Catalogue, digests: Mapping[str, str]) -> Extension:
    """Add the images of a data set that are not in its split yet, by the rule of the split's kind.

    No row of the split changes. A later image whose content, recording, encounter or day is in one part alone goes to
    that part. Other images go to the part with the largest deficit of their individual (see
    `group_assignment.place_groups`); in `block` and `time` to the part that their frame or time falls into. Every
    column of recordings, cameras and days that the split keeps apart stays so. An individual that is new gets images in
    every part, or all in train if it has too few; in `open` and `disjoint` it is placed as a whole. Within a part,
    images go to the inpainting set until it has its share. The result depends on nothing but the arguments.

    An image that the split left out when it was drawn stays out. A later image that finds no part is judged again with
    the next ones.

    Args:
        split: of a kind in `RULES`, by its name.
        catalogue: the data set as it is now.
        digests: content digest by image_id.

    Raises:
        InputError: images of the split are gone or have changed, their individuals no longer fit it, or its kind is not
            known.
    """
    rule = RULES.get(split.name)
    if rule is None:
        raise InputError(
            f"Split {split.name!r} of {split.dataset} is of no known kind ({', '.join(RULES)}), so nothing tells where "
            "later images belong. Draw a split of a known kind, or add them to your file by hand."
        )
    _require_unchanged(split, catalogue, digests)
    check_individuals_of(split, catalogue)
    rows = tuple(sorted(catalogue.rows, key=attrgetter("image_id")))
    later = LaterImages(split, replace(catalogue, rows=rows), digests)
    drawn_without = frozenset(split.left_out)
    part_of = {image_id: part for image_id, part in rule.place(later).items() if image_id not in drawn_without}
    added = _with_sets(later, part_of)
    left_out = tuple(row.image_id for row in later.new if row.image_id not in {*part_of, *drawn_without})
    recipe = f"{split.recipe} Later, {counted(len(added), 'image')} were added by the same rule." if added else ""
    extended = replace(
        split,
        recipe=recipe or split.recipe,
        rows=tuple(sorted((*split.rows, *added), key=attrgetter("image_id"))),
    )
    return Extension(extended, added, left_out, rule.reason)


def _require_unchanged(split: Split, catalogue: Catalogue, digests: Mapping[str, str]) -> None:
    gone = [row.image_id for row in split.rows if row.image_id not in digests]
    changed = [row.image_id for row in split.rows if digests.get(row.image_id, row.sha256) != row.sha256]
    for ids, fault in ((gone, "are gone"), (changed, "have other pixels, boxes or masks")):
        if ids:
            more = f" and {len(ids) - SHOWN} more" if len(ids) > SHOWN else ""
            raise InputError(
                f"{catalogue.root}: {counted(len(ids), 'image')} of the split {split.name!r} {fault}: "
                f"{', '.join(map(repr, ids[:SHOWN]))}{more}. Put them back as they were; or, if that was on purpose, "
                f"draw a new split: patternbench data split {split.dataset} --split {split.name} --redraw"
            )


def _with_sets(later: LaterImages, part_of: PartOf) -> tuple[SplitRow, ...]:
    """The rows of placed images: inpainting gets its share of each part, after a classification image of everyone."""
    old = later.split.rows
    inpaints = any(row.set == "inpaint" for row in old)
    sizes = Counter(row.part for row in old)
    inpainting = Counter(row.part for row in old if row.set == "inpaint")
    classified = {(later.identity[row.image_id], row.part) for row in old if row.set == "classify"}
    rows = []
    for image_id in shuffled(part_of, f"{later.split.seed}"):
        part = part_of[image_id]
        sizes[part] += 1
        owner = (later.identity[image_id], part)
        due = inpaints and owner in classified and inpainting[part] + 1 <= sizes[part] * INPAINT_SHARE[part]
        inpainting[part] += due
        if not due:
            classified.add(owner)
        rows.append(SplitRow(image_id, later.digests[image_id], "inpaint" if due else "classify", part))
    return tuple(sorted(rows, key=attrgetter("image_id")))
