"""`patternbench weights`: published weights, of backbones and of a measure, listed, fetched and imported."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.options import examples, workspace_of
from harness.workspace import Workspace

if TYPE_CHECKING:
    from harness.contestants.registry import Owner
    from harness.contract import Weights
    from harness.transfer.download import Moved

app = typer.Typer(help="List, fetch and import published weights.", no_args_is_help=True, rich_markup_mode="markdown")

Label = Annotated[
    str,
    typer.Argument(
        metavar="BACKBONE",
        help="A backbone, or one of its variants as `name:variant`; or the measure of filled holes, `lpips`.",
    ),
]
UNFOLDED = 1000
"""Width of a table that goes to another program, so that it can find a whole address."""

SHOWN = 12
"""Digits of a sha256."""


@app.command("list", epilog=examples("patternbench weights list", "patternbench weights list lama"))
def list_weights(
    context: typer.Context,
    backbone: Annotated[
        str | None,
        typer.Argument(metavar="[BACKBONE]", help="Of one backbone, `name:variant` or `lpips`; by default of all."),
    ] = None,
) -> None:
    """List published weights: what they are of, their licences, and which are on this disk."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from benchmark.errors import InputError
    from harness.contestants import registry as contestants
    from harness.weights.lpips import LPIPS

    workspace = workspace_of(context)
    table = Table(box=None, header_style="bold")
    for header in ("of", "name\nrole"):
        table.add_column(header, no_wrap=True)
    for header in ("here, size\nsha256", "licence\naddress"):
        table.add_column(header, overflow="fold")
    for name in [backbone] if backbone else [*contestants.names(workspace), LPIPS.name]:
        try:
            rows = _rows(name, workspace)
        except InputError as error:
            if backbone:
                raise
            rows = [(name, "", "", f"[red]{escape(str(error))}[/red]")]  # the others are still worth listing
        for row in rows:
            table.add_row(*row)
    console = Console()
    if not console.is_terminal:
        console.width = UNFOLDED
    console.print(table)


@app.command(
    epilog=examples(
        "patternbench weights fetch lama",
        "patternbench weights fetch lama big-lama",
        "patternbench weights fetch lpips",
    )
)
def fetch(
    context: typer.Context,
    backbone: Label,
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="Which weights; by default all.")] = None,
) -> None:
    """Download published weights and put them in place.

    The licence is shown first. A download that was interrupted goes on where it stopped. Where weights can only be
    had in a browser it says what to open.
    """
    from benchmark.errors import InputError, PatternbenchError
    from harness.weights import importing
    from harness.weights import local as local_weights
    from harness.weights import lpips as lpips_weights

    workspace = workspace_of(context)
    facts = lpips_weights.find(backbone, workspace)
    entries = (local_weights.find(facts, name),) if name else facts.own_weights
    if not entries:
        raise InputError(f"{facts.label} has no published weights: it starts from random ones.")
    manual: list[Weights] = []
    failed: list[PatternbenchError] = []
    for entry in entries:
        if entry.package:
            typer.echo(f"{entry.name} comes with the Python package {entry.package}, installed with the backbone.")
        elif local_weights.state(facts, entry, workspace) == "here":
            typer.echo(f"{entry.name} is here: {local_weights.place(facts, entry, workspace)}")
        elif not importing.can_fetch(entry):
            manual.append(entry)
        else:
            told = local_weights.informed(facts, entry, workspace)
            _announce(facts, told)
            try:
                with _bar(entry.name) as moved:
                    _tell(importing.fetch(facts, told, workspace, moved))
            except PatternbenchError as error:  # the others are still worth having
                failed.append(error)
    for entry in manual:
        _announce(facts, entry)
    if manual:
        ways = "".join(f"\n  {entry.name}: {local_weights.by_hand(facts, entry)}" for entry in manual)
        failed.append(InputError(f"These weights of {facts.label} can only be had in a browser:{ways}"))
    if failed:
        raise type(failed[0])("\n".join(map(str, failed)))


@app.command(
    "import",
    epilog=examples(
        "patternbench weights import lama big-lama ~/Downloads/big-lama.zip",
        "patternbench weights import lpips ~/Downloads/alexnet-owt-7be5be79.pth",
    ),
)
def import_(
    context: typer.Context,
    backbone: Label,
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A name from `patternbench weights list`; where there is only one, FILE may stand in its place.",
        ),
    ],
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="As published, or the .zip file with it.", show_default=False)
    ] = None,
) -> None:
    """Put the weights of a file that you have in place.

    They must fit the network whole: a missing, unknown or misshapen tensor is refused. Nothing in the file
    is ever executed. The file itself stays as it is.
    """
    from benchmark.errors import InputError
    from harness.weights import importing, metadata
    from harness.weights import local as local_weights
    from harness.weights import lpips as lpips_weights

    workspace = workspace_of(context)
    facts = lpips_weights.find(backbone, workspace)
    if file is None:
        entry, file = local_weights.only(facts), Path(name)
    else:
        entry = local_weights.find(facts, name)
    if entry.package:
        raise InputError(
            f"{facts.label}'s weights {entry.name!r} come with the Python package {entry.package}, which is installed "
            "with the backbone: there is nothing to import."
        )
    entry = metadata.told(facts, entry, workspace, file)
    _announce(facts, entry)
    path = importing.import_file(file, facts, entry, workspace)
    note = local_weights.read_note(local_weights.note_path(facts, entry, workspace))
    if note and local_weights.state(facts, entry, workspace) == "own":
        typer.secho(
            f"  Not the published file: its sha256 is {note.sha256}, and that of the published one {entry.sha256}. "
            "It fits, and is taken as your own: rows that start from it say `own file`.",
            fg="yellow",
        )
    _tell(path)


def _rows(label: str, workspace: Workspace) -> list[tuple[str, ...]]:
    """The table's rows for a backbone, or for one variant."""
    from rich.markup import escape

    from harness.weights import local as local_weights
    from harness.weights import lpips as lpips_weights

    facts = lpips_weights.find(label, workspace)
    found = local_weights.of_all_variants(facts, workspace)
    if facts.variant:
        found = [(facts, entry) for entry in facts.own_weights]
    found = [(own, local_weights.informed(own, entry, workspace)) for own, entry in found]
    return [
        (
            own.label,
            escape(f"{entry.name}\n{entry.role}"),
            escape(_kept(own, entry, workspace)),
            escape(f"{entry.licence or 'not stated'}\n{entry.address}"),
        )
        for own, entry in found
    ]


def _kept(facts: "Owner", entry: "Weights", workspace: Workspace) -> str:
    """Whether the file is here, its size, and the beginning of the published file's sha256 where that is known."""
    from harness.weights import local as local_weights

    if entry.package:
        return f"comes with the package {entry.package}\n{entry.sha256[:SHOWN]}"
    state = local_weights.state(facts, entry, workspace)
    if state == "missing":
        return f"no\n{entry.sha256[:SHOWN]}"
    note = local_weights.read_note(local_weights.note_path(facts, entry, workspace))
    sha256 = note.sha256 if note and (state == "own" or not entry.sha256) else entry.sha256
    here = {"here": "yes", "own": "own file"}.get(state, "another file")
    return f"{here}, {_size(local_weights.place(facts, entry, workspace))}\n{sha256[:SHOWN]}"


def _announce(facts: "Owner", entry: "Weights") -> None:
    """What it is, whose, and what it may be used for: before anything is fetched."""
    from harness.weights.local import licence_warning

    typer.echo(f"{entry.name} ({entry.role} of {facts.label})")
    typer.echo(f"  published at {entry.address}")
    typer.echo(f"  licence: {entry.licence or 'not stated'}")
    warning = licence_warning(entry.licence)
    if warning:
        typer.secho(f"  {warning}", fg="yellow", bold=True)


def _tell(path: Path) -> None:
    typer.echo(f"In place: {path} ({_size(path)})")


def _size(path: Path) -> str:
    return f"{path.stat().st_size / 1e6:.1f} MB"


@contextmanager
def _bar(name: str) -> "Iterator[Moved]":
    """A bar on a terminal, nothing elsewhere."""
    from rich.console import Console
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(name, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
