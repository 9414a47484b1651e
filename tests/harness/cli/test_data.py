import inspect
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.errors import InputError
from harness.cli import data as cli_data
from harness.datasets.overview import draw_sheet
from harness.workspace import Workspace
from support.commands import output_of
from support.paths import ROOT


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    for name in ("fox", "owl"):
        (tmp_path / "pets" / name).mkdir(parents=True)
        for number in range(3 if name == "fox" else 1):
            Image.new("RGB", (40, 30), (10 * number + 5, 90, 90)).save(tmp_path / "pets" / name / f"{number}.png")
    return tmp_path / "pets"


def _run(root: Path, *arguments: object) -> str:
    return output_of(cli_data.app, Workspace(root), *arguments)


def test_show_prints_the_counts(tmp_path: Path, pets: Path) -> None:
    output = _run(tmp_path, "show", pets)
    assert "4, of 2 individuals (1 to 3 each)" in output
    assert "0.750, by always naming the commonest; a uniform guess has 0.500" in output
    assert "on 0 images" in output


def test_show_draws_the_same_sheet_for_the_same_seed(tmp_path: Path, pets: Path) -> None:
    sheets = []
    for number, seed in enumerate((0, 0, 1)):
        path = tmp_path / f"{number}.png"
        assert str(path) in _run(tmp_path, "show", pets, "-o", path, "--images", 1, "--seed", seed)
        sheets.append(np.asarray(Image.open(path)))
    np.testing.assert_array_equal(sheets[0], sheets[1])
    assert (sheets[0] != sheets[2]).any()


def test_the_picture_of_the_readme_is_drawn_by_the_command_that_the_documents_name(tmp_path: Path) -> None:
    path = tmp_path / "regions.png"
    _run(ROOT, "show", "zebrafish-synth", "--variants", "--images", 1, "--individuals", 2, "-o", path)
    committed = ROOT / "docs" / "regions.png"
    np.testing.assert_array_equal(np.asarray(Image.open(path)), np.asarray(Image.open(committed)))
    assert committed.stat().st_size < 100_000


def test_images_without_masks_have_no_region_variants(tmp_path: Path, pets: Path) -> None:
    with pytest.raises(InputError, match="patternbench data masks"):
        _run(tmp_path, "show", pets, "--variants", "-o", tmp_path / "sheet.png")


@pytest.mark.parametrize("name", ["sheet.xyz", "nowhere/sheet.png"])
def test_a_sheet_that_cannot_be_written_is_an_input_error(tmp_path: Path, pets: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"cannot be written .* ends in \.png"):
        _run(tmp_path, "show", pets, "-o", tmp_path / name)


def test_import_then_list_then_show(tmp_path: Path, pets: Path) -> None:
    assert "pets" in _run(tmp_path, "import", pets, "--name", "zoo")
    (line,) = (line for line in _run(tmp_path, "list").splitlines() if "zoo" in line)
    assert line.split() == ["zoo", "(folders)", "?", "?", "?", "here"]
    assert str(pets) in _run(tmp_path, "show", "zoo")


def test_list_names_every_known_set(tmp_path: Path) -> None:
    output = _run(tmp_path, "list")
    for name in ("zebrafish-synth", "aau-zebrafish", "leopard-id-2022", "whale-shark-id"):
        assert name in output


def test_fetch_without_kagglehub_names_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "kagglehub", None)
    with pytest.raises(InputError, match=r"pip install 'patternbench\[kaggle\]'"):
        _run(tmp_path, "fetch", "aau-zebrafish")


def test_unknown_data_is_an_input_error(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="neither a data set nor a path"):
        _run(tmp_path, "show", "nothing")


@pytest.mark.parametrize("command", ["list", "fetch", "import", "show", "synth"])
def test_every_command_has_help_with_an_example(tmp_path: Path, command: str) -> None:
    output = _run(tmp_path, command, "--help")
    assert "For example:" in output
    assert f"patternbench data {command}" in output


def test_synth_writes_a_set_that_show_opens(tmp_path: Path) -> None:
    pytest.importorskip("benchmark.synth")
    folder = tmp_path / "fish"
    assert "3 frames" in _run(tmp_path, "synth", folder, "--frames", 2, 1, "--size", 240, 136, "--shortcut", 0)
    assert "crop" in _run(tmp_path, "show", folder)


def test_the_defaults_of_synth_are_the_generator_s() -> None:
    synth = pytest.importorskip("benchmark.synth")
    defaults = {name: option.default for name, option in inspect.signature(cli_data.synth).parameters.items()}
    settings = synth.SynthSettings()
    assert defaults["frames"] == settings.frames_per_video
    assert defaults["size"] == (settings.width, settings.height)
    assert (defaults["seed"], defaults["shortcut"]) == (settings.seed, settings.shortcut)


def test_the_defaults_of_show_are_the_sheet_s() -> None:
    options = inspect.signature(cli_data.show).parameters
    for name in ("images", "individuals", "seed"):
        assert options[name].default == inspect.signature(draw_sheet).parameters[name].default
