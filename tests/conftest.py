"""What several files of tests need."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from harness.workspace import Workspace
from support.paths import FACTS, FISH


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip what is marked `shared` where the reference data are not beside the project."""
    if item.get_closest_marker("shared") and not (FACTS.is_dir() and FISH.is_dir()):
        pytest.skip("the reference data are not beside the project")


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
    """What makes the weights and inputs of the reference values; only tests marked `shared` may ask for it."""
    spec = importlib.util.spec_from_file_location("weights_rule", FACTS / "weights_rule.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


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
