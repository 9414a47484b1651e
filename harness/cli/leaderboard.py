"""`patternbench leaderboard`: make the tables, check them, publish them."""

from pathlib import Path
from typing import Annotated

import typer

from benchmark.errors import RunError
from harness.workspace import Workspace

app = typer.Typer(no_args_is_help=True, help="Make, check and publish the tables.")

Root = Annotated[
    Path | None,
    typer.Option(help="Root of the repository; by default the checkout that patternbench runs from."),
]


@app.command()
def render(root: Root = None) -> None:
    """Make all tables anew from the records."""
    from leaderboard import render as pages

    changed = pages.write(_workspace(root).leaderboard)
    for page in changed:
        typer.echo(f"{page}: tables made anew")
    if not changed:
        typer.echo("The tables already show the records.")


@app.command()
def check(root: Root = None) -> None:
    """Fail (exit code 1) when a table is not what the records give."""
    _refuse_stale(_workspace(root))
    typer.echo("The tables show the records.")


@app.command()
def publish(
    root: Root = None,
    remote: Annotated[str, typer.Option(help="Name of a git remote.")] = "origin",
    branch: Annotated[str, typer.Option(help="Branch on the remote; made where it does not exist.")] = "leaderboard",
    push: Annotated[bool, typer.Option("--push", help="Really push; without it, only say what would happen.")] = False,
) -> None:
    """Commit the tables, README, figures and records onto a branch of a remote; your branch and files stay."""
    from harness import publish as publishing
    from leaderboard.render import PAGES

    workspace = _workspace(root)
    _refuse_stale(workspace)
    planned = publishing.plan(workspace.root, PAGES, remote, branch)
    if not planned.changes:
        typer.echo(f"Nothing to publish: {remote}/{branch} would not change.")
        return
    for change in planned.changes:
        typer.echo(change)
    onto = f"{len(planned.changes)} files as one commit onto {remote}/{branch}, after {planned.parent[:12]}"
    if push:
        commit = publishing.push(workspace.root, planned)
        typer.echo(f"Pushed {onto}: {commit[:12]}")
    else:
        typer.echo(f"Would push {onto}. Do it with --push.")


def _workspace(root: Path | None) -> Workspace:
    return Workspace(root.resolve()) if root else Workspace.here()


def _refuse_stale(workspace: Workspace) -> None:
    from leaderboard import render as pages

    if problems := pages.check(workspace.leaderboard):
        raise RunError(
            "\n".join(["The tables are not what the records give:", *problems])
            + "\nMake them anew: patternbench leaderboard render"
        )
