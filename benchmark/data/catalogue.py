"""A data set as rows: which animal, in which file, where in it."""

from dataclasses import dataclass, field
from pathlib import Path

from benchmark.errors import InputError

BACKGROUND, ANIMAL, PATTERN = 0, 1, 2
"""Values of a region mask: outside the animal, on it without pattern, on its pattern."""


@dataclass(frozen=True)
class MaskFile:
    """A region mask in a file.

    Attributes:
        path: single-channel image of the same size as the photo, with the values of a region mask; or, where
            `object_id` is given, of a whole frame with several animals, coded 10 * object_id + region.
        object_id: which animal of a frame mask is meant.
    """

    path: Path
    object_id: int | None = None


@dataclass(frozen=True)
class Polygons:
    """The animal's outline as polygons, each a flat tuple x0, y0, x1, y1, ... in pixels (COCO)."""

    rings: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Rle:
    """The animal as a COCO run-length code.

    Attributes:
        size: (height, width) of the photo.
        counts: COCO's compressed string, or its plain list of run lengths.
    """

    size: tuple[int, int]
    counts: str | tuple[int, ...]


@dataclass(frozen=True)
class ProposedMask(MaskFile):
    """A region mask that was made for a row whose data set has none.

    Attributes:
        given: what the data set itself says of the animal.
    """

    given: "Segmentation | None" = None


Segmentation = MaskFile | Polygons | Rle


@dataclass(frozen=True)
class Row:
    """One annotated animal in one photo.

    Attributes:
        image_id: unique in its catalogue.
        identity: the individual's name.
        path: the photo.
        box: (x, y, width, height) in pixels, None = the whole photo is the crop.
        segmentation: where the animal (and its pattern) is, None = not known.
        groups: what else is known and may give the identity away, such as video, sequence, camera, date, frame.
        approximate: whether the segmentation was proposed by a program and corrected by nobody.
    """

    image_id: str
    identity: str
    path: Path
    box: tuple[float, float, float, float] | None = None
    segmentation: Segmentation | None = None
    groups: dict[str, str] = field(default_factory=dict)
    approximate: bool = False


@dataclass(frozen=True)
class Catalogue:
    """A data set.

    Attributes:
        name: its name in splits, records and tables: lower-case letters, digits, `-`, `_`, `.`.
        root: the folder that it was read from.
        rows: sorted by image_id.
        crop_side: side in pixels of the square cut around each box, one for the whole set; None = each box's (or
            photo's) own longest side.
        licence: as its authors state it; empty = not stated.
    """

    name: str
    root: Path
    rows: tuple[Row, ...]
    crop_side: int | None = None
    licence: str = ""

    def __post_init__(self) -> None:
        seen: set[str] = set()
        for row in self.rows:
            if row.image_id in seen:
                raise InputError(
                    f"{self.root}: image_id {row.image_id!r} stands twice; ids must be unique. "
                    "Give each row of the table its own image_id."
                )
            seen.add(row.image_id)

    @property
    def identities(self) -> tuple[str, ...]:
        """The individuals, sorted; a class label is an index into this."""
        return tuple(sorted({row.identity for row in self.rows}))

    @property
    def has_regions(self) -> bool:
        """Whether every row says where the animal is."""
        return all(row.segmentation is not None for row in self.rows)

    @property
    def approximate_regions(self) -> bool:
        """Whether some row's segmentation is approximate."""
        return any(row.approximate for row in self.rows)
