"""The shortcut calibration: what its data sets share and where they differ, and the command from data to page."""

import csv
import json
import subprocess
from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.ndimage import binary_dilation, binary_erosion
from typer.testing import CliRunner

from benchmark.data.content_digests import content_digests
from benchmark.data.crops import crops
from benchmark.errors import InputError
from benchmark.records.provenance import Experiment
from benchmark.records.record import Record
from benchmark.synth import swim
from benchmark.synth.dataset import draw_frames
from benchmark.synth.scene import FishAnnotation
from benchmark.synth.settings import SynthSettings
from benchmark.synth.shortcut import MIN_FRAMES, STEP, Calibration
from benchmark.vocabulary import SPLIT_PARTS
from harness.cli.app import app
from harness.execution.spec import DataBundle
from harness.execution.store import Store
from harness.experiments import check_strengths, shortcut_data
from harness.workspace import Workspace
from leaderboard.render import PAGES
from support.checkout import copy_pages, link, patternbench, write_plain, write_tiny
from support.records import read_all
from support.tables import without_runs

pytestmark = pytest.mark.xdist_group("umap")
DESIGN = Calibration(frames=MIN_FRAMES, seed=3)
SMALL = SynthSettings(frames_per_video=(48, 1), seed=5, width=320, height=180)
Views = dict[int, tuple[NDArray[np.uint8], NDArray[np.uint8], dict[int, FishAnnotation]]]


def views(shortcut: float) -> Views:
    """Some frames of the first video: photo, mask, and the annotation of each fish."""
    frames = range(10, 48, 5)
    scenes = draw_frames(replace(SMALL, shortcut=shortcut), frames)
    return {frame: (photo, mask, fish) for frame, (_, photo, mask, fish) in zip(frames, scenes, strict=False)}


def test_the_same_fish_is_drawn_elsewhere_and_nothing_else_changes() -> None:
    """Where a fish is at the same place in both worlds its pixels are the same; elsewhere its shape and its stripes."""
    low, high = views(0.4), views(1)
    poses = {s: [swim.poses(replace(SMALL, shortcut=s), 0, fish) for fish in range(3)] for s in (0.4, 1)}
    same = moved = 0
    for frame, fish in product(low, range(3)):
        (photo_a, mask_a, fish_a), (photo_b, mask_b, fish_b) = low[frame], high[frame]
        number = fish + 1
        if fish_a[number].occluded or fish_b[number].occluded:
            continue
        body_a, body_b = (np.where(mask // 10 == number, mask % 10, 0) for mask in (mask_a, mask_b))
        if poses[0.4][fish][frame] == poses[1][fish][frame]:
            same += 1
            np.testing.assert_array_equal(body_a, body_b)
            inside = binary_erosion(body_a > 0, iterations=2)
            assert inside.any()
            assert np.abs(photo_a[inside].astype(int) - photo_b[inside]).max() <= 8  # what shimmers through
        else:
            moved += 1
            for region in (1, 2):
                area_a, area_b = (np.count_nonzero(body == region) for body in (body_a, body_b))
                assert area_a == pytest.approx(area_b, rel=0.06)
            mean_a, mean_b = (photo[body == 2].mean(axis=0) for photo, body in ((photo_a, body_a), (photo_b, body_b)))
            np.testing.assert_allclose(mean_a, mean_b, atol=6)
    assert same >= 3
    assert moved >= 3


def test_the_tank_does_not_depend_on_the_shortcut() -> None:
    low, high = views(0), views(1)
    for frame, (photo, mask, _) in low.items():
        water = ~binary_dilation((mask > 0) | (high[frame][1] > 0), iterations=12)
        assert water.mean() > 0.3
        np.testing.assert_array_equal(photo[water], high[frame][0][water])


def test_frames_that_are_left_out_change_no_other() -> None:
    settings = replace(SMALL, frames_per_video=(4, 2))
    every = {name: photo for name, photo, _, _ in draw_frames(settings)}
    some = {name: photo for name, photo, _, _ in draw_frames(settings, {1, 3})}
    assert list(some) == ["Vid1_0002.png", "Vid1_0004.png", "Vid2_0002.png"]
    for name, photo in some.items():
        np.testing.assert_array_equal(photo, every[name])


@pytest.mark.parametrize("count", [MIN_FRAMES, 37, 101, 144])
def test_parts_follow_each_other_with_a_stretch_between_them(count: int) -> None:
    parts = Calibration(frames=count).parts
    spans = [[frame for frame, part in parts.items() if part == name] for name in SPLIT_PARTS]
    assert all(spans)
    assert set(np.diff(list(parts))) == {STEP, STEP + swim.STRETCH}
    for before, after in pairwise(spans):
        assert max(before) + swim.STRETCH < min(after)
    drawn = len(parts) + 2 * swim.STRETCH // STEP
    assert drawn == count
    train, _, test = map(len, spans)
    assert train > test


def test_the_parts_of_the_default() -> None:
    counts = [list(Calibration().parts.values()).count(part) for part in SPLIT_PARTS]
    assert counts == [64, 28, 44]


@pytest.mark.parametrize(
    ("frames_drawn", "seed", "complaint"), [(35, 1, "frames is 35; give 36 or more"), (36, -1, "seed is -1")]
)
def test_a_design_that_cannot_be_is_refused(frames_drawn: int, seed: int, complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        Calibration(frames_drawn, seed)


def test_strengths_come_in_order() -> None:
    assert check_strengths([1, 0.25, -0.0]) == [0, 0.25, 1]
    assert str(check_strengths([-0.0])[0]) == "0.0"


@pytest.mark.parametrize(
    ("strengths", "complaint"),
    [
        ([0.5, 1.01], r"strength 1\.01 is not a number from 0"),
        ([-0.1], r"strength -0\.1 is not a number from 0"),
        ([float("nan")], "strength nan is not a number from 0"),
        ([float("inf")], "strength inf is not a number from 0"),
        ([0.5, 0, 0.50], r"strength 0\.5 is given 2 times"),
        ([0, -0.0], "is given 2 times"),
    ],
)
def test_wrong_strengths_are_refused(strengths: list[float], complaint: str) -> None:
    with pytest.raises(InputError, match=complaint):
        check_strengths(strengths)


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A small checkout of the project with one contestant that needs numpy alone."""
    root = tmp_path_factory.mktemp("study")
    copy_pages(root)
    link(root, "benchmark/protocols", "backbones/kit", "backbones/__init__.py")
    write_plain(root, capabilities=("train:shallow",))
    write_tiny(root, images=36, images_per_individual=300)
    return Workspace(root)


@pytest.fixture(scope="module")
def bundles(workspace: Workspace) -> dict[float, DataBundle]:
    return {strength: shortcut_data(DESIGN, strength, workspace, lambda *_: None) for strength in (0.0, 1.0)}


def of_part(data: DataBundle, part: str) -> list[str]:
    return [row.image_id for row in data.split.rows if row.part == part]


def test_the_test_images_are_the_same_byte_for_byte(bundles: dict[float, DataBundle]) -> None:
    clean, misled = bundles[0], bundles[1]
    assert of_part(clean, "test") == of_part(misled, "test")
    assert clean.split.ids("classify", "test") == misled.split.ids("classify", "test")
    tested = {row.sha256 for row in clean.split.rows if row.part == "test"}
    assert tested == {row.sha256 for row in misled.split.rows if row.part == "test"}
    for row in clean.catalogue.rows:
        if row.image_id in of_part(clean, "test"):
            other = misled.catalogue.root / "data" / row.path.name
            assert row.path.read_bytes() == other.read_bytes()
    longest = max(
        max(row.box[2:]) for row in clean.catalogue.rows if row.box and row.image_id in of_part(clean, "test")
    )
    assert clean.catalogue.crop_side == misled.catalogue.crop_side == longest + longest % 2
    first = of_part(clean, "test")[0]
    shown = [
        next(crops([row], 64, one.catalogue.crop_side))
        for one in (clean, misled)
        for row in one.catalogue.rows
        if row.image_id == first
    ]
    np.testing.assert_array_equal(shown[0].image, shown[1].image)


def test_the_training_images_carry_the_shortcut_and_the_test_images_do_not(bundles: dict[float, DataBundle]) -> None:
    for strength, part in product(bundles, SPLIT_PARTS):
        rows = [
            row for row in bundles[strength].catalogue.rows if row.image_id in set(of_part(bundles[strength], part))
        ]
        home = []
        for row in rows:
            assert row.box is not None
            zone = (row.box[0] + row.box[2] / 2) / DESIGN.settings(0).width * 3
            home.append(int(zone) == (int(row.identity[-1]) - 1) % 3)
        if strength == 1 and part != "test":
            assert all(home)
        else:
            assert np.mean(home) < 0.65
    contents = [{row.image_id: row.sha256 for row in one.split.rows if row.part == "train"} for one in bundles.values()]
    shared = set(contents[0]) & set(contents[1])
    assert shared
    assert all(contents[0][image_id] != contents[1][image_id] for image_id in shared)


def test_the_split_is_that_of_the_frames_and_fits_the_data(bundles: dict[float, DataBundle]) -> None:
    for one in bundles.values():
        assert one.split.name == "clean-test"
        frame_of = {row.image_id: int(row.groups["frame"]) - 1 for row in one.catalogue.rows}
        assert {row.part for row in one.split.rows} == set(SPLIT_PARTS)
        assert all(DESIGN.parts[frame_of[row.image_id]] == row.part for row in one.split.rows)
        assert {row.image_id: row.sha256 for row in one.split.rows} == content_digests(one.catalogue.rows)


def test_a_data_set_is_made_once(bundles: dict[float, DataBundle], workspace: Workspace) -> None:
    def never(done: int, total: int) -> None:
        pytest.fail(f"drew frame {done} of {total}")

    assert shortcut_data(DESIGN, 1.0, workspace, never) == bundles[1]
    assert bundles[1].catalogue.name == "shortcut-1"
    assert bundles[1].experiment == Experiment(name="shortcut", strength=1, frames=MIN_FRAMES, seed=3)


def test_an_interrupted_data_set_leaves_nothing_behind(tmp_path: Path) -> None:
    def interrupt(*_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shortcut_data(DESIGN, 1.0, Workspace(tmp_path), interrupt)
    Store(tmp_path / ".patternbench")
    assert list((tmp_path / ".patternbench").glob("*/*")) == []


PUBLISHED = """
name = "published"
title = "Published"
paper = "none"
licence = "Apache-2.0"
capabilities = ["train:shallow"]
input = {}
[[weights]]
name = "photos"
role = "encoder"
licence = "Apache-2.0"
address = "https://example.org/photos.safetensors"
file = "photos.safetensors"
sha256 = ""
"""


def experiment(workspace: Workspace, *arguments: str) -> subprocess.CompletedProcess[str]:
    return patternbench(workspace, "experiment", "shortcut", "--device", "cpu", *arguments)


@pytest.mark.e2e
@pytest.mark.timeout(600)
def test_the_command_runs_every_strength_and_makes_its_page_alone(
    bundles: dict[float, DataBundle], workspace: Workspace
) -> None:
    design = ("--frames", str(MIN_FRAMES), "--data-seed", "3", "--strength", "1", "--strength", "0")
    chosen = ("--protocol", str(workspace.root / "tiny.toml"), "--runner", "process")
    before = {page: (workspace.root / page).read_text() for page in PAGES}
    done = experiment(workspace, "plain", *design, *chosen, "--tables")
    assert done.returncode == 0, done.stderr
    assert "Drew" not in done.stderr  # both data sets were there
    records = read_all(workspace.leaderboard / "records")
    assert {record.experiment for record in records} == {one.experiment for one in bundles.values()}
    for record in records:
        assert record.audit is not None
        assert record.audit.faults == ()
        assert record.test_images is not None
        assert len(record.test_images.labels) == len(bundles[0].split.ids("classify", "test"))
        last = record.classification["shallow"].validation[-1]
        assert record.validation["shallow"]["all"].accuracy == last.accuracy
        assert record.validation["shallow"]["background"].accuracy == background_accuracy(workspace, record)
    page = (workspace.leaderboard / "shortcut.md").read_text()
    assert [
        row.split("|")[4].strip() for row in without_runs(page).splitlines() if row.startswith("| Mean colours")
    ] == [
        "0.00",
        "1.00",
    ]
    for name in PAGES:
        if name != "leaderboard/shortcut.md":
            assert "Mean colours" not in (workspace.root / name).read_text(), name
    assert page != before["leaderboard/shortcut.md"]
    (figure,) = (workspace.leaderboard / "figures").glob("*.png")
    assert f"figures/{figure.name}" in page
    assert [line.split()[0] for line in done.stdout.splitlines()[:3]] == ["plain", "plain", "Tables"]
    assert "| Mean colours" in done.stdout
    assert "![" not in done.stdout


def background_accuracy(workspace: Workspace, record: Record) -> float:
    """On the validation images after the last epoch, from what the stage and the pack wrote."""
    stages = workspace.store / "stages"
    (stage,) = stages.glob(f"*-{record.provenance.stages['classify-shallow-background'].key[:32]}")
    answers = np.load(stage / "out" / "validation_logits.npy")[-1].argmax(axis=1)
    notes = {path.parent: json.loads(path.read_text()) for path in stages.glob("pack-*/stage.json")}
    (pack,) = [
        path for path, note in notes.items() if (note["dataset"], note["pack"]) == (record.dataset, "train-background")
    ]
    with (pack / "table.csv").open(newline="") as file:
        labels = [int(row["label"]) for row in csv.DictReader(file) if row["split"] == "val"]
    return float(np.mean(answers == np.array(labels)))


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["plain", "--strength", "2"], r"The strength 2\.0 is not a number from 0"),
        (["plain", "--strength", "nan"], "The strength nan is not a number from 0"),
        (["plain", "--frames", "7"], "frames is 7; give 36 or more"),
        (["plain", "--all"], "Name the backbones to run, or use --all"),
        (["plane"], "Did you mean 'plain'"),
        (["plain", "published", "--init", "published"], "weights fetch published"),
    ],
)
def test_a_wrong_value_is_refused_before_a_frame_is_drawn(
    workspace: Workspace, arguments: list[str], complaint: str
) -> None:
    published = workspace.backbones / "published" / "backbone.toml"
    published.parent.mkdir(exist_ok=True)
    published.write_text(PUBLISHED)
    command = ["--root", str(workspace.root), "experiment", "shortcut", *arguments]
    with pytest.raises(InputError, match=complaint):
        CliRunner().invoke(app, command, catch_exceptions=False)
