"""A conformance session of one backbone: jobs on synthetic packs, each run once, when a check first needs it."""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from benchmark.errors import first_problem
from benchmark.hashing import tree_digest
from benchmark.vocabulary import CamMethod, Device, Mode, Pooling, Precision
from harness.conformance.synthetic_packs import CLASSES, PackName, write_packs
from harness.contestants.registry import BackboneFacts
from harness.contract import (
    GUARANTEED_CAMS,
    AnyJob,
    Description,
    Encode,
    Inpaint,
    Resources,
    Result,
    TrainClassify,
    TrainInpaint,
)
from harness.execution import job_files
from harness.execution.jobs import run_job, write_job
from harness.execution.runners.base import JobFolder, Limits, Outcome, Runner, describing

LIMITS = Limits(seconds=600, memory_gib=8)
SMALLEST = 64
"""Least side of the synthetic images in pixels, before it is rounded up to the backbone's `size_multiple`."""

EPOCHS = 2
LOG_TAIL = 12
"""Lines of a failed job's log that a message shows."""

Start = Literal["random", "inpaint", "shallow", "deep"]
"""Weights that a job starts from: random ones, or the checkpoint of a training of this session."""


class ContractViolation(Exception):  # noqa: N818 - a finding about the backbone, not an error of ours
    """The backbone breaks the contract. The message describes how."""


class Skipped(Exception):  # noqa: N818 - as above
    """A check cannot run, because a job or a check that it depends on failed and was reported."""


@dataclass
class JobRun:
    """One job that ran.

    Attributes:
        name: name of the job in messages.
        folder: folder of the job.
        outcome: how it ended; `bad_output` if it ended well and its outputs break the contract.
        stdout: lines of standard output.
        result: content of `result.json`; None unless the outcome is `ok`.
        stray_files: files outside `out/` that the job created or changed.
    """

    name: str
    folder: Path
    outcome: Outcome
    stdout: list[str] = field(default_factory=list)
    result: Result | None = None
    stray_files: list[str] = field(default_factory=list)

    def array(self, name: str) -> NDArray[Any]:
        """The output array `name`."""
        array: NDArray[Any] = np.load(self.folder / job_files.OUT / name)
        return array

    @property
    def checkpoint(self) -> Path:
        """The checkpoint that the job wrote; its content is private to the backbone."""
        return self.folder / job_files.OUT / job_files.CHECKPOINT


class ConformanceSession:
    """Runs jobs of one backbone and remembers them."""

    def __init__(
        self,
        backbone: BackboneFacts,
        runner: Runner,
        folder: Path,
        image_size: int | None = None,
        *,
        device: Device = "cpu",
        precision: Precision = "float32",
    ) -> None:
        """Write the synthetic packs.

        Args:
            backbone: the backbone to check.
            runner: runs its jobs.
            folder: an empty folder for packs and jobs.
            image_size: side of the images in pixels; None = the least from 64 that the backbone takes.
            device: device of every job.
            precision: precision of every job.
        """
        self.backbone, self._runner, self._folder = backbone, runner, folder
        self._device, self.precision = device, precision
        multiple = backbone.size_multiple
        self.image_size = image_size or -(-SMALLEST // multiple) * multiple
        self.job_runs: dict[str, JobRun] = {}
        self._reported: set[str] = set()
        self._description: tuple[Outcome, str] | None = None
        write_packs(folder / "packs", self.image_size)

    def describe(self) -> Description:
        """What the backbone's `describe` prints.

        Raises:
            ContractViolation: `describe` failed, or printed something else.
        """
        if self._description is None:
            self._description = self._runner.describe(self.backbone, describing(self.backbone, self.image_size))
        outcome, text = self._description
        if outcome.status != "ok":
            raise self._failure("describe", outcome)
        try:
            return Description.model_validate_json(text)
        except ValidationError as error:
            raise self._failure("describe", Outcome("bad_output", first_problem(error, "its output"))) from error

    @property
    def classifier_start(self) -> Start:
        """Weights that classifiers start from: those of inpainting training, if the backbone has it and it worked."""
        if not self.backbone.inpaints:
            return "random"
        return "inpaint" if self._train_inpainting(1).outcome.status == "ok" else "random"

    def inpaint(self, repeat: int = 1) -> JobRun:
        """Inpainting training; `repeat` 2 runs the same job again."""
        return self._require_ok(self._train_inpainting(repeat))

    def fill(self) -> JobRun:
        """Holes of the inpainting images, filled by the trained model."""
        job = Inpaint(**self._common("inpaint"))
        return self._require_ok(self._run_once("fill", 1, job, "inpaint", "inpaint"))

    def pack(self, name: PackName, array: str) -> NDArray[Any]:
        """One array of a pack: `images` or `masks`."""
        loaded: NDArray[Any] = np.load(self._folder / "packs" / name / f"{array}.npy")
        return loaded

    def classify(self, mode: Mode, repeat: int = 1) -> JobRun:
        """Classifier training; `repeat` 2 runs the same job again."""
        job = TrainClassify(
            **self._common(self.classifier_start),
            mode=mode,
            classes=CLASSES,
            epochs=EPOCHS,
            learning_rate=1e-3,
            pooling="flatten",
            explain=self._cam_methods if mode == "shallow" else (),
        )
        return self._require_ok(self._run_once(f"classify {mode}", repeat, job, "train", self.classifier_start))

    def encode(
        self,
        start: Start,
        *,
        pack: PackName = "twins",
        batch_size: int = 4,
        pooling: Pooling = "flatten",
        dtype: Literal["float32", "float16"] = "float32",
        repeat: int = 1,
    ) -> JobRun:
        """Embeddings of a pack; with a classifier's weights also CAMs, if the backbone explains.

        Args:
            start: weights of the encoder.
            pack: images to encode.
            batch_size: images per batch.
            pooling: how a feature map becomes an embedding.
            dtype: type of the embeddings.
            repeat: 2 runs the same job again.
        """
        common = self._common(start) | {"batch_size": batch_size}
        explain = self._cam_methods if start in {"shallow", "deep"} else ()
        job = Encode(**common, pooling=pooling, dtype=dtype, explain=explain)
        return self._require_ok(self._run_once(f"encode ({start} weights)", repeat, job, pack, start))

    def unknown_key(self) -> JobRun:
        """A job with a key that the contract does not have."""
        job = Encode(**self._common("random"), pooling="flatten")
        return self._run_once("encode with an unknown key", 1, job, "twins", "random", {"surprise": 1})

    def broken_data(self) -> JobRun:
        """A job whose images are one pixel larger than its `image_size`."""
        job = Encode(**self._common("random"), pooling="flatten")
        return self._run_once("encode of broken data", 1, job, "broken", "random")

    @property
    def _cam_methods(self) -> tuple[CamMethod, ...]:
        return GUARANTEED_CAMS if "explain" in self.backbone.capabilities else ()

    def _train_inpainting(self, repeat: int) -> JobRun:
        job = TrainInpaint(**self._common("random"), epochs=1, patience=1, perceptual="none")
        return self._run_once("inpaint", repeat, job, "inpaint", "random")

    def _common(self, start: Start) -> dict[str, Any]:
        """Fields that every job has."""
        return {
            "variant": self.backbone.variant,
            "image_size": self.image_size,
            "seed": 7,
            "precision": self.precision,
            "batch_size": 4,
            "init": "random",
            "checkpoint": None if start == "random" else f"{job_files.ARTIFACTS}/{job_files.CHECKPOINT}",
            "resources": Resources(device=self._device),
        }

    def _artifacts(self, start: Start) -> dict[str, Path]:
        if start == "random":
            return {}
        training = self.inpaint() if start == "inpaint" else self.classify(start)
        return {job_files.CHECKPOINT: training.checkpoint}

    def _run_once(
        self, name: str, repeat: int, job: AnyJob, pack: PackName, start: Start, extra: dict[str, Any] | None = None
    ) -> JobRun:
        """The run of a job; runs it unless this session already did."""
        key = json.dumps([job.model_dump(mode="json"), pack, start, repeat, extra])
        if key not in self.job_runs:
            artifacts = self._artifacts(start)
            folder = self._folder / f"{len(self.job_runs):02}-{name.partition(' (')[0].replace(' ', '-')}"
            folder.mkdir()
            write_job(job, self.backbone.reads, folder, extra)
            self.job_runs[key] = self._run(name, job, JobFolder(folder, self._folder / "packs" / pack, artifacts))
        return self.job_runs[key]

    def _run(self, name: str, job: AnyJob, folder: JobFolder) -> JobRun:
        stdout: list[str] = []
        before = _snapshot(folder)
        outcome, result = run_job(self._runner, self.backbone, job, folder, LIMITS, stdout.append)
        after = _snapshot(folder)
        stray_files = sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
        return JobRun(name, folder.path, outcome, stdout, result, stray_files)

    def _require_ok(self, run: JobRun) -> JobRun:
        if run.outcome.status != "ok":
            raise self._failure(run.name, run.outcome)
        return run

    def _failure(self, name: str, outcome: Outcome) -> Exception:
        """A violation for the first check that meets a failed job; later checks that need it are skipped."""
        if name in self._reported:
            return Skipped(f"needs {name}, which failed")
        self._reported.add(name)
        log = "" if outcome.status == "bad_output" else _log_tail(outcome.log)
        return ContractViolation(f"{name}: {outcome.cause}{log}")


def _snapshot(folder: JobFolder) -> dict[str, str]:
    """Digests of what a job must not change, by path."""
    job = folder.path / job_files.JOB
    others = [
        path
        for path in folder.path.iterdir()
        if path.name not in {job_files.JOB, job_files.DATA, job_files.ARTIFACTS, job_files.OUT}
    ]
    return {
        job_files.JOB: job.read_text(encoding="utf-8"),
        "data/": tree_digest(folder.data),
        **{f"{job_files.ARTIFACTS}/{name}": tree_digest(path.parent) for name, path in folder.artifacts.items()},
        **{path.name: "" for path in others},
    }


def _log_tail(log: str) -> str:
    lines = [line for line in log.splitlines() if line.strip()][-LOG_TAIL:]
    return "".join(f"\n    | {line}" for line in lines)
