"""docs/glossary.md lists every closed choice and every field of a record; retired words are no identifiers."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

from benchmark import vocabulary
from benchmark.records.record import Record
from support.paths import ROOT

ROOMS = ("backbones", "benchmark", "harness", "leaderboard")
GLOSSARY = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")

RETIRED_WORDS = {
    "clerk": "prepared run",
    "examination": "test set",
    "nuisance": "group baseline",
    "nuisances": "group baselines",
    "packer": "crop set, or pack",
    "studies": "experiments",
    "study": "paper, or experiment",
    "studys": "paper",
    "watcher": "progress listener",
    "whoever": "the noun that it refers to",
}
"""Words that no identifier contains, with the words to use."""

RETIRED_NAMES = {
    "Audited": "SplitAudit",
    "Chosen": "RunRequest",
    "Done": "StageResult",
    "Elsewhere": "AcrossRecordings",
    "Embedded": "EncoderState",
    "ExaminedFocus": "Localisation",
    "ExaminedImages": "TestImages",
    "GroupRetrieval": "RetrievalBaseline",
    "MAPPED": "PROJECTED",
    "MappedImages": "ProjectedImages",
    "Material": "DataBundle",
    "Partitions": "ClusterValidation",
    "RichScreen": "RichListener",
    "Screen": "ProgressListener",
    "began": "on_stage_start",
    "drawing": "sampling, or style",
    "elsewhere": "across_recordings",
    "focus_null": "rank_null",
    "group_retrieval": "retrieval_baselines",
    "mapped": "projected_images",
    "material": "data_bundle",
    "never_left_chance": "never_above_chance",
    "packing": "packs",
    "reidentification": "retrieval",
    "trial_data": "synthetic_packs",
}
"""Identifiers whose words are good in other places, with the name to use."""


def section(title: str) -> str:
    """The text of one section of the glossary."""
    return GLOSSARY.split(f"\n## {title}\n", 1)[1].split("\n## ", 1)[0]


def rows(title: str) -> list[tuple[str, ...]]:
    """The cells of the table in one section of the glossary, without its head."""
    lines = re.findall(r"^\| (.*) \|$", section(title), re.MULTILINE)
    return [tuple(line.split(" | ")) for line in lines[1:]]


def enumerations() -> dict[str, tuple[str, ...]]:
    """The values of every enumeration in `benchmark.vocabulary`, by its name."""
    values = {name: get_args(choice) for name, choice in vars(vocabulary).items() if not name.startswith("_")}
    return {name: found for name, found in values.items() if found}


def words(identifier: str) -> list[str]:
    """The words of an identifier in snake or camel case, in lower case."""
    return [word.lower() for word in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", identifier)]


def identifiers(source: str) -> Iterator[str]:
    """Every name that Python source defines or uses."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Name(id=name) | ast.Attribute(attr=name) | ast.arg(arg=name):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.keyword(arg=str(name)):
                yield name
            case ast.alias(name=name, asname=asname):
                yield from (asname or name).split(".")
            case _:
                pass


def retired(name: str) -> bool:
    return name in RETIRED_NAMES or any(word in RETIRED_WORDS for word in words(name))


def modules() -> list[Path]:
    return [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]


def test_every_value_of_every_enumeration_is_explained_once() -> None:
    listed = [(name.strip("`"), value.strip("`")) for name, value, _ in rows("Enumerations")]
    assert sorted(listed) == sorted((name, value) for name, values in enumerations().items() for value in values)


def test_every_field_of_a_record_is_explained_once() -> None:
    assert [name.strip("`") for name, _ in rows("Fields of a record")] == list(Record.model_fields)


def test_no_term_is_defined_twice() -> None:
    terms = re.findall(r"^\| \*\*(.+?)\*\* \|", GLOSSARY, re.MULTILINE)
    assert len(terms) > 50
    assert len(terms) == len(set(terms))


def test_no_module_uses_a_retired_word_as_an_identifier() -> None:
    used = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in modules()
        for name in sorted(set(identifiers(path.read_text(encoding="utf-8"))))
        if retired(name)
    ]
    assert used == []


def test_no_module_has_a_retired_name() -> None:
    assert [path for path in modules() if retired(path.stem)] == []


def test_the_reader_finds_identifiers_of_every_kind() -> None:
    source = "import a.b as c\nclass D:\n    def e(self, f): g.h(i=0)\nfrom j import k\n"
    assert set(identifiers(source)) == {"c", "D", "e", "self", "f", "g", "h", "i", "k"}
    assert words("caseStudy_HTTPServer2") == ["case", "study", "http", "server"]
