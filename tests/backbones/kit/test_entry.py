"""The entry point, called as a runner calls it, ends an impossible job with the contract's exit code and one line."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backbones.kit import entry
from backbones.kit.facts import read_facts
from harness.contract import AnyJob, Encode, Inpaint, TrainClassify, TrainInpaint

pytestmark = pytest.mark.usefixtures("one_thread")
INPAINT: dict[str, Any] = {"epochs": 1, "patience": 1, "perceptual": "none"}
CLASSIFY: dict[str, Any] = {"classes": 2, "epochs": 1, "learning_rate": 0.1, "pooling": "average"}


def common(size: int) -> dict[str, Any]:
    return {"image_size": size, "seed": 0, "batch_size": 2, "init": "random"}


def called(folder: Path, name: str, job: AnyJob) -> int:
    """Do a job on four black images, two of each split, and return the exit code."""
    (folder / "data").mkdir()
    np.save(folder / "data" / "images.npy", np.zeros((4, job.image_size, job.image_size, 3), np.uint8))
    np.save(folder / "data" / "calibration.npy", np.zeros((4, job.image_size, job.image_size, 3), np.uint8))
    np.save(folder / "data" / "masks.npy", np.ones((4, job.image_size, job.image_size), np.uint8))
    rows = [f"{row},{split},{row % 2},{row // 2}" for row, split in enumerate(["train"] * 2 + ["val"] * 2)]
    (folder / "data" / "table.csv").write_text("\n".join(("id,split,label,probe", *rows)))
    (folder / "job.json").write_text(json.dumps(job.model_dump(mode="json")))
    return entry.main([name, job.verb, "--job", str(folder)])


@pytest.mark.parametrize(
    ("name", "job", "needed"),
    [
        ("colour", TrainClassify(**common(32), **CLASSIFY, mode="deep"), "train:deep"),
        ("colour", TrainClassify(**common(32), **CLASSIFY, mode="shallow", explain=("gradcam",)), "explain"),
        ("colour", Encode(**common(32), pooling="average", explain=("gradcam",)), "explain"),
        ("pixels", TrainInpaint(**common(32), **INPAINT), "train:inpaint"),
        ("pixels", Inpaint(**common(32)), "train:inpaint"),
    ],
)
def test_a_job_that_needs_a_missing_capability_is_refused(
    name: str, job: AnyJob, needed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called(tmp_path, name, job) == 2
    own = ", ".join(read_facts(name)["capabilities"])
    expected = f"The job needs the capability {needed}, which {name} lacks; it has: {own}.\n"
    assert capsys.readouterr() == ("", expected)
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("name", "job", "problem"),
    [
        ("efficientnet", Encode(**common(60), pooling="average"), "Image sides must be multiples of 32"),
        ("efficientnet", TrainClassify(**common(60), **CLASSIFY, mode="deep"), "Image sides must be multiples of 32"),
        ("aotgan", TrainInpaint(**common(32), **INPAINT), "AOT-GAN"),
        ("aotgan", Inpaint(**common(32)), "AOT-GAN"),
    ],
)
def test_images_of_a_size_that_a_network_does_not_take_are_refused(
    name: str, job: AnyJob, problem: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert called(tmp_path, name, job) == 2
    printed, error = capsys.readouterr()
    assert not printed
    assert error.startswith(f"On images of {job.image_size} pixels: {problem}")
    assert error.count("\n") == 1
    assert not (tmp_path / "out" / "result.json").exists()


@pytest.mark.parametrize("arguments", [["describe"], ["convert", "--entry", "x", "--input", "x", "--output", "x"]])
def test_an_unknown_backbone_is_refused(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["nosuch", *arguments]) == 2
    assert capsys.readouterr().err.startswith("There is no backbone 'nosuch'; there are: aotgan, colour, ")
