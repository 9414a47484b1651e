"""Arguments and options of every command that runs contestants."""

from typing import Annotated

import typer

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
        help="`quick` (minutes), `longer` (the same with more inpainting), `paper` (the study's figures), or the path "
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
Device = Annotated[str, typer.Option(help="`auto` (a GPU where there is one), `cpu` or `cuda`.")]
Jobs = Annotated[
    int | None, typer.Option(min=1, help="Stages at the same time; by default 2 on a processor, 1 on a GPU.")
]
