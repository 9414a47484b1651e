"""One run of one backbone, from the data to its record: prepare, plan, execute, score, write."""

import os
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from pydantic import TypeAdapter

from benchmark.audit.audit import audit, find_faults, sentence
from benchmark.data.content_digests import content_digests, original_digests
from benchmark.errors import InputError, RunError
from benchmark.hashing import file_digest, tree_digest
from benchmark.records.classification import SplitAudit
from benchmark.records.files import write_record
from benchmark.records.provenance import Failure, Provenance
from benchmark.records.record import Record, record_fields
from benchmark.splitting.kinds import leak_free_kind
from benchmark.splitting.split import check_split
from benchmark.text import printable
from benchmark.vocabulary import Device, Init
from harness.contestants.registry import check_size
from harness.contract import Resources
from harness.disk import check_writable, disk_errors
from harness.execution.crops import CropSet, cut_crops
from harness.execution.events import PlannedStage, ProgressListener, stage_events
from harness.execution.executors.execute import Executor, execute
from harness.execution.holes import can_inpaint, can_test
from harness.execution.jobs import StageError
from harness.execution.journal import Journal, expect
from harness.execution.plan import plan
from harness.execution.results import Results
from harness.execution.runners.base import LOG_LINES, Limits, Outcome, Runner
from harness.execution.spec import RunSpec
from harness.execution.stages import StageRunner, prepare_backbone
from harness.execution.store import Store, digest
from harness.execution.titles import SCORE
from harness.git import commit, trust_warning
from harness.keeping import keep
from harness.machine import check_memory, hardware, now
from harness.scoring.scores import PARTS, RunScores, Scoring, merged
from harness.storage.checks import remembered_digest
from harness.weights.local import run_licence
from harness.weights.lpips import LPIPS, alexnet_file, lpips_warning
from harness.workspace import Workspace

SCORING = 5
"""Version of the scoring; raised when a score of the record is computed in another way, so that records are made anew.

A score that is added needs no new version: the fields of the record are part of a run's key too.
"""

SCORING_CODE = ("benchmark/metrics", "benchmark/probing", "benchmark/records", "harness/scoring")
"""Folders whose code computes the scores."""

SCORED = "scores.json"
SCORES_AS_TEXT = TypeAdapter(RunScores)

AUDIT_CODE = ("benchmark/audit", "benchmark/data", "benchmark/splitting")
"""Folders whose code audits a split."""

AUDITED = "audit.json"


@dataclass(frozen=True, kw_only=True)
class RunIdentity:
    """What identifies a run; all but the last three are fields of a record's provenance.

    Attributes:
        scoring: version of the scoring.
        code: digest of the backbone's code or image.
        data: digest of the packed data.
        split: digest of the split.
        protocol: digest of the resolved protocol.
        weights: sha256 of the published weights, by name.
        variant: of the backbone.
        init: what it starts from.
        device: hardware to compute on.
    """

    scoring: int
    code: str
    data: str
    split: str
    protocol: str
    weights: dict[str, str]
    variant: str
    init: Init
    device: Device

    @property
    def key(self) -> str:
        """sha256 over the identity, and over the fields that a record has."""
        parts = [self.scoring, record_fields(), self.code, self.variant, [self.data, self.split], self.protocol]
        return digest([*parts, self.init, self.device, self.weights])


@dataclass(frozen=True)
class PreparedRun:
    """A run whose data is cut and checked, and whose backbone is ready.

    Attributes:
        spec: what to run.
        workspace: where.
        crops: of the data set.
        store: of finished stages.
        audit: of the split.
        inpaints: whether backbone and data allow inpainting.
        fills: whether there are test photos with a hole to fill.
        code: digest of the backbone's code or image.
        protocol: digest of the resolved protocol.
        weights: sha256 of the published weights, by name.
        lpips_file: weights of the perceptual distance; None = it is not measured.
        key: sha256 over what identifies the run.
        started: UTC, ISO 8601.
    """

    spec: RunSpec
    workspace: Workspace
    crops: CropSet
    store: Store
    audit: SplitAudit
    inpaints: bool
    fills: bool
    code: str
    protocol: str
    weights: dict[str, str]
    lpips_file: Path | None
    key: str
    started: str


def bench(
    spec: RunSpec,
    workspace: Workspace,
    runner: Runner,
    listener: ProgressListener,
    digest_of: Callable[[Path], str] = file_digest,
) -> Record:
    """Run every stage that is not in the store yet, score the results, and write the record.

    Args:
        spec: what to run.
        workspace: where.
        runner: runs the jobs.
        listener: receives the events of the run.
        digest_of: gives the sha256 of a file of the data set; pass one that remembers files.

    Returns:
        The written record; a failed one if the backbone failed. An existing record of the same run, or of one that gave
        the same numbers, is returned instead, and nothing is written.

    Raises:
        InputError: data or settings cannot be used, or the backbone refused a job; no record is written.
        RunError: the engine or the disk failed; no record is written.
        KeyboardInterrupt: after the running stages were stopped.
    """
    prepared = prepare(spec, workspace, runner, listener, digest_of)
    home = workspace.results(spec.data.catalogue.name, spec.data.experiment)
    for folder in (home.pages, home.records / spec.data.catalogue.name / spec.protocol.name):
        check_writable(folder)
    records = home.records
    stages = plan(spec, inpaints=prepared.inpaints, fills=prepared.fills)
    notes = Journal(prepared.store.root).notes(spec.backbone.label)
    expected = expect(notes, spec.backbone.label, spec.data.catalogue.name, stages)
    listener.on_plan([*expected, PlannedStage(SCORE)])
    try:
        with _executor(prepared, runner, listener) as executor:
            results = execute(stages, prepared.crops, executor, spec.workers)
        scores = _scores(prepared, results, listener)
    except StageError as error:
        record = _record(prepared, runner, failure=error)
        with disk_errors():
            write_record(record, records)
        return record
    record = _record(prepared, runner, results, scores)
    return keep(record, results, prepared.crops, spec.protocol.inpaint, workspace, listener)


def _scores(prepared: PreparedRun, results: Results, listener: ProgressListener) -> RunScores:
    """The scores of the finished stages; each part of them is computed once and kept in the store."""
    store, spec = prepared.store, prepared.spec
    stages = {name: stage.entry.content for name, stage in results.stages.items()}
    of_run = [prepared.key, _code_digest(SCORING_CODE), stages]
    keys = {name: digest([*of_run, name]) for name in PARTS}
    missing = [name for name, key in keys.items() if store.find("scores", key) is None]
    scoring = Scoring(results, prepared.crops, spec.data, spec.protocol, prepared.lpips_file)

    def write(folder: Path, name: str) -> None:
        with _unscorable():
            part = PARTS[name](scoring)
        (folder / SCORED).write_bytes(SCORES_AS_TEXT.dump_json(part))

    if missing:
        with stage_events(listener, SCORE):
            for done, name in enumerate(missing):
                listener.on_progress(SCORE, {"done": done, "total": len(missing)})
                facts = {"backbone": spec.backbone.label, "part": name}
                store.find_or_build("scores", keys[name], facts, partial(write, name=name))
    else:
        listener.on_cache_hit(SCORE)
    entries = [store.settled("scores", key) for key in keys.values()]
    return merged(SCORES_AS_TEXT.validate_json((entry.path / SCORED).read_bytes()) for entry in entries)


@contextmanager
def _unscorable() -> Iterator[None]:
    """Charges the backbone with whatever is raised while its outputs are looked at; not with trouble of the machine.

    Raises:
        StageError: with the error and its place.
    """
    try:
        yield
    except (RunError, OSError, MemoryError):
        raise
    except Exception as error:
        cause = f"its outputs cannot be scored ({type(error).__name__}: {printable(str(error))[:300]})"
        frames = traceback.extract_tb(error.__traceback__)[-LOG_LINES:]
        log = "\n".join(f"{Path(frame.filename).name}, line {frame.lineno}, in {frame.name}" for frame in frames)
        raise StageError(SCORE, Outcome("bad_output", cause, log)) from error


def prepare(
    spec: RunSpec,
    workspace: Workspace,
    runner: Runner,
    listener: ProgressListener,
    digest_of: Callable[[Path], str] = file_digest,
) -> PreparedRun:
    """Check the data against its split, cut it, audit the split, and make the backbone ready. Arguments as `bench`.

    Raises:
        InputError: data or settings cannot be used.
        RunError: the engine or the disk failed.
    """
    started = now()
    protocol, catalogue, split = spec.protocol, spec.data.catalogue, spec.data.split
    check_size(spec.backbone, protocol.image_size, f"Protocol {protocol.name!r} has image_size")
    digests = content_digests(catalogue.rows, digest_of)
    check_split(split, catalogue, original_digests(catalogue.rows, digests, digest_of))
    check_memory()
    if warning := trust_warning(workspace.root):
        listener.report(warning)
    store = Store(workspace.store, listener.report)
    crops = CropSet(catalogue, split, cut_crops(store, catalogue, digests, protocol.image_size, listener))
    split_audit = _audit(spec, crops, store)
    code = prepare_backbone(runner, spec.backbone, store, listener)
    inpaints = spec.backbone.inpaints and can_inpaint(crops, protocol.inpaint.masks)
    fills = inpaints and can_test(crops, protocol.inpaint.masks, protocol.inpaint.test_photos)
    lpips_file = alexnet_file(workspace) if inpaints else None
    lpips = {LPIPS.name: lpips_file} if lpips_file else {}
    weights = {name: remembered_digest(path) for name, path in (dict(spec.weights) | lpips).items()}
    if spec.backbone.inpaints:
        _report_gaps(spec, workspace, listener, inpaints=inpaints, fills=fills)
    protocol_digest = digest(protocol.model_dump(mode="json", exclude={"name", "limits"}))
    identity = RunIdentity(
        scoring=SCORING,
        code=code,
        data=crops.data_digest,
        split=crops.split_digest,
        protocol=protocol_digest,
        weights=weights,
        variant=spec.backbone.variant,
        init=spec.init,
        device=spec.device,
    )
    return PreparedRun(
        spec=spec,
        workspace=workspace,
        crops=crops,
        store=store,
        audit=split_audit,
        inpaints=inpaints,
        fills=fills,
        code=code,
        protocol=protocol_digest,
        weights=weights,
        lpips_file=lpips_file,
        key=identity.key,
        started=started,
    )


def _audit(spec: RunSpec, crops: CropSet, store: Store) -> SplitAudit:
    """The audit of the split, made once and kept; refused if it has faults and the protocol wants a clean split."""
    catalogue, split, protocol = spec.data.catalogue, spec.data.split, spec.protocol

    def write(folder: Path) -> None:
        report = audit(catalogue, split, hashes=crops.hashes)
        kept = SplitAudit(sentence=sentence(report), faults=tuple(find_faults(report)))
        (folder / AUDITED).write_text(kept.model_dump_json(), encoding="utf-8")

    names = [catalogue.name, split.name]
    key = digest([_code_digest(AUDIT_CODE), names, crops.data_digest, crops.split_digest])
    entry = store.find_or_build("audit", key, {"dataset": catalogue.name, "split": split.name}, write)
    split_audit = SplitAudit.model_validate_json((entry.path / AUDITED).read_bytes())
    if split_audit.faults and protocol.clean_split:
        raise InputError(
            f"Protocol {protocol.name!r} wants a clean split, but {split.name!r} of {catalogue.name} is not: "
            f"{'; '.join(split_audit.faults)}. `patternbench data audit` shows all of it; of the kinds that do not "
            f"leak, this data set can carry: {leak_free_kind(catalogue) or 'none'}."
        )
    return split_audit


def _code_digest(folders: Sequence[str]) -> str:
    """Digest of the project's code in some folders."""
    root = Path(__file__).parents[1]
    return tree_digest(*(root / folder for folder in folders))


def _report_gaps(
    spec: RunSpec, workspace: Workspace, listener: ProgressListener, *, inpaints: bool, fills: bool
) -> None:
    """Report what is not measured of a backbone that can inpaint."""
    name = spec.data.catalogue.name
    if inpaints:
        if not fills:
            listener.report(
                f"No test of inpainting: {name} has no photo with a hole that lies apart from the training images."
            )
        if warning := lpips_warning(workspace):
            listener.report(warning)
    elif spec.data.catalogue.has_regions:
        listener.report(f"No inpainting: a part of the inpainting set of {name} has no image with a pattern region.")
    else:
        listener.report(f"{name} has no pattern regions: no inpainting, and no region ablation.")


def stage_runner(prepared: PreparedRun, runner: Runner, listener: ProgressListener) -> StageRunner:
    """What finds and runs the stages of a prepared run."""
    spec, limits = prepared.spec, prepared.spec.protocol.limits
    return StageRunner(
        backbone=spec.backbone,
        code=prepared.code,
        runner=runner,
        store=prepared.store,
        limits=Limits(seconds=limits.seconds, memory_gib=limits.memory_gib),
        resources=Resources(threads=max(1, (os.cpu_count() or 1) // spec.workers), device=spec.device),
        listener=listener,
    )


def _executor(prepared: PreparedRun, runner: Runner, listener: ProgressListener) -> AbstractContextManager[Executor]:
    """Where the stages of a prepared run are done."""
    here, spec = stage_runner(prepared, runner, listener), prepared.spec
    if spec.executor == "local":
        return nullcontext(here)
    from harness.execution.executors.node import NodeSetup
    from harness.execution.executors.ray_executor import RayExecutor

    setup = NodeSetup(prepared.workspace, spec.backbone, prepared.code, runner.name, here.limits, spec.device)
    return RayExecutor(here, setup, spec.workers, listener)


def _record(
    prepared: PreparedRun,
    runner: Runner,
    results: Results | None = None,
    scores: RunScores = RunScores(),  # noqa: B008 - immutable
    failure: StageError | None = None,
) -> Record:
    """The record of a run: failed, not scored yet, or whole."""
    spec = prepared.spec
    catalogue = spec.data.catalogue
    searched = prepared.crops.rows("test" if spec.data.identity_setting == "disjoint" else "train")
    return Record(
        key=prepared.key,
        status=failure.outcome.status if failure else "ok",
        backbone=spec.backbone.label,
        title=spec.backbone.display_name,
        licence=run_licence(spec.backbone, spec.init, prepared.workspace, runner=runner),
        init=spec.init_label,
        dataset=catalogue.name,
        approximate_regions=catalogue.approximate_regions,
        individuals=len(catalogue.identities),
        candidate_count=len(set(searched.labels.tolist())),
        split=spec.data.split.name,
        protocol=spec.protocol.name,
        seed=spec.protocol.seed,
        classification=scores.classification,
        probes=scores.probes,
        ablation=scores.ablation,
        clustering=scores.clustering,
        cluster_validation=scores.cluster_validation,
        projected_images=scores.projected_images,
        projections=scores.projections,
        untrained=scores.untrained,
        test_images=scores.test_images,
        audit=None if failure else prepared.audit,
        group_baselines=scores.group_baselines,
        validation_baselines=scores.validation_baselines,
        retrieval_baselines=scores.retrieval_baselines,
        retrieval=scores.retrieval,
        open_set=scores.open_set,
        fingerprints=scores.fingerprints,
        encoder=scores.encoder,
        inpainting=scores.inpainting,
        experiment=spec.data.experiment,
        validation=scores.validation,
        validation_images=scores.validation_images,
        failure=failure and Failure(stage=failure.stage, cause=failure.outcome.cause, log=failure.outcome.log),
        provenance=_provenance(prepared, runner, results),
    )


def _provenance(prepared: PreparedRun, runner: Runner, results: Results | None) -> Provenance:
    return Provenance(
        commit=commit(prepared.workspace.root),
        code=prepared.code,
        image=prepared.code if runner.name == "docker" else "",
        data=prepared.crops.data_digest,
        split=prepared.crops.split_digest,
        protocol=prepared.protocol,
        rules=prepared.spec.rules,
        scoring=SCORING,
        weights=prepared.weights,
        runner=runner.name,
        hardware=hardware(),
        versions=results.embeddings["initial"].result.versions if results else {},
        started=prepared.started,
        finished=now(),
        stages=results.notes if results else {},
    )
