"""Which stages a run has, what each is given, and in which order they may run."""

import os
from collections.abc import Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, NamedTuple

from benchmark.data.catalogue import Catalogue
from benchmark.protocol import DEFAULT, Protocol
from benchmark.records.provenance import Experiment
from benchmark.splitting.split import Split
from benchmark.vocabulary import REGION_VARIANTS, CamMethod, Device, EncoderState, Init, Mode, RegionVariant, SplitPart
from harness.contestants.registry import BackboneFacts
from harness.contract import Encode, Inpaint, TrainClassify, TrainInpaint
from harness.execution.packs import Packer
from harness.execution.stages import Done, Stages
from harness.execution.store import Entry

MODES: tuple[Mode, ...] = ("deep", "shallow")
REFERENCES: dict[SplitPart, str] = {"train": "gallery", "val": "val"}
"""What stages that encode a part for comparison are called."""

CHECKPOINT = "checkpoint.safetensors"


@dataclass(frozen=True)
class Material:
    """What several backbones are run on: the data and their split, and the experiment that it is for, if any."""

    catalogue: Catalogue
    split: Split
    experiment: Experiment | None = None


@dataclass(frozen=True)
class Run:
    """What is to be run.

    Attributes:
        backbone: the contestant.
        catalogue: the data set.
        split: the fixed split of it.
        protocol: every other figure, for this backbone alone (`Protocol.of`).
        weights: published weight files by name in backbone.toml; empty with random initialisation and no
            perceptual networks.
        own_files: names of those that are not the published ones, but the user's own.
        device: `cpu` or `cuda`.
        workers: stages at the same time.
        experiment: the experiment that it belongs to, if any.
        rules: digest of what the protocol settles for every backbone (`Protocol.rules`).
    """

    backbone: BackboneFacts
    catalogue: Catalogue
    split: Split
    protocol: Protocol
    weights: Mapping[str, Path]
    device: Device
    workers: int
    experiment: Experiment | None = None
    rules: str = ""
    own_files: frozenset[str] = frozenset()

    @property
    def init(self) -> Init:
        """What the backbone starts from."""
        wanted = self.protocol.init[DEFAULT]
        return wanted if self.backbone.published else "random"

    @property
    def init_name(self) -> str:
        """The same for tables: the names of the published weights; `none` where there is nothing to initialise."""
        if self.init == "published":
            names = (one.name for one in self.backbone.published if one.role != "discriminator")
            return "+".join(f"{name} (own file)" if name in self.own_files else name for name in names)
        return "random" if "train:deep" in self.backbone.capabilities else "none"

    @property
    def modes(self) -> tuple[Mode, ...]:
        """The modes of classification that the backbone can be trained in.

        Where no test individual can be named, only the one that changes the embeddings.
        """
        able = tuple(mode for mode in MODES if f"train:{mode}" in self.backbone.capabilities)
        return able if self.known != "none" else tuple(mode for mode in able if mode == "deep")

    @property
    def variants(self) -> tuple[RegionVariant, ...]:
        """The region variants that are asked about and that the data can carry, `all` first: it is wanted soonest."""
        ablated = self.catalogue.has_regions and self.known != "none"
        return tuple(sorted(REGION_VARIANTS, key=lambda variant: variant != "all")) if ablated else ("all",)

    @cached_property
    def known(self) -> Literal["all", "some", "none"]:
        """Of how many test individuals training shows an image: others can be found again, but not named."""
        owners = {row.image_id: row.identity for row in self.catalogue.rows}
        shown, asked = ({owners.get(one) for one in self.split.ids("classify", part)} for part in ("train", "test"))
        if asked <= shown:
            return "all"
        return "some" if asked & shown else "none"


@dataclass(frozen=True)
class Results:
    """The finished stages of a run.

    Attributes:
        inpainting: the inpainting training, None where backbone or data cannot.
        reconstruction: test images with their holes filled by it.
        embedding: test images encoded before any label was seen.
        untrained: the control: test images encoded with random weights, and the shallow classifier on top of them, as
            training and predictions; None where the run itself has random weights alone, or cannot have them.
        references: images encoded as the test images of the same name were: `untrained`, `inpainting` (before any
            label was seen) and `deep` (after deep classification), as far as there are such. Those of training, to be
            searched, where they show test individuals; those of validation too where they show not all.
        trainings: of the classifiers, by mode and variant.
        predictions: of the test images, by mode and variant.
    """

    inpainting: Done | None
    reconstruction: Done | None
    embedding: Done
    untrained: tuple[Done, Done, Done] | None
    references: Mapping[EncoderState, Mapping[SplitPart, Done]]
    trainings: Mapping[Mode, Mapping[RegionVariant, Done]]
    predictions: Mapping[Mode, Mapping[RegionVariant, Done]]

    @property
    def notes(self) -> dict[str, Any]:
        """What the record keeps of each stage, by name."""
        notes = {"encode": self.embedding.note}
        if self.inpainting and self.reconstruction:
            notes |= {"inpaint": self.inpainting.note, "fill": self.reconstruction.note}
        if self.untrained:
            names = ("encode-untrained", "classify-untrained", "predict-untrained")
            notes |= {name: done.note for name, done in zip(names, self.untrained, strict=True)}
        for name, parts in self.references.items():
            notes |= {f"{REFERENCES[part]}-{name}": done.note for part, done in parts.items()}
        for kind, done in (("classify", self.trainings), ("predict", self.predictions)):
            notes |= {f"{kind}-{mode}-{variant}": stage.note for mode in done for variant, stage in done[mode].items()}
        return notes


class Plan:
    """The stages of one run.

    Inpainting comes first; what follows it are chains that know nothing of each other: the holes of the test images,
    the encoding of the test images, the control with random weights, and for every mode and region variant a training
    with the predictions it makes.
    """

    def __init__(self, run: Run, packer: Packer, stages: Stages) -> None:
        """Args: what to run, the data, and what runs a stage."""
        self._run, self._packer, self._stages = run, packer, stages
        self._masks = run.protocol.inpaint.masks
        self._inpaints = run.backbone.inpaints and packer.inpaintable(self._masks)
        self._controlled = self._inpaints or (run.init == "published" and run.backbone.starts_random)

    @property
    def count(self) -> int:
        """Number of stages."""
        embeddings = 1 + self._controlled + ("deep" in self._run.modes)
        classifiers = len(self._run.modes) * len(self._run.variants)
        return 2 * self._inpaints + 3 * self._controlled + 1 + embeddings * len(self._compared) + 2 * classifiers

    @property
    def _compared(self) -> tuple[SplitPart, ...]:
        """The parts that test images are compared to."""
        parts: dict[str, tuple[SplitPart, ...]] = {"all": ("train",), "some": ("train", "val"), "none": ()}
        return parts[self._run.known]

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
        init = self._run.init
        start = _Start(init) if inpainting is None else _Start(init, inpainting.file(CHECKPOINT))
        embedding = pool.submit(self._encode, "encode", "all", start)
        reconstruction = pool.submit(self._fill, start) if inpainting else None
        untrained = pool.submit(self._untrained) if self._controlled else None
        references: dict[EncoderState, Future[dict[SplitPart, Done]]] = {
            "initial": pool.submit(self._references, "initial", start)
        }
        if self._controlled:
            references["untrained"] = pool.submit(self._references, "untrained", _Start("random"))
        chains = {
            (mode, variant): pool.submit(self._chain, f"{mode}-{variant}", mode, variant, start)
            for variant in self._run.variants
            for mode in self._run.modes
        }
        controls = [future for future in (reconstruction, untrained) if future]
        futures: list[Future[Any]] = [embedding, *controls, *references.values(), *chains.values()]
        done, _ = wait(futures, return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()
        finished = {place: chain.result() for place, chain in chains.items()}
        found: dict[EncoderState, Mapping[SplitPart, Done]] = {
            name: encoded.result() for name, encoded in references.items()
        }
        if "deep" in self._run.modes:
            found["finetuned"] = finished["deep", "all"].references
        return Results(
            inpainting,
            reconstruction.result() if reconstruction else None,
            embedding.result(),
            untrained.result() if untrained else None,
            found,
            {m: {v: finished[m, v].training for v in self._run.variants} for m in self._run.modes},
            {m: {v: finished[m, v].prediction for v in self._run.variants} for m in self._run.modes},
        )

    def _inpaint(self) -> Done:
        settings = self._run.protocol.inpaint
        given = self._given(_Start(self._run.init), "perceptual", "generator", "encoder", "discriminator")
        job = TrainInpaint(
            **self._common(settings.batch_size[DEFAULT], given),
            epochs=settings.epochs,
            patience=settings.patience,
            perceptual=settings.perceptual,
        )
        data = self._packer.inpaint(self._masks, settings.originals)
        return self._stages.run("inpaint", job, data, given.files, threads=os.cpu_count())

    def _fill(self, start: "_Start") -> Done:
        given = self._given(start)
        job = Inpaint(**self._common(self._run.protocol.inpaint.batch_size[DEFAULT], given))
        return self._stages.run("fill", job, self._packer.holes(self._masks), given.files)

    def _untrained(self) -> tuple[Done, Done, Done]:
        start = _Start("random")
        embedding = self._encode("encode-untrained", "all", start)
        training, prediction, _ = self._chain("untrained", "shallow", "all", start)
        return embedding, training, prediction

    def _chain(self, name: str, mode: Mode, variant: RegionVariant, start: "_Start") -> "_Chain":
        """Train one classifier and let it predict the test images; a deep one on whole images has references too."""
        settings = self._run.protocol.classify
        given = self._given(start)
        job = TrainClassify(
            **self._common(settings.batch_size, given),
            mode=mode,
            classes=len(self._run.catalogue.identities),
            epochs=settings.epochs,
            learning_rate=settings.learning_rate[DEFAULT],
            pooling=settings.pooling,
            explain=self._explained(wanted=variant == "all"),
        )
        data = self._packer.train(variant, self._run.protocol.focus.probes_per_individual, settings.images)
        training = self._stages.run(f"classify-{name}", job, data, given.files)
        trained = _Start(start.init, training.file(CHECKPOINT))
        prediction = self._encode(f"predict-{name}", variant, trained, job.classes)
        searched = (mode, variant) == ("deep", "all")
        return _Chain(training, prediction, self._references("finetuned", trained) if searched else {})

    def _encode(self, name: str, variant: RegionVariant, start: "_Start", classes: int | None = None) -> Done:
        return self._embed(name, self._packer.test(variant), start, classes, explain=bool(classes) and variant == "all")

    def _references(self, name: EncoderState, start: "_Start") -> dict[SplitPart, Done]:
        return {
            part: self._embed(f"{REFERENCES[part]}-{name}", self._packer.reference(part), start)
            for part in self._compared
        }

    def _embed(
        self, name: str, data: Entry, start: "_Start", classes: int | None = None, *, explain: bool = False
    ) -> Done:
        settings = self._run.protocol.classify
        given = self._given(start)
        job = Encode(
            **self._common(settings.batch_size, given),
            pooling=settings.pooling,
            classes=classes,
            explain=self._explained(wanted=explain),
        )
        return self._stages.run(name, job, data, given.files)

    def _explained(self, *, wanted: bool) -> CamMethod | None:
        return self._run.protocol.focus.method if wanted and "explain" in self._run.backbone.capabilities else None

    def _given(self, start: "_Start", *roles: str) -> "_Given":
        """What a job starts from, with the run's weights of some roles; else those of the encoder where needed."""
        if not roles:
            roles = ("generator", "encoder") if start.init == "published" else ()
        of = {weights.name: weights.role for weights in self._run.backbone.own_weights}
        return _Given(start, {name: path for name, path in self._run.weights.items() if of[name] in roles})

    def _common(self, batch_size: int, given: "_Given") -> dict[str, Any]:
        """The fields that all jobs have."""
        protocol = self._run.protocol
        return {
            "variant": self._run.backbone.variant,
            "image_size": protocol.image_size,
            "seed": protocol.seed,
            "precision": protocol.precision,
            "batch_size": batch_size,
            "init": given.start.init,
            "weights": {name: f"in/{path.name}" for name, path in given.weights.items()},
            "checkpoint": f"in/{CHECKPOINT}" if given.start.checkpoint else None,
        }


class _Chain(NamedTuple):
    """A classifier's stages."""

    training: Done
    prediction: Done
    references: Mapping[SplitPart, Done]


@dataclass(frozen=True)
class _Start:
    """The weights that a job begins with: the initial ones, or those of an earlier stage."""

    init: Init
    checkpoint: Path | None = None


@dataclass(frozen=True)
class _Given:
    """The files of a job: what it starts from, and published weights by name in backbone.toml."""

    start: _Start
    weights: Mapping[str, Path]

    @property
    def files(self) -> dict[str, Path]:
        """By their names in the job's `in/`."""
        files = {path.name: path for path in self.weights.values()}
        return files | ({CHECKPOINT: self.start.checkpoint} if self.start.checkpoint else {})
