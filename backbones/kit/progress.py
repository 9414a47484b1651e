"""Progress reports on standard output, and the training history as CSV."""

import csv
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path


def report(done: int, total: int, unit: str, **figures: float) -> None:
    """Print the progress of the job, as one JSON object on a line of standard output.

    Args:
        done: number of finished units.
        total: number of all units.
        unit: name of a unit, such as `epoch` or `image`.
        figures: further values to show, such as the loss.

    Examples:
        >>> report(1, 3, "epoch", loss=0.5)
        {"event": "progress", "done": 1, "total": 3, "unit": "epoch", "loss": 0.5}
    """
    event = {"event": "progress", "done": done, "total": total, "unit": unit, **figures}
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def write_history(path: Path, rows: Sequence[Mapping[str, float]]) -> None:
    """Write a CSV file with one row per epoch; its columns are those of all rows, in order of first appearance."""
    columns = list(dict.fromkeys(column for row in rows for column in row))
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
