"""One run from the data to its record."""

import os

from benchmark.audit.audit import audit, clean, sentence
from benchmark.data.catalogue import Catalogue
from benchmark.data.content_digests import content_digests, given_digests
from benchmark.errors import InputError
from benchmark.records.classification import SplitAudit
from benchmark.records.files import read_record, record_path, write_record
from benchmark.records.provenance import Failure, Provenance
from benchmark.records.record import Record
from benchmark.splitting.kinds import leak_free_kind
from benchmark.splitting.split import check_split
from benchmark.vocabulary import EncoderState, RunStatus
from harness import machine
from harness.contestants.registry import check_size
from harness.contract import Resources
from harness.execution.packs import Packer
from harness.execution.plan import Plan, Results, Run
from harness.execution.runners.base import Limits, Runner
from harness.execution.stages import Done, StageError, Stages, Watcher
from harness.execution.store import Store, digest, file_digest
from harness.scoring import classification as classification_scores
from harness.scoring import clustering, localisation
from harness.scoring.retrieval import Search
from harness.scoring.test_set import Examination
from harness.weights import local as local_weights
from harness.weights import lpips as lpips_weights
from harness.workspace import Workspace
from leaderboard.plots.localisation import overlays_file

SCORING = 1
"""Raised when the same stages are given other scores, so that records are made anew."""


class Screen(Watcher):
    """Is told what happens."""

    def say(self, text: str) -> None:
        """Something worth knowing."""

    def cut(self, done: int, total: int) -> None:
        """How many crops are cut."""

    def planned(self, stages: int) -> None:
        """How many stages there will be."""


def bench(run: Run, workspace: Workspace, runner: Runner, screen: Screen) -> Record:
    """Run every stage that is not in the store yet, score what they wrote, and write the record.

    Args:
        run: what.
        workspace: where.
        runner: how.
        screen: is told what happens.

    Returns:
        The record, which has been written: a failed one if the backbone failed.

    Raises:
        InputError: data or settings cannot be used, or the backbone refused a job; no record is written.
        RunError: the engine or the disk failed; no record is written.
        KeyboardInterrupt: after running stages were stopped.
    """
    check_size(run.backbone, run.protocol.image_size, f"Protocol {run.protocol.name!r} has image_size")
    clerk = _Clerk(run, workspace, runner, screen)
    if run.backbone.inpaints and not clerk.packer.inpaintable(run.protocol.inpaint.masks):
        screen.say(_not_inpainted(run.catalogue))
    elif run.backbone.inpaints and (lack := lpips_weights.lack(workspace)):
        screen.say(lack)
    limits = run.protocol.limits
    stages = Stages(
        backbone=run.backbone,
        code=clerk.code,
        runner=runner,
        store=clerk.store,
        limits=Limits(seconds=limits.seconds, memory_gib=limits.memory_gib),
        resources=Resources(threads=max(1, (os.cpu_count() or 1) // run.workers), device=run.device),
        watcher=screen,
    )
    plan = Plan(run, clerk.packer, stages)
    screen.planned(plan.count)
    try:
        results = plan.execute()
    except StageError as error:
        return clerk.failed(error)
    return clerk.succeeded(results)


def _not_inpainted(catalogue: Catalogue) -> str:
    if not catalogue.has_regions:
        return f"{catalogue.name} has no pattern regions: no inpainting, and no region ablation."
    return f"No inpainting: a part of the inpainting set of {catalogue.name} has no image with a pattern region."


class _Clerk:
    """Knows what identifies the run, and writes its record."""

    def __init__(self, run: Run, workspace: Workspace, runner: Runner, screen: Screen) -> None:
        self._started = machine.now()
        self._run, self._workspace, self._runner, self._screen = run, workspace, runner, screen
        digests = content_digests(run.catalogue.rows)
        check_split(run.split, run.catalogue, given_digests(run.catalogue.rows, digests))
        self.store = Store(workspace.store)
        size = run.protocol.image_size
        self.packer = Packer(
            self.store, run.catalogue, run.split, digests, size, run.protocol.ablation.fill, screen.cut
        )
        self._audited = _audited(run, self.packer)
        self.code = runner.prepare(run.backbone, screen.say)
        protocol = run.protocol.model_dump(mode="json", exclude={"name", "limits"})
        self._protocol = digest(protocol)
        data = [self.packer.data_digest, self.packer.split_digest]
        self._weights = self._read_weights()
        made = [self.code, run.backbone.variant, data, self._protocol, run.init, run.device, self._weights]
        self._key = digest([SCORING, *made])

    def _read_weights(self) -> dict[str, str]:
        """The sha256 of all published weights that the run is given, and of those that its holes are looked at with."""
        files = dict(self._run.weights)
        holes = self._run.backbone.inpaints and self.packer.inpaintable(self._run.protocol.inpaint.masks)
        if holes and (alexnet := lpips_weights.lpips_file(self._workspace)):
            files[lpips_weights.LPIPS.name] = alexnet
        return {name: file_digest(path) for name, path in files.items()}

    def failed(self, error: StageError) -> Record:
        """The record of a run that the backbone broke."""
        failure = Failure(stage=error.stage, cause=error.outcome.cause, log=error.outcome.log)
        record = self._record(error.outcome.status, None).model_copy(update={"failure": failure})
        write_record(record, self._workspace.records)
        return record

    def succeeded(self, results: Results) -> Record:
        """The record of a whole run; one that is there already is read, not made again."""
        record = self._record("ok", results)
        path = record_path(record, self._workspace.records)
        if path.exists():
            return read_record(path)
        self._screen.say("Scoring.")
        record = record.model_copy(update=self._scores(results))
        path.parent.mkdir(parents=True, exist_ok=True)
        if results.reconstruction:
            strip = classification_scores.strip(results.reconstruction, self.packer, self._run.protocol)
            strip.save(path.with_suffix(".png"))
        if overlays := localisation.overlays(record.classification, results.predictions, self.packer):
            overlays.save(overlays_file(path), optimize=True)
        write_record(record, self._workspace.records)
        return record

    def _scores(self, results: Results) -> dict[str, object]:
        run, packer, protocol = self._run, self.packer, self._run.protocol
        classes = len(run.catalogue.identities)
        examination = Examination(packer, classes, protocol.seed)
        embeddings = _embeddings(results)
        searches = {
            name: Search(done, results.references.get(name, {}), examination, protocol.retrieval.backend)
            for name, done in embeddings.items()
        }
        scored = {
            "test_images": examination.images(run.catalogue.identities),
            "audit": self._audited,
            "group_baselines": examination.group_baselines(),
            "retrieval_baselines": examination.retrieval_baselines(),
            "retrieval": {name: search.retrieval() for name, search in searches.items()},
            "open_set": {name: found for name, search in searches.items() if (found := search.open_set())},
            **clustering.evaluate(embeddings, examination),
            "inpainting": results.inpainting
            and results.reconstruction
            and classification_scores.inpainting(
                results.inpainting,
                results.reconstruction,
                packer,
                protocol,
                lpips_weights.lpips_file(self._workspace),
            ),
            "encoder": classification_scores.encoder(results.embedding, protocol.image_size),
        }
        return scored if run.known == "none" else scored | self._named(results, examination)

    def _named(self, results: Results, examination: Examination) -> dict[str, object]:
        """The scores of naming individuals, for a split whose training shows some."""
        protocol = self._run.protocol
        return {
            "classification": {
                mode: classification_scores.classification(
                    results.trainings[mode]["all"], done["all"], examination, protocol
                )
                for mode, done in results.predictions.items()
            },
            "untrained": results.untrained
            and classification_scores.classification(*results.untrained[1:], examination, protocol),
            "ablation": {}
            if len(self._run.variants) == 1
            else classification_scores.ablation(
                results.predictions, examination, protocol.ablation.images_per_individual
            ),
            "validation": classification_scores.validation(results.trainings, examination)
            if self._run.experiment
            else {},
        }

    def _record(self, status: RunStatus, results: Results | None) -> Record:
        run = self._run
        return Record(
            key=self._key,
            status=status,
            backbone=run.backbone.label,
            title=run.backbone.shown,
            licence=local_weights.licence(run.backbone, run.init, self._workspace),
            init=run.init_name,
            dataset=run.catalogue.name,
            approximate_regions=run.catalogue.approximate_regions,
            individuals=len(run.catalogue.identities),
            candidate_count=self._possible(),
            split=run.split.name,
            protocol=run.protocol.name,
            seed=run.protocol.seed,
            experiment=run.experiment,
            provenance=self._provenance(results),
        )

    def _possible(self) -> int:
        """How many individuals can be the answer (see `Record`)."""
        searched = self.packer.rows("test" if self._run.known == "none" else "train")
        return len(set(searched.labels.tolist()))

    def _provenance(self, results: Results | None) -> Provenance:
        return Provenance(
            commit=machine.commit(self._workspace.root),
            code=self.code,
            image=self.code if self._runner.name == "docker" else "",
            data=self.packer.data_digest,
            split=self.packer.split_digest,
            protocol=self._protocol,
            rules=self._run.rules,
            weights=self._weights,
            runner=self._runner.name,
            hardware=machine.hardware(),
            versions=results.embedding.result.versions if results else {},
            started=self._started,
            finished=machine.now(),
            stages=results.notes if results else {},
        )


def _embeddings(results: Results) -> dict[EncoderState, Done]:
    """The encodings of the test images that are searched and clustered, by their names in the record."""
    found: dict[EncoderState, Done] = {"initial": results.embedding}
    if results.untrained:
        found["untrained"] = results.untrained[0]
    if "deep" in results.predictions:
        found["finetuned"] = results.predictions["deep"]["all"]
    return found


def _audited(run: Run, packer: Packer) -> SplitAudit:
    """The audit of the split; refused where the protocol wants a clean one."""
    found = audit(run.catalogue, run.split, hashes=packer.hashes())
    faults = clean(found)
    if faults and run.protocol.clean_split:
        raise InputError(
            f"Protocol {run.protocol.name!r} wants a clean split, but {run.split.name!r} of {run.catalogue.name} is "
            f"not: {'; '.join(faults)}. `patternbench data audit` shows all of it; of the kinds that do not leak, this "
            f"data set can carry: {leak_free_kind(run.catalogue) or 'none'}."
        )
    return SplitAudit(sentence=sentence(found), faults=tuple(faults))
