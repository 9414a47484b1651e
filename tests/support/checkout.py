"""Small checkouts of the project, and the command line run on them as users run it."""

import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from harness.cli.app import main
from harness.contestants.trust import trust
from harness.workspace import Workspace
from leaderboard.render import PAGES
from support.paths import ROOT

CONTESTANT = Path(__file__).with_name("plain_contestant.py")


def link(root: Path, *names: str) -> None:
    """Links below a checkout to the project's own files and folders of these names."""
    for name in names:
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).symlink_to(ROOT / name)


def copy_pages(root: Path) -> None:
    """The pages with tables, as they are in the project."""
    for page in PAGES:
        (root / page).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / page, root / page)


def write_plain(root: Path, *arguments: str, capabilities: tuple[str, ...] = ("train:shallow", "train:deep")) -> None:
    """Make `plain_contestant.py` a backbone: numpy alone, so that its stages take no time to start.

    Args:
        root: of the checkout.
        arguments: that it is started with, such as `--bug NAME`.
        capabilities: those in its backbone.toml.
    """
    folder = root / "backbones" / "plain"
    folder.mkdir(parents=True)
    (folder / "backbone.toml").write_text(f"""
name = "plain"
title = "Mean colours"
paper = "none"
licence = "Apache-2.0"
capabilities = {json.dumps(capabilities)}
size_multiple = 4
input = {{ channels = "RGB" }}
command = {json.dumps(["{python}", str(CONTESTANT), *arguments])}
""")
    trust(["plain"], Workspace(root))


def write_tiny(root: Path, *, images: int, images_per_individual: int) -> None:
    """Make `tiny.toml`, a protocol of seconds.

    Args:
        root: of the checkout.
        images: for classification.
        images_per_individual: for the ablation.
    """
    (root / "tiny.toml").write_text(f"""
image_size = 32
seed = 0
init = "random"
precision = "float32"
[inpaint]
originals = 6
epochs = 1
patience = 1
perceptual = "none"
batch_size = 8
[classify]
images = {images}
epochs = 2
batch_size = 8
learning_rate = 1e-3
pooling = "flatten"
[ablation]
images_per_individual = {images_per_individual}
[cam]
probes_per_individual = 1
[limits]
seconds = 600
memory_gib = 6
""")


def lay_out_short_runs(root: Path) -> None:
    """Data, pages and `tiny.toml` of a checkout whose runs have few stages: a shallow classifier, and no ablation.

    The splits are copies, because runs write new ones.
    """
    link(root, "benchmark/datasets", "benchmark/protocols")
    shutil.copytree(ROOT / "benchmark" / "splits", root / "benchmark" / "splits")
    copy_pages(root)
    write_tiny(root, images=24, images_per_individual=2)
    tiny = (root / "tiny.toml").read_text()
    for section, modes in (("classify", '["shallow"]'), ("ablation", "[]")):
        tiny = tiny.replace(f"[{section}]\n", f"[{section}]\nmodes = {modes}\n")
    (root / "tiny.toml").write_text(tiny)


def command(workspace: Workspace, *arguments: str) -> list[str]:
    """`patternbench` on a checkout as a process of its own, to be started in `environment()`."""
    return [sys.executable, "-c", "from harness.cli.app import main; main()", *_rooted(workspace, arguments)]


def environment() -> dict[str, str]:
    """Our own, in which a child process finds this project's code wherever it is started."""
    return os.environ | {"PYTHONPATH": str(ROOT)}


def patternbench(workspace: Workspace, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `patternbench` on a checkout within this process, to its end.

    What is imported once, such as plotting and clustering libraries, serves every test of the session.
    """
    stdout, stderr = io.StringIO(), io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(stdout), redirect_stderr(stderr):
        patch.setattr(sys, "argv", ["patternbench", *_rooted(workspace, arguments)])
        patch.setenv("OMP_WAIT_POLICY", "PASSIVE")  # which `main` would leave behind
        with pytest.raises(SystemExit) as end:
            main()
    return subprocess.CompletedProcess(arguments, int(end.value.code or 0), stdout.getvalue(), stderr.getvalue())


def _rooted(workspace: Workspace, arguments: Sequence[str]) -> list[str]:
    return ["--root", str(workspace.root), *arguments]
