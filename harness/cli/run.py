"""`patternbench run`, and what every command that runs contestants shares: choose, run, render, show."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import typer

from benchmark.data.catalogue import Catalogue
from benchmark.data.checking import check_individuals
from benchmark.data.content_digests import content_digests
from benchmark.data.faults import FaultsError
from benchmark.errors import InputError, PatternbenchError, RunError
from benchmark.protocol import Protocol, ResolvedProtocol
from benchmark.records.record import Record
from benchmark.splitting.split import describe_split
from benchmark.vocabulary import Device, ExecutorName
from harness.cli import choices, field
from harness.cli.display.listener import RichListener
from harness.cli.display.plans import print_plans
from harness.cli.options import ContestantOptions, RunOptions
from harness.contestants import registry as contestants
from harness.contestants.registry import BackboneFacts
from harness.contestants.trust import trust
from harness.datasets.digest_cache import DigestCache
from harness.datasets.importing import reread
from harness.datasets.registry import resolve as resolve_dataset
from harness.disk import as_failure
from harness.execution.crops import cut_crops
from harness.execution.runners.base import Runner
from harness.execution.spec import DataBundle, RunSpec
from harness.execution.store import Store
from harness.forecast import forecast
from harness.run import bench
from harness.weights.local import own_files
from harness.weights.requirements import required_files
from harness.workspace import Workspace


@dataclass(frozen=True)
class RunRequest:
    """The checked options of some runs: every backbone is run with every protocol; protocols differ in their seeds.

    Attributes:
        labels: of the backbones.
        protocols: one a seed.
        init_given: whether the user chose the initial weights, which then go before a contestant's own choice.
        runner: runs the jobs.
        device: hardware to compute on.
        workers: number of stages at the same time.
        digest_of: gives the sha256 of a file of the data set.
        executor: where stages are done.
    """

    labels: list[str]
    protocols: list[Protocol]
    init_given: bool
    runner: Runner
    device: Device
    workers: int
    digest_of: Callable[[Path], str]
    executor: ExecutorName = "local"

    def name(self, label: str, protocol: Protocol, *more: str) -> str:
        """Name of one of the runs: all that differs between them."""
        return ", ".join([label, *more, *([f"seed {protocol.seed}"] if len(self.protocols) > 1 else [])])


def run_command(workspace: Workspace, options: RunOptions) -> None:
    """Everything that `patternbench run` does.

    Raises:
        InputError: a value or the data cannot be used.
        RunError: a run failed, or several of many could not be made.
    """
    with DigestCache(workspace.digests, rehash=options.rehash) as cache:
        listener = RichListener()
        if options.rehash:
            Store(workspace.store).forget_checks()
        if options.skip_bad:
            for fault in reread(options.data, workspace, cache.digest, skip_bad=True).left_out:
                listener.report(f"Left out: {fault}")
        try:
            catalogue = resolve_dataset(options.data, workspace, remember=True)
        except FaultsError:
            reread(options.data, workspace, cache.digest)  # the same fault among all others, those of photos too
            raise
        if lonely := check_individuals(catalogue.rows, catalogue.root):
            raise FaultsError(lonely)
        own = workspace.results(catalogue.name).own
        options = replace(options, protocol=options.protocol or (field.NAME if own else "quick"))
        if options.as_json and not options.only_plan:
            raise InputError("--json is for --plan. The records of runs are JSON files themselves.")
        if options.protocol == field.NAME:
            field.run_surveys(workspace, options, catalogue, cache.digest)
            return
        request = choose(workspace, options, cache.digest, besides=[field.NAME])
        for remark in catalogue.remarks:
            listener.report(f"Note: {remark}")
        names = dict.fromkeys(options.splits or ["random"])
        size = request.protocols[0].image_size
        read_photos = partial(read_crops, catalogue, size, workspace, listener, cache.digest)
        splits = [
            choices.choose_split(name, catalogue, workspace, listener, cache.digest, read_photos) for name in names
        ]
        combinations = {
            request.name(label, protocol, *([f"split {split.name}"] if len(splits) > 1 else [])): (
                label,
                DataBundle(catalogue, split),
                protocol,
            )
            for label in request.labels
            for split in splits
            for protocol in request.protocols
        }
        if options.only_plan:
            specs = {name: run_spec(*one, request, workspace) for name, one in combinations.items()}
            with RichListener() as listener:
                plans = {
                    name: forecast(spec, workspace, request.runner, listener, cache.digest)
                    for name, spec in specs.items()
                }
            print_plans(plans, request.workers, as_json=options.as_json)
            return
        runs = {name: partial(run_one, *one, request, workspace) for name, one in combinations.items()}
        run_all(runs, workspace, tables=options.tables)


def read_crops(
    catalogue: Catalogue,
    image_size: int,
    workspace: Workspace,
    listener: RichListener,
    digest_of: Callable[[Path], str],
) -> None:
    """Cut the crops of a data set into the store, where its runs find them.

    Args:
        catalogue: the data set.
        image_size: side of a crop in pixels.
        workspace: where the store is.
        listener: receives the progress.
        digest_of: gives the sha256 of a file of the data set.

    Raises:
        FaultsError: photos, boxes or masks cannot be used.
    """
    digests = content_digests(catalogue.rows, digest_of)
    with listener:
        cut_crops(Store(workspace.store, listener.report), catalogue, digests, image_size, listener)


def choose(
    workspace: Workspace, options: ContestantOptions, digest_of: Callable[[Path], str], besides: Sequence[str] = ()
) -> RunRequest:
    """Check the options.

    Args:
        workspace: where the contestants are.
        options: as the user gave them.
        digest_of: gives the sha256 of a file of the data set.
        besides: protocols that the command takes, although no file belongs to them; for a message.

    Raises:
        InputError: a value cannot be used.
        RunError: Docker was chosen by name, but no engine answers; or the GPU, but no job could use it.
    """
    if bool(options.backbones) == options.everyone:
        raise InputError("Name the backbones to run, or use --all; `patternbench backbone list` shows which there are.")
    labels = options.backbones or [
        name for name in contestants.names(workspace) if contestants.runs_without_variant(name, workspace)
    ]
    for label in labels:
        contestants.find(label, workspace)
    trust(options.trust or (), workspace)
    protocol = choices.choose_init(choices.choose_protocol(options.protocol, workspace, besides), options.init)
    first_seed = protocol.seed if options.seed is None else options.seed
    places = choices.choose_places(options, workspace, RichListener())
    return RunRequest(
        labels=labels,
        protocols=[protocol.with_seed(first_seed + more) for more in range(options.seeds)],
        init_given=options.init is not None,
        **places._asdict(),
        digest_of=digest_of,
    )


def run_all(
    runs: Mapping[str, Callable[[RichListener], Record]], workspace: Workspace, *, tables: bool = False
) -> None:
    """Run one after the other, print what they answer, and report the failed ones at the end.

    Args:
        runs: each shows itself on the listener and returns its record; by name.
        workspace: the checkout.
        tables: whether the tables of the last run are printed too.

    Raises:
        InputError: of the only run.
        RunError: a run failed, or several of many could not be made.
    """
    errors: dict[str, PatternbenchError] = {}
    records = []
    with RichListener(len(runs)) as listener:
        for number, (name, run) in enumerate(runs.items()):
            if number:
                listener.next_run()
            try:
                records.append(run(listener))
                if records[-1].failure is not None:
                    errors[name] = RunError(_failed(records[-1]))
            except Exception as error:  # noqa: BLE001 - no failure of one run ends the others
                errors[name] = as_failure(error)
    if records:
        typer.echo("\n".join(_answer(records, workspace)))
    if records and tables:
        typer.echo(_tables(records[-1], workspace))
    if len(runs) == 1 and errors:
        raise next(iter(errors.values()))
    if errors:
        lines = "\n".join(f"{name}: {error}" for name, error in errors.items())
        raise RunError(f"{len(errors)} of {len(runs)} runs failed:\n{lines}")


def run_one(
    label: str,
    data: DataBundle,
    protocol: Protocol,
    request: RunRequest,
    workspace: Workspace,
    listener: RichListener,
) -> Record:
    """One backbone from its name to its record and the tables.

    Args:
        label: of the backbone.
        data: what it is run on.
        protocol: before it is resolved for the backbone.
        request: what all runs share.
        workspace: where.
        listener: shows the run.
    """
    from leaderboard import render

    spec = run_spec(label, data, protocol, request, workspace)
    listener.report(_headline(spec))
    record = bench(spec, workspace, request.runner, listener, request.digest_of)
    if listener.all_cached:
        listener.report("Every stage was in the store already.")
    home = workspace.results(record.dataset, record.experiment)
    if changed := render.write(home.pages, record, own=home.own, drawn=workspace.drawn_figures):
        listener.report(f"Updated {len(changed)} tables and figures in {home.pages.relative_to(workspace.root)}.")
    return record


def run_spec(label: str, data: DataBundle, protocol: Protocol, request: RunRequest, workspace: Workspace) -> RunSpec:
    """What to run, with the protocol resolved and the weights found.

    Args:
        label: of the backbone.
        data: what it is run on.
        protocol: before it is resolved for the backbone.
        request: what all runs share.
        workspace: where.

    Raises:
        InputError: the weights that the run needs are not available.
    """
    facts, resolved, weights = resolve(label, protocol, request, workspace)
    return RunSpec(
        backbone=facts,
        data=data,
        protocol=resolved,
        rules=protocol.rules,
        weights=weights,
        own_files=own_files(facts, weights, workspace),
        device=request.device,
        workers=request.workers,
        executor=request.executor,
    )


def resolve(
    label: str, protocol: Protocol, request: RunRequest, workspace: Workspace
) -> tuple[BackboneFacts, ResolvedProtocol, dict[str, Path]]:
    """A backbone's facts, the protocol as it holds for it, and the weight files that its runs need, by name.

    Args:
        label: of the backbone.
        protocol: before it is resolved.
        request: what all runs share.
        workspace: where.

    Raises:
        InputError: the weights that the runs need are not available.
    """
    facts = contestants.find(label, workspace)
    resolved = protocol.resolve(facts.name, facts.overrides(protocol.name, init=not request.init_given))
    return facts, resolved, required_files(facts, resolved, workspace, runner=request.runner)


def _headline(spec: RunSpec) -> str:
    weights = "nothing to initialise" if spec.init_label == "none" else f"{spec.init_label} weights"
    return (
        f"{spec.backbone.display_name} ({weights}) on {spec.data.catalogue.name}: "
        f"{describe_split(spec.data.split, spec.data.catalogue)}, "
        f"protocol {spec.protocol.name}, seed {spec.protocol.seed}, {spec.device}."
    )


def _answer(records: Sequence[Record], workspace: Workspace) -> list[str]:
    """What some runs on one data set answer, and where their tables are."""
    from leaderboard import record_files
    from leaderboard.report.run_summary import run_summary

    home = workspace.results(records[-1].dataset, records[-1].experiment)
    paths = {"Tables": str(home.pages.relative_to(workspace.root))}
    if home.newest_predictions.is_file() and home.own:
        paths["Answers"] = str(home.newest_predictions.relative_to(workspace.root))
    files = record_files.read(home.pages)
    return [*record_files.future_records(files), *run_summary(records, files, paths)]


def _tables(record: Record, workspace: Workspace) -> str:
    from leaderboard import render

    home = workspace.results(record.dataset, record.experiment)
    return render.show(home.pages, record, own=home.own)


def _failed(record: Record) -> str:
    assert record.failure is not None
    return (
        f"{record.backbone} failed in {record.failure.stage} ({record.status}): {record.failure.cause}.\n"
        f"The end of its log:\n{record.failure.log}\n"
        "The tables show a failed row; finished stages are kept."
    )
