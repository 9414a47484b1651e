"""What docs/contract.md shows is what the published schemas and the types of the harness take."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter, ValidationError

from harness import contract
from harness.contestants.registry import BackboneFacts
from harness.execution import job_files
from support.paths import ROOT

DOC = (ROOT / "docs" / "contract.md").read_text(encoding="utf-8")
SCHEMAS = ROOT / "backbones" / "kit" / "schema"


def blocks(kind: str) -> list[Any]:
    """The examples of one kind in the page."""
    examples = re.findall(rf"^```(json|toml) {kind}\n(.*?)^```", DOC, re.MULTILINE | re.DOTALL)
    return [tomllib.loads(text) if language == "toml" else json.loads(text) for language, text in examples]


def schema(name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


@pytest.mark.parametrize("kind", ["job", "description", "result"])
def test_examples_keep_the_published_schema(kind: str) -> None:
    shown = blocks(kind)
    assert shown
    for example in shown:
        Draft202012Validator(schema(kind)).validate(example)


def test_there_is_an_example_of_each_job_with_every_field() -> None:
    kinds = {"TrainInpaint", "TrainClassify", "Encode", "Inpaint"}
    jobs = [TypeAdapter(contract.Job).validate_python(job) for job in blocks("job")]
    assert {type(job).__name__ for job in jobs} == kinds
    for job, shown in zip(jobs, blocks("job"), strict=True):
        assert set(shown) == set(type(job).model_fields)


@pytest.mark.parametrize(("precision", "written"), [("auto", "float32"), ("bfloat16", "bfloat16")])
def test_a_job_of_version_1_asks_for_nothing_newer(precision: str, written: str) -> None:
    job = TypeAdapter(contract.Job).validate_python(blocks("job")[2] | {"precision": precision})
    newest, first = job.document("2"), job.document("1")
    assert (newest["contract"], newest["precision"], newest["fast"]) == ("2", precision, True)
    assert (first["contract"], first["precision"]) == ("1", written)
    assert set(newest) - set(first) == {"fast"}
    assert TypeAdapter(contract.Job).validate_python(first).document("1") == first


def test_every_field_of_a_job_is_explained() -> None:
    explained = {
        name for names in re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", DOC, re.MULTILINE) for name in names.split(", ")
    }
    fields = {f"`{field}`" for job in blocks("job") for field in job} - {"`task`"}
    assert fields <= explained


def test_the_example_of_backbone_toml_is_one_with_every_key() -> None:
    (shown,) = blocks("backbone")
    facts = BackboneFacts.model_validate(shown)
    assert set(shown) == set(BackboneFacts.model_fields) - {"variant"}
    assert set(shown["weights"][0]) == set(contract.Weights.model_fields) - {"variants", "package", "fetch", "about"}
    description = contract.Description.model_validate(blocks("description")[0])
    assert (description.name, description.weights) == (facts.name, facts.weights)


def test_every_checked_output_file_is_in_the_page() -> None:
    source = (ROOT / "harness" / "execution" / "output_checks.py").read_text(encoding="utf-8")
    names = [getattr(job_files, name) for name in re.findall(r"out / job_files\.(\w+)", source)]
    files = {name("METHOD") if callable(name) else name for name in names}
    assert len(files) > 5
    assert {file for file in files if f"`{file}`" not in DOC and f"## {file}" not in DOC} == set()


def test_published_schemas_are_those_of_the_types() -> None:
    assert {name: schema(Path(name).stem) for name in contract.schemas()} == contract.schemas()


def test_an_unknown_key_breaks_the_schema() -> None:
    for job in blocks("job"):
        assert not Draft202012Validator(schema("job")).is_valid(job | {"surprise": 1})


PROGRESS = {"event": "progress", "done": 1, "total": 3, "unit": "epoch", "loss": 0.5}


def test_an_event_of_progress_may_have_further_keys() -> None:
    event = contract.Progress.model_validate_json(json.dumps(PROGRESS | {"more": [1]}), strict=True)
    assert event.model_dump(exclude_none=True) == PROGRESS


@pytest.mark.parametrize(
    "change",
    [
        *({"done": value} for value in (True, "1", 1.0, -1, 4, None, int("9" * 400), float("nan"), float("inf"))),
        *({"total": value} for value in (False, "3", float("nan"), int("8" * 400), [3])),
        *({"loss": value} for value in (True, "0.5", float("nan"), float("-inf"), int("9" * 400), 1e300, {})),
        *({"validation": value} for value in (True, float("inf"), int("9" * 400))),
        *({"unit": value} for value in ("\x1b[31m", "a\nb", "x" * 60000, {"a": 1}, "\ud800", "\u202e", None)),
        {"event": "end"},
    ],
    ids=str,
)
def test_a_malformed_event_of_progress_is_none(change: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        contract.Progress.model_validate_json(json.dumps(PROGRESS | change), strict=True)


@pytest.mark.parametrize("line", ['{"event": "progress", "done": ' + "[" * 30000, "{", "", '{"event" whatever'])
def test_a_line_that_is_no_json_is_no_event(line: str) -> None:
    with pytest.raises(ValidationError):
        contract.Progress.model_validate_json(line, strict=True)


@pytest.mark.parametrize(
    "change",
    [
        {"file": "/etc/passwd"},
        {"file": "../answers.csv"},
        {"file": "a/../../b"},
        {"file": "a//b"},
        {"file": "a/.b"},
        {"file": "..\\b"},
        {"file": "C:\\b"},
        {"file": "a\n"},
        {"file": "~/b"},
        {"file": ""},
        {"file": "a/"},
        {"name": "../x"},
        {"name": ".x"},
        {"name": "a/b"},
        {"name": ""},
        {"name": "a\n"},
        {"licence": "MIT\x1b[2J"},
        {"address": "https://example.org/\u202e"},
        {"sha256": "0" * 63},
        {"variants": ["a\nb"]},
    ],
    ids=str,
)
def test_published_weights_name_files_below_their_folder_alone(change: dict[str, object]) -> None:
    entry = {"name": "places2", "role": "generator", "licence": "MIT", "address": "https://a.org/b", "file": "m/b c.pt"}
    contract.Weights.model_validate(entry)
    with pytest.raises(ValidationError):
        contract.Weights.model_validate(entry | change)
