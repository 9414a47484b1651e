"""A data set read whole: every photo is decoded, and every box and mask is compared with its photo."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from benchmark.data.catalogue import Row
from benchmark.data.crops import Photo, check_row, read_photo
from benchmark.data.faults import Fault, FaultsError

Progress = Callable[[int, int], None]
"""Called with (done, total)."""


@dataclass(frozen=True)
class PhotoReport:
    """What reading the photos showed.

    Attributes:
        faults: of photos, boxes and masks, in the order of the rows.
        taken: EXIF date and time of each photo that has one.
    """

    faults: tuple[Fault, ...]
    taken: Mapping[Path, str]


def check_photos(rows: Sequence[Row], progress: Progress | None = None) -> PhotoReport:
    """Decode every photo once, and check the boxes and masks of its rows.

    Args:
        rows: of a catalogue.
        progress: called after each photo.
    """
    by_photo: defaultdict[Path, list[Row]] = defaultdict(list)
    for row in rows:
        by_photo[row.path].append(row)
    faults: list[Fault] = []
    taken: dict[Path, str] = {}
    with ThreadPoolExecutor() as pool:  # decoders release Python's lock
        for number, (path, (photo_faults, moment)) in enumerate(
            zip(by_photo, pool.map(_check_photo, by_photo.values()), strict=True), start=1
        ):
            faults += photo_faults
            if moment:
                taken[path] = moment
            if progress is not None:
                progress(number, len(by_photo))
    return PhotoReport(tuple(faults), taken)


def check_individuals(rows: Iterable[Row], place: Path) -> list[Fault]:
    """The fault of a data set whose photos all show one individual; empty if they show several, or if there are none.

    Args:
        rows: of a catalogue.
        place: the data set.
    """
    identities = {row.identity for row in rows}
    if len(identities) != 1:
        return []
    reason = f"all photos show one individual, {identities.pop()!r}: nothing can be told apart"
    return [Fault(place, reason, "Add photos of at least one other individual.")]


def copies(rows: Iterable[Row], digests: Mapping[str, str]) -> list[tuple[Row, ...]]:
    """Rows of different individuals that show the same picture.

    Args:
        rows: of a catalogue.
        digests: content digest of each row, by image_id.

    Returns:
        Groups of rows with one content, each of at least two individuals, in the order of the rows.
    """
    groups: defaultdict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[digests[row.image_id]].append(row)
    return [tuple(group) for group in groups.values() if len({row.identity for row in group}) > 1]


def without_faults(rows: Iterable[Row], faults: Iterable[Fault]) -> tuple[Row, ...]:
    """The rows that no fault names."""
    bad = {fault.image_id for fault in faults}
    return tuple(row for row in rows if row.image_id not in bad)


def _check_photo(rows: Sequence[Row]) -> tuple[list[Fault], str]:
    """The faults of one photo and its rows, and when it was taken."""
    try:
        photo: Photo = read_photo(rows[0].path)
    except FaultsError as error:
        return [Fault(f.file, f.reason, f.fix, f.row, row.image_id) for row in rows for f in error.faults], ""
    faults = [fault for row in rows for fault in check_row(row, photo)]
    return faults, photo.taken
