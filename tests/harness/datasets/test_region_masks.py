import csv
import hashlib
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from benchmark.data.catalogue import Catalogue, MaskFile, Polygons, Row
from benchmark.data.content_digests import content_digests, original_digests
from benchmark.data.segmentation import region_mask
from benchmark.errors import InputError
from benchmark.protocol import Overrides, read_protocol
from benchmark.records.record import Record
from benchmark.splitting.kinds import draw_split
from benchmark.splitting.split import Split
from harness.contestants import registry as contestants
from harness.datasets.importing import ImportOptions, import_dataset
from harness.datasets.mask_files import COLOURS
from harness.datasets.region_masks import MANIFEST, RegionMasks, masks_folder, set_masks_folder
from harness.datasets.registry import resolve
from harness.execution.runners.base import Outcome, Runner
from harness.execution.spec import DataBundle, RunSpec
from harness.run import bench
from harness.workspace import Workspace
from support.fakes import RecordingListener

WIDTH, HEIGHT = 48, 36


def _animal() -> NDArray[np.bool_]:
    y, x = np.mgrid[:HEIGHT, :WIDTH]
    inside: NDArray[np.bool_] = ((y - 18) / 10) ** 2 + ((x - 24) / 16) ** 2 <= 1
    return inside


def _row(folder: Path, image_id: str, number: int = 0) -> Row:
    """A photo of a red animal on noise of its own."""
    path = folder / f"{number}.png"
    if not path.exists():
        pixels = np.random.default_rng(number).integers(60, 120, (HEIGHT, WIDTH, 3), dtype=np.uint8)
        pixels[_animal()] = (220, 60, 30)
        Image.fromarray(pixels).save(path)
    return Row(image_id, "fox" if number % 2 else "owl", path)


@pytest.fixture
def photos(tmp_path: Path) -> Catalogue:
    return Catalogue("pets", tmp_path, tuple(_row(tmp_path, f"{number}", number) for number in range(5)))


@pytest.fixture
def masks(photos: Catalogue, tmp_path: Path) -> RegionMasks:
    """Masks for all photos, as proposed."""
    masks = RegionMasks(photos, tmp_path / "masks")
    assert masks.propose(2, _silent) == 5
    return masks


def _silent(done: int, total: int) -> None:
    assert done <= total


def _files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.glob("*.png"))}


def _values(path: Path) -> NDArray[np.uint8]:
    return np.asarray(Image.open(path))


def _painted(regions: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.array(COLOURS, np.uint8)[regions]


def test_every_image_gets_a_mask_of_one_channel_and_a_line_in_the_manifest(masks: RegionMasks) -> None:
    with (masks.folder / MANIFEST).open(newline="") as stream:
        lines = list(csv.DictReader(stream))
    assert [line["image_id"] for line in lines] == ["0", "1", "2", "3", "4"]
    assert sorted(line["file"] for line in lines) == masks.files == list(_files(masks.folder))
    for line in lines:
        path = masks.folder / line["file"]
        assert hashlib.sha256(path.read_bytes()).hexdigest() == line["sha256"]
        values = _values(path)
        assert values.shape == (HEIGHT, WIDTH)
        assert set(np.unique(values)) == {0, 1, 2}
        assert ((values > 0) & _animal()).sum() / ((values > 0) | _animal()).sum() > 0.9
        np.testing.assert_array_equal(np.asarray(Image.open(path).convert("RGB")), _painted(values))


def test_existing_masks_are_not_made_again(masks: RegionMasks, photos: Catalogue) -> None:
    before = {path: path.stat().st_mtime_ns for path in masks.folder.iterdir()}
    assert RegionMasks(photos, masks.folder).propose(1, _silent) == 0
    assert {path: path.stat().st_mtime_ns for path in masks.folder.iterdir()} == before


def test_a_deleted_mask_is_made_again(masks: RegionMasks, photos: Catalogue) -> None:
    before = _files(masks.folder)
    (masks.folder / masks.files[0]).unlink()
    again = RegionMasks(photos, masks.folder)
    assert again.propose(1, _silent) == 1
    assert _files(masks.folder) == before
    assert again.corrected == []


def test_an_interrupted_proposal_continues_where_it_stopped(
    photos: Catalogue, masks: RegionMasks, tmp_path: Path
) -> None:
    def interrupt(done: int, total: int) -> None:
        if (done, total) == (2, 5):
            raise KeyboardInterrupt

    folder = tmp_path / "other"
    with pytest.raises(KeyboardInterrupt):
        RegionMasks(photos, folder).propose(1, interrupt)
    assert len(RegionMasks(photos, folder).files) == 2
    progress: list[tuple[int, int]] = []
    RegionMasks(photos, folder).propose(1, lambda done, total: progress.append((done, total)))
    assert progress == [(1, 3), (2, 3), (3, 3)]
    assert _files(folder) == _files(masks.folder)  # made by two workers, without interruption
    assert (folder / MANIFEST).read_bytes() == (masks.folder / MANIFEST).read_bytes()


def test_file_names_are_safe_and_distinct(tmp_path: Path) -> None:
    ids = ("a/b.png", "a-b.png", "../up", "鱼", "x" * 300)
    catalogue = Catalogue("pets", tmp_path, tuple(_row(tmp_path, image_id) for image_id in ids))
    masks = RegionMasks(catalogue, tmp_path / "masks")
    masks.propose(2, _silent)
    names = {path.name for path in (tmp_path / "masks").iterdir()} - {MANIFEST}
    assert len(names) == len(ids)
    assert all(name.isascii() and len(name) < 120 and not name.startswith(".") for name in names)
    assert [row.segmentation is not None for row in masks.attached().rows] == [True] * len(ids)


def test_rows_keep_their_own_masks_and_outlines(tmp_path: Path) -> None:
    own = tmp_path / "own.png"
    Image.fromarray(np.ones((HEIGHT, WIDTH), np.uint8)).save(own)
    outline = Polygons(((4, 4, 30, 4, 30, 30, 4, 30),))
    rows = (
        replace(_row(tmp_path, "masked"), segmentation=MaskFile(own)),
        replace(_row(tmp_path, "outlined"), segmentation=outline),
        replace(_row(tmp_path, "boxed"), box=(6.0, 6.0, 36.0, 24.0)),
    )
    masks = RegionMasks(Catalogue("pets", tmp_path, rows), tmp_path / "masks")
    assert masks.propose(1, _silent) == 2
    masked, outlined, boxed = masks.attached().rows
    assert masked == rows[0]
    assert outlined.approximate
    assert boxed.approximate
    size = (HEIGHT, WIDTH)
    regions = region_mask(outlined, size)
    np.testing.assert_array_equal(regions > 0, region_mask(rows[1], size) > 0)
    assert 0 < (regions == 2).sum() < (regions == 1).sum() * 2
    assert not region_mask(boxed, size)[:, :6].any()


def test_rows_without_a_proposal_have_no_mask(photos: Catalogue, masks: RegionMasks) -> None:
    (masks.folder / masks.files[0]).unlink()
    attached = RegionMasks(photos, masks.folder).attached()
    assert [row.segmentation is None for row in attached.rows].count(True) == 1
    assert not attached.has_regions


def test_a_mask_of_another_box_is_not_used(photos: Catalogue, masks: RegionMasks) -> None:
    moved = replace(photos, rows=(replace(photos.rows[0], box=(1.0, 1.0, 30.0, 30.0)), *photos.rows[1:]))
    assert [row.segmentation is None for row in RegionMasks(moved, masks.folder).attached().rows] == [
        True,
        *[False] * 4,
    ]


def test_regions_are_approximate_until_every_mask_is_corrected(photos: Catalogue, masks: RegionMasks) -> None:
    for number, file in enumerate(masks.files):
        attached = RegionMasks(photos, masks.folder).attached()
        assert (attached.has_regions, attached.approximate_regions) == (True, True)
        assert sum(row.approximate for row in attached.rows) == 5 - number
        values = _values(masks.folder / file).copy()
        values[0, 0] = 1
        Image.fromarray(values).save(masks.folder / file)
    assert masks.corrected == masks.files
    assert not masks.attached().approximate_regions


def test_corrected_masks_are_taken_back_as_values_and_as_colours(masks: RegionMasks, tmp_path: Path) -> None:
    folder = tmp_path / "corrected"
    folder.mkdir()
    (folder / "notes.txt").write_text("mine")
    grey, rgb, rgba, shuffled, same = masks.files
    corrected = {file: np.roll(_values(masks.folder / file), 1, axis=1) for file in masks.files}
    Image.fromarray(corrected[grey]).save(folder / grey)
    Image.fromarray(_painted(corrected[rgb])).save(folder / rgb)
    Image.fromarray(_painted(corrected[rgba])).convert("RGBA").save(folder / rgba)
    other = Image.fromarray(np.array([2, 0, 1], np.uint8)[corrected[shuffled]])  # a program's own order of colours
    other.putpalette([part for colour in (COLOURS[1], COLOURS[2], COLOURS[0]) for part in colour])
    other.save(folder / shuffled)
    Image.open(masks.folder / same).convert("RGB").save(folder / same)
    assert masks.take_back(folder) == 4
    assert masks.corrected == [grey, rgb, rgba, shuffled]
    for file in masks.corrected:
        np.testing.assert_array_equal(_values(masks.folder / file), corrected[file])
    assert masks.take_back(folder) == 0


def test_indexed_images_with_other_colours_are_read_by_their_values(masks: RegionMasks, tmp_path: Path) -> None:
    file = masks.files[0]
    values = np.flipud(_values(masks.folder / file))
    image = Image.fromarray(values)
    image.putpalette([0, 0, 0, 128, 128, 128, 255, 255, 255])
    (tmp_path / "corrected").mkdir()
    image.save(tmp_path / "corrected" / file)
    assert masks.take_back(tmp_path / "corrected") == 1
    np.testing.assert_array_equal(_values(masks.folder / file), values)


def _wrong_value(path: Path) -> None:
    Image.fromarray(np.full((HEIGHT, WIDTH), 3, np.uint8)).save(path)


def _wrong_colour(path: Path) -> None:
    image = Image.new("RGB", (WIDTH, HEIGHT))
    image.putpixel((7, 5), (0, 110, 128))
    image.save(path)


def _wrong_size(path: Path) -> None:
    Image.new("L", (HEIGHT, WIDTH)).save(path)


def _grey_and_alpha(path: Path) -> None:
    Image.new("LA", (WIDTH, HEIGHT)).save(path)


def _broken(path: Path) -> None:
    path.write_bytes(b"PNG")


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (_wrong_value, "the mask holds the value 3; allowed are 0, 1, 2"),
        (_wrong_colour, r"x = 7, y = 5 has the colour \(0, 110, 128\).*\(0, 220, 255\) animal.*hard brush"),
        (_wrong_size, "36 x 48 pixels .*has 48 x 36"),
        (_grey_and_alpha, "one channel, this one has the mode LA"),
        (_broken, "not a readable PNG"),
    ],
)
def test_a_png_that_is_no_mask_is_refused_and_nothing_is_replaced(
    masks: RegionMasks, tmp_path: Path, spoil: Callable[[Path], None], message: str
) -> None:
    folder = tmp_path / "corrected"
    folder.mkdir()
    before = _files(masks.folder)
    first, *_, last = masks.files
    Image.new("L", (WIDTH, HEIGHT)).save(folder / first)
    spoil(folder / last)
    with pytest.raises(InputError, match=f"{last}: .*{message}"):
        masks.take_back(folder)
    assert _files(masks.folder) == before


def test_an_unknown_name_is_refused(masks: RegionMasks, tmp_path: Path) -> None:
    (tmp_path / "corrected").mkdir()
    Image.new("L", (WIDTH, HEIGHT)).save(tmp_path / "corrected" / "mine.png")
    with pytest.raises(InputError, match=r"mine\.png: no mask of pets has this name.*patternbench data masks"):
        masks.take_back(tmp_path / "corrected")


@pytest.mark.parametrize("name", ["", "nowhere"])
def test_a_folder_without_masks_is_refused(masks: RegionMasks, tmp_path: Path, name: str) -> None:
    (tmp_path / "corrected").mkdir()
    with pytest.raises(InputError, match="is no folder with PNG files"):
        masks.take_back(tmp_path / "corrected" / name)


def test_masks_corrected_in_place_are_checked_and_colours_become_values(masks: RegionMasks) -> None:
    first, second, *_ = (masks.folder / file for file in masks.files)
    regions = np.fliplr(_values(first))
    Image.fromarray(_painted(regions)).save(first)
    masks.check()
    np.testing.assert_array_equal(_values(first), regions)
    assert masks.corrected == [first.name]
    _wrong_value(second)
    with pytest.raises(InputError, match=f"{second.name}: the mask holds the value 3"):
        masks.check()
    _broken(second)
    (masks.folder.parent / "corrected").mkdir()
    Image.fromarray(regions).save(masks.folder.parent / "corrected" / second.name)
    assert masks.take_back(masks.folder.parent / "corrected") == 1  # a good one replaces a broken one


def test_an_unusable_photo_box_or_folder_is_refused(tmp_path: Path) -> None:
    outside = replace(_row(tmp_path, "out"), box=(99.0, 0.0, 5.0, 5.0))
    with pytest.raises(InputError, match=r"No mask for image_id 'out' .*0\.png.*no pixel in the photo"):
        RegionMasks(Catalogue("pets", tmp_path, (outside,)), tmp_path / "masks").propose(1, _silent)
    (tmp_path / "9.png").write_bytes(b"no photo")
    with pytest.raises(InputError, match=r"9\.png: the photo cannot be read"):
        RegionMasks(Catalogue("pets", tmp_path, (_row(tmp_path, "x", 9),)), tmp_path / "masks").propose(1, _silent)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"cannot be written .*--output"):
        RegionMasks(Catalogue("pets", tmp_path, (_row(tmp_path, "y"),)), tmp_path / "file").propose(1, _silent)


def test_a_correction_survives_the_loss_of_the_manifest(photos: Catalogue, masks: RegionMasks) -> None:
    file = masks.files[0]
    Image.fromarray(np.fliplr(_values(masks.folder / file))).save(masks.folder / file)
    before = _files(masks.folder)
    (masks.folder / MANIFEST).unlink()
    again = RegionMasks(photos, masks.folder)
    assert again.propose(1, _silent) == 0
    assert (again.corrected, _files(masks.folder)) == ([file], before)


@pytest.mark.parametrize("text", ["file,sha256\n", "image_id,file,sha256\n0,a.png\n", ""])
def test_an_unreadable_manifest_is_reported(photos: Catalogue, tmp_path: Path, text: str) -> None:
    (tmp_path / MANIFEST).write_text(text)
    with pytest.raises(InputError, match=r"manifest\.csv: not a table with the columns image_id, file, sha256"):
        RegionMasks(photos, tmp_path)


def test_the_chosen_folder_is_noted(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    assert masks_folder("pets", workspace) == workspace.region_masks / "pets"
    folder = tmp_path / "my masks"
    assert set_masks_folder("pets", workspace, folder) == folder
    assert masks_folder("pets", workspace) == folder
    folder.rmdir()
    with pytest.raises(InputError, match=r"which is gone. Put it back, or delete .*pets\.toml"):
        masks_folder("pets", workspace)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match=r"file: cannot be written .*--output"):
        set_masks_folder("pets", workspace, tmp_path / "file")


def test_a_data_set_is_opened_with_the_masks_proposed_for_it(tmp_path: Path) -> None:
    for identity in ("fox", "owl"):
        (tmp_path / "pets" / identity).mkdir(parents=True)
        _row(tmp_path / "pets" / identity, "")
    workspace = Workspace(tmp_path / "checkout")
    original = resolve(str(tmp_path / "pets"), workspace)
    assert not original.has_regions
    RegionMasks(original, masks_folder(original.name, workspace)).propose(1, _silent)
    with_masks = resolve(str(tmp_path / "pets"), workspace)
    assert (with_masks.has_regions, with_masks.approximate_regions) == (True, True)
    import_dataset(tmp_path / "pets", workspace)
    assert resolve("pets", workspace).approximate_regions


def test_an_imported_data_set_notes_that_its_masks_are_approximate(tmp_path: Path) -> None:
    own, folder = Workspace(tmp_path / "checkout"), tmp_path / "pets"
    folder.mkdir()
    _row(folder, "")
    Image.new("L", (WIDTH, HEIGHT)).save(folder / "mask.png")
    (folder / "metadata.csv").write_text("image_id,identity,path,mask\na,fox,0.png,mask.png\nb,owl,0.png,\n")
    assert not import_dataset(folder, own).catalogue.approximate_regions
    assert not resolve("pets", own).approximate_regions
    assert import_dataset(folder, own, options=ImportOptions(approximate_masks=True)).catalogue.approximate_regions
    assert [row.approximate for row in resolve("pets", own).rows] == [True, False]  # b has no mask
    note = own.datasets / "pets.toml"
    older = [line for line in note.read_text().splitlines() if "approximate" not in line]
    note.write_text("\n".join(older))
    assert not resolve("pets", own).approximate_regions


def _split(catalogue: Catalogue) -> Split:
    return draw_split("random", catalogue, original_digests(catalogue.rows, content_digests(catalogue.rows)), 0)


def _bench(catalogue: Catalogue, split: Split, checkout: Path) -> Record:
    here = Workspace.here()
    protocol = read_protocol("quick", here.protocols)
    spec = RunSpec(
        backbone=contestants.find("pixels", here),
        data=DataBundle(catalogue, split),
        protocol=protocol.resolve("pixels", Overrides()),
        rules=protocol.rules,
        weights={},
        own_files=frozenset(),
        device="cpu",
        workers=1,
    )
    return bench(spec, Workspace(checkout), _Broken(), RecordingListener())


class _Broken(Runner):
    """A runner whose jobs all crash."""

    name = "process"

    def use_gpu(self) -> None: ...

    def prepare(self, *_: object) -> str:
        return "c0de"

    def describe(self, *_: object) -> tuple[Outcome, str]:
        raise AssertionError("a bench never asks for a description")

    def run(self, *_: object) -> Outcome:
        return Outcome("crash", "planted")

    def run_program(self, *_: object) -> Outcome:
        raise AssertionError("a bench without published weights runs no program but jobs")

    def cancel(self) -> None: ...


@pytest.fixture
def many(tmp_path: Path) -> Catalogue:
    return Catalogue("pets", tmp_path, tuple(_row(tmp_path, f"{number:02}", number) for number in range(40)))


def test_a_record_states_that_region_masks_are_approximate(many: Catalogue, tmp_path: Path) -> None:
    masks = RegionMasks(many, tmp_path / "masks")
    masks.propose(2, _silent)
    catalogue = masks.attached()
    split = _split(many)
    approximate = _bench(catalogue, split, tmp_path / "checkout")
    assert (approximate.status, approximate.approximate_regions) == ("crash", True)
    reviewed = replace(catalogue, rows=tuple(replace(row, approximate=False) for row in catalogue.rows))
    exact = _bench(reviewed, split, tmp_path / "checkout")
    assert not exact.approximate_regions
    assert exact.key != approximate.key


def test_a_split_stays_valid_when_masks_are_proposed_and_corrected(many: Catalogue, tmp_path: Path) -> None:
    split = _split(many)
    masks = RegionMasks(many, tmp_path / "masks")
    masks.propose(2, _silent)
    assert _split(masks.attached()) == split
    before = _bench(masks.attached(), split, tmp_path / "checkout")
    path = masks.folder / masks.files[0]
    Image.fromarray(np.flipud(np.roll(_values(path), 3))).save(path)
    after = _bench(masks.attached(), split, tmp_path / "checkout")
    assert after.provenance.split == before.provenance.split
    assert after.provenance.data != before.provenance.data
    Image.new("RGB", (WIDTH, HEIGHT)).save(many.rows[0].path)
    with pytest.raises(InputError, match="have other pixels, boxes or masks"):
        _bench(masks.attached(), split, tmp_path / "checkout")
