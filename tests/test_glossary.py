"""Every closed choice and every field of a record is explained; no term has two meanings; retired words are gone."""

import ast
import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import get_args

from benchmark import vocabulary
from benchmark.records.base import RecordPart
from support.paths import ROOT
from support.record_parts import record_parts

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
    "Elsewhere": "PairingScores",
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


def explanations(path: Path) -> dict[str, str]:
    """The text below each assignment of a module, by the name that is assigned."""
    body = ast.parse(path.read_text(encoding="utf-8")).body
    return {
        target.id: text
        for (assignment, below) in pairwise(body)
        if isinstance(assignment, ast.Assign) and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
        for target in assignment.targets
        if isinstance(target, ast.Name) and isinstance(text := below.value.value, str)
    }


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


def test_every_value_of_every_enumeration_is_explained_below_it() -> None:
    texts = explanations(ROOT / "benchmark" / "vocabulary.py")
    listed = {name: tuple(re.findall(r"^- `(\w+)`: \w", texts[name], re.MULTILINE)) for name in enumerations()}
    assert listed == enumerations()


def test_every_field_of_a_record_is_explained() -> None:
    parts = record_parts()
    assert len(parts) > 20
    unexplained = [
        f"{part.__name__}.{name}"
        for part in parts
        for name in part.model_fields
        if "Attributes:" in (part.__doc__ or "") and not re.search(rf"^ *{name}: ", str(part.__doc__), re.MULTILINE)
    ]
    inherited = {f"{part.__name__}.{name}" for part in parts for base in part.__bases__ for name in base_fields(base)}
    assert [name for name in unexplained if name not in inherited] == []


def base_fields(base: type) -> list[str]:
    return list(base.model_fields) if issubclass(base, RecordPart) and base is not RecordPart else []


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
