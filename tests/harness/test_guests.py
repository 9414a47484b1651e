"""One guest does not end the party: bad outputs of one contestant are its failed row, and the next one runs."""

import shutil
from pathlib import Path

import pytest

from harness.workspace import Workspace
from support.checkout import CONTESTANT, copy_pages, link, patternbench, write_tiny
from support.paths import ROOT
from support.records import read_all

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

DEEDS = {
    "numbers": "result['images'] = int('9' * 400)",
    "versions": r"result['versions'] = {'note': '\x1b[2J'}",
    "deep": "os.chdir(out)\nfor _ in range(3000):\n    os.mkdir('d'); os.chdir('d')",
    "named": r"os.symlink('/etc/hostname', os.fsencode(out) + b'/\xff\x1b[31m')",
    "pipe": "os.remove(out / 'embeddings.npy'); os.mkfifo(out / 'embeddings.npy')",
    "sparse": "open(out / 'extra.bin', 'wb').truncate(200 * 2**30)",
}
"""What a contestant does after an honest encoding, as Python with `out` and `result`."""

MAIN = """
import json, os, runpy, sys
from pathlib import Path
import numpy as np
runpy.run_path({contestant!r}, run_name="__main__")
if sys.argv[1] == "encode":
    out = Path(sys.argv[3]) / "out"
    result = json.loads((out / "result.json").read_text())
    print('{{"event": "progress", "done": NaN, "total": ' + "9" * 400 + '}}', flush=True)
    {deed}
    (Path(sys.argv[3]) / "out" / "result.json").write_text(json.dumps(result))
"""


FACTS = r"""
name = "{name}"
title = '$\frac$ [/red] <b> {name}'
paper = "none"
licence = "__a__ www.b.org"
capabilities = ["train:shallow"]
size_multiple = 4
input = {{ channels = "RGB" }}
command = ["{{python}}", "backbones/{name}/main.py"]
"""


def write_guest(root: Path, name: str, deed: str) -> None:
    """A contestant whose title is mathematics and mark-up, and that does one deed after each encoding."""
    folder = root / "backbones" / name
    folder.mkdir(parents=True)
    lines = deed.replace("\n", "\n    ")
    (folder / "main.py").write_text(MAIN.format(contestant=str(CONTESTANT), deed=lines))
    (folder / "backbone.toml").write_text(FACTS.format(name=name))


@pytest.fixture
def checkout(tmp_path: Path) -> Workspace:
    """A checkout with one contestant for each deed."""
    link(tmp_path, "benchmark/datasets", "benchmark/protocols", "backbones/kit")
    shutil.copytree(ROOT / "benchmark" / "splits", tmp_path / "benchmark" / "splits")
    copy_pages(tmp_path)
    write_tiny(tmp_path, images=24, images_per_individual=2)
    for name, deed in DEEDS.items():
        write_guest(tmp_path, name, deed)
    return Workspace(tmp_path)


def test_every_guest_has_its_failed_row(checkout: Workspace) -> None:
    guests = list(DEEDS)
    options = ["--protocol", str(checkout.root / "tiny.toml"), "--device", "cpu", "--runner", "process"]
    run = patternbench(checkout, "run", *guests, *options)
    assert run.returncode == 1, run.stderr
    assert f"{len(guests)} of {len(guests)} runs failed" in run.stderr
    assert all(sign.isprintable() or sign == "\n" for sign in run.stderr + run.stdout)
    records = {record.backbone: record for record in read_all(checkout.results("zebrafish-synth").records)}
    assert {name: record.status for name, record in records.items()} == dict.fromkeys(guests, "bad_output")
    pages = "".join(path.read_text() for path in checkout.leaderboard.glob("*.md"))
    assert "www.b.org" not in pages
    assert "<b>" not in pages
    assert "Traceback" not in run.stderr
