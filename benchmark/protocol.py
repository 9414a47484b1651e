"""Protocols: every figure that a run depends on, as a reviewed TOML file."""

import hashlib
import json
import tomllib
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from benchmark.errors import InputError
from benchmark.vocabulary import (
    CamMethod,
    Fill,
    HoleKind,
    Init,
    PerceptualWeights,
    Pooling,
    Precision,
    RetrievalBackend,
)

Positive = Annotated[int, Field(ge=1)]
Rate = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]
DEFAULT = "default"
T = TypeVar("T")


def _has_default(values: object) -> object:
    if not isinstance(values, dict) or DEFAULT not in values:
        raise ValueError(f"{values!r} should be by backbone name, {{ {DEFAULT} = ... }}: others take `{DEFAULT}`'s")
    return values


_BY_BACKBONE = BeforeValidator(_has_default)


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Inpaint(_Part):
    """Inpainting training.

    Attributes:
        masks: `pattern` = the animal's pattern is the hole (the paper); `irregular` = random strokes, fixed for each
            image, for data without pattern regions too.
        originals: of the training images so many at most, the same number of each individual; None = all.
        epochs: at most.
        patience: stop after so many epochs without a lower validation generator loss.
        perceptual: `published` = the authors' perceptual networks; `none` = the losses without that term.
        batch_size: by backbone name, and `default` for all others.
    """

    masks: HoleKind = "pattern"
    originals: Positive | None = None
    epochs: Positive
    patience: Positive
    perceptual: PerceptualWeights
    batch_size: Annotated[dict[str, Positive], _BY_BACKBONE]


class Classify(_Part):
    """Training of a classifier, shallow and deep alike, with cross-entropy and Adam.

    Attributes:
        images: of the training images so many at most, the same number of each individual; None = all.
        epochs: all are trained.
        batch_size: images a step.
        learning_rate: of Adam; by backbone name, and `default` for all others.
        pooling: `flatten` = the whole feature map is the embedding (the paper), `average` = its mean over positions.
    """

    images: Positive | None = None
    epochs: Positive
    batch_size: Positive
    learning_rate: Annotated[dict[str, Rate], _BY_BACKBONE]
    pooling: Pooling


class Ablation(_Part):
    """Region ablation.

    Attributes:
        images_per_individual: test images, at most.
        fill: what stands where a region is not shown: `zero` (the paper), `mean` colour of the image, the image
            heavily `blur`red, or `noise`. A region of zeros still shows its outline.
    """

    images_per_individual: Positive
    fill: Fill = "zero"


class Retrieval(_Part):
    """Re-identification.

    Attributes:
        backend: `numpy` is exact; `faiss` is faster in large galleries, in float32 and without mean average precision.
    """

    backend: RetrievalBackend = "numpy"


class Focus(_Part):
    """Where classifiers look.

    Attributes:
        method: of the class activation maps (see docs/contract.md, `explain`); `gradcam` is the paper's.
        probes_per_individual: validation images whose maps are taken after every epoch.
    """

    method: CamMethod = "gradcam"
    probes_per_individual: Positive


class Limits(_Part):
    """Of one stage: wall time, and memory where the runner can hold it."""

    seconds: Positive
    memory_gib: Annotated[float, Field(gt=0)]


class Protocol(_Part):
    """A protocol.

    Attributes:
        name: the file's, without `.toml`.
        image_size: side in pixels of the square crops.
        seed: of every random choice in training and clustering.
        init: `random`, or `published` = the published weights; by backbone name, and `default` for all others.
        precision: of the networks' arithmetic.
        ablation: on how many test images, and what hides a region.
        retrieval: how test images are searched for.
        focus: how it is measured where classifiers look.
        clean_split: whether a split whose audit finds faults is refused.
    """

    name: str
    image_size: Positive
    seed: Seed
    init: Annotated[dict[str, Init], _BY_BACKBONE]
    precision: Precision
    inpaint: Inpaint
    classify: Classify
    ablation: Ablation
    retrieval: Retrieval = Retrieval()
    focus: Focus
    clean_split: bool = False
    limits: Limits

    @property
    def named(self) -> set[str]:
        """The backbones that it has values of their own for."""
        return {*self.init, *self.inpaint.batch_size, *self.classify.learning_rate} - {DEFAULT}

    @property
    def rules(self) -> str:
        """sha256 of what holds for every backbone that is not named: of runs with other rules no one ranks another.

        The name is not in it, nor the seed, nor the limits, nor what is settled for single backbones.
        """
        common = self.of(DEFAULT).model_dump(mode="json", exclude={"name", "seed", "limits"})
        return hashlib.sha256(json.dumps(common, sort_keys=True).encode()).hexdigest()

    def of(self, backbone: str) -> "Protocol":
        """The protocol for one backbone alone: its own values stand as the defaults.

        So what is settled for another backbone is no part of what identifies its run.
        """
        inpaint = {"batch_size": _only(self.inpaint.batch_size, backbone)}
        classify = {"learning_rate": _only(self.classify.learning_rate, backbone)}
        return self.model_copy(
            update={
                "init": _only(self.init, backbone),
                "inpaint": self.inpaint.model_copy(update=inpaint),
                "classify": self.classify.model_copy(update=classify),
            }
        )


def _only(values: dict[str, T], backbone: str) -> dict[str, T]:
    return {DEFAULT: values.get(backbone, values[DEFAULT])}


def read_protocol(name_or_path: str, shipped: Path) -> Protocol:
    """A shipped protocol by name, or any protocol file by path.

    Raises:
        InputError: there is no such protocol, or the file is wrong, or has the name of a shipped one but other rules;
            says what is allowed.
    """
    path = shipped / f"{name_or_path}.toml"
    if name_or_path.endswith(".toml"):
        path = Path(name_or_path)
    if not path.is_file():
        known = ", ".join(sorted(file.stem for file in shipped.glob("*.toml")))
        raise InputError(
            f"Unknown protocol {name_or_path!r}; there are: {known}. Or give the path of a .toml file: copy one of "
            f"{shipped} and change it."
        )
    protocol = _read(path)
    namesake = shipped / path.name
    if namesake.is_file() and protocol.rules != _read(namesake).rules:
        raise InputError(
            f"{path} has the name of a protocol that comes with patternbench, but other rules: in the tables its rows "
            "would stand among that one's. Give the file another name."
        )
    return protocol


def _read(path: Path) -> Protocol:
    try:
        return Protocol.model_validate({"name": path.stem} | tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not TOML: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        raise InputError(f"{path}: {'.'.join(map(str, first['loc']))}: {first['msg']}.") from error
