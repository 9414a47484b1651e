"""What docs/contract.md shows is what the published schemas and the types of the harness take."""

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from pydantic import TypeAdapter

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
