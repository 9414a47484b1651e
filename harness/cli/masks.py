"""`patternbench data masks`: propose region masks, take corrected ones back."""

import os
from pathlib import Path
from typing import Annotated

import typer

from harness.workspace import Workspace


def masks(
    context: typer.Context,
    data: Annotated[str, typer.Argument(metavar="DATA", help="Name of a data set, or path of a folder or table.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write the masks to FOLDER, and look for them there from now on."),
    ] = None,
    take: Annotated[
        Path | None,
        typer.Option(help="Take corrected masks back: the PNGs in FOLDER, under the names that they were given."),
    ] = None,
    sheet: Annotated[Path | None, typer.Option(help="Draw the masks for review, on a contact sheet FILE.png.")] = None,
) -> None:
    """Propose a region mask for every image that has none, or only an outline; take corrected ones back.

    The animal is found by GrabCut within its box, or in the middle of the photo, unless an outline says where it is.
    The pattern area is the whole inner body: the animal without its rim. Both are approximate, and every table that
    uses such masks says so. Correct the PNGs in any painting program: black background, cyan animal, magenta pattern.
    Masks that are there are not made again; an interrupted run goes on where it stopped.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from harness.cli.data import save, sheet_of
    from harness.datasets.region_masks import RegionMasks, folder_of, lacking
    from harness.datasets.registry import resolve_as_given

    workspace = context.find_object(Workspace) or Workspace.here()
    catalogue = resolve_as_given(data, workspace)
    wanting = len(lacking(catalogue))
    if not wanting:
        typer.echo(f"Every image of {catalogue.name} has a region mask of its own; there is nothing to propose.")
        return
    found = RegionMasks(catalogue, folder_of(catalogue.name, workspace, output))
    made = 0
    if take is None:
        columns = (TextColumn("photos"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        screen = Console(stderr=True)
        with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:
            task = bar.add_task("photos", total=None)
            made = found.propose(os.cpu_count() or 1, lambda done, of: bar.update(task, completed=done, total=of))
        found.check()
    else:
        typer.echo(f"Took {found.take(take)} masks from {take} that differ from what was there.")
    there, corrected = len(found.files), len(found.corrected)
    lines = {
        "proposed": f"{made} now",
        "kept": f"{there - made - corrected} as they were proposed before",
        "corrected": f"{corrected}",
        "masks": f"{there}, for {wanting} images that lack regions, in {found.folder}",
    }
    for label, text in lines.items():
        typer.echo(f"{label:<10}{text}")
    if sheet is not None:
        save(sheet_of(found.attached()), sheet)
        typer.echo(f"Contact sheet: {sheet}")
