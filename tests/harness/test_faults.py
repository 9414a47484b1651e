"""Broken bytes, disks, clocks and contestants, on whole runs: nothing is lost, and nobody else is charged."""

import os
import random
import shutil
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from benchmark.files import is_temporary
from benchmark.hashing import file_digest
from harness.storage import checks
from harness.workspace import Workspace
from leaderboard.render import check
from support.checkout import command, environment, lay_out_short_runs, link, patternbench, write_plain
from support.damage import change_byte, empty, halve
from support.processes import gone
from support.records import read_all

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def checkout(root: Path) -> Workspace:
    """A checkout with one backbone, of numpy alone."""
    lay_out_short_runs(root)
    link(root, "backbones/kit")
    write_plain(root)
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
    """Those of crops, packs and the contestant; scores have another key once a stage took another time."""
    return sorted(path for path in (workspace.store / "stages").iterdir() if not path.name.startswith("scores-"))


@pytest.mark.parametrize(("deed", "number"), [(change_byte, 0), (halve, 1), (empty, 2), (Path.unlink, 3)])
def test_damaged_stages_are_named_and_made_again_with_the_same_scores(
    deed: Callable[[Path], None], number: int, finished: Workspace
) -> None:
    before, names = scores(finished), stages(finished)
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


def test_rehash_reads_the_store_again(finished: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    monkeypatch.setattr(checks, "file_digest", lambda path: read.append(str(path)) or file_digest(path))
    run(finished, "plain")
    assert read == []
    run(finished, "plain", "--rehash")
    assert [stage.name for stage in stages(finished) if not any(str(stage) in path for path in read)] == []


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


def processes_of(workspace: Workspace) -> list[psutil.Process]:
    """The processes that name a checkout, such as its harness and its contestants."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if str(workspace.root) in " ".join(process.cmdline()) and process.pid != os.getpid():
                found.append(process)
    return found


def settled(workspace: Workspace) -> dict[str, int]:
    """When each stage in the store was finished, in nanoseconds."""
    return {path.parent.name: path.stat().st_mtime_ns for path in (workspace.store / "stages").glob("*/stage.json")}


KILLS = int(os.environ.get("PATTERNBENCH_KILLS", "3"))
"""Runs that are killed; a thorough test kills sixty."""


def test_runs_that_are_killed_at_any_moment_go_on_to_the_same_scores(finished: Workspace, tmp_path: Path) -> None:
    """Harness or contestant is killed; nothing finished is made again, and nothing is left behind."""
    workspace = checkout(tmp_path)
    arguments = ("run", "plain", "--protocol", str(tmp_path / "tiny.toml"), "--device", "cpu", "--runner", "process")
    draws = random.Random(0)  # noqa: S311 - moments, no secrets
    for number in range(KILLS):
        before = settled(workspace) if workspace.store.is_dir() else {}
        harness = subprocess.Popen(
            command(workspace, *arguments), env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(draws.uniform(1, 12))
        jobs = [process for process in processes_of(workspace) if "--job" in process.cmdline()]
        with suppress(psutil.Error):
            (draws.choice(jobs) if jobs and number % 2 else psutil.Process(harness.pid)).kill()
        harness.wait()
        assert all(gone(process.pid) for process in processes_of(workspace))
        after = settled(workspace) if workspace.store.is_dir() else {}
        assert {name: after.get(name) for name in before} == before
    code, message = run(workspace, "plain")
    assert code == 0, message
    assert "damaged" not in message
    (record,) = [one for one in read_all(workspace.leaderboard / "records") if one.status == "ok"]
    assert record.model_dump(exclude={"provenance"}) == scores(finished)
    assert list((workspace.store / "flight").iterdir()) == []
    assert [path for path in tmp_path.rglob(".*") if is_temporary(path)] == []
    assert check(workspace.leaderboard) == []
