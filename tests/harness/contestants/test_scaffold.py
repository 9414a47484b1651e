"""A backbone from the template passes the linters; a name or title that is not allowed writes nothing."""

import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmark.errors import InputError
from harness.cli.app import app
from harness.contestants import registry as contestants
from harness.contestants.scaffold import write
from harness.workspace import Workspace
from support.checkout import link
from support.paths import ROOT


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A checkout with the kit, the project's settings, and no contestant."""
    link(tmp_path, "backbones/__init__.py", "backbones/kit", "pyproject.toml")
    return Workspace(tmp_path)


def test_it_writes_a_complete_backbone(workspace: Workspace) -> None:
    paths = write("my_net2", "My Net", workspace)
    names = {path.relative_to(workspace.backbones / "my_net2").as_posix() for path in paths}
    assert names == {"Dockerfile", "README.md", "__init__.py", "backbone.toml", "model.py"}
    facts = contestants.find("my_net2", workspace)
    assert (facts.title, facts.size_multiple, facts.weights, facts.command) == ("My Net", 4, (), ())
    assert all("{{" not in path.read_text() for path in paths)


def test_the_title_is_the_name_where_none_is_given(workspace: Workspace) -> None:
    write("plain", None, workspace)
    assert contestants.find("plain", workspace).title == "plain"


def test_its_dockerfile_equals_that_of_the_other_backbones(workspace: Workspace) -> None:
    write("mine", None, workspace)
    lama = (ROOT / "backbones" / "lama" / "Dockerfile").read_text()
    assert (workspace.backbones / "mine" / "Dockerfile").read_text() == lama.replace("lama", "mine")


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Net", "lower-case"),
        ("2net", "a letter first"),
        ("my-net", "underscores"),
        ("../net", "Python package"),
        ("", "Python package"),
        ("class", "keyword"),
        ("n" * 41, "at most 40"),
        ("kit", "all backbones share"),
        ("taken", "exists; choose another name"),
    ],
)
def test_a_name_that_cannot_be_used_is_refused(name: str, reason: str, workspace: Workspace) -> None:
    write("taken", None, workspace)
    with pytest.raises(InputError, match=reason):
        write(name, None, workspace)
    assert contestants.names(workspace) == ["taken"]


@pytest.mark.parametrize("title", ["", " ", 'a "b"', "back\\slash", "two\nlines", "a|b", "t" * 41])
def test_a_title_that_breaks_a_table_is_refused(title: str, workspace: Workspace) -> None:
    with pytest.raises(InputError, match="cannot be a title"):
        write("mine", title, workspace)
    assert contestants.names(workspace) == []


def test_the_longest_name_and_title_pass_the_linters(workspace: Workspace, pytestconfig: pytest.Config) -> None:
    write("n" * 40, "T" * 40, workspace)
    cache = pytestconfig.cache.mkdir("mypy-scaffold")  # torch's types take mypy half a minute, once
    environment = os.environ | {"MYPYPATH": str(workspace.root), "RUFF_NO_CACHE": "true"}
    for tool in (
        ["ruff", "check", "backbones/" + "n" * 40],
        ["ruff", "format", "--check", "backbones/" + "n" * 40],
        ["mypy", "--strict", "--cache-dir", str(cache), "-p", f"backbones.{'n' * 40}"],
    ):
        done = subprocess.run(
            [sys.executable, "-m", *tool],
            cwd=workspace.root,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


def test_the_commands_write_list_and_describe_it(workspace: Workspace) -> None:
    run = CliRunner()
    root = ["--root", str(workspace.root), "backbone"]
    new = run.invoke(app, [*root, "new", "mine", "--title", "My Net"])
    assert new.exit_code == 0
    assert "Wrote backbones/mine/model.py" in new.output
    assert "make bench BACKBONE=mine" in new.output
    listed = run.invoke(app, [*root, "list"])
    assert "My Net" in listed.output
    described = run.invoke(app, [*root, "describe", "mine", "--image-size", "32", "--runner", "process"])
    assert described.exit_code == 0
    assert tomllib.loads(f"got = {_line(described.output, 'embedding_size')}") == {"got": 32 * 8 * 8}


def test_a_broken_backbone_does_not_hide_the_others_from_the_list(workspace: Workspace) -> None:
    write("fine", "Quite Fine", workspace)
    write("wrong", None, workspace)
    (workspace.backbones / "wrong" / "backbone.toml").write_text("name = ")
    listed = CliRunner().invoke(app, ["--root", str(workspace.root), "backbone", "list"])
    assert listed.exit_code == 0
    assert "Quite Fine" in listed.output
    assert "wrong" in listed.output


def _line(text: str, field: str) -> str:
    """The value on the line of a field of pretty JSON."""
    line = next(line for line in text.splitlines() if f'"{field}"' in line)
    return line.partition(":")[2].strip().rstrip(",")
