"""`patternbench verify` on committed rows: they match, and whatever is edited in one is named."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from harness.workspace import Workspace
from support.checkout import link, patternbench
from support.paths import ROOT

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]

FOLDER = "leaderboard/records/zebrafish-synth/quick"


def committed(backbone: str) -> Path:
    """The committed row of a contestant on the split `block`."""
    rows = {path: json.loads(path.read_text()) for path in sorted((ROOT / FOLDER).glob(f"{backbone}-*.json"))}
    (path,) = [path for path, row in rows.items() if row["split"] == "block"]
    return path


ROW = committed("colour")
Json = dict[str, Any]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A checkout of the project's data and contestants, whose store serves every test."""
    root = tmp_path_factory.mktemp("checkout")
    link(root, "benchmark", "backbones")
    return Workspace(root)


@pytest.fixture
def row(checkout: Workspace) -> Path:
    """A committed row beside another one."""
    folder = checkout.root / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(ROW, folder)
    shutil.copy(committed("pixels"), folder)
    return folder / ROW.name


def mismatches(checkout: Workspace, path: Path) -> tuple[int, set[str]]:
    """Exit code, and the places that do not match."""
    done = patternbench(checkout, "verify", str(path), "--json")
    (told,) = json.loads(done.stdout)["rows"]
    return done.returncode, {check["place"] for check in told["checks"] if check["outcome"] == "mismatch"}


def edited(path: Path, edit: Callable[[Json], object]) -> Path:
    """The row after an edit of its JSON."""
    content = json.loads(path.read_text())
    edit(content)
    path.write_text(json.dumps(content))
    return path


def test_a_committed_row_matches(checkout: Workspace, row: Path) -> None:
    assert mismatches(checkout, row) == (0, set())
    done = patternbench(checkout, "verify", str(row))
    assert done.returncode == 0
    assert f"{row}: " in done.stdout
    assert "mismatch" not in done.stdout


def shift(part: Json, name: str) -> None:
    part[name] = round(part[name] - 0.01, 6)


EDITS: dict[str, tuple[str, Callable[[Json], object]]] = {
    "interval": (
        "probes.initial.linear.intervals.accuracy.low",
        lambda row: shift(row["probes"]["initial"]["linear"]["intervals"]["accuracy"], "low"),
    ),
    "recall": (
        "probes.initial.linear.test.recall",
        lambda row: shift(row["probes"]["initial"]["linear"]["test"], "recall"),
    ),
    "data": ("provenance.data", lambda row: row["provenance"].update(data="ab" * 32)),
    "split": ("provenance.split", lambda row: row["provenance"].update(split="ab" * 32)),
    "rules": ("provenance.rules", lambda row: row["provenance"].update(rules="ab" * 32)),
    "protocol": ("provenance.protocol", lambda row: row["provenance"].update(protocol="ab" * 32)),
    "weights": ("provenance.weights.mine", lambda row: row["provenance"].update(weights={"mine": "ab" * 32})),
    "key": ("file", lambda row: row.update(key="ab" * 32)),
    "seed": ("provenance.protocol", lambda row: row.update(seed=7)),
}
"""By name of an edit the place that does not match any more, and the edit."""


@pytest.mark.parametrize("name", EDITS)
def test_an_edit_is_named_by_its_place(name: str, checkout: Workspace, row: Path) -> None:
    place, edit = EDITS[name]
    code, places = mismatches(checkout, edited(row, edit))
    assert code == 1
    assert place in places


def test_a_copy_under_another_name_is_named(checkout: Workspace, row: Path) -> None:
    copy = shutil.copy(row, row.with_name("lama-6108d5ae05ce.json"))
    assert mismatches(checkout, Path(copy)) == (1, {"file", "key is unique"})


def test_a_row_of_another_contestant_s_stages_is_named(checkout: Workspace, row: Path) -> None:
    twin = shutil.copy(row, row.with_name("lama-6108d5ae05ce.json"))
    assert "key is unique" in mismatches(checkout, edited(Path(twin), lambda row: row.update(backbone="lama")))[1]


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda row: row["probes"]["initial"]["linear"]["test"].update(accuracy=17.5), "accuracy"),
        (
            lambda row: shift(row["probes"]["initial"]["linear"]["test"], "accuracy"),
            "of them are right, but the accuracy",
        ),
        (lambda row: row["probes"]["initial"]["linear"]["answers"].pop(), "35 values; 36 are needed"),
        (lambda row: row["provenance"].update(finished="9999-01-01T00:00:00Z"), "finished"),
        (lambda row: row["provenance"].update(runner="docker"), "provenance.image: it is empty"),
        (lambda row: row.update(dataset="../x"), "dataset"),
    ],
)
def test_a_row_that_contradicts_itself_is_no_record(
    edit: Callable[[Json], object], message: str, checkout: Workspace, row: Path
) -> None:
    done = patternbench(checkout, "verify", str(edited(row, edit)))
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_row_that_does_not_exist_is_refused(checkout: Workspace, row: Path) -> None:
    done = patternbench(checkout, "verify", "nobody")
    assert done.returncode == 2
    assert "No row is called 'nobody'" in done.stderr
    assert row.is_file()
