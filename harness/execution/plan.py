"""The plan of a run: its stages as data, in the order in which they are started."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.vocabulary import REGION_VARIANTS, CamMethod, EncoderState, Init, Mode, RegionVariant, SplitPart
from harness.contract import AnyJob, Encode, Inpaint, TrainClassify, TrainInpaint
from harness.execution import job_files
from harness.execution.packs import EncodePack, HolesPack, InpaintPack, Pack, TrainPack
from harness.execution.spec import RunSpec

INPAINT = "inpaint"
FILL = "fill"
ENCODE: dict[EncoderState, str] = {
    "initial": "encode",
    "untrained": "encode-untrained",
    "finetuned": "predict-deep-all",
}
"""Names of the stages that encode the test images, by encoder state."""

UNTRAINED_CLASSIFIER = ("classify-untrained", "predict-untrained")
"""Names of the stages of the shallow classifier on the untrained encoder."""


ABLATED: tuple[RegionVariant, ...] = tuple(variant for variant in REGION_VARIANTS if variant != "all")
"""The region variants that hide something, in the order in which a stage encodes them."""


def classifier(mode: Mode, variant: RegionVariant) -> tuple[str, str]:
    """Names of the stages that train a classifier and let it predict the test images."""
    return f"classify-{mode}-{variant}", f"predict-{mode}-{variant}"


def reference(state: EncoderState, part: SplitPart) -> str:
    """Name of the stage that encodes the images to which test images are compared."""
    return f"{'gallery' if part == 'train' else part}-{state}"


def regions(state: EncoderState, part: SplitPart) -> str:
    """Name of the stage that encodes every image of a part in each of the `ABLATED` variants."""
    return f"regions-{part}-{state}"


@dataclass(frozen=True)
class StageSpec:
    """One stage.

    Attributes:
        name: unique in the plan; it does not identify the stage in the store.
        job: the contract's job.
        pack: the images and labels that the job reads.
        weights: published weight files that the job names, as they are stored.
        after: name of the stage whose checkpoint the job starts from; None = from the weights of `job.init`.
        alone: whether nothing may run beside it, so that it gets all processor threads.
    """

    name: str
    job: AnyJob
    pack: Pack
    weights: tuple[Path, ...] = ()
    after: str | None = None
    alone: bool = False


def plan(spec: RunSpec, *, inpaints: bool, fills: bool = True) -> tuple[StageSpec, ...]:
    """All stages of a run.

    Inpainting comes first, alone. The rest follows in chains that do not depend on each other: the encoding of the test
    images, their holes, the untrained control, the references, the region variants, and for every region variant and
    mode a training and its predictions. No stage comes before the one it starts from.

    Args:
        spec: what to run.
        inpaints: whether backbone and data allow inpainting.
        fills: whether a model that inpaints has test photos with a hole to fill.
    """
    return tuple(_Planner(spec, inpaints, fills).stages())


class _Planner:
    """Makes the stages of one run, which share most of their settings."""

    def __init__(self, spec: RunSpec, inpaints: bool, fills: bool) -> None:
        self._spec, self._protocol = spec, spec.protocol
        self._inpaints, self._fills = inpaints, inpaints and fills
        self._has_control = inpaints or (spec.init == "published" and spec.backbone.starts_random)
        by_setting: dict[str, tuple[SplitPart, ...]] = {"closed": ("train",), "open": ("train", "val"), "disjoint": ()}
        self._reference_parts = by_setting[spec.data.identity_setting]

    def stages(self) -> list[StageSpec]:
        start = INPAINT if self._inpaints else None
        stages = [self._inpaint()] if self._inpaints else []
        stages.append(self._encode(ENCODE["initial"], start))
        if self._fills:
            stages.append(self._fill())
        if self._has_control:
            stages.append(self._encode(ENCODE["untrained"], init="random"))
            if "shallow" in self._spec.modes:
                stages += self._classifier(UNTRAINED_CLASSIFIER, "shallow", "all", init="random")
        stages += [*self._references("initial", start), *self._regions("initial", start)]
        if self._has_control:
            stages += [*self._references("untrained", init="random"), *self._regions("untrained", init="random")]
        for variant in self._spec.data.variants:
            for mode in self._spec.modes_of(variant):
                stages += self._classifier(classifier(mode, variant), mode, variant, start)
                if (mode, variant) == ("deep", "all"):
                    stages += self._references("finetuned", classifier(mode, variant)[0])
        return stages

    def _inpaint(self) -> StageSpec:
        settings = self._protocol.inpaint
        weights = self._weights("perceptual", "generator", "encoder", "discriminator")
        job = TrainInpaint(
            **self._common(settings.batch_size, self._spec.init, weights),
            epochs=settings.epochs,
            patience=settings.patience,
            keep=settings.keep,
            perceptual=settings.perceptual,
        )
        pack = InpaintPack(settings.masks, settings.originals)
        return StageSpec(INPAINT, job, pack, tuple(weights.values()), alone=True)

    def _fill(self) -> StageSpec:
        settings, weights = self._protocol.inpaint, self._encoder_weights(self._spec.init)
        job = Inpaint(**self._common(settings.batch_size, self._spec.init, weights, after=INPAINT))
        return StageSpec(
            FILL, job, HolesPack(settings.masks, settings.test_photos), tuple(weights.values()), after=INPAINT
        )

    def _classifier(
        self,
        names: tuple[str, str],
        mode: Mode,
        variant: RegionVariant,
        after: str | None = None,
        init: Init | None = None,
    ) -> list[StageSpec]:
        """The training of one classifier, and its predictions."""
        settings, init = self._protocol.classify, init or self._spec.init
        weights = self._encoder_weights(init)
        job = TrainClassify(
            **self._common(settings.batch_size, init, weights, after),
            mode=mode,
            classes=len(self._spec.data.catalogue.identities),
            epochs=settings.epochs,
            learning_rate=settings.learning_rate,
            pooling=settings.pooling,
            explain=self._explained(self._protocol.cam.method) if variant == "all" else (),
        )
        pack = TrainPack(
            variant, self._protocol.ablation.fill, self._protocol.cam.probes_per_individual, settings.images
        )
        training, prediction = names
        return [
            StageSpec(training, job, pack, tuple(weights.values()), after),
            self._encode(prediction, training, init, variants=(variant,), classes=job.classes),
        ]

    def _references(self, state: EncoderState, after: str | None = None, init: Init | None = None) -> list[StageSpec]:
        return [self._encode(reference(state, part), after, init, part) for part in self._reference_parts]

    def _regions(self, state: EncoderState, after: str | None = None, init: Init | None = None) -> list[StageSpec]:
        """The region variants of test and training images; none for data without regions."""
        parts: tuple[SplitPart, ...] = ("test", "train") if len(self._spec.data.variants) > 1 else ()
        return [self._encode(regions(state, part), after, init, part, ABLATED) for part in parts]

    def _encode(
        self,
        name: str,
        after: str | None = None,
        init: Init | None = None,
        part: SplitPart = "test",
        variants: tuple[RegionVariant, ...] = ("all",),
        classes: int | None = None,
    ) -> StageSpec:
        settings, init = self._protocol.classify, init or self._spec.init
        weights = self._encoder_weights(init)
        job = Encode(
            **self._common(settings.batch_size, init, weights, after),
            pooling=settings.pooling,
            classes=classes,
            explain=self._explained(*self._protocol.cam.methods) if classes and variants == ("all",) else (),
        )
        return StageSpec(
            name, job, EncodePack(part, variants, self._protocol.ablation.fill), tuple(weights.values()), after
        )

    def _explained(self, *methods: CamMethod) -> tuple[CamMethod, ...]:
        """These CAM methods; none if the backbone does not explain."""
        return methods if "explain" in self._spec.backbone.capabilities else ()

    def _encoder_weights(self, init: Init) -> dict[str, Path]:
        return self._weights("generator", "encoder") if init == "published" else {}

    def _weights(self, *roles: str) -> dict[str, Path]:
        """The run's published weights of some roles, by their names in backbone.toml."""
        role_of = {weights.name: weights.role for weights in self._spec.backbone.own_weights}
        return {name: path for name, path in self._spec.weights.items() if role_of[name] in roles}

    def _common(
        self, batch_size: int, init: Init, weights: Mapping[str, Path], after: str | None = None
    ) -> dict[str, Any]:
        """The fields that all jobs have."""
        return {
            "variant": self._spec.backbone.variant,
            "image_size": self._protocol.image_size,
            "seed": self._protocol.seed,
            "precision": self._protocol.precision,
            "fast": self._protocol.fast,
            "batch_size": batch_size,
            "init": init,
            "weights": {name: f"{job_files.ARTIFACTS}/{path.name}" for name, path in weights.items()},
            "checkpoint": f"{job_files.ARTIFACTS}/{job_files.CHECKPOINT}" if after else None,
        }
