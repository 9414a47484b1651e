"""Fixtures and settings that several test modules share."""

import sys
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType

import hypothesis
import pytest

from benchmark.errors import RunError
from harness.execution.runners.docker import connect
from harness.execution.runners.process import Child, ProcessRunner, environment
from harness.workspace import Workspace
from support import weights_rule
from support.fork_server import ForkServer
from support.paths import FISH

hypothesis.settings.register_profile("gate", deadline=None, derandomize=True, max_examples=25, database=None)
hypothesis.settings.load_profile("gate")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip tests whose marker asks for what this machine lacks."""
    if item.get_closest_marker("shared") and not FISH.is_dir():
        pytest.skip("the real photos are not beside the checkout")
    if item.get_closest_marker("docker") and (trouble := engine_trouble()):
        pytest.skip(trouble)


@cache
def engine_trouble() -> str:
    """Why no Docker engine can be used; empty if one answers."""
    try:
        connect().close()
    except RunError as error:
        return str(error)
    return ""


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """More threads wait for one another where other processes share the cores."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def rule() -> ModuleType:
    """The rule that makes the weights and inputs of the reference values."""
    return weights_rule


@pytest.fixture(scope="session")
def fork_server() -> Iterator[ForkServer]:
    """A process that has imported the libraries of the contestants; its forks start at once."""
    server = ForkServer()
    yield server
    server.close()


@pytest.fixture(autouse=True)
def forked_jobs(request: pytest.FixtureRequest, fork_server: ForkServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process runner forks its Python programs, unless a test is marked `real_jobs`: no job imports torch anew."""
    if request.node.get_closest_marker("real_jobs"):
        return
    spawn = ProcessRunner.spawn

    def fork(command: Sequence[str], root: Path) -> Child:
        if command[0] != sys.executable or command[1] == "-c":
            return spawn(command, root)
        return fork_server.start(command[1:], root, environment(root))

    monkeypatch.setattr(ProcessRunner, "spawn", staticmethod(fork))


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A checkout in which nothing is yet."""
    return Workspace(tmp_path / "checkout")


@pytest.fixture
def own_git(monkeypatch: pytest.MonkeyPatch) -> None:
    """Git with an author, and with none of the machine's settings."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{who}_NAME", "A Tester")
        monkeypatch.setenv(f"GIT_{who}_EMAIL", "tester@example.org")
