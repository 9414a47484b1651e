"""`patternbench leaderboard`: render, check and publish the tables."""

from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from benchmark.errors import InputError, RunError
from harness.cli.display.json_output import Json, print_json
from harness.cli.options import examples, workspace_of
from harness.workspace import ResultFolders, Workspace

app = typer.Typer(no_args_is_help=True, help="Render, check and publish the tables.", rich_markup_mode="markdown")

Root = Annotated[
    Path | None,
    typer.Option(help="Root of the repository; by default the checkout that this program runs from."),
]

NAMED = 3
"""Individuals that a message names."""


@app.command(epilog=examples("patternbench leaderboard render", "patternbench leaderboard render my-photos"))
def render(
    context: typer.Context,
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Data set of your own, to render `results/NAME`; else the leaderboard."),
    ] = None,
    root: Root = None,
) -> None:
    """Render all tables from the records; exit code 1 if a record is bad and was left out."""
    from leaderboard import record_files
    from leaderboard import render as pages

    workspace = _workspace(context, root)
    folder = workspace.leaderboard if name is None else own_results(name, workspace).pages
    changed = pages.write(folder, own=name is not None, drawn=workspace.drawn_figures)
    for page in changed:
        typer.echo(f"{(folder.parent / page).relative_to(workspace.root)}: tables rendered")
    bad = record_files.faults(folder)
    if not changed and not bad:
        typer.echo("The tables already show the records.")
    if bad:
        raise RunError("\n".join([f"{len(bad)} files are not shown; all other records are:", *bad]))


@app.command(epilog=examples("patternbench leaderboard check", "patternbench leaderboard check --since origin/main"))
def check(
    context: typer.Context,
    root: Root = None,
    since: Annotated[
        str | None,
        typer.Option(help="Also name records, figures and text by hand that were edited or dropped since a commit."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Check that every table matches the records, and the records the rules; exit code 1 if one does not."""
    workspace = _workspace(context, root)
    problems = _problems(workspace, since)
    if as_json:
        print_json(problems=problems)
        raise typer.Exit(bool(problems))
    _refuse(problems)
    typer.echo("The tables show the records.")


@app.command(
    epilog=examples("patternbench leaderboard publish", "patternbench leaderboard publish --remote origin --push")
)
def publish(
    context: typer.Context,
    root: Root = None,
    remote: Annotated[str, typer.Option(help="Name of a git remote.")] = "origin",
    branch: Annotated[str, typer.Option(help="Branch on the remote; made if it does not exist.")] = "leaderboard",
    push: Annotated[bool, typer.Option("--push", help="Push; without it, only show what would be pushed.")] = False,
    include: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Publish `results/NAME` too, of a data set of your own; may be repeated."),
    ] = None,
    anonymise: Annotated[
        bool,
        typer.Option("--anonymise", help="Replace the names of individuals and recordings of --include by numbers."),
    ] = False,
) -> None:
    """Publish the tables, README, figures and records as one commit on a branch of a remote.

    Your branch, index and files stay as they are. Results of your own data stay here unless --include names them.
    """
    from harness.publish import plan_publication, push_publication, refuse_own_data
    from leaderboard.render import PAGES, figure_files

    if anonymise and not include:
        raise InputError("--anonymise is for data sets of your own. Name one with --include.")
    workspace = _workspace(context, root)
    refuse_own_data(workspace, figure_files(workspace.leaderboard))
    _refuse_stale(workspace)
    with TemporaryDirectory() as staging:
        for name in dict.fromkeys(include or []):
            _stage(name, workspace, Path(staging), anonymise)
        publication = plan_publication(workspace.root, PAGES, remote, branch, Path(staging))
    if not publication.changes:
        typer.echo(f"Nothing to publish: {remote}/{branch} would not change.")
        return
    for change in publication.changes:
        typer.echo(change)
    target = f"{len(publication.changes)} files as one commit onto {remote}/{branch}, after {publication.parent[:12]}"
    if push:
        commit = push_publication(workspace.root, publication)
        typer.echo(f"Pushed {target}: {commit[:12]}")
    else:
        typer.echo(f"Would push {target}. Push with --push.")


def _stage(name: str, workspace: Workspace, staging: Path, anonymise: bool) -> None:
    """Put the results of a data set of one's own into the staging folder, and say what of them can then be read."""
    from harness.publish import stage_own
    from leaderboard import render as pages

    folder = Workspace(staging).results(name).pages
    individuals = stage_own(own_results(name, workspace), folder, anonymise=anonymise)
    pages.write(folder, own=True)
    if anonymise:
        typer.echo(f"{name} goes along, with pictures of its animals; they are called {individuals[0]} and so on.")
    else:
        more = ", ..." if len(individuals) > NAMED else ""
        typer.echo(
            f"{name} goes along, with pictures of its animals and the names of {len(individuals)} individuals "
            f"({', '.join(individuals[:NAMED])}{more}): everyone with access to the remote can read the names, "
            "and they stay in its history. --anonymise replaces them by numbers."
        )


def own_results(name: str, workspace: Workspace) -> ResultFolders:
    """Where the results of a data set of one's own are.

    Raises:
        InputError: there are none.
    """
    home = workspace.results(name)
    if not home.own:
        raise InputError(f"{name} is a known data set: its results are in the leaderboard, together with the others.")
    if not home.records.is_dir():
        names = ", ".join(sorted(path.parent.name for path in workspace.own_results.glob("*/records"))) or "none"
        raise InputError(f"There are no results of {name!r} in {workspace.own_results}; there are results of: {names}.")
    return home


def _workspace(context: typer.Context, root: Path | None) -> Workspace:
    return Workspace(root.resolve()) if root else workspace_of(context)


def _problems(workspace: Workspace, since: str | None = None) -> list[str]:
    from harness.verification.tracked import added_records, changes_since, copies, of_other_rules, with_known_answers
    from leaderboard import record_files
    from leaderboard import render as pages

    files = record_files.read(workspace.leaderboard)
    records = {file.path: file.record for file in files}
    edited: list[str] = []
    if since:
        blocks = {page.file: page.block for page in pages.PAGES.values()}
        added = added_records(since, workspace.root)
        edited += changes_since(since, workspace.root, blocks, pages.figure_files(workspace.leaderboard, added))
        edited += record_files.hidden_rows(files, added)
    untrue = [*of_other_rules(records, workspace), *with_known_answers(records), *copies(records)]
    return [*pages.check(workspace.leaderboard), *untrue, *edited]


def _refuse_stale(workspace: Workspace) -> None:
    _refuse(_problems(workspace))


def _refuse(problems: Sequence[str]) -> None:
    if problems:
        raise RunError(
            "\n".join(["The tables do not match the records:", *problems])
            + "\nRender them: patternbench leaderboard render"
        )
