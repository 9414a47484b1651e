"""Fixtures and settings that several test modules share."""

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from harness.workspace import Workspace
from support import weights_rule
from support.paths import FISH


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip tests marked `shared` if the real photos are not beside the checkout."""
    if item.get_closest_marker("shared") and not FISH.is_dir():
        pytest.skip("the real photos are not beside the checkout")


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
