"""A trial of one backbone: jobs on made-up data, each run once, when a check first asks for it."""

import csv
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from benchmark.vocabulary import CamMethod, Device, Mode, Precision
from harness.conformance.synthetic_packs import CLASSES, write_packs
from harness.contestants.registry import BackboneFacts
from harness.contract import (
    AnyJob,
    Description,
    Encode,
    Inpaint,
    Resources,
    TrainClassify,
    TrainInpaint,
)
from harness.execution import output_checks
from harness.execution.runners.base import JobFolder, Limits, Outcome, Runner, describing
from harness.execution.store import tree_digest

CHECKPOINT = "checkpoint.safetensors"
LIMITS = Limits(seconds=600, memory_gib=8)
SMALLEST = 64
EPOCHS = 2

Pack = Literal["inpaint", "train", "twins", "few", "broken"]
Start = Literal["random", "inpaint", "shallow", "deep"]


class Fault(Exception):  # noqa: N818 - not an error of ours: what a check found
    """A check found what the contract forbids; the message says what, as the end of a sentence."""


class Blocked(Exception):  # noqa: N818 - as above
    """A check cannot look: a job that it needs has failed before, and was reported then."""


@dataclass
class Attempt:
    """A job that was run.

    Attributes:
        name: for people.
        folder: of the job.
        outcome: how it ended.
        lines: its standard output.
        fault: why it is not to be believed; empty = all as it should be.
        result: of the job, where it has no fault.
        strays: files outside `out/` that were made or changed.
    """

    name: str
    folder: Path
    outcome: Outcome
    lines: list[str] = field(default_factory=list)
    fault: str = ""
    result: Any = None
    strays: list[str] = field(default_factory=list)

    def array(self, name: str) -> NDArray[Any]:
        """One of its output arrays."""
        array: NDArray[Any] = np.load(self.folder / "out" / name)
        return array

    @property
    def checkpoint(self) -> Path:
        """The checkpoint that it wrote; what is in it is the backbone's own business."""
        return self.folder / "out" / CHECKPOINT


class Trial:
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
        """Args: whom to try, how, an empty folder, side of the images (None = the least from 64), then as jobs say."""
        self.backbone, self._runner, self._folder = backbone, runner, folder
        self._device, self.precision = device, precision
        multiple = backbone.size_multiple
        self.image_size = image_size or -(-SMALLEST // multiple) * multiple
        self.attempts: dict[str, Attempt] = {}
        self._reported: set[str] = set()
        self._said: tuple[Outcome, str] | None = None
        write_packs(folder / "packs", self.image_size)

    def describe(self) -> Description:
        """What the backbone says of itself.

        Raises:
            Fault: it says nothing that can be understood.
        """
        if self._said is None:
            self._said = self._runner.describe(self.backbone, describing(self.backbone, self.image_size))
        outcome, text = self._said
        if outcome.status != "ok":
            raise self._failure("describe", f"{outcome.cause}{_tail(outcome.log)}")
        try:
            return Description.model_validate_json(text)
        except ValidationError as error:
            first = error.errors()[0]
            where = ".".join(map(str, first["loc"])) or "what it printed"
            raise self._failure("describe", f"{where}: {first['msg']}") from error

    @property
    def base(self) -> Start:
        """What classifiers start from: inpainting training, where the backbone can do it and it worked."""
        if not self.backbone.inpaints:
            return "random"
        return "random" if self._inpainting(1).fault else "inpaint"

    def inpaint(self, time: int = 1) -> Attempt:
        """Inpainting training; `time` 2 = the same once more."""
        return self._sound(self._inpainting(time))

    def fill(self) -> Attempt:
        """The holes of the inpainting images filled, after training."""
        job = Inpaint(**self._common("inpaint"))
        return self._sound(self._attempt("fill", 1, job, "inpaint", "inpaint"))

    def pack(self, name: Pack, array: str) -> NDArray[Any]:
        """One of a pack's arrays."""
        loaded: NDArray[Any] = np.load(self._folder / "packs" / name / f"{array}.npy")
        return loaded

    def classify(self, mode: Mode, time: int = 1) -> Attempt:
        """Classifier training; `time` 2 = the same once more."""
        job = TrainClassify(
            **self._common(self.base),
            mode=mode,
            classes=CLASSES,
            epochs=EPOCHS,
            learning_rate=1e-3,
            pooling="flatten",
            explain=self._explain if mode == "shallow" else None,
        )
        return self._sound(self._attempt(f"classify {mode}", time, job, "train", self.base))

    def encode(
        self,
        start: Start,
        *,
        pack: Pack = "twins",
        batch_size: int = 4,
        pooling: Literal["flatten", "average"] = "flatten",
        dtype: Literal["float32", "float16"] = "float32",
        time: int = 1,
    ) -> Attempt:
        """Embeddings of a pack; by a classifier also maps, where the backbone explains."""
        common = self._common(start) | {"batch_size": batch_size}
        explain = self._explain if start in {"shallow", "deep"} else None
        job = Encode(**common, pooling=pooling, dtype=dtype, explain=explain)
        return self._sound(self._attempt(f"encode ({start} weights)", time, job, pack, start))

    def unknown_key(self) -> Attempt:
        """A job with a key that the contract does not know."""
        job = Encode(**self._common("random"), pooling="flatten")
        return self._attempt("encode with an unknown key", 1, job, "twins", "random", {"surprise": 1})

    def broken_data(self) -> Attempt:
        """A job whose images are one pixel larger than it says."""
        job = Encode(**self._common("random"), pooling="flatten")
        return self._attempt("encode of broken data", 1, job, "broken", "random")

    @property
    def _explain(self) -> CamMethod | None:
        return "gradcam" if "explain" in self.backbone.capabilities else None

    def _inpainting(self, time: int) -> Attempt:
        job = TrainInpaint(**self._common("random"), epochs=1, patience=1, perceptual="none")
        return self._attempt("inpaint", time, job, "inpaint", "random")

    def _common(self, start: Start) -> dict[str, Any]:
        return {
            "variant": self.backbone.variant,
            "image_size": self.image_size,
            "seed": 7,
            "precision": self.precision,
            "batch_size": 4,
            "init": "random",
            "checkpoint": None if start == "random" else f"in/{CHECKPOINT}",
            "resources": Resources(device=self._device),
        }

    def _start(self, start: Start) -> dict[str, Path]:
        if start == "random":
            return {}
        trained = self.inpaint() if start == "inpaint" else self.classify(start)
        return {CHECKPOINT: trained.checkpoint}

    def _attempt(
        self, name: str, time: int, job: AnyJob, pack: Pack, start: Start, extra: dict[str, Any] | None = None
    ) -> Attempt:
        """Run a job, or remember that it was run."""
        key = json.dumps([job.model_dump(mode="json"), pack, start, time, extra])
        if key not in self.attempts:
            artifacts = self._start(start)
            folder = self._folder / f"{len(self.attempts):02}-{name.partition(' (')[0].replace(' ', '-')}"
            folder.mkdir()
            text = json.dumps(job.model_dump(mode="json") | (extra or {}))
            (folder / "job.json").write_text(text, encoding="utf-8")
            seen = JobFolder(folder, self._folder / "packs" / pack, artifacts)
            self.attempts[key] = self._run(name, job, seen)
        return self.attempts[key]

    def _run(self, name: str, job: AnyJob, seen: JobFolder) -> Attempt:
        lines: list[str] = []
        before = self._watched(seen)
        outcome = self._runner.run(self.backbone, job.verb, seen, LIMITS, lines.append)
        after = self._watched(seen)
        attempt = Attempt(name, seen.path, outcome, lines)
        seen_names = before.keys() | after.keys()
        attempt.strays = sorted(stray for stray in seen_names if before.get(stray) != after.get(stray))
        if outcome.status != "ok":
            attempt.fault = f"{outcome.cause}{_tail(outcome.log)}"
            return attempt
        with (seen.data / "table.csv").open(newline="", encoding="utf-8") as file:
            table = list(csv.DictReader(file))
        try:
            attempt.result = output_checks.check(job, seen.path / "out", table)
        except output_checks.BadOutputError as error:
            attempt.fault = str(error)
        return attempt

    def _watched(self, seen: JobFolder) -> dict[str, str]:
        """Digests of what a job must leave alone."""
        job = seen.path / "job.json"
        beside = [path for path in seen.path.iterdir() if path.name not in {"out", "in", "data", "job.json"}]
        return {
            "job.json": job.read_text(encoding="utf-8"),
            "data/": tree_digest(seen.data),
            **{f"in/{name}": tree_digest(path.parent) for name, path in seen.artifacts.items()},
            **{path.name: "" for path in beside},
        }

    def _sound(self, attempt: Attempt) -> Attempt:
        if attempt.fault:
            raise self._failure(attempt.name, attempt.fault)
        return attempt

    def _failure(self, name: str, fault: str) -> Exception:
        """A fault the first time, afterwards only that it stands in the way."""
        if name in self._reported:
            return Blocked(f"needs {name}, which failed")
        self._reported.add(name)
        return Fault(f"{name}: {fault}")


def _tail(log: str, lines: int = 12) -> str:
    end = [line for line in log.splitlines() if line.strip()][-lines:]
    return "".join(f"\n    | {line}" for line in end)
