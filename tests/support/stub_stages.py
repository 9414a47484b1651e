"""Stages whose jobs do nothing, so that only the harness's own work on a stage is left."""

import json
import tempfile
from pathlib import Path
from typing import ClassVar, Literal

import numpy as np

from benchmark.data.catalogue import Catalogue
from harness.contestants.registry import BackboneFacts, Owner
from harness.contract import Encode, Resources
from harness.execution import job_files
from harness.execution.events import ProgressListener
from harness.execution.executors.execute import execute
from harness.execution.packs import EncodePack
from harness.execution.plan import StageSpec
from harness.execution.runners.base import JobFolder, Limits, OnLine, Outcome, Runner
from harness.execution.runners.programs import Program
from harness.execution.stages import StageRunner
from support.fakes import RecordingListener
from support.pets import SIDE, cut, pets, store_of


class StubRunner(Runner):
    """Encodes every image as two numbers, without a process."""

    name: ClassVar[Literal["process", "docker"]] = "process"

    def use_gpu(self) -> None:
        """Nothing is computed."""

    def prepare(self, backbone: BackboneFacts, on_line: OnLine) -> str:  # noqa: ARG002
        return "stub"

    def describe(self, backbone: BackboneFacts, arguments: list[str]) -> tuple[Outcome, str]:  # noqa: ARG002
        return Outcome("ok"), "{}"

    def run(self, backbone: BackboneFacts, verb: str, job: JobFolder, limits: Limits, on_line: OnLine) -> Outcome:  # noqa: ARG002
        images = len(np.load(job.data / job_files.IMAGES, mmap_mode="r"))
        out = job.path / job_files.OUT
        out.mkdir(exist_ok=True)
        np.save(out / "embeddings.npy", np.arange(2 * images, dtype=np.float32).reshape(images, 2))
        result = {
            "contract": "2",
            "images": images,
            "seconds": 0.001,
            "peak_memory_mib": 1,
            "versions": {},
            "precision": "float32",
            "fast": True,
            "encoder": {"parameters": 1, "shape": [2, 1, 1]},
        }
        (out / job_files.RESULT).write_text(json.dumps(result))
        return Outcome("ok")

    def run_program(self, owner: Owner, program: Program, on_line: OnLine) -> Outcome:
        raise AssertionError(f"a stage needs no other program, but {owner.name}'s {program.command} was run: {on_line}")

    def cancel(self) -> None:
        """Nothing runs."""


def stub_stages(count: int) -> list[StageSpec]:
    """So many stages that do not depend on each other."""
    resources = Resources(threads=1)
    return [
        StageSpec(
            f"encode-{seed}",
            Encode(image_size=SIDE, seed=seed, batch_size=2, init="random", pooling="average", resources=resources),
            EncodePack("train", ("all",), "zero"),
        )
        for seed in range(count)
    ]


def stub_stage_runner(
    data: Catalogue, runner: Runner, listener: ProgressListener, *, name: str = "stub"
) -> StageRunner:
    """What runs stages of a stub backbone of some name on `pets`."""
    return StageRunner(
        backbone=BackboneFacts.model_validate(
            {"name": name, "title": "Stub", "paper": "", "licence": "MIT", "capabilities": [], "input": {}}
        ),
        code=name,
        runner=runner,
        store=store_of(data),
        limits=Limits(seconds=60, memory_gib=1),
        resources=Resources(threads=1),
        listener=listener,
    )


def run_stages(count: int) -> None:
    """Run a plan of so many stages from an empty store, then find them all there."""
    with tempfile.TemporaryDirectory() as root:
        data = pets(Path(root))
        crops = cut(data)
        for _ in ("made", "found"):
            execute(stub_stages(count), crops, stub_stage_runner(data, StubRunner(), RecordingListener()), workers=2)
