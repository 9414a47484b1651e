"""`patternbench weights`: list, show, fetch and import published weights of backbones and of a metric."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.text import printable_lines
from harness.cli.display.json_output import Json, print_json
from harness.cli.display.lists import print_facts, print_list
from harness.cli.options import ProgramRunner, Trust, examples, workspace_of

if TYPE_CHECKING:
    from harness.contestants.registry import Owner
    from harness.contract import Weights
    from harness.weights.listing import ListedWeights

app = typer.Typer(
    help="List, show, fetch and import published weights.", no_args_is_help=True, rich_markup_mode="markdown"
)

NOT_STATED = "not stated"

Label = Annotated[
    str,
    typer.Argument(
        metavar="BACKBONE", help="A backbone, `name` or `name:variant`, or `lpips`, the metric of filled holes."
    ),
]


@app.command("list", epilog=examples("patternbench weights list", "patternbench weights list lama"))
def list_command(
    context: typer.Context,
    backbone: Annotated[
        str | None,
        typer.Argument(metavar="BACKBONE", help="A backbone, `name` or `name:variant`, or `lpips`; by default all."),
    ] = None,
    as_json: Json = False,
) -> None:
    """List published weights and which are on this disk; `weights show` tells addresses and whole licences."""
    from benchmark.errors import InputError
    from harness.contestants import registry as contestants
    from harness.weights.listing import list_weights
    from harness.weights.lpips import LPIPS

    workspace = workspace_of(context)
    rows: list[ListedWeights] = []
    errors: dict[str, str] = {}
    for label in [backbone] if backbone else [*contestants.names(workspace), LPIPS.name]:
        try:
            rows += list_weights(label, workspace)
        except InputError as error:
            if backbone:
                raise
            errors[label] = str(error)  # the others are still worth listing
    if as_json:
        print_json(weights=[_content(row) for row in rows], errors=errors)
        return
    print_list(
        ("of", "name", "role", "here", "licence"),
        ((row.label, row.entry.name, row.entry.role, row.status, row.entry.licence or NOT_STATED) for row in rows),
    )
    for reason in errors.values():
        typer.echo(printable_lines(reason), err=True)


@app.command(epilog=examples("patternbench weights show lama"))
def show(context: typer.Context, backbone: Label, as_json: Json = False) -> None:
    """Show all that is known of a backbone's published weights: address, licence, sha256, and whether they are here."""
    from harness.weights.listing import list_weights

    rows = list_weights(backbone, workspace_of(context))
    if as_json:
        print_json(weights=[_content(row) for row in rows], errors={})
        return
    for row in rows:
        typer.echo(f"{row.entry.name} ({row.entry.role} of {row.label})")
        print_facts(
            {
                "  here": f"{row.status} {row.entry.package}".rstrip(),
                "  address": row.entry.address,
                "  licence": row.entry.licence or NOT_STATED,
                "  sha256": row.sha256 or "not published",
            }
        )
    if not rows:
        typer.echo(f"{backbone} has no published weights: it starts from random ones.")


def _content(row: "ListedWeights") -> dict[str, object]:
    return {
        "of": row.label,
        "name": row.entry.name,
        "role": row.entry.role,
        "here": row.state in {"present", "own", "package"},
        "status": row.status,
        "licence": row.entry.licence,
        "address": row.entry.address,
        "sha256": row.sha256,
    }


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
    runner: ProgramRunner = "auto",
    trust: Trust = None,
) -> None:
    """Download published weights and put them in place.

    The licence is shown first. An interrupted download continues where it stopped. For weights that only a browser can
    download, the command shows the page to open.
    """
    from benchmark.errors import InputError, PatternbenchError
    from harness.cli.choices import choose_program_runner
    from harness.cli.display.bars import download_bar
    from harness.cli.display.listener import RichListener
    from harness.contestants.trust import trust as trust_all
    from harness.weights.entries import find_entry, manual_steps
    from harness.weights.fetch import can_fetch, fetch_weights
    from harness.weights.local import state, weights_path, with_metadata
    from harness.weights.lpips import find_owner

    workspace = workspace_of(context)
    owner = find_owner(backbone, workspace)
    trust_all(trust or (), workspace)
    entries = (find_entry(owner, name),) if name else owner.own_weights
    if not entries:
        raise InputError(f"{owner.label} has no published weights: it starts from random ones.")
    program_runner = choose_program_runner(runner, owner.name, workspace, RichListener())
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
            described = with_metadata(owner, entry, workspace, runner=program_runner)
            _announce(owner, described)
            try:
                with download_bar(entry.name) as on_bytes:
                    path = fetch_weights(owner, described, workspace, on_bytes, runner=program_runner)
                _report_installed(path)
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
    runner: ProgramRunner = "auto",
    trust: Trust = None,
) -> None:
    """Put the weights of a file that you have in place.

    The file must fit the whole network: a missing, unknown or misshapen tensor is refused. Nothing in the file is ever
    executed. The file itself stays as it is.
    """
    from benchmark.errors import InputError
    from harness.cli.choices import choose_program_runner
    from harness.cli.display.listener import RichListener
    from harness.contestants.trust import trust as trust_all
    from harness.weights.entries import find_entry, only_entry
    from harness.weights.importing import import_file
    from harness.weights.local import read_note, state
    from harness.weights.lpips import find_owner
    from harness.weights.metadata import query_metadata

    workspace = workspace_of(context)
    owner = find_owner(backbone, workspace)
    trust_all(trust or (), workspace)
    if file is None:
        entry, file = only_entry(owner), Path(name)
    else:
        entry = find_entry(owner, name)
    if entry.package:
        raise InputError(
            f"{owner.label}'s weights {entry.name!r} come with the Python package {entry.package}, which is installed "
            "with the backbone: there is nothing to import."
        )
    program_runner = choose_program_runner(runner, owner.name, workspace, RichListener())
    entry = query_metadata(owner, entry, workspace, file, runner=program_runner)
    _announce(owner, entry)
    path = import_file(file, owner, entry, workspace, runner=program_runner)
    note = read_note(owner, entry, workspace)
    if note and state(owner, entry, workspace) == "own":
        typer.secho(
            f"  Not the published file: its sha256 is {note.sha256}, and that of the published one "
            f"{entry.sha256 or 'is not known'}. "
            "It fits and is used as your own: rows that start from it show `own file`.",
            fg="yellow",
        )
    _report_installed(path)


def _announce(owner: "Owner", entry: "Weights") -> None:
    """Print name, address and licence, before anything is fetched."""
    from harness.weights.entries import licence_warning

    typer.echo(f"{entry.name} ({entry.role} of {owner.label})")
    typer.echo(f"  published at {entry.address}")
    typer.echo(f"  licence: {entry.licence or NOT_STATED}")
    warning = licence_warning(entry.licence)
    if warning:
        typer.secho(f"  {warning}", fg="yellow", bold=True)


def _report_installed(path: Path) -> None:
    from harness.disk import size_text

    typer.echo(f"In place: {path} ({size_text(path)})")
