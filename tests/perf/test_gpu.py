"""The measurements on a GPU: what is said without one, and that the jobs are those of a run."""

import json

import pytest
import torch

from perf import gpu


def test_without_a_gpu_it_says_so(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert gpu.main() == 0
    assert "No GPU here" in capsys.readouterr().out


def test_every_kind_of_job_of_a_contestant_is_measured(monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[str] = []
    monkeypatch.setattr(gpu, "read_facts", lambda name: {"capabilities": [] if name == "pixels" else ["train:inpaint"]})
    sizes = gpu.Sizes(side=32, encoded=2, trained=4, batch=2)
    table = gpu.measure_all(["pixels", "absent"], sizes, "cpu", 1e12, lines.append)
    assert [json.loads(line)["way"] for line in lines] == ["plain", "fast"]
    assert all(json.loads(line)["images_per_second"] > 0 for line in lines)
    assert [[cell.strip() for cell in row.split("|")[1:3]] for row in table.splitlines()[2:]] == [
        ["pixels", "encode"],
        ["absent", "encode"],
        ["absent", "train:inpaint"],
    ]
    assert "Error" in table


def test_operations_are_those_of_the_job() -> None:
    sizes = gpu.Sizes(side=32, encoded=2, trained=4, batch=2)
    encoding, training = (gpu.measure("aotgan", work, "plain", sizes, "cpu", 1.0) for work in ("encode", "train:deep"))
    assert encoding.share is not None
    assert training.share is not None
    assert min(encoding.share, training.share) > 0
