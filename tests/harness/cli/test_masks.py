from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.errors import InputError
from harness.cli import data as cli_data
from harness.workspace import Workspace
from support.commands import output_of
from support.paths import FISH


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Four photos of dark animals on a light ground, without masks."""
    for number in range(4):
        folder = tmp_path / "pets" / ("fox" if number % 2 else "owl")
        folder.mkdir(parents=True, exist_ok=True)
        pixels = np.random.default_rng(number).integers(180, 240, (30, 40, 3), dtype=np.uint8)
        pixels[8:22, 10:30] = (40, 30 * number, 60)
        Image.fromarray(pixels).save(folder / f"{number}.png")
    return tmp_path / "pets"


def _run(root: Path, *arguments: object) -> str:
    return output_of(cli_data.app, Workspace(root), *arguments)


def _lines(output: str) -> dict[str, str]:
    return dict(line.split(maxsplit=1) for line in output.splitlines())


def test_masks_are_proposed_corrected_in_place_and_taken_back(tmp_path: Path, pets: Path) -> None:
    folder = tmp_path / "imported" / "region-masks" / "pets"
    facts = _lines(_run(tmp_path, "masks", pets))
    assert (facts["proposed"], facts["kept"], facts["corrected"]) == ("4 now", "0 as they were proposed before", "0")
    assert facts["masks"] == f"4, for 4 images that lack regions, in {folder}"
    assert "on 4 images, approximate on 4 (proposed by a program, not corrected)" in _run(tmp_path, "show", pets)

    first, second, *_ = sorted(folder.glob("*.png"))
    Image.new("L", (40, 30), 1).save(first)
    facts = _lines(_run(tmp_path, "masks", pets))
    assert (facts["proposed"], facts["kept"], facts["corrected"]) == ("0 now", "3 as they were proposed before", "1")

    (tmp_path / "corrected").mkdir()
    Image.new("L", (40, 30), 2).save(tmp_path / "corrected" / second.name)
    output = _run(tmp_path, "masks", pets, "--take", tmp_path / "corrected")
    assert output.startswith(f"Took 1 masks from {tmp_path / 'corrected'} that differ")
    assert _lines(output)["corrected"] == "2"
    assert "approximate on 2" in _run(tmp_path, "show", pets)


def test_a_set_whose_masks_are_all_corrected_is_not_approximate(tmp_path: Path, pets: Path) -> None:
    _run(tmp_path, "masks", pets, "--output", tmp_path / "mine")
    for path in (tmp_path / "mine").glob("*.png"):
        Image.new("L", (40, 30), 1).save(path)
    output = _run(tmp_path, "show", pets)
    assert "on 4 images\n" in output
    assert "approximate" not in output


def test_a_contact_sheet_shows_them(tmp_path: Path, pets: Path) -> None:
    sheet = tmp_path / "sheet.png"
    assert f"Contact sheet: {sheet}" in _run(tmp_path, "masks", pets, "--sheet", sheet)
    colours = np.asarray(Image.open(sheet)).reshape(-1, 3)
    assert (colours == (0, 220, 255)).all(axis=1).sum() > 1000  # the outlines of four animals at 160 pixels


def test_nothing_is_proposed_if_every_image_has_a_mask(tmp_path: Path) -> None:
    Image.new("L", (4, 4)).save(tmp_path / "a.png")
    (tmp_path / "metadata.csv").write_text("image_id,identity,path,mask\na,fox,a.png,a.png\n")
    assert "nothing to propose" in _run(tmp_path, "masks", tmp_path)
    assert not (tmp_path / ".patternbench").exists()


def test_masks_must_be_proposed_before_they_are_taken(tmp_path: Path, pets: Path) -> None:
    Image.new("L", (40, 30)).save(tmp_path / "0.png")
    with pytest.raises(InputError, match="no mask of pets has this name"):
        _run(tmp_path, "masks", pets, "--take", tmp_path)


def test_import_notes_that_masks_are_approximate(tmp_path: Path) -> None:
    Image.new("L", (4, 4)).save(tmp_path / "a.png")
    (tmp_path / "metadata.csv").write_text("image_id,identity,path,mask\na,fox,a.png,a.png\nb,owl,a.png,a.png\n")
    assert "approximate" not in _run(tmp_path, "import", tmp_path, "--name", "zoo")
    assert "approximate on 2" in _run(tmp_path, "import", tmp_path, "--name", "zoo", "--approximate-masks")
    assert "approximate on 2" in _run(tmp_path, "show", "zoo")


def test_the_command_has_help_with_an_example(tmp_path: Path) -> None:
    output = _run(tmp_path, "masks", "--help")
    assert "For example:" in output
    assert "patternbench data masks" in output


@pytest.mark.shared
def test_real_photos_without_their_masks(tmp_path: Path) -> None:
    """The data set's own masks are approximate too: proposals must agree with them, not be right."""
    header, *lines = (FISH / "metadata.csv").read_text().splitlines()
    sample = [line.rpartition(",") for line in lines[::40]]
    (tmp_path / "fish").mkdir()
    (tmp_path / "fish" / "images").symlink_to(FISH / "images")
    table = [header.rpartition(",")[0], *(row for row, _, _ in sample)]
    (tmp_path / "fish" / "metadata.csv").write_text("\n".join(table) + "\n")
    assert _lines(_run(tmp_path, "masks", tmp_path / "fish"))["proposed"] == "12 now"
    proposed = sorted((tmp_path / "imported" / "region-masks" / "fish").glob("*.png"))
    overlaps = []
    for path, (_, _, mask) in zip(proposed, sorted(sample), strict=True):
        one, other = np.asarray(Image.open(path)) > 0, np.asarray(Image.open(FISH / mask)) > 0
        overlaps.append((one & other).sum() / (one | other).sum())
    assert np.median(overlaps) > 0.7
