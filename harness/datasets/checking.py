"""A location checked whole, before it is imported or run: every row read, every photo decoded."""

import csv
import io
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmark.data.adapters.layouts import ReadingOptions, read_location
from benchmark.data.adapters.reading import Reading, finish
from benchmark.data.catalogue import Row
from benchmark.data.checking import Progress, check_individuals, check_photos, copies, without_faults
from benchmark.data.content_digests import content_digests
from benchmark.data.faults import Fault, counted
from benchmark.hashing import file_digest
from benchmark.text import printable

SHOWN = 5
"""Pictures that a remark lists."""


@dataclass(frozen=True)
class CheckReport:
    """Everything that reading a location showed.

    Attributes:
        reading: its rows without a fault.
        faults: of rows, photos, boxes and masks.
        remarks: what was left out or assumed, and what looks wrong without being a fault, as sentences.
    """

    reading: Reading
    faults: tuple[Fault, ...]
    remarks: tuple[str, ...]


def check_location(
    location: Path,
    options: ReadingOptions = ReadingOptions(),  # noqa: B008 - immutable
    digest_of: Callable[[Path], str] = file_digest,
    progress: Progress | None = None,
) -> CheckReport:
    """Read every row and decode every photo of a location.

    Args:
        location: a table, or a folder of a known layout.
        options: what the user says of it.
        digest_of: gives the sha256 of a file.
        progress: called after each photo.

    Raises:
        InputError: the location does not exist or has no known layout, or its table cannot be read at all.
    """
    reading = read_location(location, options)
    photos = check_photos(reading.rows, progress)
    rows = without_faults(reading.rows, photos.faults)
    kept = finish(replace(reading, rows=rows, faults=()), options.min_images)
    remarks = [*kept.remarks, *_copies(kept.rows, digest_of)]
    if photos.taken:
        moments = sorted(photos.taken.values())
        remarks.append(
            f"{len(moments)} of {len({row.path for row in reading.rows})} photos have an EXIF date, from "
            f"{moments[0][:10]} to {moments[-1][:10]}."
        )
    faults = [*reading.faults, *photos.faults] or check_individuals(kept.rows, location)
    return CheckReport(replace(kept, rows=without_faults(kept.rows, faults)), tuple(faults), tuple(remarks))


def faults_as_csv(report: CheckReport) -> str:
    """The faults as CSV with the columns file, row, image_id, reason and fix."""
    text = io.StringIO()
    writer = csv.DictWriter(text, ["file", "row", "image_id", "reason", "fix"], lineterminator="\n")
    writer.writeheader()
    writer.writerows(_plain(fault) for fault in report.faults)
    return text.getvalue()


def report_content(report: CheckReport) -> dict[str, object]:
    """The number of usable images and individuals, the faults and the remarks, for JSON."""
    return {
        "images": len(report.reading.rows),
        "individuals": len({row.identity for row in report.reading.rows}),
        "faults": [_plain(fault) for fault in report.faults],
        "remarks": list(report.remarks),
    }


def report_as_json(report: CheckReport) -> str:
    """The content of a report as JSON."""
    return json.dumps(report_content(report), indent=1, ensure_ascii=False) + "\n"


def _plain(fault: Fault) -> dict[str, str]:
    return {name: printable(str(value)) for name, value in asdict(fault).items()}


def _copies(rows: tuple[Row, ...], digest_of: Callable[[Path], str]) -> list[str]:
    groups = copies(rows, content_digests(rows, digest_of))
    if not groups:
        return []
    listed = "; ".join(" = ".join(f"{row.image_id} (`{row.identity}`)" for row in group) for group in groups[:SHOWN])
    more = f"; and {len(groups) - SHOWN} more" if len(groups) > SHOWN else ""
    return [f"Under two names: {counted(len(groups), 'picture')}: {listed}{more}."]
