"""One field survey, from the photos to its record: prepare, encode, score, write."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.data.capture import TIME_COLUMNS
from benchmark.data.catalogue import Catalogue
from benchmark.data.content_digests import content_digests
from benchmark.data.crops import taken
from benchmark.errors import InputError, RunError
from benchmark.hashing import file_digest
from benchmark.records.field import FieldRecord
from benchmark.records.provenance import Provenance
from benchmark.splitting.sequence import SEQUENCE_COLUMNS
from benchmark.splitting.split import Split, SplitRow
from benchmark.vocabulary import REGION_VARIANTS, Device, Init, Pooling, RegionVariant
from harness.contestants.registry import BackboneFacts, check_size
from harness.contract import Encode, Resources
from harness.disk import write_text
from harness.execution import job_files, titles
from harness.execution.crops import CropSet, cut_crops
from harness.execution.events import PlannedStage, ProgressListener, stage_events
from harness.execution.jobs import StageError
from harness.execution.journal import Journal, expect
from harness.execution.packs import EncodePack
from harness.execution.plan import StageSpec
from harness.execution.results import StageResult
from harness.execution.runners.base import Limits, Runner
from harness.execution.stages import StageRunner, prepare_backbone
from harness.execution.store import Store, digest
from harness.field import focus
from harness.field.focus import FocusSample
from harness.field.predictions import predictions
from harness.field.scoring import SurveyScores, score, unit_length
from harness.field.settings import NAME, FieldSettings
from harness.git import commit
from harness.machine import hardware, now
from harness.storage.checks import remembered_digest
from harness.weights.local import own_files, run_licence
from harness.weights.requirements import starting_files
from harness.workspace import Workspace

VERSION = 4
"""Raised when a score is computed in another way, so that surveys are made anew."""


@dataclass(frozen=True)
class SurveySpec:
    """What to survey.

    Attributes:
        backbone: the contestant.
        catalogue: the data set.
        init: weights to start from.
        weights: files of published weights by their names in backbone.toml.
        settings: everything else.
        device: hardware to encode on.
        threads: processor threads of the encoding.
    """

    backbone: BackboneFacts
    catalogue: Catalogue
    init: Init
    weights: Mapping[str, Path]
    settings: FieldSettings
    device: Device
    threads: int

    @property
    def image_size(self) -> int:
        """Side of the images in pixels: the contestant's own, else that of the settings."""
        return self.backbone.image_size or self.settings.image_size

    @property
    def variants(self) -> tuple[RegionVariant, ...]:
        """The region variants that the data set can carry; whole photos come first."""
        if not self.catalogue.has_regions:
            return ("all",)
        return ("all", *(variant for variant in REGION_VARIANTS if variant != "all"))


def survey_spec(
    backbone: BackboneFacts,
    catalogue: Catalogue,
    workspace: Workspace,
    settings: FieldSettings,
    *,
    init: Init | None,
    device: Device,
    threads: int,
    runner: Runner | None = None,
) -> SurveySpec:
    """What to survey, with the weights found.

    Args:
        backbone: the contestant.
        catalogue: the data set.
        workspace: the checkout.
        settings: of the survey.
        init: as the user chose it; None = published weights where the contestant has some.
        device: hardware to encode on.
        threads: processor threads of the encoding.
        runner: runs a stranger's command about its weights; None = here.

    Raises:
        InputError: the weights are not on this machine, or the contestant does not take images of its size.
    """
    chosen: Init = init or ("published" if backbone.published else "random")
    try:
        weights = starting_files(backbone, chosen, workspace, runner=runner)
    except InputError as error:
        raise InputError(f"{error} The contestant efficientnet_lite0 needs no download.") from error
    spec = SurveySpec(backbone, with_dates(catalogue), chosen, weights, settings, device, threads)
    check_size(backbone, spec.image_size, f"The protocol {NAME!r} has image_size")
    return spec


def with_dates(catalogue: Catalogue) -> Catalogue:
    """The catalogue with the EXIF date of each photo as its group `date`, where no row says when it was taken."""
    columns = (*SEQUENCE_COLUMNS, *TIME_COLUMNS)
    if any(row.groups.get(column) for row in catalogue.rows for column in columns):
        return catalogue
    dates = {path: taken(path)[:10] for path in {row.path for row in catalogue.rows}}
    rows = tuple(
        replace(row, groups=row.groups | {"date": dates[row.path]}) if dates[row.path] else row
        for row in catalogue.rows
    )
    return replace(catalogue, rows=rows)


def survey(
    spec: SurveySpec,
    workspace: Workspace,
    runner: Runner,
    listener: ProgressListener,
    digest_of: Callable[[Path], str] = file_digest,
) -> FieldRecord:
    """Encode every photo once, score the embeddings, and write the record; a finished survey is read instead.

    Args:
        spec: what to survey.
        workspace: where.
        runner: runs the encoding.
        listener: receives the events.
        digest_of: gives the sha256 of a file of the data set.

    Raises:
        FaultsError: photos, boxes or masks cannot be used.
        InputError: the backbone refused the job.
        RunError: the backbone, the engine or the disk failed.
    """
    started, store = now(), Store(workspace.store, listener.report)
    crops = survey_crops(spec, store, listener, digest_of)
    code = prepare_backbone(runner, spec.backbone, store, listener)
    weights = {name: remembered_digest(path) for name, path in spec.weights.items()}
    key = digest(
        [
            VERSION,
            sorted(FieldRecord.model_fields),
            code,
            spec.backbone.variant,
            crops.data_digest,
            crops.split_digest,
            vars(spec.settings),
            spec.init,
            spec.device,
            weights,
        ]
    )
    home = workspace.own(spec.catalogue.name)
    path = home.field / f"{spec.backbone.slug}-{key[:12]}.json"  # `FieldRecord.file_name`
    if path.is_file():
        listener.report("This survey is finished already.")
        return read_survey(path)
    plan = survey_stages(spec)
    expected = expect(Journal(store.root).notes(spec.backbone.label), spec.backbone.label, spec.catalogue.name, plan)
    listener.on_plan([*expected, PlannedStage(titles.ANSWER)])
    stages = survey_runner(spec, store, code, runner, listener)
    embedded, sampled = (_encode(stage, crops, stages) for stage in plan)
    embeddings = embeddings_of(embedded, spec, crops)
    sample = sample_of(sampled, crops)
    with stage_events(listener, titles.ANSWER):
        scores = score(spec.catalogue, embeddings, crops.hashes, sample, spec.settings.seed, listener)
    provenance = Provenance(
        commit=commit(workspace.root),
        code=code,
        image=code if runner.name == "docker" else "",
        data=crops.data_digest,
        split=crops.split_digest,
        protocol=digest(vars(spec.settings)),
        rules=digest(vars(spec.settings)),
        scoring=VERSION,
        weights=weights,
        runner=runner.name,
        hardware=hardware(),
        versions=embedded.result.versions,
        started=started,
        finished=now(),
        stages={titles.PHOTOS: embedded.note, titles.SAMPLE_MAPS: sampled.note},
    )
    licence = run_licence(spec.backbone, spec.init, workspace, runner=runner)
    record = _record(spec, workspace, scores, key, licence, provenance)
    write_text(home.predictions(path), predictions(record, spec.catalogue, unit_length(embeddings["all"])))
    write_text(path, record.model_dump_json(indent=1) + "\n")
    return record


def is_current(path: Path) -> bool:
    """Whether the record in a file has the version of the record format that is written now."""
    try:
        content = json.loads(path.read_bytes())
    except ValueError:
        return True  # damaged: reading it says so
    return not isinstance(content, dict) or content.get("version") == FieldRecord.model_fields["version"].default


def read_survey(path: Path) -> FieldRecord:
    """The record of a finished survey.

    Raises:
        InputError: the file is no such record.
    """
    try:
        return FieldRecord.model_validate_json(path.read_bytes())
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not the record of a field survey ({error}). Delete it and run again.") from error


def embeddings_of(stage: StageResult, spec: SurveySpec, crops: CropSet) -> dict[RegionVariant, NDArray[np.floating]]:
    """(N, D) embeddings by region variant, in the order of the catalogue."""
    values = np.load(stage.file(job_files.EMBEDDINGS), mmap_mode="r")
    count = len(spec.catalogue.rows)
    place = np.empty(count, np.int64)
    place[crops.positions(crops.ids("classify", "train"))] = np.arange(count)
    return {variant: values[number * count + place] for number, variant in enumerate(spec.variants)}


def sample_of(stage: StageResult, crops: CropSet) -> FocusSample | None:
    """The sample of photos with their feature maps; None if the encoder does not say which shape they have."""
    if stage.result.encoder is None:
        return None
    values = np.load(stage.file(job_files.EMBEDDINGS), mmap_mode="r")
    photos = crops.positions(crops.ids("classify", "train")[: len(values)])
    return FocusSample(photos, values.reshape(-1, *stage.result.encoder.shape), crops.regions[photos])


def _whole(catalogue: Catalogue, digests: Mapping[str, str]) -> Split:
    """All photos in one part: folds take the place of a split."""
    rows = tuple(SplitRow(row.image_id, digests[row.image_id], "classify", "train") for row in catalogue.rows)
    return Split(catalogue.name, NAME, 0, "All photos; every photo is answered by the others.", rows)


def survey_crops(
    spec: SurveySpec, store: Store, listener: ProgressListener, digest_of: Callable[[Path], str]
) -> CropSet:
    """The crops of all photos, cut or found in the store. Arguments as `survey`."""
    digests = content_digests(spec.catalogue.rows, digest_of)
    entry = cut_crops(store, spec.catalogue, digests, spec.image_size, listener)
    return CropSet(spec.catalogue, _whole(spec.catalogue, digests), entry)


def survey_runner(spec: SurveySpec, store: Store, code: str, runner: Runner, listener: ProgressListener) -> StageRunner:
    """What finds and runs the stages of a survey.

    Args:
        spec: what to survey.
        store: of finished stages.
        code: digest of the backbone's code or image.
        runner: runs the jobs.
        listener: receives the events.
    """
    return StageRunner(
        backbone=spec.backbone,
        code=code,
        runner=runner,
        store=store,
        limits=Limits(seconds=spec.settings.seconds, memory_gib=spec.settings.memory_gib),
        resources=Resources(threads=spec.threads, device=spec.device),
        listener=listener,
    )


def survey_stages(spec: SurveySpec) -> tuple[StageSpec, StageSpec]:
    """The stages of a survey: all photos encoded, and feature maps of a sample of them."""
    every = EncodePack("train", spec.variants, spec.settings.fill)
    some = EncodePack("train", ("all",), spec.settings.fill, focus.SAMPLE)
    return (
        _stage(titles.PHOTOS, spec, spec.settings.pooling, every),
        _stage(titles.SAMPLE_MAPS, spec, "flatten", some),
    )


def _stage(name: str, spec: SurveySpec, pooling: Pooling, pack: EncodePack) -> StageSpec:
    """A stage that encodes the images of a pack."""
    settings = spec.settings
    job = Encode(
        variant=spec.backbone.variant,
        image_size=spec.image_size,
        seed=settings.seed,
        precision="auto",
        batch_size=settings.batch_size,
        init=spec.init,
        weights={name: f"{job_files.ARTIFACTS}/{path.name}" for name, path in spec.weights.items()},
        checkpoint=None,
        pooling=pooling,
        classes=None,
    )
    return StageSpec(name, job, pack, tuple(spec.weights.values()), alone=True)


def _encode(stage: StageSpec, crops: CropSet, stages: StageRunner) -> StageResult:
    try:
        return stages.run(stage, stages.pack(stage, crops), {path.name: path for path in stage.weights})
    except StageError as error:
        outcome = error.outcome
        raise RunError(
            f"The encoder failed in the stage {stage.name} ({outcome.status}): {outcome.cause}.\n"
            f"The end of its log:\n{outcome.log}"
        ) from error
    except KeyboardInterrupt:
        stages.halt(kill=True)
        raise


def _record(
    spec: SurveySpec, workspace: Workspace, scores: SurveyScores, key: str, licence: str, provenance: Provenance
) -> FieldRecord:
    catalogue = spec.catalogue
    number = {name: at for at, name in enumerate(catalogue.identities)}
    return FieldRecord(
        key=key,
        backbone=spec.backbone.label,
        title=spec.backbone.display_name,
        licence=licence,
        init=spec.backbone.init_label(spec.init, own_files(spec.backbone, spec.weights, workspace)),
        dataset=catalogue.name,
        image_size=spec.image_size,
        seed=spec.settings.seed,
        identities=catalogue.identities,
        photos=tuple(row.image_id for row in catalogue.rows),
        labels=tuple(number[row.identity] for row in catalogue.rows),
        units=tuple(scores.units.numbers.tolist()),
        unit_kind=scores.units.kind,
        approximate_regions=catalogue.approximate_regions,
        schemes=scores.schemes,
        retrieval=scores.retrieval,
        clusters=scores.clusters,
        focus=scores.focus,
        suspects=scores.suspects,
        neighbours=scores.neighbours,
        remarks=catalogue.remarks,
        provenance=provenance,
    )
