"""`patternbench run`: choose, run, render, show."""

from dataclasses import dataclass

import typer

from benchmark.catalogue import Catalogue
from benchmark.errors import PatternbenchError, RunError
from benchmark.protocol import Protocol, read_protocol
from benchmark.records import Record
from benchmark.splitting import Split
from harness import backbones, choices, weights
from harness.bench import bench
from harness.console import RichScreen
from harness.datasets import resolve
from harness.plan import Device, Run
from harness.runners.base import Runner
from harness.workspace import Workspace


@dataclass(frozen=True)
class Settings:
    """What the user typed beside the backbones; each is checked in `run_command`."""

    data: str
    protocol: str
    runner: str
    init: str | None
    split: str
    device: str
    jobs: int | None


@dataclass(frozen=True)
class _Chosen:
    """The settings that all backbones of a command share, checked."""

    catalogue: Catalogue
    split: Split
    protocol: Protocol
    runner: Runner
    device: Device
    workers: int


def run_command(workspace: Workspace, labels: list[str], settings: Settings) -> None:
    """Everything that `patternbench run` does.

    Args:
        workspace: where.
        labels: the backbones, run one after the other; one that fails does not stop the others. Empty = all that
            need no variant named.
        settings: the same for all.

    Raises:
        InputError: a value or the data cannot be used.
        RunError: a run failed, or several of many could not be made.
    """
    for label in labels:
        backbones.find(label, workspace)
    chosen = _choose(workspace, settings)
    labels = labels or [name for name in backbones.names(workspace) if backbones.runs_plain(name, workspace)]
    troubles: dict[str, PatternbenchError] = {}
    records = []
    for label in labels:
        try:
            records.append(_run(label, chosen, workspace))
            if records[-1].failure is not None:
                troubles[label] = RunError(_failed(records[-1]))
        except PatternbenchError as error:
            troubles[label] = error
    if records:
        typer.echo(_show(records[-1], workspace))
    if len(labels) == 1 and troubles:
        raise troubles[labels[0]]
    if troubles:
        told = "\n".join(f"{label}: {error}" for label, error in troubles.items())
        raise RunError(f"{len(troubles)} of {len(labels)} backbones did not end well:\n{told}")


def _choose(workspace: Workspace, settings: Settings) -> _Chosen:
    protocol = choices.choose_init(read_protocol(settings.protocol, workspace.protocols), settings.init)
    device = choices.choose_device(settings.device)
    catalogue = resolve(settings.data, workspace)
    screen = RichScreen()
    return _Chosen(
        catalogue=catalogue,
        runner=choices.choose_runner(settings.runner, device, workspace, screen),
        split=choices.choose_split(settings.split, catalogue, workspace, screen),
        protocol=protocol,
        device=device,
        workers=choices.choose_workers(settings.jobs, device),
    )


def _run(label: str, chosen: _Chosen, workspace: Workspace) -> Record:
    """One backbone from its name to its record and the tables."""
    from leaderboard import render

    facts = backbones.find(label, workspace)
    protocol = chosen.protocol.of(facts.name)
    run = Run(
        backbone=facts,
        catalogue=chosen.catalogue,
        split=chosen.split,
        protocol=protocol,
        weights=weights.needed(facts, protocol, workspace),
        device=chosen.device,
        workers=chosen.workers,
    )
    with RichScreen() as screen:
        screen.say(_headline(run))
        record = bench(run, workspace, chosen.runner, screen)
        if screen.found_all:
            screen.say("Every stage was found finished.")
        for page in render.write(workspace.leaderboard):
            screen.say(f"Made anew: {page}")
    return record


def _headline(run: Run) -> str:
    catalogue = run.catalogue
    weights_said = "nothing to initialise" if run.init_name == "none" else f"{run.init_name} weights"
    return (
        f"{run.backbone.shown} ({weights_said}) on {catalogue.name}: {len(catalogue.rows)} crops of "
        f"{len(catalogue.identities)} individuals, split {run.split.name}, protocol {run.protocol.name}, {run.device}."
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
