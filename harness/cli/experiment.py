"""`patternbench experiment`: experiments on generated data."""

from typing import Annotated

import typer

from harness.cli.options import ContestantOptions, examples, with_options, workspace_of

app = typer.Typer(help="Run experiments on generated data.", no_args_is_help=True, rich_markup_mode="markdown")


@app.command(
    epilog=examples(
        "patternbench experiment shortcut pixels",
        "patternbench experiment shortcut lama aotgan --strength 0 --strength 0.25 --strength 0.5 --seeds 3",
    )
)
@with_options(ContestantOptions)
def shortcut(
    context: typer.Context,
    options: ContestantOptions,
    strengths: Annotated[
        list[float] | None,
        typer.Option(
            "--strength",
            help="How far the place in the tank reveals the fish in training, 0 (not at all) to 1 (always). May be "
            "repeated; by default 0, 0.5 and 1.",
        ),
    ] = None,
    frames: Annotated[int, typer.Option(help="Frames of each of the two videos, from 36.")] = 144,
    data_seed: Annotated[int, typer.Option("--data-seed", help="Seed of every random choice in the data, from 0.")] = 1,
) -> None:
    """Measure how much a background that reveals the identity in training misleads a backbone.

    The command generates zebrafish at every strength of the shortcut, with the same test images without it. It runs
    every stage of each backbone on them and updates leaderboard/shortcut.md. Data and stages that are in the store
    already are not made again.
    """
    from dataclasses import replace
    from functools import partial

    from benchmark.synth.shortcut import Calibration
    from harness.cli.display.bars import counting_bar
    from harness.cli.run import choose, resolve, run_all, run_one
    from harness.datasets.digest_cache import DigestCache
    from harness.experiments import STRENGTHS, check_strengths, shortcut_data

    chosen_strengths = check_strengths(strengths or STRENGTHS)
    design = Calibration(frames, data_seed)
    workspace = workspace_of(context)
    with DigestCache(workspace.digests) as cache:
        request = choose(workspace, options, cache.digest)
        # the experiment calibrates the scores of trained classifiers, also where the protocol goes without some
        request = replace(request, protocols=[protocol.with_every_classifier() for protocol in request.protocols])
        # fails before minutes of drawing if weights are missing; with --all, they fail one run each
        for label in options.backbones or []:
            resolve(label, request.protocols[0], request, workspace)
        bundles = {}
        for strength in chosen_strengths:
            end = f"Drew {{total}} frames with shortcut {strength:g}."
            with counting_bar(f"frames, shortcut {strength:g}", end) as on_progress:
                bundles[strength] = shortcut_data(design, strength, workspace, on_progress)
        runs = {
            request.name(label, protocol, f"strength {strength:g}"): partial(
                run_one, label, bundles[strength], protocol, request, workspace
            )
            for label in request.labels
            for strength in chosen_strengths
            for protocol in request.protocols
        }
        run_all(runs, workspace, tables=options.tables)
