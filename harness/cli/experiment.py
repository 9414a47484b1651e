"""`patternbench experiment`: experiments of our own, with generated data."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from harness.cli import options

app = typer.Typer(help="Experiments of our own, with generated data.", no_args_is_help=True)


@app.command(
    epilog="For example:\n\n`patternbench experiment shortcut pixels`\n\n"
    "`patternbench experiment shortcut efficientnet_lite0 lama --strength 0 --strength 0.25 --strength 0.5 --seeds 3`"
)
def shortcut(  # noqa: PLR0913, PLR0917 - a command's options
    context: typer.Context,
    backbones: options.Backbones = None,
    everyone: options.Everyone = False,
    strengths: Annotated[
        list[float] | None,
        typer.Option(
            "--strength",
            help="How much the place in the tank gives the fish away in training, 0 to 1. May be repeated; 0, 0.5 and "
            "1 by default.",
        ),
    ] = None,
    frames: Annotated[int, typer.Option(help="Pictures of each of the two videos, from 36.")] = 144,
    data_seed: Annotated[int, typer.Option("--data-seed", help="Of every random choice in the data, from 0.")] = 1,
    protocol: options.Protocol = "quick",
    runner: options.Runner = "auto",
    init: options.Init = None,
    seeds: options.Seeds = 1,
    device: options.Device = "auto",
    jobs: options.Jobs = None,
) -> None:
    """How much a background that gives the identity away in training misleads a backbone.

    Generates zebrafish at every strength of the shortcut, with the same test images without it, runs each backbone
    from training to ablation and focus, and makes leaderboard/shortcut.md. What is in the store already is not
    generated or run again.
    """
    from functools import partial

    from benchmark.synth.calibration import Calibration
    from harness.cli.run import Settings, choose, run_all, run_one
    from harness.contestants.registry import find
    from harness.experiments import STRENGTHS, check_strengths, material
    from harness.weights import local as local_weights

    asked = check_strengths(strengths or STRENGTHS)
    design = Calibration(frames, data_seed)
    chosen = choose(context.obj, Settings(backbones or [], everyone, protocol, runner, init, seeds, device, jobs))
    for label in backbones or []:  # before minutes of drawing; with --all, who lacks weights is told at the end
        local_weights.needed(find(label, context.obj), chosen.protocols[0], context.obj)
    made = {}
    for strength in asked:
        with _frame_bar(strength) as progress:
            made[strength] = material(design, strength, context.obj, progress)
    runs = {
        chosen.name(label, protocol, f"strength {strength:g}"): partial(
            run_one, label, made[strength], protocol, chosen, context.obj
        )
        for label in chosen.labels
        for strength in asked
        for protocol in chosen.protocols
    }
    run_all(runs, context.obj)


@contextmanager
def _frame_bar(strength: float) -> Iterator[Callable[[int, int], None]]:
    """A bar on a terminal, and a line when all frames are drawn."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    console = Console(stderr=True, highlight=False)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(f"frames, shortcut {strength:g}")

        def show(done: int, total: int) -> None:
            bar.update(task, completed=done, total=total)
            if done == total:
                console.print(f"Drew {total} frames with shortcut {strength:g}.")

        yield show
