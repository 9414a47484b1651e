"""The contract with a backbone, version 1, as types; `docs/contract.md` says it in words.

The JSON Schemas under backbones/kit/schema are generated from these types (`make schema`), so that a backbone in any
language can check what it reads and writes. Nothing here is imported by a contestant.
"""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from benchmark.vocabulary import CamMethod, Device, Init, Mode, PerceptualWeights, Pooling, Precision

VERSION: Literal["1"] = "1"

Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=-(2**63), le=2**64 - 1)]
Capability = Literal["train:inpaint", "train:shallow", "train:deep", "explain"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Resources(_Part):
    """What the job may use.

    Attributes:
        threads: processor threads; not part of what identifies a result, though the order of sums follows from it.
        device: `cpu` or `cuda`; part of it.
    """

    threads: Positive = 1
    device: Device = "cpu"


class _Job(_Part):
    contract: Literal["1"] = VERSION
    variant: str = Field(default="", description="Which of the backbone's variants; empty = the plain one.")
    image_size: Positive
    seed: Seed = Field(description="What 64 bits hold, with or without a sign.")
    precision: Precision = "float32"
    batch_size: Positive
    init: Init = Field(description="What to start from; `published`: see `weights`.")
    weights: dict[str, str] = Field(
        default={}, description="Published weight files by name, as paths relative to the job's folder."
    )
    checkpoint: Annotated[str, Field(min_length=1)] | None = Field(
        default=None,
        description="Checkpoint of an earlier stage of the same backbone, relative to the job's folder; loaded after "
        "the weights that `init` means.",
    )
    resources: Resources = Resources()


class TrainInpaint(_Job):
    """Learn to fill holes. Data: images.npy, masks.npy, table.csv (id, split in train|val)."""

    verb: Literal["train"] = "train"
    task: Literal["inpaint"] = "inpaint"
    epochs: Positive = Field(description="At most; of each phase, where the authors train in phases.")
    patience: Positive = Field(description="Stop after this many epochs without a lower validation generator loss.")
    perceptual: PerceptualWeights = Field(
        description="Whether the loss has its perceptual term; `none` is the protocol's decision to go without."
    )


class TrainClassify(_Job):
    """Learn to tell individuals apart. Data: images.npy, table.csv (id, split in train|val, label, probe)."""

    verb: Literal["train"] = "train"
    task: Literal["classify"] = "classify"
    mode: Mode
    classes: Positive
    epochs: Positive
    learning_rate: Annotated[float, Field(gt=0)]
    pooling: Pooling
    explain: CamMethod | None = Field(
        default=None, description="CAM method for the probe images after every epoch; null = none wanted."
    )


class Encode(_Job):
    """Embed every image given, in the order given. Data: images.npy, table.csv (id)."""

    verb: Literal["encode"] = "encode"
    pooling: Pooling
    dtype: Literal["float32", "float16"] = "float32"
    classes: Positive | None = Field(
        default=None,
        description="Of the classifier whose checkpoint it is: logits.npy is wanted; null = no classifier's.",
    )
    explain: CamMethod | None = None


class Inpaint(_Job):
    """Fill the holes of every image given, in the order given. Data: images.npy, masks.npy, table.csv (id)."""

    verb: Literal["inpaint"] = "inpaint"


AnyJob = TrainInpaint | TrainClassify | Encode | Inpaint
Job = Annotated[AnyJob, Field(union_mode="left_to_right")]


class Weights(_Part):
    """Published weights that a backbone knows.

    Attributes:
        name: unique in the backbone.
        role: its own weights (`generator`, `encoder`, `discriminator`), or those of a loss (`perceptual`).
        licence: as published.
        address: where the file is published.
        file: name of the file.
        sha256: of the file; empty = not known.
        variants: of the backbone that it is for; empty = all.
        package: Python package, installed with the backbone, that holds the file; empty = a file of its own.
        fetch: command that gets the file where an address alone does not; `{python}`, `{variant}` and `{output}` stand
            for the harness's Python, the variant and the file to write.
        about: command that prints the variant's `licence` and `address` as JSON, where they differ between variants,
            before anything comes; exit code 2 where there is no such variant. `{input}` stands for a file that a user
            imports, or nothing.
    """

    name: str
    role: Literal["generator", "encoder", "discriminator", "perceptual"]
    licence: str
    address: str
    file: str
    sha256: str = ""
    variants: tuple[str, ...] = ()
    package: str = ""
    fetch: tuple[str, ...] = ()
    about: tuple[str, ...] = ()


class Description(_Part):
    """What `describe` prints.

    Attributes:
        contract: the version that the backbone speaks.
        name: of the backbone.
        variant: that is described.
        capabilities: what it can do.
        parameters: number of parameters of the `encoder` and in `total`.
        image_size: that `shape` and `embedding_size` are for, in pixels.
        shape: (channels, height, width) of the encoder's feature map.
        embedding_size: length of an embedding.
        input: its input convention in words.
        weights: published weights that it can start from.
    """

    contract: Literal["1"]
    name: str
    variant: str = ""
    capabilities: tuple[Capability, ...]
    parameters: dict[Literal["encoder", "total"], int]
    image_size: Positive
    shape: tuple[Positive, Positive, Positive]
    embedding_size: Positive
    input: dict[str, str]
    weights: tuple[Weights, ...] = ()


class Encoder(_Part):
    """How large an encoder is, and what it gives.

    Attributes:
        parameters: their number.
        shape: (channels, height, width) of its feature map.
    """

    parameters: Annotated[int, Field(ge=0)]
    shape: tuple[Positive, Positive, Positive]


class Result(_Part):
    """What every job writes to out/result.json.

    Attributes:
        contract: the version that the backbone speaks.
        images: how many images were worked on (each counted once an epoch).
        seconds: wall time of the work, without start-up.
        peak_memory_mib: highest resident memory.
        versions: of the libraries that matter.
        epoch: of the checkpoint kept, where one was trained; from 1.
        iterations: optimisation steps up to that checkpoint.
        loss: validation loss of that checkpoint (inpaint: of the generator).
        encoder: of the encoder that was used (encode).
    """

    contract: Literal["1"]
    images: int
    seconds: float
    peak_memory_mib: float
    versions: dict[str, str]
    epoch: int | None = None
    iterations: int | None = None
    loss: float | None = None
    encoder: Encoder | None = None


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
