import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.audit.audit import Audit
from benchmark.errors import InputError
from benchmark.splitting.split import read_split
from harness.cli import data as cli_data
from harness.workspace import Workspace
from support.commands import output_of


@pytest.fixture
def tank(tmp_path: Path) -> Path:
    """Two animals in one video of 40 frames; every photo is noise."""
    folder = tmp_path / "tank"
    folder.mkdir()
    rng = np.random.default_rng(0)
    with (folder / "metadata.csv").open("w", newline="") as file:
        table = csv.writer(file)
        table.writerow(["image_id", "identity", "path", "video", "frame"])
        for identity in ("fox", "owl"):
            for frame in range(40):
                image = rng.integers(0, 256, (8, 8, 3), dtype=np.uint8)
                Image.fromarray(image).save(folder / f"{identity}{frame:02}.png")
                table.writerow([f"{identity}{frame:02}", identity, f"{identity}{frame:02}.png", "v", frame])
    return folder


def _run(root: Path, *arguments: object) -> str:
    """The output of the command on one line."""
    return " ".join(output_of(cli_data.app, Workspace(root), "audit", *arguments).split())


def test_a_split_is_made_once_and_audited(tmp_path: Path, tank: Path) -> None:
    output = _run(tmp_path, tank, "--split", "block")
    assert "Made the split results/tank/splits/block.csv, seed 0" in output
    assert "block: 100 % of test images have the same animal in the same video in train" in output
    assert "Nothing suspicious found (no dates, no cameras known)." in output
    assert "a look-alike" in output
    assert "Made the split" not in _run(tmp_path, tank, "--split", "block")
    split = read_split(tmp_path / "results" / "tank" / "splits" / "block.csv")
    assert (split.name, split.seed) == ("block", 0)


def test_random_is_the_default_and_photos_need_not_be_read(tmp_path: Path, tank: Path) -> None:
    output = _run(tmp_path, tank, "--no-pixels")
    assert "random: " in output
    assert "Not clean: " in output
    assert "look-alike" not in output
    assert "Cut" not in output


def test_the_audit_is_written(tmp_path: Path, tank: Path) -> None:
    np.save(tmp_path / "same.npy", np.random.default_rng(1).normal(size=(80, 5)).astype(np.float16))
    _run(tmp_path, tank, "--embeddings", tmp_path / "same.npy", "-o", tmp_path / "audit.json")
    audit = Audit.model_validate_json((tmp_path / "audit.json").read_bytes())
    assert (audit.dataset, audit.split, audit.individuals) == ("tank", "random", 2)
    near = audit.leaks["test_train"].near
    assert near is not None
    assert near.share == 0
    assert audit.leaks["test_train"].similar is not None


def test_images_that_have_changed_since_the_split_are_refused(tmp_path: Path, tank: Path) -> None:
    _run(tmp_path, tank, "--no-pixels")
    Image.new("RGB", (8, 8)).save(tank / "fox03.png")
    with pytest.raises(InputError, match="1 of its 80 images have other pixels"):
        _run(tmp_path, tank, "--no-pixels")


def test_an_unknown_split_is_refused_with_the_known_ones(tmp_path: Path, tank: Path) -> None:
    with pytest.raises(
        InputError, match="Unknown split 'blok' of tank; there are: random, block, sequence, time, open, disjoint"
    ):
        _run(tmp_path, tank, "--split", "blok")
    with pytest.raises(InputError, match=r"'sequence' by video: .* Splits that tank supports: random, block, time"):
        _run(tmp_path, tank, "--split", "sequence")
    assert not (tmp_path / "benchmark").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"no array", "cannot be read as an array"),
        (np.zeros((80, 2, 2)), "not an array"),
        (np.zeros((3, 2)), "3 embeddings"),
    ],
)
def test_embeddings_that_do_not_fit_are_refused(tmp_path: Path, tank: Path, content: object, message: str) -> None:
    path = tmp_path / "embeddings.npy"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.save(path, np.asarray(content))
    with pytest.raises(InputError, match=message):
        _run(tmp_path, tank, "--no-pixels", "--embeddings", path)


def test_an_output_that_cannot_be_written_is_an_input_error(tmp_path: Path, tank: Path) -> None:
    with pytest.raises(InputError, match="cannot be written"):
        _run(tmp_path, tank, "--no-pixels", "-o", tmp_path / "nowhere" / "audit.json")


def test_its_help_has_an_example(tmp_path: Path) -> None:
    assert "patternbench data audit zebrafish-synth" in _run(tmp_path, "--help")
