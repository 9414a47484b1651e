"""`patternbench data masks`: propose region masks, take corrected ones back."""

import os
from pathlib import Path
from typing import Annotated

import typer

from harness.cli.display.bars import counting_bar
from harness.cli.options import workspace_of


def masks(
    context: typer.Context,
    data: Annotated[str, typer.Argument(metavar="DATA", help="Name of a data set, or path of a folder or table.")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write the masks to FOLDER, and use that folder from now on."),
    ] = None,
    take: Annotated[
        Path | None,
        typer.Option(help="Take corrected masks back: PNGs in FOLDER, under the names of the proposed ones."),
    ] = None,
    sheet: Annotated[Path | None, typer.Option(help="Draw the masks for review, on a contact sheet FILE.png.")] = None,
) -> None:
    """Propose region masks for images that have none, or only an outline; take corrected ones back.

    GrabCut finds the animal within its box, or in the middle of the photo, unless an outline is known. The pattern area
    is the whole inner body: the animal without its rim. Both are approximate, and tables mark results that use them.
    Correct the PNGs in any painting program: black background, cyan animal, magenta pattern. Existing masks are kept;
    an interrupted run continues where it stopped.
    """
    from harness.cli.display.lists import print_facts
    from harness.datasets.overview import draw_sheet, save_sheet
    from harness.datasets.region_masks import RegionMasks, masks_folder, rows_without_mask, set_masks_folder
    from harness.datasets.registry import remember_path, resolve_original

    workspace = workspace_of(context)
    catalogue = resolve_original(data, workspace)
    images = len(rows_without_mask(catalogue))
    if not images:
        typer.echo(f"Every image of {catalogue.name} has a region mask of its own; there is nothing to propose.")
        return
    remember_path(data, workspace)
    name = catalogue.name
    folder = set_masks_folder(name, workspace, output) if output else masks_folder(name, workspace)
    region_masks = RegionMasks(catalogue, folder)
    proposed = 0
    if take is None:
        with counting_bar("photos") as on_progress:
            proposed = region_masks.propose(os.cpu_count() or 1, on_progress)
        region_masks.check()
    else:
        typer.echo(f"Took {region_masks.take_back(take)} masks from {take} that differ from the previous ones.")
    count, corrected = len(region_masks.files), len(region_masks.corrected)
    print_facts(
        {
            "proposed": f"{proposed} now",
            "kept": f"{count - proposed - corrected} as they were proposed before",
            "corrected": f"{corrected}",
            "masks": f"{count}, for {images} images that lack regions, in {folder}",
        }
    )
    if sheet is not None:
        save_sheet(draw_sheet(region_masks.attached()), sheet)
        typer.echo(f"Contact sheet: {sheet}")
