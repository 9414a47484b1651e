"""The images that a data set got after its split was drawn, and what they share with those of the split."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from benchmark.data.capture import RECORDING_COLUMNS, capture_periods
from benchmark.data.catalogue import Catalogue, Row
from benchmark.splitting.parts import PartOf
from benchmark.splitting.sequence import SEQUENCE_COLUMNS
from benchmark.splitting.split import Split
from benchmark.vocabulary import SplitPart

CONTENT = "content"
"""Name of the key that copies of one picture share."""

_DAY = "day"

Key = tuple[str, str]
"""A column with one of its values."""


@dataclass(frozen=True)
class LaterImages:
    """A split, and the data set that has grown since.

    Attributes:
        split: as it was drawn.
        catalogue: the data set as it is now.
        digests: content digest by image_id.
    """

    split: Split
    catalogue: Catalogue
    digests: Mapping[str, str]

    @cached_property
    def placed(self) -> PartOf:
        """The part of each image of the split."""
        return {row.image_id: row.part for row in self.split.rows}

    @cached_property
    def old(self) -> tuple[Row, ...]:
        """The rows of the split."""
        return tuple(row for row in self.catalogue.rows if row.image_id in self.placed)

    @cached_property
    def new(self) -> tuple[Row, ...]:
        """The rows that are not in the split."""
        return tuple(row for row in self.catalogue.rows if row.image_id not in self.placed)

    @cached_property
    def identity(self) -> Mapping[str, str]:
        """The individual of each image."""
        return {row.image_id: row.identity for row in self.catalogue.rows}

    @cached_property
    def new_identities(self) -> frozenset[str]:
        """The individuals that have no image in the split."""
        return frozenset(row.identity for row in self.new) - {row.identity for row in self.old}

    @cached_property
    def keys(self) -> Mapping[str, Mapping[str, str]]:
        """By image, what it may share with others: its content, recordings, camera and day, by column."""
        return {row.image_id: self._keys(row) for row in self.catalogue.rows}

    @cached_property
    def parts_of(self) -> Mapping[Key, frozenset[SplitPart]]:
        """The parts of the split in which each value of a column occurs."""
        parts: defaultdict[Key, set[SplitPart]] = defaultdict(set)
        for image_id, part in self.placed.items():
            for key in self.keys[image_id].items():
                parts[key].add(part)
        return {key: frozenset(found) for key, found in parts.items()}

    @cached_property
    def kept_apart(self) -> tuple[str, ...]:
        """Columns that are filled on every image of the split and have no value in two parts."""
        mixed = {column for (column, _), parts in self.parts_of.items() if len(parts) > 1}
        filled = Counter(column for image_id in self.placed for column in self.keys[image_id])
        return tuple(
            column for column in (*SEQUENCE_COLUMNS, _DAY) if filled[column] == len(self.placed) and column not in mixed
        )

    def part_of_recording(self, row: Row) -> SplitPart | None:
        """The part that alone holds the row's recording, or else its day; None if there is none."""
        for column in (*RECORDING_COLUMNS, _DAY):
            parts = self.parts_of.get((column, self.keys[row.image_id].get(column, "")), frozenset())
            if len(parts) == 1:
                return next(iter(parts))
        return None

    def parts_of_group(self, members: Iterable[Row], columns: Iterable[str]) -> set[SplitPart]:
        """The parts that a group of later images belongs to, by values of the columns and by its recordings."""
        members = list(members)
        keys = {(column, self.keys[row.image_id].get(column, "")) for column in columns for row in members}
        shared = {part for key in keys for part in self.parts_of.get(key, ())}
        return shared | {part for row in members if (part := self.part_of_recording(row)) is not None}

    def _keys(self, row: Row) -> Mapping[str, str]:
        keys = {column: row.groups[column] for column in SEQUENCE_COLUMNS if row.groups.get(column)}
        if (period := capture_periods([row])) and period.precision == _DAY:
            (keys[_DAY],) = period.periods
        return {CONTENT: self.digests[row.image_id], **keys}
