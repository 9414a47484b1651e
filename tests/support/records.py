"""Records made by hand, with what a record must hold and nothing measured; and those that a run wrote."""

from pathlib import Path
from typing import Any

from benchmark.records.files import read_record
from benchmark.records.provenance import Provenance
from benchmark.records.record import Record

PROVENANCE = Provenance(
    commit="",
    code="",
    image="",
    data="",
    split="",
    protocol="",
    runner="process",
    hardware={},
    versions={},
    started="2026-01-01T00:00:00Z",
    finished="2026-01-01T00:00:00Z",
    stages={},
)
REQUIRED = {
    "key": "0123456789abcdef",
    "status": "ok",
    "backbone": "lama",
    "title": "LaMa",
    "licence": "MIT",
    "init": "random",
    "dataset": "d",
    "individuals": 6,
    "split": "s",
    "protocol": "p",
    "seed": 0,
    "provenance": PROVENANCE,
}


def blank_record(**fields: Any) -> Record:
    """A run that ended well and measured nothing, but for these fields; their values are validated."""
    known = {"candidate_count": fields.get("individuals", REQUIRED["individuals"])}
    return Record.model_validate(REQUIRED | known | fields)


def read_all(folder: Path) -> list[Record]:
    """Every record below a folder, in the order of their file names."""
    return [read_record(path) for path in sorted(folder.rglob("*.json"))]
