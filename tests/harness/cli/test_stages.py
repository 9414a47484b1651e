"""`status`, `logs`, `why` and `run --plan`: from notes made by hand, and after a run."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from benchmark.errors import InputError
from harness.cli.app import app
from harness.cli.display.plans import total
from harness.execution.journal import Journal, StageNote
from harness.forecast import StageForecast
from harness.workspace import Workspace
from support.checkout import copy_pages, link, patternbench


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def noted(workspace: Workspace, stage: str, state: str, day: int = 1, **fields: Any) -> None:
    values = {"backbone": "lama", "stage": stage, "dataset": "fish", "runner": "process", "state": state}
    started = {"started": f"2026-01-{day:02}T12:00:00+00:00", "key": f"{stage}{day}"}
    inputs = {"inputs": {"job": {"epochs": day}}}
    Journal(workspace.store).write(StageNote.model_validate(values | started | inputs | fields))


def output(workspace: Workspace, *arguments: str) -> str:
    result = CliRunner().invoke(app, ["--root", str(workspace.root), *arguments])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.output


def test_status_tells_what_runs_what_stopped_and_what_is_finished(workspace: Workspace) -> None:
    assert output(workspace, "status") == "Nothing runs now.\n"
    noted(workspace, "encode", "ok", 1, seconds=70.0)
    noted(workspace, "inpaint", "ok", 2, seconds=50.0)
    noted(workspace, "fill", "crash", 3, cause="it ended\x1b[2J with exit code 1")
    noted(workspace, "classify-deep-all", "cancelled", 1)
    noted(workspace, "classify-deep-all", "ok", 4, seconds=1.0)
    noted(workspace, "predict-deep-all", "running", 5, host="elsewhere", pid=7)
    lines = output(workspace, "status").splitlines()
    assert lines[0] == "Running now:"
    assert lines[1].startswith(
        "  lama/predict-deep-all: name whole images of the test by the fine-tuned classifier; fish, "
    )
    assert lines[1].endswith("process 7 on elsewhere")
    assert lines[3] == r"  lama/fill: crash at 2026-01-03 12:00:00 UTC, fish. it ended\x1b[2J with exit code 1"
    assert lines[4:] == ["Finished:", "  lama on fish: 3 stages in 2 min, the last at 2026-01-04 12:00:00 UTC"]
    content = json.loads(output(workspace, "status", "--json"))
    assert [one["stage"] for one in content["running"]] == ["predict-deep-all"]
    assert [(one["stage"], one["state"]) for one in content["stopped"]] == [("fill", "crash")]
    assert content["finished"][0]["seconds"] == 121.0


def test_status_names_what_a_skipped_stage_needs_and_why_leaves_it_out(workspace: Workspace) -> None:
    noted(workspace, "predict-deep-all", "ok", 1)
    noted(workspace, "inpaint", "oom_gpu", 2, cause="ran out of GPU memory")
    noted(workspace, "predict-deep-all", "skipped", 3, cause="needs inpaint", inputs={})
    lines = output(workspace, "status").splitlines()
    assert "  lama/predict-deep-all: skipped (needs inpaint), fish" in lines
    assert "  lama/inpaint: oom_gpu at 2026-01-02 12:00:00 UTC, fish. ran out of GPU memory" in lines
    assert "skipped" not in output(workspace, "why", "predict-deep-all")


def test_logs_are_of_the_newest_start_of_a_stage(workspace: Workspace) -> None:
    noted(workspace, "fill", "ok", 1, log="old")
    noted(workspace, "fill", "crash", 2, cause="ran out of memory", log="a line\n\x1b[31mred")
    for name in ("fill", "lama/fill"):
        lines = output(workspace, "logs", name).splitlines()
        assert lines[1:] == ["Cause: ran out of memory", "a line", r"\x1b[31mred"]
    assert json.loads(output(workspace, "logs", "fill", "--json"))["cause"] == "ran out of memory"


def test_why_names_the_part_that_differs(workspace: Workspace) -> None:
    noted(workspace, "inpaint", "ok", 1)
    assert "for the first time, or its files were removed" in output(workspace, "why", "inpaint")
    noted(workspace, "inpaint", "ok", 2)
    assert output(workspace, "why", "inpaint").splitlines()[1:] == [
        "It differs from the one started at 2026-01-01 12:00:00 UTC in:",
        "  protocol: epochs 2, before 1",
    ]
    content = json.loads(output(workspace, "why", "inpaint", "--json"))
    assert content["reasons"] == [{"part": "protocol", "text": "epochs 2, before 1"}]
    assert content["before"]["started"].startswith("2026-01-01")


@pytest.mark.parametrize("command", ["logs", "why"])
def test_an_unknown_stage_is_refused_with_those_there_are(command: str, workspace: Workspace) -> None:
    with pytest.raises(InputError, match="No stage was started here yet"):
        output(workspace, command, "encode")
    noted(workspace, "encode", "ok")
    with pytest.raises(InputError, match=r"No stage 'encod'.*Did you mean .*There are: lama/encode"):
        output(workspace, command, "encod")


def test_a_plan_says_what_is_known_and_what_is_not() -> None:
    known = StageForecast("encode", found=False, seconds=60.0, stored_bytes=5_000_000, peak_memory_mib=1024.0)
    there, unknown = StageForecast("fill", found=True), StageForecast("inpaint", found=False)
    assert total([there], 2) == "all 1 stages are in the store; only scores are left."
    assert total([there, unknown], 2).endswith("1 of 2 stages are to do. No earlier run here tells how long they take.")
    text = total([there, known, unknown], 2)
    assert text.startswith("2 of 3 stages are to do, in about 30 s, with 5.0 MB of disk and 2.1 GB of memory")
    assert "1 more have no earlier run" in text


@pytest.mark.e2e
@pytest.mark.timeout(600)
@pytest.mark.usefixtures("own_git")
def test_the_plan_of_a_survey_knows_what_is_in_the_store(tmp_path: Path) -> None:
    """A field survey is the shortest run."""
    link(tmp_path, "benchmark/datasets", "benchmark/protocols", "backbones/kit", "backbones/pixels")
    copy_pages(tmp_path)
    workspace = Workspace(tmp_path)
    random = np.random.default_rng(0)
    for number in range(12):
        photo = tmp_path / "cats" / "ABC"[number % 3] / f"{number}.png"
        photo.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 255, (32, 32, 3), np.uint8)).save(photo)
    survey = ("run", "pixels", "--data", str(tmp_path / "cats"), "--runner", "process", "--device", "cpu")
    before = patternbench(workspace, *survey, "--plan")
    assert before.returncode == 0, before.stderr
    assert "stages are to do. No earlier run here tells how long they take." in before.stdout
    assert patternbench(workspace, "status").stdout == "Nothing runs now.\n"
    assert patternbench(workspace, *survey).returncode == 0
    (run,) = json.loads(patternbench(workspace, *survey, "--plan", "--json").stdout)["runs"]
    assert [stage["found"] for stage in run["stages"]] == [True] * len(run["stages"])
    assert all(stage["seconds"] > 0 and stage["bytes"] > 0 for stage in run["stages"])
    again = json.loads(patternbench(workspace, *survey, "--seed", "1", "--plan", "--json").stdout)["runs"][0]
    assert [stage["found"] for stage in again["stages"]] == [False] * len(again["stages"])
    assert all(stage["seconds"] > 0 for stage in again["stages"])
