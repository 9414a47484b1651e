"""Protocols: every value that a run depends on, as a reviewed TOML file."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from benchmark.errors import InputError, first_problem
from benchmark.hashing import json_digest
from benchmark.vocabulary import (
    MODES,
    CamMethod,
    CheckpointRule,
    Fill,
    HoleKind,
    Init,
    Mode,
    PerceptualWeights,
    Pooling,
    Precision,
    RetrievalBackend,
)

Positive = Annotated[int, Field(ge=1)]
Rate = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Seed = Annotated[int, Field(ge=0, lt=2**31)]


def _in_order(modes: tuple[Mode, ...]) -> tuple[Mode, ...]:
    if len(set(modes)) != len(modes):
        raise ValueError(f"{', '.join(modes)}: name each mode once")
    return tuple(mode for mode in MODES if mode in modes)


Modes = Annotated[tuple[Mode, ...], AfterValidator(_in_order)]
"""Modes without repetition, in the order of the vocabulary."""


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class InpaintSection(_Section):
    """Inpainting training.

    Attributes:
        masks: `pattern` = the animal's pattern is the hole (the paper); `irregular` = random strokes, fixed for each
            image, also for data without pattern regions.
        originals: largest number of training images, the same number of each individual; None = all.
        epochs: largest number of epochs.
        patience: epochs without a lower validation generator loss after which training stops.
        perceptual: `published` = the authors' perceptual networks; `none` = the losses without that term.
        batch_size: images a step.
        keep: rule by which the checkpoint is kept and training stops; `lowest` is the paper's.
        test_photos: largest number of test photos whose holes are filled, of all that the training has not seen; None =
            the inpainting set's test images, in four flips (the paper).
    """

    masks: HoleKind = "pattern"
    originals: Positive | None = None
    epochs: Positive
    patience: Positive
    perceptual: PerceptualWeights
    batch_size: Positive
    keep: CheckpointRule = "lowest"
    test_photos: Positive | None = None


class ClassifySection(_Section):
    """Training of a classifier, shallow and deep alike, with cross-entropy and Adam.

    Attributes:
        modes: classifiers to train, of those that a backbone can train. Probes are fitted in any case.
        images: largest number of training images, the same number of each individual; None = all.
        epochs: number of epochs.
        batch_size: images a step.
        learning_rate: of Adam.
        pooling: `flatten` = the whole feature map is the embedding (the paper), `average` = its mean over positions.
    """

    modes: Modes = MODES
    images: Positive | None = None
    epochs: Positive
    batch_size: Positive
    learning_rate: Rate
    pooling: Pooling


class AblationSection(_Section):
    """Region ablation: by probes always, and by classifiers that are trained in every region variant.

    Attributes:
        modes: classifiers that are trained in every region variant, of `classify.modes`; None = all of them.
        images_per_individual: largest number of test images of each individual that such a classifier is scored on.
        fill: what replaces a hidden region; a region of zeros (the paper) still shows its outline.
    """

    modes: Modes | None = None
    images_per_individual: Positive
    fill: Fill = "zero"


class RetrievalSection(_Section):
    """Re-identification.

    Attributes:
        backend: `numpy` is exact; `faiss` is faster in large galleries, in float32 and without mean average precision.
    """

    backend: RetrievalBackend = "numpy"


class CamSection(_Section):
    """Class activation maps (CAMs) of the classifiers.

    Attributes:
        method: of the CAMs (see docs/contract.md, `explain`); `gradcam` is the paper's. CAMs of test images are made
            by HiResCAM too.
        probes_per_individual: validation images whose CAMs are taken after every epoch.
    """

    method: CamMethod = "gradcam"
    probes_per_individual: Positive

    @property
    def methods(self) -> tuple[CamMethod, ...]:
        """Methods for the test images: the protocol's, then HiResCAM, which is faithful to a linear head."""
        return tuple(dict.fromkeys((self.method, "hirescam")))


class LimitsSection(_Section):
    """Limits of one stage: wall time, and memory where the runner can enforce it."""

    seconds: Positive
    memory_gib: Annotated[float, Field(gt=0)]


class Overrides(_Section):
    """Values for one backbone in place of the protocol's; None = the protocol's value.

    Attributes:
        init: weights to start from.
        batch_size: of the inpainting training.
    """

    init: Init | None = None
    batch_size: Positive | None = None

    def over(self, other: "Overrides") -> "Overrides":
        """These values, and where they are None the other's."""
        return Overrides.model_validate(other.model_dump(exclude_none=True) | self.model_dump(exclude_none=True))


class ResolvedProtocol(_Section):
    """A protocol as it holds for one backbone: plain values only.

    Attributes:
        name: of the file, without `.toml`.
        image_size: side of the square crops in pixels.
        seed: of every random choice in training and clustering.
        init: `random`, or `published` = the published weights.
        precision: of the networks' arithmetic.
        fast: whether the networks may be computed in a faster order; false = layer by layer, for comparisons.
        inpaint: inpainting training.
        classify: training of the classifiers.
        ablation: region ablation.
        retrieval: re-identification.
        cam: class activation maps.
        clean_split: whether a split is refused if its audit finds faults.
        limits: of one stage.
    """

    name: str
    image_size: Positive
    seed: Seed
    init: Init
    precision: Precision
    fast: bool = True
    inpaint: InpaintSection
    classify: ClassifySection
    ablation: AblationSection
    retrieval: RetrievalSection = RetrievalSection()
    cam: CamSection
    clean_split: bool = False
    limits: LimitsSection

    @model_validator(mode="after")
    def _ablates_what_it_trains(self) -> Self:
        untrained = set(self.ablation.modes or ()) - set(self.classify.modes)
        if untrained:
            raise ValueError(
                f"ablation.modes has {', '.join(sorted(untrained))}, which classify.modes lacks: add it there, or "
                "leave it out"
            )
        return self


class Protocol(ResolvedProtocol):
    """A protocol file: values for every backbone, and the file's own exceptions.

    Attributes:
        backbones: exceptions by backbone name. The shipped protocols have none: a contestant's own values are in its
            backbone.toml.
    """

    backbones: Mapping[str, Overrides] = {}

    @property
    def rules(self) -> str:
        """sha256 of the values that hold for every backbone; only runs of equal rules are ranked together.

        Name, seed, limits and exceptions for single backbones are not part of it. Neither is how fast the networks are
        computed: `fast` changes rounding alone, and `auto` counts as float32, whose embeddings it keeps to a cosine of
        0.999.
        """
        common = self.model_dump(mode="json", exclude={"name", "seed", "limits", "backbones", "fast"})
        common["precision"] = "float32" if self.precision == "auto" else self.precision
        return json_digest(common, spaced=True)

    def resolve(self, backbone: str, own: Overrides) -> ResolvedProtocol:
        """The protocol for one backbone.

        Args:
            backbone: its name.
            own: the contestant's own values for this protocol; the file's exceptions go before them.
        """
        values = self.backbones.get(backbone, Overrides()).over(own)
        resolved = self.model_dump(exclude={"backbones"})
        if values.init is not None:
            resolved["init"] = values.init
        if values.batch_size is not None:
            resolved["inpaint"]["batch_size"] = values.batch_size
        return ResolvedProtocol.model_validate(resolved)

    def with_every_classifier(self) -> "Protocol":
        """The protocol with both modes, each trained in every region variant."""
        values = self.model_dump()
        values["classify"]["modes"], values["ablation"]["modes"] = MODES, None
        return Protocol.model_validate(values)

    def with_init(self, init: Init) -> "Protocol":
        """The protocol with one initialisation for every backbone."""
        backbones = {name: one.model_dump() | {"init": None} for name, one in self.backbones.items()}
        return Protocol.model_validate(self.model_dump() | {"init": init, "backbones": backbones})

    def with_seed(self, seed: int) -> "Protocol":
        """The protocol with another seed.

        Raises:
            InputError: the seed is not in [0, 2**31).
        """
        try:
            return Protocol.model_validate(self.model_dump() | {"seed": seed})
        except ValidationError as error:
            raise InputError(
                f"The seed {seed} is not allowed: seeds are whole numbers from 0 to {2**31 - 1}. Use fewer seeds, or "
                f"another first one (`--seed`, or `seed` in protocol {self.name})."
            ) from error


def read_protocol(name_or_path: str, shipped: Path, besides: Sequence[str] = ()) -> Protocol:
    """Read a shipped protocol by name, or any protocol file by path.

    Args:
        name_or_path: `quick`, or the path of a .toml file.
        shipped: folder of the shipped protocols.
        besides: names that the user may give too, although no file of a protocol belongs to them.

    Raises:
        InputError: the protocol does not exist, the file is wrong, or it has the name of a shipped protocol but other
            rules; says what is allowed.
    """
    path = shipped / f"{name_or_path}.toml"
    if name_or_path.endswith(".toml"):
        path = Path(name_or_path)
    if not path.is_file():
        known = ", ".join(sorted([*besides, *(file.stem for file in shipped.glob("*.toml"))]))
        raise InputError(
            f"Unknown protocol {name_or_path!r}; there are: {known}. Or give the path of a .toml file: copy one of "
            f"{shipped} and change it."
        )
    protocol = _read(path)
    namesake = shipped / path.name
    if namesake.is_file() and protocol.rules != _read(namesake).rules:
        raise InputError(
            f"{path} has the name of a protocol that comes with patternbench, but other rules: in the tables its rows "
            "would be mixed with those of that protocol. Give the file another name."
        )
    return protocol


def _read(path: Path) -> Protocol:
    try:
        return Protocol.model_validate({"name": path.stem} | tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not TOML: {error}.") from error
    except ValidationError as error:
        raise InputError(f"{path}: {first_problem(error)}.") from error
