"""What the harness knows of the answers reaches no job: a canary is in every place, and a contestant looks for it."""

import base64
import json
import shutil
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import numpy as np
import pytest
from PIL import Image

from harness.execution.runners.docker import connect
from harness.workspace import Workspace
from support import searching_contestant
from support.checkout import copy_pages, link, patternbench, write_tiny
from support.records import read_all
from support.searching_contestant import CANARY, holds

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

BASE = "FROM python:3.11-slim-bookworm"
MAIN = Path(searching_contestant.__file__)
SIDE = 32
INDIVIDUALS, PHOTOS = 3, 12
FACTS = """
name = "{name}"
title = "Seeker"
paper = "none"
licence = "none"
capabilities = ["train:inpaint", "train:shallow", "train:deep", "explain"]
input = {{ channels = "RGB" }}
command = ["{{python}}", "backbones/{name}/main.py"]
"""
ALWAYS = {"job.json", "data", "data/images.npy", "data/table.csv"}
HAS_CALIBRATION, HAS_MASKS = {"data/calibration.npy"}, {"data/masks.npy"}
MAY_HAVE = {"in", "in/checkpoint.safetensors"}
GIVEN: dict[tuple[str, str | None, str | None], tuple[set[str], set[str]]] = {
    ("train", "inpaint", None): ({"id", "split"}, HAS_MASKS),
    ("train", "classify", "shallow"): ({"id", "split", "label", "probe"}, HAS_CALIBRATION),
    ("train", "classify", "deep"): ({"id", "split", "label", "probe"}, HAS_CALIBRATION),
    ("encode", None, None): ({"id"}, HAS_CALIBRATION),
    ("inpaint", None, None): ({"id"}, HAS_MASKS),
}
"""Of each kind of job the columns of its table, and the files that it has besides those of every job."""


@pytest.fixture
def name() -> Iterator[str]:
    """Name of the contestant, which tells its images and containers; they are removed."""
    own = f"seeker{uuid.uuid4().hex[:8]}"
    yield own
    try:
        engine = connect()
    except Exception:  # noqa: BLE001 - there is no engine, so that nothing was built
        return
    remove_images(engine, own)
    engine.close()


def remove_images(engine: docker.DockerClient, name: str) -> None:
    for image in engine.images.list():
        if any(tag.startswith(f"patternbench/{name}:") for tag in image.tags):
            engine.images.remove(image.tags[0])


def write_data(folder: Path) -> Path:
    """Photos whose files, individuals, columns and folder are called after the canary, with region masks."""
    folder.mkdir()
    random = np.random.default_rng(5)
    lines = ["path,identity,mask,encounter,image_id,keeper"]
    for individual in range(INDIVIDUALS):
        for number in range(PHOTOS):
            photo, mask = (f"{CANARY}-{kind}-{individual}-{number}.png" for kind in ("photo", "mask"))
            pixels = random.integers(0, 90, (SIDE, SIDE, 3)) + 50 * individual
            regions = np.zeros((SIDE, SIDE), np.uint8)
            regions[8:24, 8:24], regions[12:20, 12:20] = 1, 2
            Image.fromarray(pixels.astype(np.uint8)).save(folder / photo)
            Image.fromarray(regions).save(folder / mask)
            names = (f"{CANARY}-{kind}-{individual}" for kind in ("individual", "encounter"))
            identity, encounter = names
            lines.append(f"{photo},{identity},{mask},{encounter}-{number},{CANARY}-id-{individual}-{number},{CANARY}")
    (folder / "metadata.csv").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture
def checkout(tmp_path: Path, name: str) -> Workspace:
    """A checkout with the searching contestant, whose image is that of Python alone."""
    root = tmp_path / "checkout"
    link(root, "benchmark/datasets", "benchmark/protocols")
    copy_pages(root)
    write_tiny(root, images=24, images_per_individual=2)
    folder = root / "backbones" / name
    folder.mkdir(parents=True)
    (root / "backbones" / "__init__.py").touch()
    (root / "backbones" / "kit").mkdir()
    (root / "backbones" / "kit" / "Dockerfile").write_text(f"{BASE}\n# {uuid.uuid4()}\n")
    (folder / "backbone.toml").write_text(FACTS.format(name=name))
    shutil.copy(MAIN, folder / "main.py")
    (folder / "Dockerfile").write_text(f'{BASE}\nCOPY {name}/main.py /main.py\nENTRYPOINT ["python3", "/main.py"]\n')
    return Workspace(root)


@pytest.mark.parametrize(
    "runner", ["process", pytest.param("docker", marks=[pytest.mark.docker, pytest.mark.xdist_group("docker")])]
)
def test_no_job_of_any_verb_finds_what_the_harness_knows(
    runner: str, name: str, checkout: Workspace, tmp_path: Path
) -> None:
    data = write_data(tmp_path / f"{CANARY}-set")
    protocol = ["--protocol", str(checkout.root / "tiny.toml"), "--device", "cpu", "--runner", runner]
    done = patternbench(checkout, "run", name, "--data", str(data), *protocol)
    assert done.returncode == 0, done.stderr
    home = checkout.results(data.name)
    (record,) = read_all(home.records)
    assert (record.status, record.provenance.runner) == ("ok", runner)
    assert all(map(holds, planted(checkout, home.records))), "the canary is where the harness keeps answers"

    reports = [json.loads(path.read_bytes()) for path in checkout.store.glob("stages/*/out/found.json")]
    jobs = Counter(kind_of(report) for report in reports)
    assert set(jobs) == set(GIVEN)
    assert all(report["found"] == [] for report in reports), [report for report in reports if report["found"]]
    for report in reports:
        columns, files = GIVEN[kind_of(report)]
        assert set(report["columns"]) == columns
        assert set(report["files"]) - MAY_HAVE == ALWAYS | files
        assert set(report["labels"]) == ({"0", "1", "2"} if "label" in columns else {""})


def kind_of(report: dict[str, Any]) -> tuple[str, str | None, str | None]:
    job = report["job"]
    return job["verb"], job["task"], job["mode"]


def planted(checkout: Workspace, records: Path) -> list[bytes]:
    """What the harness keeps of the data set: notes of its packs, its records, its splits."""
    packs = [path.read_bytes() for path in checkout.store.glob("stages/pack-*/stage.json")]
    splits = [path.read_bytes() for path in records.parent.glob("splits/*.csv")]
    assert packs
    assert splits
    return [*packs, *splits, *(path.read_bytes() for path in records.rglob("*.json"))]


@pytest.mark.parametrize(
    "data",
    [
        CANARY.encode(),
        f"x{CANARY.upper()}y".encode(),
        CANARY.encode("utf-16-le"),
        f"--{CANARY.encode().hex()}".encode(),
        base64.b64encode(f"ab{CANARY}cdefgh".encode()),
    ],
)
def test_the_search_knows_the_canary_in_other_forms(data: bytes) -> None:
    assert holds(data)
    assert not holds(data[len(data) // 2 :])
