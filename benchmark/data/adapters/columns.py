"""Columns of catalogue tables: the names that tools use for the same thing, and a user's own."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from benchmark.errors import InputError

SYNONYMS: Mapping[str, tuple[str, ...]] = {
    "image_id": ("image_id", "id", "annotation_uuid", "uuid"),
    "identity": ("identity", "name", "individual", "individual_id", "animal", "animal_id", "individual_name"),
    "path": ("path", "file_name", "filename", "file", "image_path", "filepath", "image", "photo"),
    "bbox": ("bbox", "box", "bounding_box"),
    "segmentation": ("segmentation",),
    "mask": ("mask",),
    "mask_quality": ("mask_quality",),
    "mask_frame": ("mask_frame",),
}
"""Names of each column, its own first; a table is read by the first that it has (wildlife-datasets, Wild Me, COCO).

Upper case, spaces and hyphens make no difference.
"""

BOX_SIDES: tuple[tuple[str, str, str, str], ...] = (
    ("x", "y", "w", "h"),
    ("x", "y", "width", "height"),
    ("bbox_x", "bbox_y", "bbox_w", "bbox_h"),
    ("bbox_x", "bbox_y", "bbox_width", "bbox_height"),
)
"""Names of four columns that hold a box together."""

REQUIRED = ("identity", "path")


@dataclass(frozen=True)
class Columns:
    """Which column of a table holds what.

    Attributes:
        names: column by meaning, of those in `SYNONYMS` that the table has.
        box: four columns that hold the box; None = no such columns, or a `bbox` column.
    """

    names: Mapping[str, str]
    box: tuple[str, str, str, str] | None

    @property
    def read(self) -> frozenset[str]:
        """Every column that is no group."""
        return frozenset({*self.names.values(), *(self.box or ())})

    @property
    def remark(self) -> str:
        """Which columns were read under another name; empty if none was."""
        other = {meaning: name for meaning, name in self.names.items() if meaning != name}
        texts = [f"{meaning} = `{name}`" for meaning, name in other.items()]
        if self.box:
            texts.append(f"bbox = `{', '.join(self.box)}`")
        return f"Columns read under another name: {'; '.join(texts)}." if texts else ""


def find_columns(place: str, header: Collection[str], chosen: Mapping[str, str] | None = None) -> Columns:
    """Which column of a table holds what.

    Args:
        place: the table, for messages.
        header: its columns.
        chosen: column by meaning, as the user named them; they go before the names that are known.

    Raises:
        InputError: a chosen column does not exist or its meaning is not known, or a required column is missing.
    """
    chosen = chosen or {}
    allowed = ", ".join(SYNONYMS)
    for meaning, name in chosen.items():
        if meaning not in SYNONYMS:
            raise InputError(
                f"--columns {meaning}={name}: {meaning!r} is no column of a catalogue. Allowed: {allowed}."
            )
        if name not in header:
            raise InputError(
                f"--columns {meaning}={name}: {place} has no column {name!r}. It has {', '.join(map(str, header))}."
            )
    taken = set(chosen.values())
    names = dict(chosen)
    written = {plain(name): name for name in reversed(list(header))} | {name: name for name in header}
    for meaning, synonyms in SYNONYMS.items():
        found = next((written[name] for name in synonyms if name in written and written[name] not in taken), None)
        if meaning not in names and found is not None:
            names[meaning] = found
            taken.add(found)
    for meaning in REQUIRED:
        if meaning not in names:
            raise InputError(
                f"{place}: the column {meaning!r} is missing. Required are {' and '.join(REQUIRED)}; the table has "
                f"{', '.join(map(str, header))}. Name the right one with --columns {meaning}=COLUMN."
            )
    sides = next((sides for sides in BOX_SIDES if set(sides) <= set(header)), None)
    return Columns(names, None if "bbox" in names else sides)


def plain(name: str) -> str:
    """A column's name as the known ones are written: `File Name` is `file_name`."""
    return "_".join(name.casefold().replace("-", " ").split())
