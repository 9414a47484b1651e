"""The command line: `patternbench run|verify|status|logs|why|clean|doctor` and the groups of commands."""

import os
import sys
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated

import typer

from benchmark.errors import PatternbenchError
from benchmark.text import printable_lines
from harness.cli import backbone, data, experiment, leaderboard, stages, weights
from harness.cli.clean import clean
from harness.cli.display.json_output import Json, print_json
from harness.cli.interruption import signals_interrupt
from harness.cli.options import RunOptions, examples, with_options
from harness.datasets.earlier_imports import move_imported
from harness.workspace import Workspace

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Benchmark image encoders that identify individual animals by their skin pattern.",
)
app.add_typer(experiment.app, name="experiment")
app.add_typer(data.app, name="data")
app.add_typer(backbone.app, name="backbone")
app.add_typer(weights.app, name="weights")
app.add_typer(leaderboard.app, name="leaderboard")


def main() -> None:
    """Run the command line; an error becomes one message and its exit code."""
    # threads that spin while they wait take processor time from other stages
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    open_streams()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")  # names and tables have signs that old terminals lack
    with signals_interrupt():
        try:
            app()
        except PatternbenchError as error:
            sys.stderr.write(f"Error: {printable_lines(str(error))}\n")
            sys.exit(error.exit_code)
        except BrokenPipeError:  # nobody reads the output any more
            os._exit(1)
        except OSError as error:
            from harness.disk import explain

            sys.stderr.write(f"Error: {explain(error)}\n")
            sys.exit(1)
        except MemoryError:
            sys.stderr.write("Error: memory ran out. End other programs, or run fewer stages at once (--jobs 1).\n")
            sys.exit(1)


def open_streams() -> None:
    """Open the standard streams that the caller closed, so that no other file takes their place.

    Errors then go to standard output, which may still be read.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123 - until the end
    sys.stderr = sys.stderr or sys.stdout


def _print_version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"patternbench {version('patternbench')}")
        raise typer.Exit


@app.callback()
def root(
    context: typer.Context,
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version and exit.", callback=_print_version, is_eager=True)
    ] = False,
    project: Annotated[
        Path | None, typer.Option("--root", help="Use another checkout of the project.", hidden=True)
    ] = None,
) -> None:
    """Benchmark image encoders that identify individual animals by their skin pattern."""
    context.obj = Workspace(project.resolve()) if project else Workspace.here()
    move_imported(context.obj)


@app.command(
    epilog=examples(
        "patternbench run efficientnet_lite0 --data ~/photos/leopards",
        "patternbench run lama",
        "patternbench run timm:resnet18 --init published",
        "patternbench run lama aotgan --data ../photos --protocol paper",
        "patternbench run lama --split random --split block --seeds 3",
        "patternbench run --all",
    )
)
@with_options(RunOptions)
def run(context: typer.Context, options: RunOptions) -> None:
    """Run backbones on a data set: your own photos, or the project's.

    On photos of your own (`--data PATH`) this is a field survey: minutes, nothing is trained, and the answer is
    `results/NAME/report.html`. `auto` as the backbone takes all whose published weights are here.

    On the project's data it runs every stage of a backbone (inpainting, encoding, classifiers), writes its record and
    updates the leaderboards. A stage that is in the store already is not run again; an interrupted run continues
    where it stopped.
    """
    from harness.cli.run import run_command

    run_command(context.obj, options)


@app.command(
    epilog=examples(
        "patternbench verify 48b0fc4b", "patternbench verify colour --fast", "patternbench verify lama --full"
    )
)
def verify(
    context: typer.Context,
    row: Annotated[
        str,
        typer.Argument(
            metavar="ROW", help="Path of a record, the beginning of its key, or a contestant, of which all rows are."
        ),
    ],
    fast: Annotated[bool, typer.Option("--fast", help="Also encode the test images again, and compare them.")] = False,
    full: Annotated[bool, typer.Option("--full", help="Also run every stage again, and compare every score.")] = False,
    dataset: Annotated[str | None, typer.Option("--data", help="Only rows of this data set.")] = None,
    split: Annotated[
        str | None,
        typer.Option(help="Only rows of this split: random, block, sequence, time, open, disjoint, or your own."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check whether the numbers of a row follow from its record; exit code 1 if one does not.

    Every score and interval is computed again from the answers in the record, and the digests of data, split, rules,
    code and weights are compared with those of this checkout. Each check ends as match, drift (another machine
    explains it), mismatch, or unknown (this machine lacks what it needs).
    """
    from harness.cli.verify import RowFilter, verify_rows

    wanted = RowFilter(row, dataset, split)
    verify_rows(context.obj, wanted, fast=fast, full=full, as_json=as_json)


@app.command()
def doctor(context: typer.Context, as_json: Json = False) -> None:
    """Show what this machine has, and what more it could use.

    The command explains what each thing that is not here means for a run. Most are optional. The exit code is 1 only if
    the simplest run cannot work.
    """
    from rich.console import Console
    from rich.text import Text

    from harness.doctor import examine

    findings = examine(context.obj)
    ready = not any(finding.status == "missing" for finding in findings)
    if as_json:
        print_json(ready=ready, findings=findings)
        raise typer.Exit(not ready)
    styles = {"ok": "green", "optional": "default", "missing": "red"}
    console = Console(highlight=False)
    for finding in findings:
        meaning = f"\n{'':<9}{finding.meaning}" if finding.meaning else ""
        console.print(
            Text.assemble((f"{finding.status:<8}", styles[finding.status]), f" {finding.what}{meaning}"), soft_wrap=True
        )
    console.print("Runs work here." if ready else "Runs cannot work until what is missing is here.")
    raise typer.Exit(not ready)


app.command(epilog=examples("patternbench status", "patternbench status --json"))(stages.status)
app.command(epilog=examples("patternbench logs lama/classify-deep-all"))(stages.logs)
app.command(epilog=examples("patternbench why encode", "patternbench why lama/inpaint"))(stages.why)
app.command(
    epilog=examples(
        "patternbench clean",
        "patternbench clean stages --older-than 30d",
        "patternbench clean weights --yes",
    )
)(clean)
