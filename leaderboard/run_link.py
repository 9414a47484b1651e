"""The cell that links a row to its record and shows why a run failed."""

from benchmark.records.record import Record
from leaderboard.markdown import escape, link
from leaderboard.record_files import RecordFile

CAUSE_LENGTH = 160
"""Characters of a failure's cause that a cell shows; the record holds the whole text."""


def run_link(file: RecordFile, page: str) -> str:
    """The link to the record, and for a failed run its status, stage and cause.

    Args:
        file: the record and its file.
        page: path of the page, relative to the repository root.
    """
    text = link(file.record.key[:7], file.path, page)
    return " ".join(part for part in (text, failure(file.record)) if part)


def failure(record: Record) -> str:
    """Status, stage and cause of a failed run; empty if it succeeded."""
    if record.status == "ok":
        return ""
    if record.failure is None:
        return f"failed: `{record.status}`"
    cause = " ".join(record.failure.cause.split())
    if len(cause) > CAUSE_LENGTH:
        cause = f"{cause[:CAUSE_LENGTH].rstrip()}…"
    return f"failed: `{record.status}` in {escape(record.failure.stage)}: {escape(cause)}"
