"""A run on a Ray cluster: three nodes on this machine, one of which is killed in mid-stage."""

import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from harness.execution.journal import Journal
from harness.workspace import Workspace
from support.checkout import command, copy_pages, environment, link, patternbench, write_plain, write_tiny
from support.paths import ROOT
from support.records import read_all

pytest.importorskip("ray", reason="Ray is an extra: pip install 'patternbench[ray]'")
pytestmark = [
    pytest.mark.e2e,
    pytest.mark.timeout(600),
    pytest.mark.filterwarnings("ignore"),  # Ray's own
    pytest.mark.xdist_group("ray"),
]

SMALL = {"num_cpus": 1, "object_store_memory": 80 * 2**20, "memory": 8 * 2**30}
"""A node for one stage at a time."""


def checkout(root: Path) -> Workspace:
    """A checkout with one backbone, of numpy alone, whose stages take half a second."""
    link(root, "benchmark/datasets", "benchmark/protocols", "benchmark/splits", "backbones/kit")
    copy_pages(root)
    write_plain(root, "--bug", "slow")
    write_tiny(root, images=24, images_per_individual=2)
    return Workspace(root)


def arguments(workspace: Workspace, *more: str) -> list[str]:
    tiny = str(workspace.root / "tiny.toml")
    return ["run", "plain", "--protocol", tiny, "--device", "cpu", "--runner", "process", *more]


@pytest.fixture(scope="module")
def cluster() -> Iterator[Any]:
    """Three nodes, each a process of its own on this machine."""
    from ray.cluster_utils import Cluster

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", str(ROOT))
        patch.setenv("OMP_NUM_THREADS", "1")
        nodes = Cluster(initialize_head=True, head_node_args={**SMALL, "include_dashboard": False})
        for number in (2, 3):  # with addresses of their own, so that the run belongs to the head
            nodes.add_node(**SMALL, node_ip_address=f"127.0.0.{number}")
        nodes.wait_for_nodes()
        yield nodes
        nodes.shutdown()


def running(workspace: Workspace, process: subprocess.Popen[str], after: int) -> dict[int, str]:
    """Labels of the stages that run, by the number of the process that does each, once `after` are finished."""
    until = time.monotonic() + 300
    while time.monotonic() < until and process.poll() is None:
        notes = Journal(workspace.store).notes()
        now = {note.pid: note.label for note in notes if note.state == "running"}
        if now and sum(note.state == "ok" for note in notes) >= after:
            return now
        time.sleep(0.02)
    pytest.fail(f"no stage was seen running: {process.communicate(timeout=60)[1]}")


def kill_a_busy_node(cluster: Any, workers: dict[int, str]) -> str:
    """Kill a node that runs a stage, and is not the head; returns the label of the stage, or nothing."""
    for node in cluster.worker_nodes:
        raylets = {info.process.pid for infos in node.all_processes.values() for info in infos}
        for pid, label in workers.items():
            try:
                if psutil.Process(pid).ppid() in raylets:
                    cluster.remove_node(node, allow_graceful=False)
                    return label
            except psutil.Error:
                continue
    return ""


def start(workspace: Workspace, address: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        command(workspace, *arguments(workspace, "--executor", "ray")),
        env=environment() | {"RAY_ADDRESS": address},
        cwd=workspace.root,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def scores(workspace: Workspace) -> object:
    (record,) = read_all(workspace.leaderboard / "records")
    assert record.status == "ok"
    return record.model_dump(exclude={"provenance"})


def test_a_run_that_loses_a_node_has_the_record_of_a_local_run(cluster: Any, tmp_path: Path) -> None:
    local = checkout(tmp_path / "local")
    done = patternbench(local, *arguments(local))
    assert done.returncode == 0, done.stderr

    distant = checkout(tmp_path / "distant")
    process = start(distant, cluster.address)
    lost, seen = "", set[str]()
    while not lost:
        workers = running(distant, process, after=3)
        seen |= set(workers.values())
        lost = kill_a_busy_node(cluster, workers)
    _, stderr = process.communicate(timeout=400)
    assert process.returncode == 0, stderr
    assert "Executor: ray (3 machines, 3 CPUs, 0 GPUs)." in stderr
    stage = lost.removeprefix("plain/")
    assert f"The machine of {stage} was lost; another one does it again." in stderr
    assert scores(distant) == scores(local)
    assert {note.state for note in Journal(distant.store).notes()} == {"ok"}

    again = patternbench(distant, *arguments(distant))
    assert "Every stage was in the store already." in again.stderr, again.stderr
