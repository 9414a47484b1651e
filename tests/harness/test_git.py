"""The commit that a record names, and the words of git's failures."""

import subprocess
from pathlib import Path

import pytest

from benchmark.errors import RunError
from harness import git as module
from harness.git import commit, failure, trust_warning


def git(root: Path, *arguments: str) -> str:
    author = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")
    command = ["git", *author, *arguments]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    for name in ("backbones/lama/model.py", "leaderboard/clustering.md", "README.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("committed\n")
    (tmp_path / ".gitignore").write_text("__pycache__/\n")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "All")
    return tmp_path


def test_a_folder_without_a_checkout_has_no_commit(tmp_path: Path) -> None:
    assert commit(tmp_path) == ""


def test_without_git_there_is_no_commit(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(checkout))
    assert commit(checkout) == ""
    with pytest.raises(RunError, match="git is not installed"):
        module.git(checkout, "status")


def test_a_failed_command_is_an_error_with_git_s_reason(checkout: Path) -> None:
    with pytest.raises(RunError, match=r"^git log failed: fatal: .*'nowhere'"):
        module.git(checkout, "log", "nowhere")


@pytest.mark.parametrize(("stderr", "line"), [("", "no reason given"), ("one\n two.\n", "two")])
def test_without_a_fatal_line_the_last_one_is_the_reason(stderr: str, line: str) -> None:
    assert failure(stderr) == line


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("backbones/lama/model.py", True),
        ("backbones/mine/model.py", True),
        ("harness/new.py", True),
        ("benchmark/new.py", True),
        ("benchmark/splits/photos/random.csv", False),
        ("backbones/lama/__pycache__/model.pyc", False),
        ("leaderboard/clustering.md", False),
        ("leaderboard/records/new.json", False),
        ("README.md", False),
        ("photos/1.png", False),
    ],
)
def test_uncommitted_code_is_marked_and_files_that_runs_write_are_not(name: str, changed: bool, checkout: Path) -> None:
    assert commit(checkout) == git(checkout, "rev-parse", "HEAD")
    (checkout / name).parent.mkdir(parents=True, exist_ok=True)
    (checkout / name).write_text("changed\n")
    assert commit(checkout).endswith("+changes") == changed


def test_a_checkout_that_git_does_not_trust_is_told(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert trust_warning(checkout) == ""
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    assert f"git config --global --add safe.directory {checkout}" in trust_warning(checkout)
