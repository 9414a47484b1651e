"""The command line: `patternbench run|data|backbone|weights|leaderboard|doctor`."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from benchmark.errors import InputError, PatternbenchError
from harness import cli_backbone, cli_data, cli_leaderboard, cli_weights
from harness.workspace import Workspace

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Benchmark image encoders that identify individual animals by their skin pattern.",
)
app.add_typer(cli_data.app, name="data")
app.add_typer(cli_backbone.app, name="backbone")
app.add_typer(cli_weights.app, name="weights")
app.add_typer(cli_leaderboard.app, name="leaderboard")


def main() -> None:
    """Run the command line; an error becomes one message and its exit code."""
    try:
        app()
    except PatternbenchError as error:
        sys.stderr.write(f"Error: {error}\n")
        sys.exit(error.exit_code)
    except KeyboardInterrupt:
        sys.stderr.write("Interrupted. Finished stages are kept; the same command goes on from there.\n")
        sys.exit(130)


@app.callback()
def root(
    context: typer.Context,
    project: Annotated[
        Path | None, typer.Option("--root", help="Another checkout of the project than this one.", hidden=True)
    ] = None,
) -> None:
    """Benchmark image encoders that identify individual animals by their skin pattern."""
    context.obj = Workspace(project.resolve()) if project else Workspace.here()


@app.command(
    epilog="For example:\n\n`patternbench run lama`\n\n`patternbench run timm:resnet18 --init published`\n\n"
    "`patternbench run lama aotgan --data ../photos --protocol paper`\n\n`patternbench run --all`"
)
def run(  # noqa: PLR0913, PLR0917 - a command's options
    context: typer.Context,
    backbones: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[BACKBONE]...", help="Contestants, as NAME or NAME:VARIANT (`patternbench backbone list`)."
        ),
    ] = None,
    everyone: Annotated[
        bool,
        typer.Option("--all", help="All contestants, one after the other; one that fails does not stop the others."),
    ] = False,
    data: Annotated[
        str, typer.Option(help="Name of a data set (`patternbench data list`), or the path of your own.")
    ] = "zebrafish-synth",
    protocol: Annotated[
        str, typer.Option(help="`quick` (minutes), `paper` (the study's figures), or the path of a .toml file.")
    ] = "quick",
    runner: Annotated[
        str, typer.Option(help="`auto` (Docker when an engine answers), `docker` or `process`.")
    ] = "auto",
    init: Annotated[
        str | None, typer.Option(help="Initial weights: `random` or `published`; by default what the protocol says.")
    ] = None,
    split: Annotated[str, typer.Option(help="Name of the fixed split; made once for data of your own.")] = "random",
    device: Annotated[str, typer.Option(help="`auto` (a GPU where there is one), `cpu` or `cuda`.")] = "auto",
    jobs: Annotated[
        int | None, typer.Option(min=1, help="Stages at the same time; by default 2 on a processor, 1 on a GPU.")
    ] = None,
) -> None:
    """Run every stage of a backbone, write its record, and make the leaderboards anew.

    Inpainting training, encoding, classification shallow and deep on seven region variants, clustering. What is in the
    store already is not run again; an interrupted run goes on where it stopped.
    """
    from harness.cli_run import Settings, run_command

    if bool(backbones) == everyone:
        raise InputError("Name the backbones to run, or say --all; `patternbench backbone list` shows which there are.")
    settings = Settings(data, protocol, runner, init, split, device, jobs)
    run_command(context.obj, backbones or [], settings)


@app.command()
def doctor(context: typer.Context) -> None:
    """Say what this machine has (engine, GPU, disk, memory, torch) and what each lack means.

    Exit code 1 only where the simplest bench could not run.
    """
    from rich.console import Console
    from rich.text import Text

    from harness.doctor import examine

    findings = examine(context.obj)
    console = Console(highlight=False)
    for finding in findings:
        mark = ("ok  ", "green") if finding.status == "ok" else ("lack", "red" if finding.needed else "yellow")
        lack = f"\n     {finding.meaning}" if finding.meaning else ""
        console.print(Text.assemble(mark, f" {finding.what}{lack}"), soft_wrap=True)
    missing = [finding.what for finding in findings if finding.needed and finding.status == "lack"]
    if missing:
        raise typer.Exit(1)
