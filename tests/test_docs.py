"""The documents name only files, commands and make targets that exist."""

import re
import shlex
from pathlib import Path

import pytest
import typer.main

from harness.cli.app import app
from support.paths import ROOT

DOCUMENTS = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
"""All but the changelog, which also names what is gone."""

FOLDERS = "backbones|benchmark|docs|harness|leaderboard|tests"
MADE_UP = ("NAME", "mynet")
"""Names that stand for the reader's own."""

each_document = pytest.mark.parametrize("document", DOCUMENTS, ids=[path.name for path in DOCUMENTS])


def paths(text: str) -> set[str]:
    """The paths of the project that a text has in backticks."""
    quoted = re.findall(rf"`((?:{FOLDERS})/[\w./-]*)`", text)
    return {path for path in quoted if not any(word in path for word in MADE_UP)}


def links(text: str) -> set[str]:
    """The targets of a text's links to files of the project."""
    targets = re.findall(r"\]\(([^)\s]+)\)", text)
    return {target for target in targets if not target.startswith(("http://", "https://"))}


def anchors(text: str) -> set[str]:
    """The anchors of a text's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands(text: str) -> list[list[str]]:
    """The words after `patternbench` of every command in a text."""
    code = re.findall(r"`([^`\n]+)`", text) + re.findall(r"^\S.*$", "\n".join(shell_blocks(text)), re.MULTILINE)
    return [
        shlex.split(found[1], comments=True)
        for line in code
        if (found := re.match(r"(?:\.venv/bin/)?patternbench ([a-z].*)", line))
    ]


def shell_blocks(text: str) -> list[str]:
    return re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)


def make_targets(text: str) -> set[str]:
    """The targets of every `make` command in a text."""
    code = re.findall(r"`make ([^`]+)`", text) + re.findall(r"^make (.+)$", "\n".join(shell_blocks(text)), re.MULTILINE)
    return {words[0] for line in code if (words := shlex.split(line, comments=True)) and "=" not in words[0]}


@each_document
def test_paths_exist(document: Path) -> None:
    assert [path for path in sorted(paths(document.read_text("utf-8"))) if not (ROOT / path).exists()] == []


@each_document
def test_links_lead_somewhere(document: Path) -> None:
    text = document.read_text("utf-8")
    for target in links(text):
        path, _, anchor = target.partition("#")
        linked = (document.parent / path).resolve() if path else document
        assert linked.exists(), target
        assert not anchor or anchor in anchors(linked.read_text("utf-8")), target


@each_document
def test_commands_and_their_options_exist(document: Path) -> None:
    for words in commands(document.read_text("utf-8")):
        command = typer.main.get_command(app)
        names = iter(words)
        while (subcommands := getattr(command, "commands", None)) and (name := next(names, None)):
            assert name in subcommands, shlex.join(words)
            command = subcommands[name]
        known = {"--help", *(option for parameter in command.params for option in parameter.opts)}
        assert {word for word in names if word.startswith("-")} <= known, shlex.join(words)


@each_document
def test_make_targets_exist(document: Path) -> None:
    known = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert make_targets(document.read_text("utf-8")) <= known


def test_the_readers_see_what_a_text_names() -> None:
    text = (
        "# A Title: two\n`benchmark/x.py` [a](b.md#c) `patternbench run lama --jobs 2`\n"
        "```sh\nmake bench BACKBONE=lama  # comment\n.venv/bin/patternbench doctor\n```\n"
    )
    assert paths(text) == {"benchmark/x.py"}
    assert links(text) == {"b.md#c"}
    assert anchors(text) == {"a-title-two"}
    assert commands(text) == [["run", "lama", "--jobs", "2"], ["doctor"]]
    assert make_targets(text) == {"bench"}


def test_every_number_of_what_was_found_is_in_the_tables() -> None:
    text = (ROOT / "README.md").read_text("utf-8")
    found = text.split("\n## What was found\n")[1].split("\n## ")[0]
    tables = [line for line in text.split("<!-- begin table: leaderboard -->")[1].splitlines() if line.startswith("| ")]
    numbers = re.findall(r"\d\.\d\d(?: \[\d\.\d\d, \d\.\d\d\])?", " ".join(found.split()))
    assert numbers
    assert [number for number in numbers if number not in "\n".join(tables)] == []
