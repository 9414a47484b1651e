"""What commands share: arguments and options, the examples that end their help, and the checkout they work in."""

from typing import Annotated

import typer

from harness.workspace import Workspace

Backbones = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[BACKBONE]...", help="Contestants, as NAME or NAME:VARIANT (`patternbench backbone list`)."
    ),
]
Everyone = Annotated[
    bool,
    typer.Option("--all", help="All contestants, one after the other; one that fails does not stop the others."),
]
Protocol = Annotated[
    str,
    typer.Option(
        help="`quick` (minutes), `longer` (the same with more inpainting), `paper` (the paper's figures), or the path "
        "of a .toml file."
    ),
]
Runner = Annotated[str, typer.Option(help="`auto` (Docker when an engine answers), `docker` or `process`.")]
Init = Annotated[
    str | None, typer.Option(help="Initial weights: `random` or `published`; by default what the protocol says.")
]
Seeds = Annotated[
    int,
    typer.Option(min=1, help="Runs with so many seeds, from the protocol's on: the tables then show the spread."),
]
Device = Annotated[str, typer.Option(help="`auto` (a GPU where jobs can use one), `cpu` or `cuda`.")]
Jobs = Annotated[
    int | None, typer.Option(min=1, help="Stages at the same time; by default 2 on a processor, 1 on a GPU.")
]


def examples(*commands: str) -> str:
    """The end of a command's help."""
    return "\n\n".join(["For example:", *(f"`{command}`" for command in commands)])


def workspace_of(context: typer.Context) -> Workspace:
    """The checkout that the user named, or the one around the working folder."""
    return context.find_object(Workspace) or Workspace.here()
