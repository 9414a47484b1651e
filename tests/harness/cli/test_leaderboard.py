import subprocess
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from benchmark.errors import RunError
from harness.cli.leaderboard import app
from harness.workspace import Workspace
from leaderboard.render import PAGES
from support.commands import output_of

pytestmark = pytest.mark.usefixtures("own_git")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A clone whose pages have empty blocks, with a remote beside it."""
    root = tmp_path / "clone"
    for name, page in PAGES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"<!-- begin table: {page.block} -->\n<!-- end table: {page.block} -->\n")
    for command in (
        "init --quiet --bare ../remote.git",
        "init --quiet",
        "add .",
        "commit --quiet -m Begin",
        "remote add origin ../remote.git",
    ):
        subprocess.run(["git", *command.split()], cwd=root, check=True)
    return root


def run(root: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--root", str(root)])


def test_render_then_check(root: Path) -> None:
    assert run(root, "render").output.count("tables rendered") == len(PAGES)
    assert "already show" in run(root, "render").output
    assert run(root, "check").exit_code == 0


@pytest.mark.parametrize("command", ["check", "publish"])
def test_stale_tables_fail_with_the_fix(root: Path, command: str) -> None:
    result = run(root, command)
    assert result.exit_code == 1
    assert isinstance(result.exception, RunError)
    for name in PAGES:
        assert f"{name}, line 2: " in str(result.exception)
    assert "patternbench leaderboard render" in str(result.exception)


def test_publish_pushes_only_with_push(root: Path) -> None:
    run(root, "render")
    dry = run(root, "publish")
    assert "M README.md" in dry.output
    assert f"Would push {len(PAGES)} files as one commit onto origin/leaderboard" in dry.output
    assert f"Would push {len(PAGES)} files" in run(root, "publish").output
    assert f"Pushed {len(PAGES)} files" in run(root, "publish", "--push").output
    assert "Nothing to publish" in run(root, "publish", "--push").output


def test_the_checkout_of_the_program_is_the_default(root: Path) -> None:
    with pytest.raises(RunError, match="The tables do not match the records"):
        output_of(app, Workspace(root), "check")
    run(root, "render")
    assert "The tables show the records." in output_of(app, Workspace(root), "check")
