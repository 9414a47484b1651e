"""`patternbench experiment`: experiments of our own, with generated data."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer

from harness.cli.options import ContestantOptions, with_options, workspace_of

app = typer.Typer(help="Experiments of our own, with generated data.", no_args_is_help=True)


@app.command(
    epilog="For example:\n\n`patternbench experiment shortcut pixels`\n\n"
    "`patternbench experiment shortcut efficientnet_lite0 lama --strength 0 --strength 0.25 --strength 0.5 --seeds 3`"
)
@with_options(ContestantOptions)
def shortcut(
    context: typer.Context,
    options: ContestantOptions,
    strengths: Annotated[
        list[float] | None,
        typer.Option(
            "--strength",
            help="How much the place in the tank gives the fish away in training, 0 to 1. May be repeated; 0, 0.5 and "
            "1 by default.",
        ),
    ] = None,
    frames: Annotated[int, typer.Option(help="Frames of each of the two videos, from 36.")] = 144,
    data_seed: Annotated[int, typer.Option("--data-seed", help="Of every random choice in the data, from 0.")] = 1,
) -> None:
    """How much a background that gives the identity away in training misleads a backbone.

    Generates zebrafish at every strength of the shortcut, with the same test images without it, runs each backbone
    from training to ablation and focus, and updates leaderboard/shortcut.md. What is in the store already is not
    generated or run again.
    """
    from functools import partial

    from benchmark.synth.shortcut import Calibration
    from harness.cli.run import choose, resolve, run_all, run_one
    from harness.datasets.digest_cache import DigestCache
    from harness.experiments import STRENGTHS, check_strengths, shortcut_data

    chosen_strengths = check_strengths(strengths or STRENGTHS)
    design = Calibration(frames, data_seed)
    workspace = workspace_of(context)
    with DigestCache(workspace.digests) as cache:
        request = choose(workspace, options, cache.digest)
        for label in (
            options.backbones or []
        ):  # before minutes of drawing; with --all, missing weights fail one run each
            resolve(label, request.protocols[0], request, workspace)
        bundles = {}
        for strength in chosen_strengths:
            with _frame_bar(strength) as progress:
                bundles[strength] = shortcut_data(design, strength, workspace, progress)
        runs = {
            request.name(label, protocol, f"strength {strength:g}"): partial(
                run_one, label, bundles[strength], protocol, request, workspace
            )
            for label in request.labels
            for strength in chosen_strengths
            for protocol in request.protocols
        }
        run_all(runs, workspace)


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
