"""Making embeddings or a whole run of a record again, in a store of their own, where nothing is found."""

from collections.abc import Iterator
from dataclasses import fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmark.records.record import Record
from benchmark.verification.comparison import Check, Tolerance
from benchmark.verification.fingerprints import HALF_PRECISION, ROUNDED, distance
from benchmark.verification.score_values import score_values
from harness.execution import job_files
from harness.execution.events import ProgressListener
from harness.execution.executors.execute import execute
from harness.execution.packs import write_pack
from harness.execution.plan import ENCODE, StageSpec, plan
from harness.execution.runners.base import Runner
from harness.execution.store import Store
from harness.run import PreparedRun, stage_runner
from harness.scoring import fingerprints
from harness.scoring.scores import RunScores, Scoring, score

FINGERPRINTS = Tolerance(ROUNDED, HALF_PRECISION, "the fourth decimal; four roundings of 16-bit arithmetic")


def check_fingerprints(
    record: Record, prepared: PreparedRun, runner: Runner, listener: ProgressListener
) -> Iterator[Check]:
    """Encode the test images again by each encoder state whose weights are here, and compare fingerprints.

    A state that was trained needs the checkpoint of its training, which the store of its own machine has.

    Args:
        record: the record.
        prepared: a run of its spec in this checkout.
        runner: runs the jobs.
        listener: receives the events of the stages.
    """
    stages = {stage.name: stage for stage in plan(prepared.spec, inpaints=prepared.inpaints, fills=prepared.fills)}
    with TemporaryDirectory(dir=prepared.store.root) as folder:
        fresh = stage_runner(replace(prepared, store=Store(Path(folder))), runner, listener)
        for state, told in record.fingerprints.items():
            place, stage = f"fingerprints.{state}", stages.get(ENCODE[state])
            if stage is None:
                yield Check(place, "mismatch", "a fingerprint", "the run has no such encoder state")
                continue
            checkpoint = _checkpoint(stage, stages, prepared, runner, listener)
            if stage.after and checkpoint is None:
                yield Check(place, "unknown", f"the checkpoint of {stage.after} is not in the store; --full makes it")
                continue
            artifacts = {path.name: path for path in stage.weights}
            if checkpoint is not None:
                artifacts[job_files.CHECKPOINT] = checkpoint
            result = fresh.run(stage, fresh.pack(stage, prepared.crops), artifacts)
            apart = distance(told, fingerprints.score({state: result})[state])
            yield Check(
                place, FINGERPRINTS.outcome(apart), f"{len(told.images)} images", f"{apart:.2g} apart", FINGERPRINTS
            )
    if not record.fingerprints:
        yield Check("fingerprints", "unknown", "the record has none")


def _checkpoint(
    stage: StageSpec, stages: dict[str, StageSpec], prepared: PreparedRun, runner: Runner, listener: ProgressListener
) -> Path | None:
    """The checkpoint that a stage starts from, if the store has the stage that wrote it."""
    if stage.after is None:
        return None
    before = stages[stage.after]
    start = _checkpoint(before, stages, prepared, runner, listener)
    if before.after and start is None:
        return None
    artifacts = {path.name: path for path in before.weights} | ({job_files.CHECKPOINT: start} if start else {})
    data = write_pack(before.pack, prepared.crops, prepared.store)
    entry = stage_runner(prepared, runner, listener).find(before, data, artifacts)
    return None if entry is None else entry.path / job_files.OUT / job_files.CHECKPOINT


def check_run(record: Record, prepared: PreparedRun, runner: Runner, listener: ProgressListener) -> Iterator[Check]:
    """Run every stage again, and compare each score. Arguments as `check_fingerprints`.

    Raises:
        RunError: a stage failed.
    """
    spec = prepared.spec
    with TemporaryDirectory(dir=prepared.store.root) as folder:
        fresh = replace(prepared, store=Store(Path(folder)))
        stages = plan(spec, inpaints=prepared.inpaints, fills=prepared.fills)
        results = execute(stages, prepared.crops, stage_runner(fresh, runner, listener), spec.workers)
        scoring = Scoring(results, prepared.crops, spec.data, spec.protocol, prepared.lpips_file)
        yield from compare_scores(record, score(scoring))


def compare_scores(record: Record, again: RunScores) -> Iterator[Check]:
    """A check for each score of a record beside that of the same run made again.

    Args:
        record: the record.
        again: the scores of the other run.
    """
    images = len(record.test_images.labels) if record.test_images else 1
    share = Tolerance(1e-9, images**-0.5, f"1/sqrt({images}): two standard errors of a share of the test images")
    for field in fields(RunScores):
        told = dict(score_values(getattr(record, field.name), field.name))
        found = dict(score_values(getattr(again, field.name), field.name))
        for place in dict.fromkeys([*told, *found]):
            one, other = told.get(place), found.get(place)
            if one is None or other is None:
                yield Check(place, "match" if one == other else "mismatch", str(one), str(other))
            else:
                apart = abs(one - other) / max(1.0, abs(one))
                yield Check(place, share.outcome(apart), f"{one:.4f}", f"{other:.4f}", share)
