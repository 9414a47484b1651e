"""Which stages a run has, what each is given, and in which order they may run."""

import os
from collections.abc import Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from benchmark.catalogue import Catalogue
from benchmark.protocol import Protocol
from benchmark.records import Mode, Variant
from benchmark.regions import VARIANTS
from benchmark.splitting import Split
from harness.backbones import BackboneFacts
from harness.contract import Encode, TrainClassify, TrainInpaint
from harness.packing import Packer
from harness.stages import Done, Stages

MODES: tuple[Mode, ...] = ("deep", "shallow")
CHECKPOINT = "checkpoint.safetensors"


@dataclass(frozen=True)
class Run:
    """What is to be run.

    Attributes:
        backbone: the contestant.
        catalogue: the data set.
        split: the fixed split of it.
        protocol: every other figure.
        weights: published weight files by name in backbone.toml; empty with random initialisation and no
            perceptual networks.
        device: `cpu` or `cuda`.
        workers: stages at the same time.
    """

    backbone: BackboneFacts
    catalogue: Catalogue
    split: Split
    protocol: Protocol
    weights: Mapping[str, Path]
    device: Literal["cpu", "cuda"]
    workers: int

    @property
    def init(self) -> str:
        """`random`, or the name of the published weights that the backbone starts from."""
        published = self.backbone.published
        return published.name if published is not None and published.name in self.weights else "random"

    @property
    def variants(self) -> tuple[Variant, ...]:
        """The region variants that the data can carry, `all` first: it is wanted soonest."""
        return tuple(sorted(VARIANTS, key=lambda variant: variant != "all")) if self.catalogue.has_regions else ("all",)


@dataclass(frozen=True)
class Results:
    """The finished stages of a run.

    Attributes:
        inpainting: the inpainting training, None where backbone or data cannot.
        embedding: test images encoded before any label was seen.
        trainings: of the classifiers, by mode and variant.
        predictions: of the test images, by mode and variant.
    """

    inpainting: Done | None
    embedding: Done
    trainings: Mapping[Mode, Mapping[Variant, Done]]
    predictions: Mapping[Mode, Mapping[Variant, Done]]

    @property
    def notes(self) -> dict[str, Any]:
        """What the record keeps of each stage, by name."""
        notes = {"encode": self.embedding.note}
        if self.inpainting:
            notes["inpaint"] = self.inpainting.note
        for kind, done in (("classify", self.trainings), ("predict", self.predictions)):
            notes |= {f"{kind}-{mode}-{variant}": stage.note for mode in done for variant, stage in done[mode].items()}
        return notes


class Plan:
    """The stages of one run.

    Inpainting comes first; what follows it are chains that know nothing of each other: the encoding of the test
    images, and for every mode and region variant a training with the predictions it makes.
    """

    def __init__(self, run: Run, packer: Packer, stages: Stages) -> None:
        """Args: what to run, the data, and what runs a stage."""
        self._run, self._packer, self._stages = run, packer, stages
        self._inpaints = run.backbone.inpaints and packer.inpaintable

    @property
    def count(self) -> int:
        """Number of stages."""
        return self._inpaints + 1 + 2 * len(MODES) * len(self._run.variants)

    def execute(self) -> Results:
        """Run or find every stage.

        Raises:
            StageError: of the first stage that failed; stages running beside it are let finish, none is started.
            RunError: of the engine or the disk.
            KeyboardInterrupt: after running stages were stopped.
        """
        inpainting = self._inpaint() if self._inpaints else None
        with ThreadPoolExecutor(self._run.workers) as pool:
            try:
                return self._branches(pool, inpainting)
            except BaseException as error:
                self._stages.halt(kill=isinstance(error, KeyboardInterrupt))
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _branches(self, pool: ThreadPoolExecutor, inpainting: Done | None) -> Results:
        start = {} if inpainting is None else {CHECKPOINT: inpainting.file(CHECKPOINT)}
        embedding = pool.submit(self._encode, "encode", "all", start)
        chains = {
            (mode, variant): pool.submit(self._chain, mode, variant, start)
            for variant in self._run.variants
            for mode in MODES
        }
        futures: list[Future[Any]] = [embedding, *chains.values()]
        done, _ = wait(futures, return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()
        finished = {place: chain.result() for place, chain in chains.items()}

        def by_mode(which: int) -> dict[Mode, dict[Variant, Done]]:
            return {mode: {v: finished[mode, v][which] for v in self._run.variants} for mode in MODES}

        return Results(inpainting, embedding.result(), by_mode(0), by_mode(1))

    def _inpaint(self) -> Done:
        settings = self._run.protocol.inpaint
        artifacts = self._published("perceptual", "generator", "encoder")
        job = TrainInpaint(
            **self._common(settings.batch_size_of(self._run.backbone.name), artifacts),
            epochs=settings.epochs,
            patience=settings.patience,
            perceptual=settings.perceptual,
        )
        data = self._packer.inpaint(settings.originals)
        return self._stages.run("inpaint", job, data, _files(artifacts), threads=os.cpu_count())

    def _chain(self, mode: Mode, variant: Variant, start: Mapping[str, Path]) -> tuple[Done, Done]:
        """Train one classifier and let it predict the test images."""
        settings = self._run.protocol.classify
        weights = {} if start else self._published("generator", "encoder")
        job = TrainClassify(
            **self._common(settings.batch_size, weights, start),
            mode=mode,
            classes=len(self._run.catalogue.identities),
            epochs=settings.epochs,
            learning_rate=settings.learning_rate,
            pooling=settings.pooling,
            explain="gradcam" if variant == "all" and "explain" in self._run.backbone.capabilities else None,
        )
        data = self._packer.train(variant, self._run.protocol.probes.images_per_individual, settings.images)
        training = self._stages.run(f"classify-{mode}-{variant}", job, data, {**_files(weights), **start})
        trained = {CHECKPOINT: training.file(CHECKPOINT)}
        return training, self._encode(f"predict-{mode}-{variant}", variant, trained, job.classes)

    def _encode(self, name: str, variant: Variant, start: Mapping[str, Path], classes: int | None = None) -> Done:
        settings = self._run.protocol.classify
        weights = {} if start else self._published("generator", "encoder")
        job = Encode(**self._common(settings.batch_size, weights, start), pooling=settings.pooling, classes=classes)
        return self._stages.run(name, job, self._packer.test(variant), {**_files(weights), **start})

    def _published(self, *roles: str) -> dict[str, Path]:
        """The run's published weights of some roles."""
        of = {weights.name: weights.role for weights in self._run.backbone.weights}
        return {name: path for name, path in self._run.weights.items() if of[name] in roles}

    def _common(
        self, batch_size: int, weights: Mapping[str, Path], start: Mapping[str, Path] | None = None
    ) -> dict[str, Any]:
        """The fields that all jobs have."""
        protocol = self._run.protocol
        return {
            "image_size": protocol.image_size,
            "seed": protocol.seed,
            "precision": protocol.precision,
            "batch_size": batch_size,
            "init": self._run.init,
            "weights": {name: f"in/{path.name}" for name, path in weights.items()},
            "checkpoint": f"in/{CHECKPOINT}" if start else None,
        }


def _files(weights: Mapping[str, Path]) -> dict[str, Path]:
    return {path.name: path for path in weights.values()}
