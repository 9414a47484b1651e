"""`patternbench leaderboard`: render, check and publish the tables."""

from pathlib import Path
from typing import Annotated

import typer

from benchmark.errors import RunError
from harness.cli.options import examples, workspace_of
from harness.workspace import Workspace

app = typer.Typer(no_args_is_help=True, help="Render, check and publish the tables.", rich_markup_mode="markdown")

Root = Annotated[
    Path | None,
    typer.Option(help="Root of the repository; by default the checkout that this program runs from."),
]


@app.command(epilog=examples("patternbench leaderboard render"))
def render(context: typer.Context, root: Root = None) -> None:
    """Render all tables from the records."""
    from leaderboard import render as pages

    changed = pages.write(_workspace(context, root).leaderboard)
    for page in changed:
        typer.echo(f"{page}: tables rendered")
    if not changed:
        typer.echo("The tables already show the records.")


@app.command(epilog=examples("patternbench leaderboard check"))
def check(context: typer.Context, root: Root = None) -> None:
    """Check that every table matches the records; exit code 1 if one does not."""
    _refuse_stale(_workspace(context, root))
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
) -> None:
    """Publish the tables, README, figures and records as one commit on a branch of a remote.

    Your branch, index and files stay as they are.
    """
    from harness.publish import plan_publication, push_publication
    from leaderboard.render import PAGES

    workspace = _workspace(context, root)
    _refuse_stale(workspace)
    publication = plan_publication(workspace.root, PAGES, remote, branch)
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


def _workspace(context: typer.Context, root: Path | None) -> Workspace:
    return Workspace(root.resolve()) if root else workspace_of(context)


def _refuse_stale(workspace: Workspace) -> None:
    from leaderboard import render as pages

    if problems := pages.check(workspace.leaderboard):
        raise RunError(
            "\n".join(["The tables do not match the records:", *problems])
            + "\nRender them: patternbench leaderboard render"
        )
