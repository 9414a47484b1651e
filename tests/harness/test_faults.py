"""Broken bytes, disks, clocks and contestants, on whole runs: nothing is lost, and nobody else is charged."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from harness.workspace import Workspace
from support.checkout import copy_pages, link, patternbench, write_plain, write_tiny
from support.damage import change_byte, empty, halve
from support.paths import ROOT
from support.records import read_all

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def checkout(root: Path) -> Workspace:
    """A checkout with one backbone, of numpy alone."""
    link(root, "benchmark/datasets", "benchmark/protocols", "backbones/kit")
    shutil.copytree(ROOT / "benchmark" / "splits", root / "benchmark" / "splits")
    copy_pages(root)
    write_plain(root)
    write_tiny(root, images=24, images_per_individual=2)
    tiny = (root / "tiny.toml").read_text()
    for section, modes in (("classify", '["shallow"]'), ("ablation", "[]")):
        tiny = tiny.replace(f"[{section}]\n", f"[{section}]\nmodes = {modes}\n")
    (root / "tiny.toml").write_text(tiny)
    return Workspace(root)


def run(workspace: Workspace, *names: str) -> tuple[int, str]:
    """Few stages, and their scores."""
    tiny = str(workspace.root / "tiny.toml")
    done = patternbench(workspace, "run", *names, "--protocol", tiny, "--device", "cpu", "--runner", "process")
    assert "Traceback" not in done.stderr
    return done.returncode, done.stderr


def scores(workspace: Workspace) -> object:
    (record,) = read_all(workspace.leaderboard / "records")
    return record.model_dump(exclude={"provenance"})


def forget(workspace: Workspace) -> None:
    """Remove the record, as a user does who wants it again."""
    shutil.rmtree(workspace.leaderboard / "records")


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A checkout with a finished run; every test leaves one."""
    workspace = checkout(tmp_path_factory.mktemp("finished"))
    code, message = run(workspace, "plain")
    assert code == 0, message
    return workspace


def one_file_of_each_stage(workspace: Workspace, number: int) -> list[Path]:
    """The `number`-th file of every finished stage, counted around."""
    files = [sorted(path for path in stage.rglob("*") if path.is_file()) for stage in stages(workspace)]
    return [some[number % len(some)] for some in files]


def stages(workspace: Workspace) -> list[Path]:
    return sorted((workspace.store / "stages").iterdir())


@pytest.mark.parametrize("deed", [change_byte, halve, empty, Path.unlink])
def test_damaged_stages_are_named_and_made_again_with_the_same_scores(
    deed: Callable[[Path], None], finished: Workspace
) -> None:
    before, names = scores(finished), stages(finished)
    for number in range(3):
        for file in one_file_of_each_stage(finished, number):
            deed(file)
        forget(finished)
        code, message = run(finished, "plain")
        assert code == 0, message
        assert scores(finished) == before
        assert stages(finished) == names
        assert [stage.name for stage in names if f"{stage.name} in the store is damaged" not in message] == []


def test_what_was_put_in_order_is_not_made_again(finished: Workspace) -> None:
    forget(finished)
    _, message = run(finished, "plain")
    assert "Every stage was in the store already." in message
    assert "damaged" not in message


def test_rehash_reads_the_store_again(finished: Workspace) -> None:
    checked = finished.store / "checked"
    before = {path.name: path.stat().st_ino for path in checked.iterdir()}
    run(finished, "plain", "--rehash")
    after = {path.name: path.stat().st_ino for path in checked.iterdir()}
    assert before.keys() == after.keys()


def test_a_contestant_that_writes_into_its_data_fails_and_the_next_one_gets_whole_data(tmp_path: Path) -> None:
    workspace = checkout(tmp_path)
    shutil.rmtree(workspace.backbones / "plain")
    write_plain(tmp_path, "--bug", "vandal")
    code, message = run(workspace, "plain")
    assert code == 1
    assert "(bad_output): changed its inputs, which are read-only: data/: table.csv has another content" in message
    shutil.rmtree(workspace.backbones / "plain")
    write_plain(tmp_path)
    code, message = run(workspace, "plain")
    assert code == 0, message


def test_a_full_disk_is_never_charged_to_the_contestant(tmp_path: Path) -> None:
    workspace = checkout(tmp_path)
    shutil.rmtree(workspace.backbones / "plain")
    write_plain(tmp_path, "--bug", "full")
    code, message = run(workspace, "plain")
    assert code == 1
    assert "the disk was full while it wrote (No space left on device)" in message
    assert "no record is written" in message
    assert read_all(workspace.leaderboard / "records") == []
    assert [stage.name for stage in stages(workspace) if stage.name.startswith("plain")] == []


def test_a_results_folder_that_cannot_be_written_to_is_found_before_the_first_stage(tmp_path: Path) -> None:
    workspace = checkout(tmp_path)
    (workspace.leaderboard / "records").mkdir(exist_ok=True)
    (workspace.leaderboard / "records" / "zebrafish-synth").write_text("in the way")
    code, message = run(workspace, "plain")
    assert code == 1
    assert str(workspace.leaderboard / "records" / "zebrafish-synth") in message
    assert [stage.name for stage in stages(workspace) if stage.name.startswith("plain")] == []
