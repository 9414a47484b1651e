"""What a run would do: which stages are in the store, and what the others will take, by earlier runs."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.hashing import file_digest
from harness.execution import job_files
from harness.execution.crops import CropSet
from harness.execution.events import ProgressListener
from harness.execution.journal import Journal, comparable, expected_seconds
from harness.execution.packs import find_pack
from harness.execution.plan import StageSpec, plan
from harness.execution.runners.base import Runner
from harness.execution.spec import RunSpec
from harness.execution.stages import StageRunner, prepare_backbone
from harness.execution.store import Entry, Store
from harness.field.survey import SurveySpec, survey_crops, survey_runner, survey_stages
from harness.run import prepare, stage_runner
from harness.workspace import Workspace


@dataclass(frozen=True)
class StageForecast:
    """What a run would do about one stage.

    Attributes:
        name: of the stage.
        found: whether it is in the store.
        seconds: wall time to expect; None if no comparable stage is noted.
        stored_bytes: disk that it will take; None as for `seconds`.
        peak_memory_mib: memory to expect; None as for `seconds`.
    """

    name: str
    found: bool
    seconds: float | None = None
    stored_bytes: int | None = None
    peak_memory_mib: float | None = None


def forecast(
    spec: RunSpec,
    workspace: Workspace,
    runner: Runner,
    listener: ProgressListener,
    digest_of: Callable[[Path], str] = file_digest,
) -> list[StageForecast]:
    """What a run would do about each of its stages, in their order; nothing is run.

    The data is checked and cut, and the backbone is made ready, as a run does first. Numbers are those of the newest
    finished stage of the same name, contestant, data set and image size; the time is in proportion to the epochs.

    Args:
        spec: what to run.
        workspace: where.
        runner: would run the jobs.
        listener: receives the events of the preparation.
        digest_of: gives the sha256 of a file of the data set.

    Raises:
        InputError: data or settings cannot be used.
        RunError: the engine or the disk failed.
    """
    prepared = prepare(spec, workspace, runner, listener, digest_of)
    stages = plan(spec, inpaints=prepared.inpaints, fills=prepared.fills)
    return _forecast(
        stages, prepared.crops, stage_runner(prepared, runner, listener), spec.backbone.label, spec.data.catalogue.name
    )


def forecast_survey(
    spec: SurveySpec,
    workspace: Workspace,
    runner: Runner,
    listener: ProgressListener,
    digest_of: Callable[[Path], str] = file_digest,
) -> list[StageForecast]:
    """What a field survey would do about each of its stages. Arguments and errors as `forecast`."""
    store = Store(workspace.store)
    crops = survey_crops(spec, store, listener, digest_of)
    code = prepare_backbone(runner, spec.backbone, store, listener)
    stages = survey_runner(spec, store, code, runner, listener)
    return _forecast(survey_stages(spec), crops, stages, spec.backbone.label, spec.catalogue.name)


def _forecast(
    plan: Sequence[StageSpec], crops: CropSet, runner: StageRunner, backbone: str, dataset: str
) -> list[StageForecast]:
    """What would be done about the stages of a plan.

    Args:
        plan: no stage comes before the one it starts from.
        crops: what the packs are made of.
        runner: finds stages.
        backbone: label of the contestant.
        dataset: name of the data set.
    """
    notes = Journal(runner.store.root).notes(backbone)
    found: dict[str, Entry | None] = {}
    forecasts = []
    for stage in plan:
        found[stage.name] = _find(stage, crops, runner, found)
        note = comparable(notes, backbone, dataset, stage)
        forecasts.append(
            StageForecast(
                stage.name,
                found[stage.name] is not None,
                expected_seconds(note, stage) if note else None,
                note.stored_bytes if note else None,
                note.peak_memory_mib if note else None,
            )
        )
    return forecasts


def _find(stage: StageSpec, crops: CropSet, runner: StageRunner, found: Mapping[str, Entry | None]) -> Entry | None:
    """A stage in the store, if its pack, the stage that it starts from, and itself are there.

    Args:
        stage: of a plan.
        crops: what its pack is made of.
        runner: finds stages.
        found: the stages before it.
    """
    artifacts = {path.name: path for path in stage.weights}
    if stage.after is not None:
        start = found[stage.after]
        if start is None:
            return None
        artifacts[job_files.CHECKPOINT] = start.path / job_files.OUT / job_files.CHECKPOINT
    pack = find_pack(stage.pack, crops, runner.store)
    return None if pack is None else runner.find(stage, pack, artifacts)
