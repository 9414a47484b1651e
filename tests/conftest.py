"""Fixtures and settings that several test modules share."""

import os
import signal
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType

import hypothesis
import pytest

from benchmark.errors import RunError
from harness.contestants import trust
from harness.execution.runners import process
from harness.execution.runners.docker import connect
from harness.execution.runners.fork_server import ForkServer
from harness.workspace import Workspace
from support import weights_rule
from support.paths import FISH

hypothesis.settings.register_profile(
    "gate",
    deadline=None,
    derandomize=True,
    max_examples=25,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],  # which a busy machine is
)
hypothesis.settings.load_profile("gate")

# Tests send signals to themselves and to their children, which inherit that a background shell or nohup ignores them.
signal.signal(signal.SIGHUP, signal.SIG_DFL)
signal.signal(signal.SIGINT, signal.default_int_handler)


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
    """One fork server for all tests of this process."""
    server = ForkServer(os.environ | {"OMP_WAIT_POLICY": "PASSIVE"})
    yield server
    server.close()


@pytest.fixture(autouse=True)
def shared_forks(request: pytest.FixtureRequest, fork_server: ForkServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """All process runners fork from one process, unless a test is marked `own_forks`: no runner imports torch anew."""
    if not request.node.get_closest_marker("own_forks"):
        monkeypatch.setattr(process, "ForkServer", lambda _: fork_server)


@pytest.fixture(autouse=True)
def trusted_contestants(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every contestant may run in tests, unless a test is marked `strangers`."""
    if not request.node.get_closest_marker("strangers"):
        monkeypatch.setattr(trust, "is_trusted", lambda *_: True)


@pytest.fixture(autouse=True)
def no_engine(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """No Docker engine answers, unless a test is marked `docker`: what it does is the same on every machine."""
    if not request.node.get_closest_marker("docker"):
        monkeypatch.setenv("DOCKER_HOST", "unix:///no/engine/in/this/test.sock")


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
