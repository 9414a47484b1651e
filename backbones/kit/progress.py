"""What a job says while it works, and the history that it leaves."""

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


def report(done: int, total: int, unit: str, **figures: float) -> None:
    """Say on standard output how far the job is, as one JSON object on a line.

    Args:
        done: units finished.
        total: units in all.
        unit: of the two, such as `epoch` or `image`.
        figures: what else is worth seeing, such as a loss.
    """
    event = {"event": "progress", "done": done, "total": total, "unit": unit, **figures}
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def write_history(path: Path, rows: Sequence[Mapping[str, float]]) -> None:
    """Write one row an epoch as CSV; the columns are those of all rows, in the order of their first appearance."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
