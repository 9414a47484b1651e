"""Splits of one's own data: shown, drawn, never changed unasked, and extended by later photos."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.errors import InputError
from benchmark.splitting.split import Split, SplitRow, read_split, write_split
from harness.cli import data as cli_data
from harness.cli.options import RunOptions
from harness.cli.run import run_command
from harness.datasets import notes
from harness.workspace import Workspace
from support.checkout import link, write_tiny
from support.commands import output_of


def _photo(path: Path, value: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(value).integers(0, 255, (8, 8, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Ten photos of each of two individuals."""
    for offset, name in enumerate(("fox", "owl")):
        for number in range(10):
            _photo(tmp_path / "pets" / name / f"{number}.png", 10 * offset + number)
    return tmp_path / "pets"


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "checkout")


def _data(workspace: Workspace, *arguments: object) -> str:
    return output_of(cli_data.app, workspace, *arguments)


def _split(workspace: Workspace, name: str = "random") -> Split:
    return read_split(workspace.results("pets").splits / f"{name}.csv")


def test_a_split_is_drawn_once_and_changed_only_on_request(workspace: Workspace, pets: Path) -> None:
    output = _data(workspace, "split", pets)
    assert "Drawn with seed 0." in output
    drawn = _split(workspace)
    for text in ("split     random of pets, seed 0", "recipe    Random, seed 0", "not in it 0 images", "random.csv"):
        assert text in output
    assert re.search(r"train +\d+ images of 2 individuals; \d+ of them for inpainting", output)
    again = _data(workspace, "split", pets, "--seed", 7)
    assert "It exists, with seed 0, and stays as it is; --redraw draws it with seed 7." in again
    assert _split(workspace) == drawn
    _data(workspace, "split", pets, "--seed", 7, "--redraw")
    assert _split(workspace).seed == 7


def test_a_split_that_data_cannot_have_is_refused(workspace: Workspace, pets: Path) -> None:
    with pytest.raises(InputError, match="does not support the split 'block'"):
        _data(workspace, "split", pets, "--split", "block")
    with pytest.raises(InputError, match="Unknown kind of split 'blocks'; there are: random, block"):
        _data(workspace, "split", pets, "--split", "blocks")
    assert list(workspace.own_results.rglob("*.csv")) == []


def test_a_reviewed_split_is_shown_and_not_redrawn(workspace: Workspace) -> None:
    link(workspace.root, "benchmark/datasets", "benchmark/splits")
    assert "random of zebrafish-synth, seed" in _data(workspace, "split", "zebrafish-synth")
    with pytest.raises(InputError, match="is a reviewed file of the project"):
        _data(workspace, "split", "zebrafish-synth", "--redraw")
    with pytest.raises(InputError, match="zebrafish-synth is part of the project"):
        _data(workspace, "update", "zebrafish-synth")


def test_later_photos_join_the_split_and_nothing_moves(workspace: Workspace, pets: Path) -> None:
    _data(workspace, "import", pets)
    _data(workspace, "split", "pets")
    before = _split(workspace)
    assert "split random: nothing new" in _data(workspace, "update", "pets")
    assert _split(workspace) == before
    for number in range(10, 14):
        _photo(pets / "fox" / f"{number}.png", 100 + number)
    _photo(pets / "elk" / "0.png", 200)
    output = _data(workspace, "update", "pets")
    after = _split(workspace)
    assert set(before.rows) < set(after.rows)
    assert "split random: 5 images added" in output
    assert re.search(r"  train, \d: .*elk/0\.png", output)
    assert after.recipe == f"{before.recipe} Later, 5 images were added by the same rule."


def test_gone_and_changed_photos_are_named_and_nothing_is_written(workspace: Workspace, pets: Path) -> None:
    _data(workspace, "import", pets)
    _data(workspace, "split", "pets")
    before = _split(workspace)
    _photo(pets / "fox" / "new.png", 77)
    _photo(pets / "fox" / "3.png", 99)
    with pytest.raises(InputError, match=r"have other pixels, boxes or masks: 'fox/3\.png'"):
        _data(workspace, "update", "pets")
    (pets / "fox" / "3.png").unlink()
    with pytest.raises(InputError, match=r"1 image of the split 'random' are gone: 'fox/3\.png'.*--redraw"):
        _data(workspace, "update", "pets")
    assert _split(workspace) == before


def test_bad_later_photos_are_refused_or_left_out(workspace: Workspace, pets: Path) -> None:
    _data(workspace, "split", pets)
    (pets / "fox" / "cut.png").write_bytes((pets / "fox" / "1.png").read_bytes()[:60])
    with pytest.raises(InputError, match=r"cut\.png"):
        _data(workspace, "update", pets)
    assert "left out: " in _data(workspace, "update", pets, "--skip-bad")
    assert notes.read_note("pets", workspace).left_out == ("fox/cut.png",)


def test_a_split_of_the_user_s_own_making_is_left_alone(workspace: Workspace, pets: Path) -> None:
    _data(workspace, "import", pets)
    write_split(
        Split("pets", "mine", 0, "", (SplitRow("fox/1.png", "0", "classify", "train"),)),
        workspace.results("pets").splits,
    )
    assert "split mine: not extended" in _data(workspace, "update", "pets")


def test_individuals_with_few_photos_are_left_out_for_good(workspace: Workspace, pets: Path) -> None:
    _photo(pets / "elk" / "0.png", 200)
    text = "Left out, because they have fewer than 2 photos: 1 individual (`elk` 1)."
    assert text in _data(workspace, "import", pets, "--min-images", 2)
    shown = _data(workspace, "show", "pets")
    assert text in shown
    assert "20, of 2 individuals" in shown
    with pytest.raises(InputError, match="no individual has 11 photos; the most of one are 10"):
        _data(workspace, "import", pets, "--min-images", 11)


def test_check_says_what_few_photos_are_good_for(workspace: Workspace, pets: Path) -> None:
    _photo(pets / "elk" / "0.png", 200)
    for number in range(2):
        _photo(pets / "emu" / f"{number}.png", 210 + number)
    output = _data(workspace, "check", pets)
    assert "one photo serve re-identification as distractors alone: 1 (`elk`)" in output
    assert "two photos can be learnt from one and tested on the other" in output


def _run(workspace: Workspace, photos: Path, *, skip_bad: bool = False) -> None:
    link(workspace.root, "benchmark/protocols", "backbones/kit", "backbones/pixels")
    write_tiny(workspace.root, images=24, images_per_individual=2)
    protocol = str(workspace.root / "tiny.toml")
    options = RunOptions(
        backbones=["pixels"],
        runner="process",
        device="cpu",
        protocol=protocol,
        data=str(photos),
        splits=["mine"],
        skip_bad=skip_bad,
    )
    run_command(workspace, options)


def test_one_individual_alone_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    for number in range(8):
        _photo(tmp_path / "solo" / "Ada" / f"{number}.png", number)
    message = "all photos show one individual, 'Ada': nothing can be told apart"
    assert "nothing can be told apart" in " ".join(_data(workspace, "check", tmp_path / "solo").split())
    with pytest.raises(InputError, match=message):
        _data(workspace, "import", tmp_path / "solo", "--skip-bad")
    with pytest.raises(InputError, match=message):
        _run(workspace, tmp_path / "solo")


def test_a_run_leaves_bad_photos_out_on_request_and_remembers_them(
    workspace: Workspace, pets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (pets / "fox" / "cut.png").write_bytes((pets / "fox" / "1.png").read_bytes()[:60])
    with pytest.raises(InputError, match="Unknown split 'mine'"):
        _run(workspace, pets, skip_bad=True)
    assert "Left out: " in " ".join(capsys.readouterr().err.split())
    note = notes.read_note("pets", workspace)
    assert (note.left_out, note.imported) == (("fox/cut.png",), False)
    assert "20, of 2 individuals" in _data(workspace, "show", pets)
