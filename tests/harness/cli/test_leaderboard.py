import subprocess
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner, Result

from benchmark.errors import InputError, RunError
from benchmark.records.classification import TestImages
from benchmark.records.clustering import ProjectedImages
from benchmark.records.files import write_record
from benchmark.records.record import Record
from harness.cli.leaderboard import app
from harness.workspace import Workspace
from leaderboard.render import PAGES
from support.commands import output_of
from support.figures import followed
from support.records import blank_record

pytestmark = pytest.mark.usefixtures("own_git")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A clone whose pages have empty blocks, with a remote beside it."""
    root = tmp_path / "clone"
    for name, page in PAGES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(f"<!-- begin table: {page.block} -->\n<!-- end table: {page.block} -->\n")
    for command in (
        "init --quiet --bare ../remote.git",
        "init --quiet",
        "add .",
        "commit --quiet -m Begin",
        "remote add origin ../remote.git",
    ):
        subprocess.run(["git", *command.split()], cwd=root, check=True)
    return root


def run(root: Path, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--root", str(root)])


def test_render_then_check(root: Path) -> None:
    assert run(root, "render").output.count("tables rendered") == len(PAGES)
    assert "already show" in run(root, "render").output
    assert run(root, "check").exit_code == 0


def test_a_copy_under_another_contestant_s_name_fails(root: Path) -> None:
    for name in ("lama", "stranger"):
        write_record(blank_record(backbone=name, dataset="zebrafish-synth"), root / "leaderboard" / "records")
    run(root, "render")
    result = run(root, "check")
    assert result.exit_code == 1
    assert "stranger-" in str(result.exception)
    assert "of the same run as leaderboard/records/zebrafish-synth/" in str(result.exception)


@pytest.mark.parametrize("command", ["check", "publish"])
def test_stale_tables_fail_with_the_fix(root: Path, command: str) -> None:
    result = run(root, command)
    assert result.exit_code == 1
    assert isinstance(result.exception, RunError)
    for name in PAGES:
        assert f"{name}, line 2: " in str(result.exception)
    assert "patternbench leaderboard render" in str(result.exception)


def test_publish_pushes_only_with_push(root: Path) -> None:
    run(root, "render")
    dry = run(root, "publish")
    assert "M README.md" in dry.output
    assert f"Would push {len(PAGES)} files as one commit onto origin/leaderboard" in dry.output
    assert f"Would push {len(PAGES)} files" in run(root, "publish").output
    assert f"Pushed {len(PAGES)} files" in run(root, "publish", "--push").output
    assert "Nothing to publish" in run(root, "publish", "--push").output


CATS = ("Chui", "Duma", "Simba")


@pytest.fixture
def leopards(root: Path) -> Record:
    """The record of a run on one's own data, with a picture and predictions beside it."""
    test = {"accuracy": 1, "recall": 1, "f1": 1, "images": 12}
    told = {"answers": (0, 1, 2) * 4, "confidences": (1.0,) * 12, "individual_recall": (1, 1, 1)}
    classified = followed([0.5], [(None, None, 0.25)], test=test, **told)
    record = blank_record(
        key="5" * 64,
        dataset="leopards",
        individuals=3,
        candidate_count=3,
        classification={"deep": classified, "shallow": classified},
        test_images=TestImages(
            labels=(0, 1, 2) * 4, groups=tuple(range(12)), by="images", identities=CATS, train_images=(1, 1, 1)
        ),
        validation_images={"by": "images"},
        projected_images=ProjectedImages(rows=(0, 1), recordings=("Chui at the river", "Duma")),
    )
    home = Workspace(root).results("leopards")
    path = write_record(record, home.records)
    Image.new("RGB", (8, 8)).save(path.with_name(f"{path.stem}-focus.png"))
    for private in (home.newest_predictions, home.splits / "random.csv"):
        private.parent.mkdir(exist_ok=True)
        private.write_text("Chui/1.jpg,Chui\n")
    return record


def published(root: Path) -> dict[str, bytes]:
    """The files of the published branch, by path."""
    git = ["git", "--git-dir", str(root.parent / "remote.git")]
    names = subprocess.run([*git, "ls-tree", "-r", "--name-only", "leaderboard"], capture_output=True, check=True)
    return {
        name: subprocess.run([*git, "show", f"leaderboard:{name}"], capture_output=True, check=True).stdout
        for name in names.stdout.decode().splitlines()
    }


@pytest.mark.usefixtures("leopards")
def test_own_results_stay_here_unless_they_are_named(root: Path) -> None:
    run(root, "render")
    assert "leopards" not in run(root, "publish", "--push").output
    assert not any("leopards" in name for name in published(root))
    included = run(root, "publish", "--include", "leopards", "--push").output
    assert (
        "the names of 3 individuals (Chui, Duma, Simba): everyone with access to the remote can read the names"
        in included
    )
    files = published(root)
    assert b"Simba" in files["results/leopards/individuals.md"]
    assert not any("predictions" in name or "splits" in name for name in files)


def test_anonymised_results_hold_no_name(root: Path, leopards: Record) -> None:
    run(root, "render")
    run(root, "publish", "--include", "leopards", "--push")
    named = published(root)
    output = run(root, "publish", "--include", "leopards", "--anonymise", "--push").output
    assert "they are called individual-001 and so on" in output
    files = published(root)
    assert set(files) == set(named)
    for name in files:
        assert not any(cat.encode() in files[name] or cat in name for cat in CATS), name
    record = f"results/leopards/records/leopards/{leopards.protocol}/{leopards.backbone}-555555555555"
    assert b"individual-003" in files[f"{record}.json"]
    assert f"{record}-focus.png" in files
    figure = next(name for name in files if "/figures/confusion-" in name)
    assert files[figure] != named[figure]  # drawn again, with the new names


@pytest.mark.parametrize("place", ["records/leopards/full/lama-1.png", "figures/confusion-leopards-random-full.png"])
def test_what_is_left_of_own_data_in_the_leaderboard_is_refused(root: Path, place: str) -> None:
    run(root, "render")
    picture = root / "leaderboard" / place
    picture.parent.mkdir(parents=True, exist_ok=True)
    picture.touch()
    result = run(root, "publish", "--push")
    assert isinstance(result.exception, InputError)
    assert (
        f"1 pictures belong to no record here and may show data of your own; the first is leaderboard/{place}"
        in str(result.exception)
    )


def test_own_records_in_the_leaderboard_are_refused(root: Path, leopards: Record) -> None:
    write_record(leopards, root / "leaderboard" / "records")
    run(root, "render")
    for arguments in ([], ["--include", "leopards"]):
        result = run(root, "publish", "--push", *arguments)
        assert isinstance(result.exception, InputError)
        assert "is of 'leopards', which is no known data set" in str(result.exception)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["publish", "--anonymise"], "Name one with --include"),
        (["publish", "--include", "lions"], "There are no results of 'lions'"),
        (["render", "lions"], "there are results of: none"),
        (["render", "atrw"], "atrw is a known data set"),
    ],
)
def test_data_without_results_of_its_own_is_refused(root: Path, arguments: list[str], message: str) -> None:
    run(root, "render")
    result = run(root, *arguments)
    assert isinstance(result.exception, InputError)
    assert message in str(result.exception)


def test_the_checkout_of_the_program_is_the_default(root: Path) -> None:
    with pytest.raises(RunError, match="The tables do not match the records"):
        output_of(app, Workspace(root), "check")
    run(root, "render")
    assert "The tables show the records." in output_of(app, Workspace(root), "check")
