"""Records of strangers: each is refused with its file and a reason, whatever it holds."""

import json
from pathlib import Path
from typing import Any

import pytest

from benchmark.errors import InputError, RunError
from benchmark.records.files import read_record, write_record
from support.records import PROVENANCE, blank_record

TEXT = {
    "names that are there twice": '{"key": "a", "key": "b"}',
    "numbers that are none": '{"seed": NaN}',
    "infinity": '{"seed": Infinity}',
    "lone surrogates": '{"title": "\\ud800"}',
    "brackets without end": "[" * 100_000,
    "no text": "\x00",
}


@pytest.mark.parametrize("text", TEXT.values(), ids=TEXT)
def test_what_is_no_json_is_refused(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    with pytest.raises(InputError, match=r"a\.json: not a record"):
        read_record(path)


FIELDS: dict[str, Any] = {
    **{name: value for name in ("dataset", "split", "protocol") for value in ("../../x",)},
    "seed": 10**400,
    "individuals": 10**12,
    "key": "../a",
    "title": "a\x1b[31m",
    "backbone": "a\u202eb",
    "init": "x" * 501,
}
NAMES = (
    "../x",
    "..",
    "/etc",
    "a/b",
    "a\\b",
    ".hidden",
    "<img src=x>",
    "a\nb",
    "a|b",
    "a`b",
    "[a](b)",
    "",
    " a",
    "a\u202e",
    "a<!--",
)


@pytest.mark.parametrize("field", ["dataset", "split", "protocol"])
@pytest.mark.parametrize("name", NAMES)
def test_names_are_no_paths_and_no_markup(field: str, name: str, tmp_path: Path) -> None:
    refuse(field, name, tmp_path)


@pytest.mark.parametrize(("field", "value"), FIELDS.items())
def test_values_have_bounds(field: str, value: object, tmp_path: Path) -> None:
    refuse(field, value, tmp_path)


@pytest.mark.parametrize(
    "time", ["9999-01-01T00:00:00Z", "yesterday", "2026-02-30T00:00:00Z", "2026-01-01", "2026-01-01T00:00:00", ""]
)
def test_times_are_moments_of_this_century(time: str, tmp_path: Path) -> None:
    refuse("provenance", PROVENANCE.model_dump() | {"finished": time}, tmp_path)


@pytest.mark.parametrize("name", ["leopards", "Zebrafisch_2", "photos-2", "猫", "a b", "v1.2+x", "a"])
def test_names_of_all_scripts_are_allowed(name: str, tmp_path: Path) -> None:
    path = write_record(blank_record(dataset=name, split=name, protocol=name), tmp_path)
    assert read_record(path).dataset == name


def refuse(field: str, value: object, folder: Path) -> None:
    path = write_record(blank_record(), folder)
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: value}))
    with pytest.raises(InputError, match=f"{path.name}: "):
        read_record(path)


def test_what_could_not_be_read_is_not_written(tmp_path: Path) -> None:
    bad = blank_record().model_copy(update={"title": "\ud800"})
    with pytest.raises(RunError, match="would not be a record"):
        write_record(bad, tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
