"""A data set at a glance: its counts in words, and a contact sheet of a random choice of its crops."""

import random
from collections import Counter, defaultdict
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.data.catalogue import Catalogue, Row
from benchmark.data.contact_sheet import Cell, contact_sheet
from benchmark.data.crops import Crop, crops
from benchmark.data.region_variants import apply_variant
from benchmark.errors import InputError
from benchmark.vocabulary import RegionVariant
from harness.disk import output_errors

if TYPE_CHECKING:
    from PIL.Image import Image

_SHEET_SIDE = 160

_VARIANTS: dict[RegionVariant, str] = {
    "all": "whole image",
    "background": "background alone",
    "body": "body alone",
    "pattern": "pattern alone",
    "no_background": "no background",
    "no_body": "no body",
    "no_pattern": "no pattern",
}
"""Captions of the region variants, in the order of a sheet."""


def facts(catalogue: Catalogue) -> dict[str, object]:
    """Facts about a data set, for programs: names, numbers, and the number of values of each group."""
    return {
        "name": catalogue.name,
        "root": catalogue.root,
        "licence": catalogue.licence,
        "images": len(catalogue.rows),
        "individuals": Counter(row.identity for row in catalogue.rows),
        "crop_side": catalogue.crop_side,
        "regions": sum(row.segmentation is not None for row in catalogue.rows),
        "approximate_regions": sum(row.approximate for row in catalogue.rows),
        "groups": {group: len(values) for group, values in _groups(catalogue).items()},
        "remarks": catalogue.remarks,
    }


def _groups(catalogue: Catalogue) -> dict[str, set[str]]:
    """The values of each group."""
    values: defaultdict[str, set[str]] = defaultdict(set)
    for row in catalogue.rows:
        for group, value in row.groups.items():
            values[group].add(value)
    return values


def overview(catalogue: Catalogue) -> dict[str, str]:
    """Facts about a data set by topic, in words."""
    counts = sorted(Counter(row.identity for row in catalogue.rows).values())
    values = _groups(catalogue)
    per_individual = f"{counts[0]} to {counts[-1]}" if counts[0] != counts[-1] else f"{counts[0]}"
    crop = f"{catalogue.crop_side} pixels, one side for all" if catalogue.crop_side else "each box's longest side"
    regions = sum(row.segmentation is not None for row in catalogue.rows)
    return {
        "data set": f"{catalogue.name} ({catalogue.root})",
        "licence": catalogue.licence or "not stated",
        "images": f"{len(catalogue.rows)}, of {len(counts)} individuals ({per_individual} each)",
        "chance": f"{counts[-1] / len(catalogue.rows):.3f}, by always naming the commonest; a uniform guess has "
        f"{1 / len(counts):.3f}",
        "crop": crop,
        "regions": f"on {regions} images{_approximate(catalogue)}",
        "groups": ", ".join(f"{group} ({len(distinct)} values)" for group, distinct in values.items()) or "none",
    }


def draw_sheet(
    catalogue: Catalogue, images: int = 4, individuals: int = 12, seed: int = 0, *, variants: bool = False
) -> "Image":
    """The contact sheet of a seeded choice of rows.

    Args:
        catalogue: the data set.
        images: largest number of crops of each individual.
        individuals: largest number of individuals, the first by name.
        seed: of the choice of crops.
        variants: whether each crop is shown in its seven region variants, and not beside its regions.

    Raises:
        InputError: variants are wanted of images without regions.
    """
    generator = random.Random(seed)  # noqa: S311 - no secret
    choice: list[Row] = []
    for identity in catalogue.identities[:individuals]:
        rows = [row for row in catalogue.rows if row.identity == identity]
        choice += sorted(generator.sample(rows, min(images, len(rows))), key=lambda row: row.image_id)
    has_regions = any(row.segmentation is not None for row in choice)
    if variants and not all(row.segmentation is not None for row in choice):
        raise InputError(
            "Not every chosen image has a region mask, so it has no region variants. `patternbench data masks` "
            "proposes masks."
        )
    counts = Counter(row.identity for row in catalogue.rows)
    bands: defaultdict[str, list[Cell]] = defaultdict(list)
    for row, crop in zip(choice, crops(choice, _SHEET_SIDE, catalogue.crop_side), strict=True):
        cell = Cell(row.image_id, crop.image, crop.regions if has_regions else None)
        bands[f"{row.identity} ({counts[row.identity]})"] += _variants(crop) if variants else [cell]
    parts = f"{len(bands)} of {len(catalogue.identities)} individuals"
    return contact_sheet(f"{catalogue.name}: {parts}, {len(choice)} of {len(catalogue.rows)} images", bands)


def _variants(crop: Crop) -> list[Cell]:
    """A cell for each region variant of a crop."""
    image, regions = crop.image[None], crop.regions[None]
    return [Cell(caption, apply_variant(image, regions, variant)[0]) for variant, caption in _VARIANTS.items()]


def save_sheet(sheet: "Image", output: Path) -> None:
    """Writes a contact sheet.

    Raises:
        InputError: the file cannot be written, or its name has no ending of an image format.
    """
    with output_errors(output, "Give a name that ends in .png, in a folder that exists.", (OSError, ValueError)):
        sheet.save(output)


def _approximate(catalogue: Catalogue) -> str:
    """How many images have approximate regions; empty if none has."""
    count = sum(row.approximate for row in catalogue.rows)
    return f", approximate on {count} (proposed by a program, not corrected)" if count else ""
