"""`patternbench run`, and what every command that runs contestants shares: choose, run, render, show."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import typer

from benchmark.errors import InputError, PatternbenchError, RunError
from benchmark.protocol import Protocol
from benchmark.records.record import Record
from benchmark.splitting.split import contents
from benchmark.vocabulary import Device
from harness.cli import choices
from harness.cli.console import RichScreen
from harness.contestants import registry as contestants
from harness.datasets.registry import resolve
from harness.execution.plan import Material, Run
from harness.execution.runners.base import Runner
from harness.run import bench
from harness.weights import local as local_weights
from harness.workspace import Workspace


@dataclass(frozen=True)
class Settings:
    """What the user typed about contestants and runs; each is checked in `choose`."""

    backbones: list[str]
    everyone: bool
    protocol: str
    runner: str
    init: str | None
    seeds: int
    device: str
    jobs: int | None


@dataclass(frozen=True)
class Chosen:
    """The same, checked: every backbone is run with every protocol; these differ in their seeds."""

    labels: list[str]
    protocols: list[Protocol]
    runner: Runner
    device: Device
    workers: int

    def name(self, label: str, protocol: Protocol, *more: str) -> str:
        """What a run is called among the others: all that differs between them."""
        return ", ".join([label, *more, *([f"seed {protocol.seed}"] if len(self.protocols) > 1 else [])])


def run_command(workspace: Workspace, data: str, splits: list[str], settings: Settings) -> None:
    """Everything that `patternbench run` does.

    Args:
        workspace: where.
        data: name or path of the data set.
        splits: of it, by their names.
        settings: of all runs.

    Raises:
        InputError: a value or the data cannot be used.
        RunError: a run failed, or several of many could not be made.
    """
    chosen = choose(workspace, settings)
    catalogue = resolve(data, workspace)
    screen = RichScreen()
    drawn = [choices.choose_split(name, catalogue, workspace, screen) for name in dict.fromkeys(splits)]
    runs = {
        chosen.name(label, protocol, *([f"split {split.name}"] if len(drawn) > 1 else [])): partial(
            run_one, label, Material(catalogue, split), protocol, chosen, workspace
        )
        for label in chosen.labels
        for split in drawn
        for protocol in chosen.protocols
    }
    run_all(runs, workspace)


def choose(workspace: Workspace, settings: Settings) -> Chosen:
    """Check what the user typed.

    Raises:
        InputError: a value cannot be used.
        RunError: Docker was asked for by name, but no engine answers; or the GPU, but no job could use it.
    """
    if bool(settings.backbones) == settings.everyone:
        raise InputError("Name the backbones to run, or say --all; `patternbench backbone list` shows which there are.")
    for label in settings.backbones:
        contestants.find(label, workspace)
    plain = [name for name in contestants.names(workspace) if contestants.runs_plain(name, workspace)]
    protocol = choices.choose_init(choices.choose_protocol(settings.protocol, workspace), settings.init)
    runner, device = choices.choose_runner(settings.runner, settings.device, workspace, RichScreen())
    return Chosen(
        labels=settings.backbones or plain,
        protocols=[protocol.model_copy(update={"seed": protocol.seed + more}) for more in range(settings.seeds)],
        runner=runner,
        device=device,
        workers=choices.choose_workers(settings.jobs, device),
    )


def run_all(runs: Mapping[str, Callable[[], Record]], workspace: Workspace) -> None:
    """Make runs one after the other, show the tables of the last, and say at the end which went wrong.

    Raises:
        InputError: of the only run.
        RunError: a run failed, or several of many could not be made.
    """
    troubles: dict[str, PatternbenchError] = {}
    records = []
    for name, run in runs.items():
        try:
            records.append(run())
            if records[-1].failure is not None:
                troubles[name] = RunError(_failed(records[-1]))
        except PatternbenchError as error:
            troubles[name] = error
    if records:
        typer.echo(_show(records[-1], workspace))
    if len(runs) == 1 and troubles:
        raise next(iter(troubles.values()))
    if troubles:
        told = "\n".join(f"{name}: {error}" for name, error in troubles.items())
        raise RunError(f"{len(troubles)} of {len(runs)} runs did not end well:\n{told}")


def run_one(label: str, material: Material, protocol: Protocol, chosen: Chosen, workspace: Workspace) -> Record:
    """One backbone from its name to its record and the tables."""
    from leaderboard import render

    facts = contestants.find(label, workspace)
    rules, protocol = protocol.rules, protocol.of(facts.name)
    given = local_weights.needed(facts, protocol, workspace)
    run = Run(
        backbone=facts,
        catalogue=material.catalogue,
        split=material.split,
        protocol=protocol,
        weights=given,
        device=chosen.device,
        workers=chosen.workers,
        experiment=material.experiment,
        rules=rules,
        own_files=local_weights.own_files(facts, given, workspace),
    )
    with RichScreen() as screen:
        screen.say(_headline(run))
        record = bench(run, workspace, chosen.runner, screen)
        if screen.found_all:
            screen.say("Every stage was found finished.")
        for page in render.write(workspace.leaderboard, record):
            screen.say(f"Made anew: {page}")
    return record


def _headline(run: Run) -> str:
    weights_said = "nothing to initialise" if run.init_name == "none" else f"{run.init_name} weights"
    return (
        f"{run.backbone.shown} ({weights_said}) on {run.catalogue.name}: {contents(run.split, run.catalogue)}, "
        f"protocol {run.protocol.name}, seed {run.protocol.seed}, {run.device}."
    )


def _show(record: Record, workspace: Workspace) -> str:
    from leaderboard import render

    return render.show(workspace.leaderboard, record)


def _failed(record: Record) -> str:
    assert record.failure is not None
    return (
        f"{record.backbone} failed in {record.failure.stage} ({record.status}): {record.failure.cause}.\n"
        f"The end of its log:\n{record.failure.log}\n"
        "A failed row stands in the tables; finished stages are kept."
    )
