"""Why a stage was made again: each part of its key is named as what it is."""

from typing import Any

import pytest

from harness.execution.job_files import CHECKPOINT
from harness.execution.journal import StageNote
from harness.reasons import nearest, reasons

INPUTS: dict[str, Any] = {
    "job": {"verb": "train", "epochs": 2, "image_size": 64, "seed": 0, "init": "random"},
    "device": "cpu",
    "data": "d",
    "artifacts": {"big-lama.safetensors": "w", CHECKPOINT: "c"},
    "code": "k",
}


def note(key: str, started: str = "2026-01-01T00:00:00+00:00", runner: str = "process", **inputs: Any) -> StageNote:
    changed = INPUTS | {
        name: INPUTS[name] | value if isinstance(value, dict) else value for name, value in inputs.items()
    }
    return StageNote.model_validate(
        {"backbone": "lama", "stage": "fill", "dataset": "fish", "key": key, "inputs": changed, "runner": runner}
        | {"after": "inpaint", "state": "finished", "started": started}
    )


@pytest.mark.parametrize(
    ("inputs", "part", "text"),
    [
        ({"code": "other"}, "code", "the code of the backbone or of the kit changed"),
        ({"code": "other", "runner": "docker"}, "settings", "runner docker, before process"),
        ({"data": "other"}, "data", "the images, the labels or the split changed"),
        ({"device": "cuda"}, "device", "cuda, before cpu"),
        ({"artifacts": {"big-lama.safetensors": "other"}}, "weights", "the published weights big-lama.safetensors"),
        ({"artifacts": {CHECKPOINT: "other"}}, "weights", "another checkpoint: patternbench why lama/inpaint"),
        ({"job": {"epochs": 3}}, "protocol", "epochs 3, before 2"),
        ({"job": {"patience": 1}}, "protocol", "patience 1, before none"),
        ({"job": {"seed": 1}}, "settings", "seed 1, before 0"),
        ({"job": {"init": "published"}}, "settings", "init published, before random"),
    ],
)
def test_a_part_that_differs_is_named(inputs: dict[str, Any], part: str, text: str) -> None:
    (reason,) = reasons(note("now", **inputs), note("then"))
    assert reason.part == part
    assert text in reason.text


def test_an_image_is_no_code_of_this_checkout() -> None:
    (reason,) = reasons(note("now", runner="docker", code="other"), note("then", runner="docker"))
    assert reason.part == "image"


def test_another_data_set_is_named() -> None:
    other = note("then").model_copy(update={"dataset": "cats"})
    (reason,) = reasons(note("now", data="other"), other)
    assert reason == ("data", "data set fish, before cats")


def test_a_stage_is_compared_with_the_one_that_differs_least_and_then_the_newest() -> None:
    now = note("now", code="new", job={"epochs": 3})
    far = note("far", "2026-01-03T00:00:00+00:00")
    near = note("near", "2026-01-02T00:00:00+00:00", job={"epochs": 3})
    old = note("old", "2026-01-01T00:00:00+00:00", job={"epochs": 3})
    other = note("x").model_copy(update={"stage": "encode"})
    assert nearest(now, [now, other, far, near, old]) == near
    assert nearest(now, [now, other]) is None
