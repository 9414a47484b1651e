"""Digests of crops and packs depend on the content alone: not on the order, time, mode or place of files."""

import os
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.data.catalogue import Catalogue, Row
from benchmark.data.content_digests import content_digests
from benchmark.splitting.split import Split, SplitRow
from harness.execution.crops import CropSet, cut_crops
from harness.execution.packs import TrainPack, write_pack
from harness.execution.store import Store
from support.fakes import RecordingListener

NAMES = [f"{part}{number}" for part in ("train", "val", "test") for number in range(4)]


def make_photos(folder: Path, names: list[str]) -> None:
    folder.mkdir(parents=True)
    for name in names:
        pixels = np.random.default_rng(NAMES.index(name)).integers(0, 255, (8, 8, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{name}.png")


def digests(folder: Path, store: Path) -> list[str]:
    """Digests of the data, the split and a pack for training; those that are predicted have the store's own order."""
    rows = [Row(name, f"fish{NAMES.index(name) % 2}", folder / f"{name}.png") for name in NAMES]
    catalogue = Catalogue("tiny", folder, tuple(rows))
    split = Split("tiny", "random", 0, "", tuple(SplitRow(one, "", "classify", one[:-1]) for one in NAMES))  # type: ignore[arg-type]
    listener = RecordingListener()
    kept = Store(store)
    crops = CropSet(catalogue, split, cut_crops(kept, catalogue, content_digests(rows), 8, listener))
    pack = write_pack(TrainPack("all", "zero", 1, None), crops, kept)
    return [crops.data_digest, crops.split_digest, pack.content]


def test_another_machine_has_the_same_digests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_photos(tmp_path / "one", NAMES)
    here = digests(tmp_path / "one", tmp_path / "store")
    make_photos(tmp_path / "elsewhere" / "two", NAMES[::-1])
    for number, file in enumerate((tmp_path / "elsewhere" / "two").iterdir()):
        os.utime(file, (number, number))
        file.chmod(0o400)
    for name in ("LC_ALL", "LANG", "TZ"):
        monkeypatch.setenv(name, "C" if name != "TZ" else "Asia/Tokyo")
    mask = os.umask(0o077)
    try:
        there = digests(tmp_path / "elsewhere" / "two", tmp_path / "elsewhere" / "store")
    finally:
        os.umask(mask)
    assert there == here


def test_another_pixel_has_another_digest(tmp_path: Path) -> None:
    make_photos(tmp_path / "one", NAMES)
    here = digests(tmp_path / "one", tmp_path / "store")
    shutil.copy(tmp_path / "one" / "test0.png", tmp_path / "one" / "test1.png")
    there = digests(tmp_path / "one", tmp_path / "store")
    assert (there[0], there[2]) != (here[0], here[2])
    assert there[1] == here[1]
