"""`patternbench weights`: list, fetch and import published weights of backbones and of a metric."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.options import examples, workspace_of

if TYPE_CHECKING:
    from harness.contestants.registry import Owner
    from harness.contract import Weights

app = typer.Typer(help="List, fetch and import published weights.", no_args_is_help=True, rich_markup_mode="markdown")

Label = Annotated[
    str,
    typer.Argument(
        metavar="BACKBONE", help="A backbone, `name` or `name:variant`, or `lpips`, the metric of filled holes."
    ),
]
UNFOLDED = 1000
"""Width of a table that another program reads, so that addresses stay in one line."""

DIGITS = 12
"""Digits of a sha256 in tables."""


@app.command("list", epilog=examples("patternbench weights list", "patternbench weights list lama"))
def list_command(
    context: typer.Context,
    backbone: Annotated[
        str | None,
        typer.Argument(metavar="BACKBONE", help="A backbone, `name` or `name:variant`, or `lpips`; by default all."),
    ] = None,
) -> None:
    """List published weights: their owners, their licences, and which are on this disk."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from benchmark.errors import InputError
    from harness.contestants import registry as contestants
    from harness.weights.listing import list_weights
    from harness.weights.lpips import LPIPS

    workspace = workspace_of(context)
    table = Table(box=None, header_style="bold")
    for header in ("of", "name\nrole"):
        table.add_column(header, no_wrap=True)
    for header in ("here, size\nsha256", "licence\naddress"):
        table.add_column(header, overflow="fold")
    for label in [backbone] if backbone else [*contestants.names(workspace), LPIPS.name]:
        try:
            rows = list_weights(label, workspace)
        except InputError as error:
            if backbone:
                raise
            table.add_row(label, "", "", f"[red]{escape(str(error))}[/red]")  # the others are still worth listing
            continue
        for row in rows:
            cells = (
                f"{row.entry.name}\n{row.entry.role}",
                f"{row.status}\n{row.sha256[:DIGITS]}",
                f"{row.entry.licence or 'not stated'}\n{row.entry.address}",
            )
            table.add_row(row.label, *map(escape, cells))
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
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="Which weights; by default all.")] = None,
) -> None:
    """Download published weights and put them in place.

    The licence is shown first. An interrupted download continues where it stopped. For weights that only a browser can
    download, the command shows the page to open.
    """
    from benchmark.errors import InputError, PatternbenchError
    from harness.cli.bars import download_bar
    from harness.weights.entries import find_entry, manual_steps
    from harness.weights.fetch import can_fetch, fetch_weights
    from harness.weights.local import state, weights_path, with_metadata
    from harness.weights.lpips import find_owner

    workspace = workspace_of(context)
    owner = find_owner(backbone, workspace)
    entries = (find_entry(owner, name),) if name else owner.own_weights
    if not entries:
        raise InputError(f"{owner.label} has no published weights: it starts from random ones.")
    manual: list[Weights] = []
    errors: list[PatternbenchError] = []
    for entry in entries:
        if entry.package:
            typer.echo(f"{entry.name} comes with the Python package {entry.package}, installed with the backbone.")
        elif state(owner, entry, workspace) == "present":
            typer.echo(f"{entry.name} is here: {weights_path(owner, entry, workspace)}")
        elif not can_fetch(entry):
            manual.append(entry)
        else:
            described = with_metadata(owner, entry, workspace)
            _announce(owner, described)
            try:
                with download_bar(entry.name) as on_bytes:
                    _report_installed(fetch_weights(owner, described, workspace, on_bytes))
            except PatternbenchError as error:  # the others are still worth fetching
                errors.append(error)
    for entry in manual:
        _announce(owner, entry)
    if manual:
        steps = "".join(f"\n  {entry.name}: {manual_steps(owner, entry)}" for entry in manual)
        errors.append(InputError(f"Only a browser can download these weights of {owner.label}:{steps}"))
    if errors:
        raise type(errors[0])("\n".join(map(str, errors)))


@app.command(
    "import",
    epilog=examples(
        "patternbench weights import lama big-lama ~/Downloads/big-lama.zip",
        "patternbench weights import lpips ~/Downloads/alexnet-owt-7be5be79.pth",
    ),
)
def import_command(
    context: typer.Context,
    backbone: Label,
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help="A name from `patternbench weights list`; may be left out if there is only one.",
        ),
    ],
    file: Annotated[
        Path | None, typer.Argument(metavar="FILE", help="As published, or the .zip file with it.", show_default=False)
    ] = None,
) -> None:
    """Put the weights of a file that you have in place.

    The file must fit the whole network: a missing, unknown or misshapen tensor is refused. Nothing in the file is ever
    executed. The file itself stays as it is.
    """
    from benchmark.errors import InputError
    from harness.weights.entries import find_entry, only_entry
    from harness.weights.importing import import_file
    from harness.weights.local import read_note, state
    from harness.weights.lpips import find_owner
    from harness.weights.metadata import query_metadata

    workspace = workspace_of(context)
    owner = find_owner(backbone, workspace)
    if file is None:
        entry, file = only_entry(owner), Path(name)
    else:
        entry = find_entry(owner, name)
    if entry.package:
        raise InputError(
            f"{owner.label}'s weights {entry.name!r} come with the Python package {entry.package}, which is installed "
            "with the backbone: there is nothing to import."
        )
    entry = query_metadata(owner, entry, workspace, file)
    _announce(owner, entry)
    path = import_file(file, owner, entry, workspace)
    note = read_note(owner, entry, workspace)
    if note and state(owner, entry, workspace) == "own":
        typer.secho(
            f"  Not the published file: its sha256 is {note.sha256}, and that of the published one {entry.sha256}. "
            "It fits and is used as your own: rows that start from it show `own file`.",
            fg="yellow",
        )
    _report_installed(path)


def _announce(owner: "Owner", entry: "Weights") -> None:
    """Print name, address and licence, before anything is fetched."""
    from harness.weights.entries import licence_warning

    typer.echo(f"{entry.name} ({entry.role} of {owner.label})")
    typer.echo(f"  published at {entry.address}")
    typer.echo(f"  licence: {entry.licence or 'not stated'}")
    warning = licence_warning(entry.licence)
    if warning:
        typer.secho(f"  {warning}", fg="yellow", bold=True)


def _report_installed(path: Path) -> None:
    from harness.disk import size_text

    typer.echo(f"In place: {path} ({size_text(path)})")
