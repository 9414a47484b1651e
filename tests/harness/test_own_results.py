"""Runs on one's own photos: where their results are, and what git and a publication see of them."""

import csv
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from harness.workspace import Workspace
from support.checkout import copy_pages, link, patternbench, write_tiny
from support.paths import ROOT
from support.records import read_all

pytestmark = [
    pytest.mark.usefixtures("own_git"),
    pytest.mark.e2e,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("umap"),
]

NAMES = ("Chui", "Duma", "Simba")


def git(root: Path, *arguments: str) -> str:
    return subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True).stdout.strip()


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A clean clone of a small checkout, with a remote beside it."""
    root = tmp_path / "checkout"
    link(root, "benchmark/datasets", "benchmark/protocols", "backbones/kit", "backbones/pixels")
    shutil.copytree(ROOT / "benchmark" / "splits", root / "benchmark" / "splits")
    shutil.copy(ROOT / ".gitignore", root / ".gitignore")
    copy_pages(root)
    write_tiny(root, images=24, images_per_individual=2)
    git(tmp_path, "init", "--quiet", "--bare", "remote.git")
    git(root, "init", "--quiet")
    workspace = Workspace(root)
    patternbench(workspace, "leaderboard", "render")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "-m", "Begin")
    git(root, "remote", "add", "origin", "../remote.git")
    return workspace


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Twelve noisy photos of each of three individuals, one folder each."""
    rng = np.random.default_rng(0)
    for number, name in enumerate(NAMES):
        folder = tmp_path / "leopards" / name
        folder.mkdir(parents=True)
        for photo in range(12):
            pixels = rng.integers(0, 60, (32, 32, 3)) + np.eye(3, dtype=int)[number] * 150
            Image.fromarray(pixels.astype(np.uint8)).save(folder / f"{name}-{photo}.png")
    return tmp_path / "leopards"


def run(workspace: Workspace, photos: Path) -> str:
    protocol = str(workspace.root / "tiny.toml")
    arguments = ["--protocol", protocol, "--device", "cpu", "--runner", "process", "--data", str(photos)]
    done = patternbench(workspace, "run", "pixels", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stderr


def test_results_of_own_photos_are_complete_and_git_sees_none(workspace: Workspace, photos: Path) -> None:
    run(workspace, photos)
    assert git(workspace.root, "status", "--porcelain") == ""
    home = workspace.root / "results" / "leopards"
    (record,) = read_all(home / "records")
    assert (record.dataset, record.status) == ("leopards", "ok")
    assert (home / "splits" / "random.csv").is_file()
    pages = {path.name: path.read_text() for path in home.glob("*.md")}
    assert {"classification.md", "individuals.md", "retrieval.md"} <= set(pages)
    assert not {"README.md", "shortcut.md", "inpainting.md"} & set(pages)  # they would show nothing
    assert f"](records/leopards/tiny/pixels-{record.key[:12]}.json)" in pages["classification.md"]
    assert "zebrafish-synth" not in pages["classification.md"]
    rows = list(csv.DictReader((home / "predictions.csv").read_text().splitlines()))
    assert [row["answer"] for row in rows] == [NAMES[number] for number in record.probes["initial"].linear.answers]
    assert all((photos / row["photo"]).is_file() for row in rows)
    again = run(workspace, photos)
    assert "Reproduced: every number equals an earlier run's, to the last digit (results/leopards/records/" in again
    assert "Scoring." not in again
    assert patternbench(workspace, "leaderboard", "render", "leopards").stdout.startswith("The tables already show")
