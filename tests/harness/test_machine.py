"""Which code a record says it was made by."""

import subprocess
from pathlib import Path

import pytest

from harness.machine import commit


def git(root: Path, *arguments: str) -> str:
    who = ("-c", "user.name=Ann", "-c", "user.email=ann@example.org")
    command = ["git", *who, *arguments]
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


def test_no_checkout_has_no_commit(tmp_path: Path) -> None:
    assert not commit(tmp_path)


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
def test_code_that_is_not_committed_counts_and_what_runs_write_does_not(
    name: str, changed: bool, checkout: Path
) -> None:
    assert commit(checkout) == git(checkout, "rev-parse", "HEAD")
    (checkout / name).parent.mkdir(parents=True, exist_ok=True)
    (checkout / name).write_text("changed\n")
    assert commit(checkout).endswith("+changes") == changed
