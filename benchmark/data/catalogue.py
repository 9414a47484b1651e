"""A data set as a catalogue: one row for each annotated animal in a photo."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

from benchmark.errors import InputError

BACKGROUND, BODY, PATTERN = 0, 1, 2
"""Values of a region mask: outside the animal, the animal without its pattern, and its pattern."""

MaskFrame = Literal["upright", "stored"]
"""Which way up a mask is, for a photo that its EXIF data turn.

- `upright`: as the photo is shown.
- `stored`: as the photo's pixels are stored in its file.
"""

MASK_FRAMES: tuple[MaskFrame, ...] = get_args(MaskFrame)


@dataclass(frozen=True)
class MaskFile:
    """A region mask in a file.

    Attributes:
        path: single-channel image of the same size as the photo, with the values of a region mask. With an
            `object_id` it is the mask of a whole frame with several animals, coded 10 * object_id + region.
        object_id: the animal of a frame mask.
    """

    path: Path
    object_id: int | None = None


@dataclass(frozen=True)
class Polygons:
    """The animal's outline as polygons, each a flat tuple x0, y0, x1, y1, ... in pixels (COCO)."""

    rings: tuple[tuple[float, ...], ...]


@dataclass(frozen=True)
class Rle:
    """The animal as a COCO run-length code (RLE).

    Attributes:
        size: (height, width) of the photo.
        counts: COCO's compressed string, or its plain list of run lengths.
    """

    size: tuple[int, int]
    counts: str | tuple[int, ...]


@dataclass(frozen=True)
class ProposedMask(MaskFile):
    """A region mask that a program proposed for a row whose data set has none.

    Attributes:
        original: the segmentation in the data set itself.
    """

    original: "Segmentation | None" = None


Segmentation = MaskFile | Polygons | Rle


@dataclass(frozen=True)
class Row:
    """One annotated animal in one photo.

    Attributes:
        image_id: unique in its catalogue.
        identity: name of the individual.
        path: the photo.
        box: (x, y, width, height) in pixels; None = the whole photo is the crop.
        segmentation: the pixels of the animal, and of its pattern if it is a mask file; None = not known.
        groups: the other metadata by column, such as video, sequence, camera, date, frame. Any of it may give the
            identity away.
        approximate: whether a program proposed the segmentation and nobody corrected it.
        mask_frame: which way up a mask file or run-length code is; None = its size tells. Boxes and polygons are always
            in pixels of the upright photo.
    """

    image_id: str
    identity: str
    path: Path
    box: tuple[float, float, float, float] | None = None
    segmentation: Segmentation | None = None
    groups: dict[str, str] = field(default_factory=dict)
    approximate: bool = False
    mask_frame: MaskFrame | None = None


@dataclass(frozen=True)
class Catalogue:
    """A data set.

    Attributes:
        name: its name in splits, records and tables: lower-case letters, digits, `-`, `_`, `.`.
        root: the folder that it was read from.
        rows: sorted by image_id.
        crop_side: side in pixels of the square around each box, the same for all rows; None = the longest side of
            each box (or photo).
        licence: as its authors state it; empty = not stated.
        remarks: what was left out or assumed when it was read, as sentences.

    Raises:
        InputError: two rows have the same image_id.
    """

    name: str
    root: Path
    rows: tuple[Row, ...]
    crop_side: int | None = None
    licence: str = ""
    remarks: tuple[str, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        image_ids: set[str] = set()
        for row in self.rows:
            if row.image_id in image_ids:
                raise InputError(
                    f"{self.root}: image_id {row.image_id!r} occurs twice; ids must be unique. "
                    "Give each row of the table its own image_id."
                )
            image_ids.add(row.image_id)

    @property
    def identities(self) -> tuple[str, ...]:
        """The individuals, sorted; a class number is an index into this tuple."""
        return tuple(sorted({row.identity for row in self.rows}))

    @property
    def has_regions(self) -> bool:
        """Whether every row has a segmentation."""
        return all(row.segmentation is not None for row in self.rows)

    @property
    def approximate_regions(self) -> bool:
        """Whether any row's segmentation is approximate."""
        return any(row.approximate for row in self.rows)
