"""`patternbench run`: choose, run, render, show."""

import typer

from benchmark.errors import RunError
from benchmark.protocol import read_protocol
from benchmark.records import Record
from harness import backbones, choices, weights
from harness.bench import bench
from harness.console import RichScreen
from harness.datasets import resolve
from harness.plan import Run
from harness.workspace import Workspace


def run_command(  # noqa: PLR0913 - one for each option
    workspace: Workspace,
    *,
    backbone: str,
    data: str,
    protocol: str,
    runner: str,
    init: str | None,
    split: str,
    device: str,
    jobs: int | None,
) -> None:
    """Everything that `patternbench run` does.

    Raises:
        InputError: a value or the data cannot be used.
        RunError: the run failed.
    """
    facts = backbones.find(backbone, workspace)
    wanted = choices.choose_init(read_protocol(protocol, workspace.protocols), init).of(facts.name)
    files = weights.needed(facts, wanted, workspace)
    chosen = choices.choose_device(device)
    catalogue = resolve(data, workspace)
    with RichScreen() as screen:
        with_ = choices.choose_runner(runner, chosen, workspace, screen)
        run = Run(
            backbone=facts,
            catalogue=catalogue,
            split=choices.choose_split(split, catalogue, workspace, screen),
            protocol=wanted,
            weights=files,
            device=chosen,
            workers=choices.choose_workers(jobs, chosen),
        )
        screen.say(_headline(run))
        record = bench(run, workspace, with_, screen)
        if screen.found_all:
            screen.say("Every stage was found finished.")
    _finish(record, workspace)


def _headline(run: Run) -> str:
    catalogue = run.catalogue
    return (
        f"{run.backbone.shown} ({run.init_name} weights) on {catalogue.name}: {len(catalogue.rows)} crops of "
        f"{len(catalogue.identities)} individuals, split {run.split.name}, protocol {run.protocol.name}, {run.device}."
    )


def _finish(record: Record, workspace: Workspace) -> None:
    """Make the tables anew, show those of this run, and say how it ended."""
    from leaderboard import render

    changed = render.write(workspace.leaderboard)
    typer.echo(render.show(workspace.leaderboard, record))
    for page in changed:
        typer.echo(f"Made anew: {page}")
    if record.failure is not None:
        raise RunError(
            f"{record.backbone} failed in {record.failure.stage} ({record.status}): {record.failure.cause}.\n"
            f"The end of its log:\n{record.failure.log}\n"
            "A failed row stands in the tables; finished stages are kept."
        )
