"""What can be removed, and that nothing which users made goes unless it is named."""

import fcntl
import json
import os
from pathlib import Path

import pytest
from docker.errors import APIError
from typer.testing import CliRunner, Result

from benchmark.errors import InputError, RunError
from harness.cleaning import DAY
from harness.cli.app import app
from harness.workspace import Workspace
from support.checkout import copy_pages


@pytest.fixture(autouse=True)
def no_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test removes images of this machine."""

    def connect() -> None:
        raise RunError("No Docker engine answers.")

    monkeypatch.setattr("harness.execution.runners.docker.connect", connect)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A checkout with something of every kind."""
    copy_pages(tmp_path)
    for name in (
        *(".patternbench/stages/lama-encode-1/stage.json", ".patternbench/stages/pack-2/stage.json"),
        *(".patternbench/flight/3/job.json", "imported/weights/lama/big-lama.safetensors"),
        *("imported/datasets/cats.toml", "imported/region-masks/cats/a.png", ".patternbench/digests.sqlite"),
        *("leaderboard/figures/orphan.png", "results/cats/figures/orphan.png", "results/cats/report.html"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x" * 1000)
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.png").write_bytes(b"x")
    (tmp_path / ".patternbench" / "stages" / "link").symlink_to(tmp_path / "photos")
    return Workspace(tmp_path)


def clean(workspace: Workspace, *arguments: str) -> Result:
    result = CliRunner().invoke(app, ["--root", str(workspace.root), "clean", *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result


def files(workspace: Workspace) -> set[str]:
    paths = (path for path in workspace.root.rglob("*") if path.is_file() and path.suffix != ".md")
    return {path.relative_to(workspace.root).as_posix() for path in paths} - {".patternbench/lock"}


USER_MADE = {
    "imported/weights/lama/big-lama.safetensors",
    "imported/datasets/cats.toml",
    "imported/region-masks/cats/a.png",
    ".patternbench/digests.sqlite",
    "results/cats/report.html",
    "photos/cat.png",
}


def test_without_yes_it_says_what_and_how_much_and_removes_nothing(workspace: Workspace) -> None:
    before = files(workspace)
    output = clean(workspace).output
    assert "stages: 3, 0.0 MB: finished stages, crops, packs and scores" in output
    assert "  lama-encode-1, link, pack-2" in output
    assert "figures: 2, 0.0 MB" in output
    assert "weights" not in output
    assert "Nothing is removed. --yes removes it." in output
    assert files(workspace) == before


def test_what_users_made_stays_unless_it_is_named(workspace: Workspace) -> None:
    clean(workspace, "--yes")
    assert files(workspace) == USER_MADE
    assert (
        clean(workspace, "--yes").output == "Nothing to remove of: stages, unfinished, images, containers, figures.\n"
    )
    clean(workspace, "masks", "--yes")
    assert files(workspace) == USER_MADE - {"imported/region-masks/cats/a.png"}
    clean(workspace, "weights", "data", "--yes")
    assert files(workspace) == {".patternbench/digests.sqlite", "results/cats/report.html", "photos/cat.png"}


def test_young_stages_stay(workspace: Workspace) -> None:
    old = workspace.store / "stages" / "pack-2" / "stage.json"
    month_ago = old.stat().st_mtime - 31 * DAY
    os.utime(old, (month_ago, month_ago))
    clean(workspace, "stages", "--older-than", "30d", "--yes")
    assert {path.name for path in (workspace.store / "stages").iterdir()} == {"lama-encode-1", "link"}


def test_programs_read_what_there_is(workspace: Workspace) -> None:
    content = json.loads(clean(workspace, "unfinished", "--json").output)
    assert content == {"removables": [{"kind": "unfinished", "name": "3", "bytes": 1000}], "removed": False}


def test_a_run_in_the_store_is_not_disturbed(workspace: Workspace) -> None:
    with (workspace.store / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        with pytest.raises(RunError, match="A run is going on"):
            clean(workspace, "--yes")
    assert (workspace.store / "stages" / "pack-2").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["stage", "--yes"], "Unknown: 'stage'. What can be removed: stages, .*Did you mean 'stages'"),
        (["--older-than", "30"], "'30' is no age. Write a number and h, d or w"),
        (["--older-than", "-1d"], "no age"),
    ],
)
def test_what_cannot_be_read_is_refused(arguments: list[str], message: str, workspace: Workspace) -> None:
    before = files(workspace)
    with pytest.raises(InputError, match=message):
        clean(workspace, *arguments)
    assert files(workspace) == before


class Engine:
    """A Docker engine with images, some of which it does not remove."""

    def __init__(self, *tags: str, used: tuple[str, ...] = ()) -> None:
        self.images = self.containers = self
        self.tags, self._used = list(tags), used
        self.attrs = {"Size": 2_000_000}

    def list(self, filters: dict[str, str], **_: object) -> list["Engine"]:
        return [self] if filters.get("reference") == "patternbench/*" else []

    def remove(self, tag: str) -> None:
        if tag in self._used:
            raise APIError("conflict: image is in use")
        self.tags.remove(tag)


def test_images_of_backbones_alone_are_removed(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine("patternbench/lama:1", "patternbench/kit:2", "python:3")
    monkeypatch.setattr("harness.execution.runners.docker.connect", lambda: engine)
    assert "images: 2, 4.0 MB" in clean(workspace, "images").output
    clean(workspace, "images", "containers", "--yes")
    assert engine.tags == ["python:3"]


def test_an_engine_that_refuses_is_no_traceback(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Engine("patternbench/lama:1", used=("patternbench/lama:1",))
    monkeypatch.setattr("harness.execution.runners.docker.connect", lambda: engine)
    with pytest.raises(RunError, match=r"refuses .*in use"):
        clean(workspace, "images", "--yes")
