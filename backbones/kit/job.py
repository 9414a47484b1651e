"""job.json: validated against the published JSON Schema, then typed."""

import json
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

from backbones.kit.errors import JobError

CONTRACT = "2"
"""The version of the contract that the kit writes; jobs of version 1 are read too."""

CamMethod = Literal["gradcam", "hirescam", "layercam", "eigencam"]
SCHEMAS = Path(__file__).parent / "schema"


@dataclass(frozen=True, kw_only=True)
class Job:
    """Fields of every job; schema/job.json gives their meaning."""

    folder: Path
    variant: str
    image_size: int
    seed: int
    precision: Literal["auto", "float32", "bfloat16"]
    fast: bool
    batch_size: int
    init: Literal["random", "published"]
    weights: dict[str, Path]
    checkpoint: Path | None
    threads: int
    device: Literal["cpu", "cuda"]

    @property
    def data(self) -> Path:
        """The read-only folder with images.npy, table.csv, masks.npy and calibration.npy."""
        return self.folder / "data"

    @property
    def starts_random(self) -> bool:
        """Whether the weights are random ones that nothing replaces."""
        return self.init == "random" and self.checkpoint is None

    @property
    def out(self) -> Path:
        """The folder for the results, the only writable one."""
        return self.folder / "out"


@dataclass(frozen=True, kw_only=True)
class InpaintJob(Job):
    """Train the inpainting model."""

    epochs: int
    patience: int
    perceptual: Literal["published", "none"]
    keep: Literal["lowest", "settled"]


@dataclass(frozen=True, kw_only=True)
class ClassifyJob(Job):
    """Train a classifier of individuals."""

    mode: Literal["shallow", "deep"]
    classes: int
    epochs: int
    learning_rate: float
    pooling: Literal["flatten", "average"]
    explain: list[CamMethod]


@dataclass(frozen=True, kw_only=True)
class EncodeJob(Job):
    """Compute the embedding of every image."""

    pooling: Literal["flatten", "average"]
    dtype: Literal["float32", "float16"]
    classes: int | None
    explain: list[CamMethod]


@dataclass(frozen=True, kw_only=True)
class FillJob(Job):
    """Fill the holes of every image."""


_KINDS: dict[tuple[str, str | None], tuple[str, type[Job]]] = {
    ("train", "inpaint"): ("TrainInpaint", InpaintJob),
    ("train", "classify"): ("TrainClassify", ClassifyJob),
    ("encode", None): ("Encode", EncodeJob),
    ("inpaint", None): ("Inpaint", FillJob),
}


@cache
def schema(name: str) -> dict[str, Any]:
    """One of the published JSON Schemas: `job`, `description` or `result`."""
    loaded: dict[str, Any] = json.loads((SCHEMAS / f"{name}.json").read_text(encoding="utf-8"))
    return loaded


def read_job(folder: Path, verb: str) -> Job:
    """Read `<folder>/job.json`.

    Returns:
        An InpaintJob, ClassifyJob, EncodeJob or FillJob.

    Raises:
        JobError: the file is missing or no JSON, breaks the schema, or is for another verb.
    """
    path = folder / "job.json"
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise JobError(f"{path}: cannot be read: {error}") from error
    if not isinstance(raw, dict) or raw.get("verb") != verb:
        raise JobError(f"{path}: expected a job for the verb {verb!r}.")
    task = raw.get("task")
    kind = _KINDS.get((verb, task if task is None else str(task)))
    if kind is None:
        allowed = ", ".join(known or "none" for known_verb, known in _KINDS if known_verb == verb)
        raise JobError(f"{path}: task {task!r} is unknown; the verb {verb!r} has: {allowed}.")
    name, typed = kind
    _validate(path, raw, {"$ref": f"#/$defs/{name}", "$defs": schema("job")["$defs"]})
    whole = _defaults(name) | raw
    for field in ("contract", "verb", "task"):
        whole.pop(field, None)
    whole["weights"] = {weights: folder / file for weights, file in whole["weights"].items()}
    whole["checkpoint"] = folder / whole["checkpoint"] if whole["checkpoint"] is not None else None
    resources = _defaults("Resources") | whole.pop("resources")
    return typed(folder=folder, **resources, **whole)


def _defaults(kind: str) -> dict[str, Any]:
    """Values of the optional fields by name, as the schema states them."""
    fields = schema("job")["$defs"][kind]["properties"]
    return {name: facts["default"] for name, facts in fields.items() if "default" in facts}


def _validate(path: Path, raw: object, against: dict[str, Any]) -> None:
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import best_match
    from jsonschema.validators import extend

    # In JSON Schema 8.0 is an integer, which range() refuses; and Python reads 1e999 as infinity.
    checker = Draft202012Validator.TYPE_CHECKER
    types = checker.redefine_many(
        {
            "integer": lambda _, value: type(value) is int,
            "number": lambda _, value: type(value) in {int, float} and abs(value) <= sys.float_info.max,
        }
    )
    error = best_match(extend(Draft202012Validator, type_checker=types)(against).iter_errors(raw))
    if error is not None:
        where = ".".join(str(part) for part in error.absolute_path) or "job"
        raise JobError(f"{path}: {where}: {error.message}")
