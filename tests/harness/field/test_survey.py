"""Field surveys of one's own photos: from the command to the report, as a user runs them."""

import csv
import json
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.probing import probes
from benchmark.records.field import FieldRecord
from harness.workspace import Workspace
from support.checkout import copy_pages, link, patternbench
from support.paths import ROOT

pytestmark = [pytest.mark.usefixtures("own_git"), pytest.mark.e2e, pytest.mark.timeout(600)]

COLOURS = np.random.default_rng(5).integers(40, 200, (60, 3))
"""A colour for each animal, which raw pixels recognise."""


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A small checkout, committed and clean."""
    root = tmp_path / "checkout"
    link(root, "benchmark/datasets", "benchmark/protocols", "backbones/kit", "backbones/pixels")
    shutil.copy(ROOT / ".gitignore", root / ".gitignore")
    copy_pages(root)
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "-m", "Begin"]):
        subprocess.run(["git", *command], cwd=root, check=True)
    return Workspace(root)


def photos(root: Path, animals: int, encounters: int, each: int) -> Path:
    """Noisy photos of animals of one colour each, in a table with encounters."""
    random = np.random.default_rng(0)
    lines = ["identity,path,encounter"]
    (root / "photos").mkdir(parents=True)
    for animal in range(animals):
        for encounter in range(encounters):
            for number in range(each):
                name = f"photos/{animal}-{encounter}-{number}.png"
                pixels = (COLOURS[animal] + random.integers(-20, 20, (32, 32, 3))).clip(0, 255).astype(np.uint8)
                Image.fromarray(pixels).save(root / name)
                lines.append(f"animal {animal},{name},{animal}-{encounter}")
    (root / "metadata.csv").write_text("\n".join(lines))
    return root


def run(workspace: Workspace, data: Path, *more: str) -> "subprocess.CompletedProcess[str]":
    return patternbench(
        workspace, "run", "pixels", "--data", str(data), "--runner", "process", "--device", "cpu", *more
    )


def survey(workspace: Workspace, name: str) -> FieldRecord:
    (file,) = (workspace.root / "results" / name / "field").glob("*.json")
    return FieldRecord.model_validate_json(file.read_bytes())


class Sources(HTMLParser):
    """Every address that a page fetches."""

    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.addresses += [value or "" for name, value in attrs if name == "src" or (tag == "link" and name == "href")]


def test_one_command_answers_and_git_sees_nothing(workspace: Workspace, tmp_path: Path) -> None:
    data = photos(tmp_path / "leopards", animals=4, encounters=4, each=3)
    done = run(workspace, data)
    assert done.returncode == 0, done.stderr
    lines = done.stdout.splitlines()
    assert len(lines) == 10
    assert "48 of four individuals in leopards" in lines[0]
    home = workspace.root / "results" / "leopards"
    record = survey(workspace, "leopards")
    assert list(record.schemes) == ["grouped", "random"]
    grouped = record.schemes["grouped"]
    assert (grouped.column, grouped.tested, record.unit_kind) == ("encounter", 48, "encounters")
    assert grouped.linear.accuracy == 1
    assert grouped.better_than_chance == "yes"
    assert record.retrieval.across is not None
    assert record.retrieval.across.rank1 == 1
    rows = list(csv.DictReader((home / "predictions.csv").read_text().splitlines()))
    assert [row["answer"] for row in rows] == [row["identity"] for row in rows]
    assert all((data / row["nearest_1"]).is_file() for row in rows)
    page = Sources()
    page.feed((home / "report.html").read_text())
    assert page.addresses
    assert all(address.startswith("data:") for address in page.addresses)
    status = subprocess.run(["git", "status", "--porcelain"], cwd=workspace.root, capture_output=True, check=True)
    assert status.stdout == b""
    again = run(workspace, data)
    assert "finished already" in again.stderr
    assert again.stdout == done.stdout


def test_forty_animals_of_two_photos_get_an_answer(
    workspace: Workspace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probes, "STRENGTHS", (1.0,))  # no choice: a hundred folds in seconds
    data = photos(tmp_path / "newts", animals=40, encounters=2, each=1)
    done = run(workspace, data)
    assert done.returncode == 0, done.stderr
    record = survey(workspace, "newts")
    assert record.schemes["grouped"].tested == 80
    assert record.schemes["grouped"].linear.accuracy > 0.5
    assert record.clusters.adjusted_rand is None  # two photos an animal show no clusters


def test_one_animal_alone_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    done = run(workspace, photos(tmp_path / "lonely", animals=1, encounters=2, each=2))
    assert done.returncode == 2
    assert "one individual, 'animal 0': nothing can be told apart" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("option", "value"), [("--split", "random"), ("--seeds", "2")])
def test_options_of_other_protocols_are_refused(workspace: Workspace, tmp_path: Path, option: str, value: str) -> None:
    done = run(workspace, photos(tmp_path / "few", animals=2, encounters=2, each=1), option, value)
    assert done.returncode == 2
    assert f"takes no {option}" in done.stderr


def test_a_photo_that_cannot_be_read_ends_the_run_before_anything_is_computed(
    workspace: Workspace, tmp_path: Path
) -> None:
    data = photos(tmp_path / "broken", animals=2, encounters=2, each=1)
    for name in ("0-0-0", "1-1-0"):
        (data / "photos" / f"{name}.png").write_text("no photo")
    done = run(workspace, data)
    assert done.returncode == 2
    assert "2 faults" in done.stderr
    assert [file.name for file in (workspace.root / "results").rglob("*") if file.is_file()] == ["source.toml"]


def test_the_record_holds_what_every_printed_number_needs(workspace: Workspace, tmp_path: Path) -> None:
    run(workspace, photos(tmp_path / "own", animals=3, encounters=3, each=2))
    record = survey(workspace, "own")
    labels = np.array(record.labels)
    for scores in record.schemes.values():
        answers = np.array([-1 if answer is None else answer for answer in scores.linear.answers])
        tested = answers >= 0
        assert scores.linear.accuracy == pytest.approx((answers == labels)[tested].mean())
        assert scores.tested == tested.sum()
        assert scores.commonest == pytest.approx((labels[tested] == np.bincount(labels).argmax()).mean())
    assert json.loads(record.model_dump_json())["photos"] == list(record.photos)


def test_every_fault_of_rows_and_photos_ends_the_run_in_one_list(workspace: Workspace, tmp_path: Path) -> None:
    data = photos(tmp_path / "faulty", animals=2, encounters=2, each=2)
    (data / "photos" / "0-0-0.png").write_text("no photo")
    table = data / "metadata.csv"
    table.write_text(table.read_text() + "\nanimal 1,photos/missing.png,1-9\n,photos/1-1-1.png,1-1")
    done = run(workspace, data)
    assert done.returncode == 2
    assert "3 faults" in done.stderr
    for part in ("0-0-0.png", "missing.png", "identity is empty"):
        assert part in done.stderr


def test_a_survey_of_a_known_data_set_stays_out_of_the_leaderboard(workspace: Workspace, tmp_path: Path) -> None:
    data = photos(tmp_path / "known", animals=2, encounters=3, each=2)
    imported = patternbench(workspace, "data", "import", str(data), "--name", "leopard-id-2022")
    assert imported.returncode == 0, imported.stderr
    done = run(workspace, Path("leopard-id-2022"), "--protocol", "field")
    assert done.returncode == 0, done.stderr
    assert (workspace.root / "results" / "leopard-id-2022" / "report.html").is_file()
    status = subprocess.run(["git", "status", "--porcelain"], cwd=workspace.root, capture_output=True, check=True)
    assert status.stdout == b""
