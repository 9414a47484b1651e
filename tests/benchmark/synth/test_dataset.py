import csv
import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

import benchmark
from benchmark.errors import InputError
from benchmark.synth import SynthSettings, generate
from benchmark.synth.dataset import draw_frames
from benchmark.synth.settings import SHIPPED

Generated = tuple[Path, list[tuple[int, int]]]

TINY = SynthSettings(frames_per_video=(3, 2), seed=9, width=240, height=136, shortcut=0.5)
SHIPPED_FOLDER = Path(benchmark.__file__).parent / "datasets" / "zebrafish-synth"


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> Generated:
    folder = tmp_path_factory.mktemp("synth") / "set"
    steps = []
    generate(TINY, folder, progress=lambda done, total: steps.append((done, total)))
    return folder, steps


def _rows(folder: Path) -> list[dict[str, str]]:
    with (folder / "annotations.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=";"))


def _box(row: dict[str, str]) -> tuple[int, ...]:
    return tuple(int(row[f"{corner} corner {axis}"]) for corner in ("Upper left", "Lower right") for axis in "XY")


def _flags(rows: list[dict[str, str]]) -> NDArray[np.int_]:
    return np.array([[int(v) for v in row["Right,Turning,Occlusion,Glitch"].split(",")] for row in rows])


def _mask_boxes(folder: Path, row: dict[str, str]) -> tuple[int, ...]:
    """Bounding box of the visible pixels of a row's fish."""
    mask = np.asarray(Image.open(folder / "masks" / row["Filename"]))
    y, x = np.nonzero(mask // 10 == int(row["Object ID"]))
    return (x.min(), y.min(), x.max() + 1, y.max() + 1)


def test_the_layout_is_that_of_the_real_set(generated: Generated) -> None:
    folder, _ = generated
    lines = (folder / "annotations.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == (
        "Filename;Object ID;Annotation tag;Upper left corner X;Upper left corner Y;Lower right corner X;"
        "Lower right corner Y;Right,Turning,Occlusion,Glitch;Buffer;;"
    )
    assert all(line.count(";") == lines[0].count(";") for line in lines)
    names = ["Vid1_0001.png", "Vid1_0002.png", "Vid1_0003.png", "Vid2_0001.png", "Vid2_0002.png"]
    for part, mode in (("data", "RGB"), ("masks", "L")):
        assert sorted(path.name for path in (folder / part).iterdir()) == names
        for name in names:
            with Image.open(folder / part / name) as image:
                assert (image.size, image.mode) == ((240, 136), mode)


def test_progress_counts_the_frames(generated: Generated) -> None:
    assert generated[1] == [(done, 5) for done in range(1, 6)]


def test_identity_is_nested_in_video(generated: Generated) -> None:
    rows = _rows(generated[0])
    assert len(rows) == 15
    for row in rows:
        assert row["Object ID"] in {"Vid1": "123", "Vid2": "456"}[row["Filename"].split("_")[0]]


def test_the_set_is_described(generated: Generated) -> None:
    facts = json.loads((generated[0] / "synth.json").read_text(encoding="utf-8"))
    assert facts["annotations"] == 15
    assert facts["licence"] == "CC0-1.0"
    assert SynthSettings(**{**facts["settings"], "frames_per_video": (3, 2)}) == TINY
    assert "patternbench data synth" in (generated[0] / "README.md").read_text(encoding="utf-8")


def test_the_same_seed_gives_the_same_set_and_fewer_frames_its_start(generated: Generated) -> None:
    folder, _ = generated
    few = {frame.file_name: frame for frame in draw_frames(replace(TINY, frames_per_video=(2, 1)))}
    assert list(few) == ["Vid1_0001.png", "Vid1_0002.png", "Vid2_0001.png"]
    boxes = {(row["Filename"], int(row["Object ID"])): _box(row) for row in _rows(folder)}
    for name, frame in few.items():
        np.testing.assert_array_equal(frame.photo, np.asarray(Image.open(folder / "data" / name)))
        np.testing.assert_array_equal(frame.mask, np.asarray(Image.open(folder / "masks" / name)))
        expected = {object_id: box for (file_name, object_id), box in boxes.items() if file_name == name}
        assert {object_id: fish.box for object_id, fish in frame.annotations.items()} == expected


def test_another_seed_gives_another_set(generated: Generated) -> None:
    _, photo, _, _ = next(draw_frames(replace(TINY, seed=10, frames_per_video=(1, 1))))
    assert np.abs(photo - np.asarray(Image.open(generated[0] / "data" / "Vid1_0001.png"), dtype=float)).mean() > 1


def test_a_folder_with_a_set_is_left_alone(generated: Generated) -> None:
    with pytest.raises(InputError, match="already holds a data set"):
        generate(TINY, generated[0])


@pytest.mark.parametrize("below", ["", "deep/er"])
def test_a_file_in_the_folder_s_place_is_refused(below: str, tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("mine")
    with pytest.raises(InputError, match=r"notes.* cannot be a folder: (File exists|Not a directory)"):
        generate(SynthSettings(frames_per_video=(1, 1)), tmp_path / "notes" / below)
    assert (tmp_path / "notes").read_text() == "mine"


def test_the_shipped_set_is_small_and_complete() -> None:
    files = [path for path in SHIPPED_FOLDER.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) <= 8e6
    rows = _rows(SHIPPED_FOLDER)
    facts = json.loads((SHIPPED_FOLDER / "synth.json").read_text(encoding="utf-8"))
    assert facts["annotations"] == len(rows) == 3 * sum(SHIPPED.frames_per_video)
    assert facts["settings"] == json.loads(json.dumps(asdict(SHIPPED)))
    for part in ("data", "masks"):
        assert {path.name for path in (SHIPPED_FOLDER / part).iterdir()} == {row["Filename"] for row in rows}


def test_the_shipped_set_is_what_the_code_makes() -> None:
    """Within rounding, for another processor may add in another order."""
    name, photo, mask, _ = next(draw_frames(SHIPPED))
    shipped = np.asarray(Image.open(SHIPPED_FOLDER / "data" / name), dtype=float)
    assert np.abs(photo - shipped).mean() < 0.1
    assert np.mean(mask != np.asarray(Image.open(SHIPPED_FOLDER / "masks" / name))) < 1e-3


def test_shipped_boxes_match_the_masks() -> None:
    rows = _rows(SHIPPED_FOLDER)
    for row, (_, _, occluded, _) in zip(rows[::5], _flags(rows)[::5], strict=True):
        box, visible = np.array(_box(row)), np.array(_mask_boxes(SHIPPED_FOLDER, row))
        assert np.all(box[:2] <= visible[:2])
        assert np.all(visible[2:] <= box[2:])
        if not occluded:
            assert np.abs(box - visible).max() <= 12


def test_shipped_masks_hold_both_regions_of_three_fish() -> None:
    for name in ("Vid1_0001.png", "Vid2_0040.png"):
        mask = np.asarray(Image.open(SHIPPED_FOLDER / "masks" / name))
        base = 0 if name.startswith("Vid1") else 3
        assert set(np.unique(mask)) == {
            0,
            *(10 * (base + n) + region for n in (1, 2, 3) for region in (1, 2)),
        }


def test_shipped_flags_are_as_in_the_real_set() -> None:
    rows = _rows(SHIPPED_FOLDER)
    right, turning, occluded, glitch = _flags(rows).T
    assert 0.4 < right.mean() < 0.6
    assert 0.8 <= np.mean((turning == 0) & (occluded == 0)) <= 0.87
    assert turning.any()
    assert occluded.any()
    assert not glitch.any()
    width = np.array([_box(row)[2] - _box(row)[0] for row in rows])
    assert 80 < np.median(width[(turning == 0) & (occluded == 0)]) < 115
