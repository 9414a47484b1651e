"""Runs in containers whose harness, container or engine is killed at any moment go on to the same scores."""

import os
import random
import shutil
import signal
import subprocess
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from docker.errors import APIError

from benchmark.files import is_temporary
from harness.workspace import Workspace
from leaderboard.render import check
from support import engine as engines
from support import searching_contestant
from support.checkout import command, environment, lay_out_short_runs, patternbench
from support.engine import BASE, OwnEngine
from support.records import read_all

pytestmark = [pytest.mark.e2e, pytest.mark.docker, pytest.mark.xdist_group("docker"), pytest.mark.timeout(3600)]

NAME = "seeker"
KILLS = int(os.environ.get("PATTERNBENCH_KILLS", "4"))
"""Kills; one of each kind by default. A thorough test kills sixty times."""
DEEDS = ("container", "engine is shut down", "engine is killed", "harness")
LONGEST_WAIT = 0.5
"""Before a kill, in times that the stages of an undisturbed run take."""
FACTS = f"""
name = "{NAME}"
title = "Seeker"
paper = "none"
licence = "none"
capabilities = ["train:shallow"]
input = {{ channels = "RGB" }}
command = ["false"]
"""


@pytest.fixture(scope="module")
def engine() -> Iterator[OwnEngine]:
    if trouble := engines.trouble():
        pytest.skip(trouble)
    own = OwnEngine()
    yield own
    own.close()


def checkout(root: Path, mark: str) -> Workspace:
    """A checkout with one contestant, whose image is that of Python alone."""
    lay_out_short_runs(root)
    for name in (NAME, "kit"):
        (root / "backbones" / name).mkdir(parents=True)
    (root / "backbones" / "__init__.py").touch()
    (root / "backbones" / "kit" / "Dockerfile").write_text(f"FROM {BASE}\n{mark}\n")
    shutil.copy(searching_contestant.__file__, root / "backbones" / NAME / "main.py")
    entry = f'COPY {NAME}/main.py /main.py\nENTRYPOINT ["python3", "/main.py"]\n'
    (root / "backbones" / NAME / "Dockerfile").write_text(f"FROM {BASE}\n{entry}")
    (root / "backbones" / NAME / "backbone.toml").write_text(FACTS)
    return Workspace(root)


def arguments(workspace: Workspace) -> tuple[str, ...]:
    tiny = str(workspace.root / "tiny.toml")
    return "run", NAME, "--protocol", tiny, "--device", "cpu", "--runner", "docker"


class Harness:
    """A run of the contestant in containers, as a process of its own."""

    def __init__(self, workspace: Workspace, engine: OwnEngine) -> None:
        """Returns as soon as a job runs, or the run has ended."""
        self._log = workspace.root / f"log-{uuid.uuid4().hex}.txt"
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                command(workspace, *arguments(workspace)), env=environment(), stdout=log, stderr=log
            )
        self.wait_for_job(engine)

    @property
    def runs(self) -> bool:
        return self.process.poll() is None

    def wait_for_job(self, engine: OwnEngine) -> list[Any]:
        """The containers that run, once there are some; none if the run ends before."""
        while self.runs:
            if running := containers(engine):
                return running
            time.sleep(0.05)
        return []

    def end(self) -> None:
        """Wait until it has ended, whatever of it."""
        self.process.wait(600)
        assert "Traceback" not in self._log.read_text(errors="replace")


def containers(engine: OwnEngine, **options: Any) -> list[Any]:
    return list(engine.client.containers.list(ignore_removed=True, filters={"name": f"-{NAME}-"}, **options))


def settled(workspace: Workspace) -> dict[str, int]:
    """When each stage in the store was finished, in nanoseconds."""
    return {path.parent.name: path.stat().st_mtime_ns for path in (workspace.store / "stages").glob("*/stage.json")}


def scores(workspace: Workspace) -> object:
    """What was measured; no other run was charged with anything."""
    (record,) = read_all(workspace.leaderboard / "records")
    assert (record.status, record.provenance.runner) == ("ok", "docker")
    return record.model_dump(exclude={"provenance"})


def do(deed: str, harness: Harness, engine: OwnEngine) -> None:
    """Kill something, and start what a machine starts again."""
    if deed == "harness":
        harness.process.kill()
        harness.end()
    elif deed == "container":
        for container in harness.wait_for_job(engine)[:1]:
            with suppress(APIError):  # it has just ended by itself
                container.kill()
    else:
        engine.end(signal.SIGTERM if deed == "engine is shut down" else signal.SIGKILL)
        engine.start()


def test_runs_in_containers_that_are_killed_at_any_moment_go_on_to_the_same_scores(
    engine: OwnEngine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing finished is made again, nobody is charged, and nothing is left behind."""
    monkeypatch.setenv("DOCKER_HOST", engine.address)
    mark = f"# {uuid.uuid4()}"
    undisturbed = checkout(tmp_path / "undisturbed", mark)
    done = patternbench(undisturbed, *arguments(undisturbed))
    assert done.returncode == 0, done.stderr
    expected = scores(undisturbed)
    ends = [end for name, end in settled(undisturbed).items() if name.startswith(NAME)]
    duration = (max(ends) - min(ends)) / 1e9

    draws = random.Random(0)  # noqa: S311 - moments, no secrets
    workspace, made = checkout(tmp_path / "0", mark), dict[str, int]()
    harness = Harness(workspace, engine)
    for number in range(KILLS):
        time.sleep(draws.uniform(0, LONGEST_WAIT) * duration)
        do(DEEDS[number % len(DEEDS)], harness, engine)
        now = settled(workspace)
        assert {name: now.get(name) for name in made} == made
        made = now
        if not harness.runs and number + 1 < KILLS:
            harness.end()
            if read_all(workspace.leaderboard / "records"):  # nothing is left to do
                assert scores(workspace) == expected
                workspace, made = checkout(tmp_path / str(number + 1), mark), {}
            harness = Harness(workspace, engine)
    harness.end()

    done = patternbench(workspace, *arguments(workspace))
    assert done.returncode == 0, done.stderr
    assert "damaged" not in done.stderr
    now = settled(workspace)
    assert {name: now.get(name) for name in made} == made
    assert scores(workspace) == expected
    assert containers(engine, all=True) == []
    assert list((workspace.store / "flight").iterdir()) == []
    assert [path for path in workspace.root.rglob(".*") if is_temporary(path)] == []
    assert check(workspace.leaderboard) == []
