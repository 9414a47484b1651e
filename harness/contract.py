"""The contract with a backbone, version 2, as types; `docs/contract.md` is its description.

The JSON Schemas in backbones/kit/schema are generated from these types (`make schema`), so that a backbone in any
language can validate what it reads and writes. Contestants do not import this module.
"""

from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, TypeAdapter, model_validator

from benchmark.text import printable
from benchmark.vocabulary import (
    Arithmetic,
    CamMethod,
    CheckpointRule,
    Device,
    Init,
    Mode,
    PerceptualWeights,
    Pooling,
    Precision,
)

Version = Literal["1", "2"]
VERSION: Literal["2"] = "2"
"""The newest version. Jobs of version 1 have no `fast`, and their precision is never `auto`; all else is the same."""

Positive = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=-(2**63), le=2**64 - 1)]


def _check_line(text: str) -> str:
    if text != printable(text):
        raise ValueError(f"must be one line without control characters, not {printable(text[:60])!r}")
    return text


def _check_time(seconds: float) -> float:
    if 0 < seconds < SHORTEST:
        raise ValueError(f"must be 0, or at least {SHORTEST:g} s")
    return seconds


SHORTEST = 1e-9
"""Seconds; no clock measures a shorter time."""
LARGEST = float.fromhex("0x1.fffffep+127")
"""The largest number of float32."""

Line = Annotated[str, Field(max_length=500), AfterValidator(_check_line)]
"""One line for people, which a table, a terminal or a page can show."""
Word = Annotated[str, Field(max_length=80), AfterValidator(_check_line)]
"""A short line, such as a key or a version."""
Name = Annotated[str, Field(max_length=80, pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.+-]*$")]
"""A name that is the beginning of a file's name too."""
FilePath = Annotated[
    str, Field(max_length=200, pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.+ ()-]*(/[A-Za-z0-9_][A-Za-z0-9_.+ ()-]*)*$")
]
"""A file's name, or its path below a folder: no part of it begins with a dot, so none leads out of the folder."""
Command = tuple[Annotated[str, Field(max_length=10_000)], ...]
"""A program and its arguments."""
Sha256 = Annotated[str, Field(pattern=r"^([0-9A-Fa-f]{64})?$")]
Count = Annotated[int, Field(ge=0, le=2**53 - 1)]
"""A number that JSON readers of all languages hold exactly."""
Size = Annotated[int, Field(ge=1, le=2**31 - 1)]
Seconds = Annotated[float, Field(ge=0, le=1e9), AfterValidator(_check_time)]
Number = Annotated[float, Field(ge=-LARGEST, le=LARGEST)]
Topics = Annotated[dict[Word, Line], Field(max_length=40)]

Capability = Literal["train:inpaint", "train:shallow", "train:deep", "explain"]

GUARANTEED_CAMS: tuple[CamMethod, ...] = ("gradcam", "hirescam")
"""CAM methods of every backbone that explains."""


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Resources(_Model):
    """Resources of a job.

    Attributes:
        threads: processor threads. They decide the order of sums, but do not identify a result.
        device: `cpu` or `cuda`; identifies a result.
    """

    threads: Positive = 1
    device: Device = "cpu"


class _Job(_Model):
    contract: Version = VERSION
    variant: str = Field(default="", description="One of the backbone's variants; empty = the plain one.")
    image_size: Positive
    seed: Seed = Field(description="A whole number of 64 bits, with or without a sign.")
    precision: Precision = Field(
        default="float32", description="Arithmetic; `auto` = bfloat16 if the device has units for it, else float32."
    )
    fast: bool = Field(
        default=True,
        description="Whether the networks may be computed in a faster order; false = eager, layer by layer as written.",
    )
    batch_size: Positive
    init: Init = Field(description="Initial weights; `published` = the files in `weights`.")
    weights: dict[str, str] = Field(
        default={}, description="Published weight files by name, as paths relative to the job's folder."
    )
    checkpoint: Annotated[str, Field(min_length=1)] | None = Field(
        default=None,
        description="Checkpoint of an earlier stage of the same backbone, relative to the job's folder; loaded after "
        "the initial weights.",
    )
    resources: Resources = Resources()

    @property
    def starts_random(self) -> bool:
        """Whether the weights are random ones that nothing replaces."""
        return self.init == "random" and self.checkpoint is None

    def document(self, version: Version) -> dict[str, object]:
        """The content of job.json, for a backbone that reads this version."""
        fields = self.model_dump(mode="json") | {"contract": version}
        if version == "1":
            del fields["fast"]
            fields["precision"] = "float32" if self.precision == "auto" else self.precision
        return fields


class TrainInpaint(_Job):
    """Train the inpainting model. Data: images.npy, masks.npy, table.csv (id, split in train|val)."""

    verb: Literal["train"] = "train"
    task: Literal["inpaint"] = "inpaint"
    epochs: Positive = Field(description="Most epochs; of each phase, if the authors train in phases.")
    patience: Positive = Field(description="Stop after this many epochs without a lower validation generator loss.")
    perceptual: PerceptualWeights = Field(
        description="Whether the loss has its perceptual term; `none` is the protocol's decision to omit it."
    )
    keep: CheckpointRule = Field(
        default="lowest",
        description="Rule for the checkpoint kept and for patience; `settled` = the statistics of batch normalisation "
        "are computed anew before each validation. Without batch normalisation the rules are the same.",
    )


class TrainClassify(_Job):
    """Train a classifier of individuals.

    Data: images.npy, calibration.npy, table.csv (id, split in train|val, label, probe).
    """

    verb: Literal["train"] = "train"
    task: Literal["classify"] = "classify"
    mode: Mode
    classes: Positive
    epochs: Positive
    learning_rate: Annotated[float, Field(gt=0)]
    pooling: Pooling
    explain: tuple[CamMethod, ...] = Field(
        default=(), description="CAM methods for the probe images after every epoch; empty = no CAMs."
    )


class Encode(_Job):
    """Compute the embedding of every image, in their order. Data: images.npy, calibration.npy, table.csv (id)."""

    verb: Literal["encode"] = "encode"
    pooling: Pooling
    dtype: Literal["float32", "float16"] = "float32"
    classes: Positive | None = Field(
        default=None,
        description="Number of classes of a classifier's checkpoint: write logits.npy; null = no classifier.",
    )
    explain: tuple[CamMethod, ...] = Field(
        default=(), description="CAM methods for the predicted class of every image; empty = no CAMs."
    )


class Inpaint(_Job):
    """Fill the holes of every image, in their order. Data: images.npy, masks.npy, table.csv (id)."""

    verb: Literal["inpaint"] = "inpaint"


AnyJob = TrainInpaint | TrainClassify | Encode | Inpaint
Job = Annotated[AnyJob, Field(union_mode="left_to_right")]


class Weights(_Model):
    """Published weights of a backbone or a metric.

    Attributes:
        name: unique in the backbone.
        role: weights of the model (`generator`, `encoder`, `discriminator`) or of a network in its loss (`perceptual`).
        licence: licence as published.
        address: where the file is published.
        file: name of the file; in an archive its path there.
        sha256: sha256 of the file; empty = not known.
        variants: the backbone's variants that it is for; empty = all.
        package: Python package, installed with the backbone, that contains the file; empty = a file of its own.
        fetch: command that gets a file that the address alone does not give; `{python}`, `{variant}` and `{output}`
            stand for the Python of the harness, the variant and the file to write.
        about: command that prints the variant's `licence` and `address` as JSON before a download, if they differ
            between variants; exit code 2 if there is no such variant. `{input}` stands for a file that a user imports,
            or nothing.
    """

    name: Name
    role: Literal["generator", "encoder", "discriminator", "perceptual"]
    licence: Line
    address: Line
    file: FilePath
    sha256: Sha256 = ""
    variants: tuple[Line, ...] = ()
    package: Word = ""
    fetch: Command = ()
    about: Command = ()


class Description(_Model):
    """Output of `describe`.

    Attributes:
        contract: version of the contract that the backbone implements.
        name: name of the backbone.
        variant: the described variant.
        capabilities: what it can do.
        parameters: number of parameters that the `encoder` uses for its feature map, and in `total`.
        image_size: side of the images in pixels, to which `shape` and `embedding_size` apply.
        shape: (channels, height, width) of the encoder's feature map.
        embedding_size: length of a flattened embedding.
        input: input convention in words, by topic.
        weights: published weights that it can start from.
    """

    contract: Version
    name: Name
    variant: Line = ""
    capabilities: Annotated[tuple[Capability, ...], Field(max_length=8)]
    parameters: dict[Literal["encoder", "total"], Count]
    image_size: Size
    shape: tuple[Size, Size, Size]
    embedding_size: Size
    input: Topics
    weights: Annotated[tuple[Weights, ...], Field(max_length=100)] = ()


class Encoder(_Model):
    """Size of an encoder.

    Attributes:
        parameters: number of parameters that its feature map depends on.
        shape: (channels, height, width) of its feature map.
    """

    parameters: Count
    shape: tuple[Size, Size, Size]


class Result(_Model):
    """Content of out/result.json, which every job writes.

    Attributes:
        contract: version of the contract that the backbone implements.
        images: number of processed images; in training each counts once per epoch.
        seconds: wall time of the work in seconds, without start-up.
        peak_memory_mib: highest resident memory in MiB.
        versions: versions of the libraries on which the numbers depend.
        precision: arithmetic that the networks computed in; None = that of the job (version 1).
        fast: whether they were computed in a faster order than layer by layer; None = not stated.
        epoch: epoch of the kept checkpoint, from 1; of trainings.
        iterations: optimisation steps up to that checkpoint.
        loss: validation loss of that checkpoint; of inpainting training the generator's.
        encoder: size of the encoder; of encode.
    """

    contract: Version
    images: Count
    seconds: Seconds
    peak_memory_mib: Annotated[float, Field(ge=0, le=1e9)]
    versions: Annotated[dict[Word, Word], Field(max_length=40)]
    precision: Arithmetic | None = None
    fast: bool | None = None
    epoch: Count | None = None
    iterations: Count | None = None
    loss: Number | None = None
    encoder: Encoder | None = None


class Progress(_Model):
    """An event of progress, as one JSON object on a line of standard output; further keys are allowed.

    Attributes:
        event: what the line is.
        done: number of finished units, at most `total`.
        total: number of all units.
        unit: name of a unit, such as `epoch` or `image`.
        loss: to be shown.
        validation: to be shown.
    """

    model_config = ConfigDict(extra="ignore")

    event: Literal["progress"]
    done: Count
    total: Count
    unit: Annotated[str, Field(max_length=20), AfterValidator(_check_line)] = ""
    loss: Number | None = None
    validation: Number | None = None

    @model_validator(mode="after")
    def _check_counts(self) -> Self:
        if self.done > self.total:
            raise ValueError("done is more than total")
        return self


def schemas() -> dict[str, dict[str, object]]:
    """The published JSON Schemas by file name."""
    return {
        "job.json": TypeAdapter(Job).json_schema(mode="serialization"),
        "description.json": Description.model_json_schema(mode="serialization"),
        "result.json": Result.model_json_schema(),
    }


if __name__ == "__main__":
    import json
    from pathlib import Path

    for name, schema in schemas().items():
        path = Path(__file__).parents[1] / "backbones" / "kit" / "schema" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(json.dumps(schema, indent=2) + "\n", encoding="utf-8")
