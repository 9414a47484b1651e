"""`patternbench data`: list, fetch, import, show, generate and audit data sets."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import masks
from harness.cli.options import examples, workspace_of

if TYPE_CHECKING:
    from benchmark.data.catalogue import Catalogue

app = typer.Typer(
    help="List, fetch, import, show, generate and audit data sets.", no_args_is_help=True, rich_markup_mode="markdown"
)

Data = Annotated[str, typer.Argument(metavar="DATA", help="Name of a data set, or path of a folder or table.")]

WAYS = {"built-in": "here", "kaggle": "fetch", "elsewhere": "import"}
"""How a known data set comes to this machine, by its source."""


@app.command("list", epilog=examples("patternbench data list"))
def list_command(context: typer.Context) -> None:
    """List the data sets: built in, imported, and public ones."""
    from rich.console import Console
    from rich.table import Table

    from benchmark.data.registry import DATASETS
    from harness.datasets.registry import imported_names, read_import_note

    workspace = workspace_of(context)
    imported = imported_names(workspace)
    table = Table(box=None, header_style="bold")
    table.add_column("name\nlicence", no_wrap=True)
    for header in ("individuals", "images", "download"):
        table.add_column(header, justify="right", no_wrap=True)
    for header in ("animal", "get it by"):
        table.add_column(header, overflow="fold", min_width=9)
    for known in DATASETS:
        name = f"{known.name}\n{known.licence or 'not stated'}"
        counts = (_count(known.individuals), _count(known.images), _download_size(known.megabytes))
        table.add_row(name, *counts, known.animal, "here" if known.name in imported else WAYS[known.source])
    for name in sorted(set(imported) - {known.name for known in DATASETS}):
        table.add_row(name, "", "", "", f"({read_import_note(name, workspace).layout})", "here")
    Console().print(table)


@app.command(epilog=examples("patternbench data fetch aau-zebrafish"))
def fetch(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name from `patternbench data list`.")],
) -> None:
    """Download a known data set from Kaggle and register it under its name.

    Needs the extra package: `pip install 'patternbench[kaggle]'`. For a data set that is not on Kaggle, the command
    shows where to get it.
    """
    from harness.datasets import registry
    from harness.datasets.kaggle import download_from_kaggle

    _print_overview(registry.fetch(name, workspace_of(context), download_from_kaggle))


@app.command(
    "import",
    epilog=examples("patternbench data import ~/photos/leopards", "patternbench data import newts.zip"),
)
def import_command(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A folder, a table, or a .zip file with either.")],
    name: Annotated[str | None, typer.Option(help="Name to register; by default that of the folder or file.")] = None,
    trusted_pickle: Annotated[
        bool, typer.Option("--trusted-pickle", help="Read a pickled table; it can run any program inside it.")
    ] = False,
    approximate_masks: Annotated[
        bool,
        typer.Option(
            "--approximate-masks",
            help="All its region masks were proposed by a program and not corrected; tables mark results that use "
            "them. For single rows, write `approximate` or `reviewed` in the table's column mask_quality.",
        ),
    ] = False,
) -> None:
    """Check a data set of your own and register it under a name.

    Three layouts are allowed: the AAU zebrafish's annotations.csv; a table metadata.csv, .json or .parquet with the
    columns image_id, identity and path (and, if known, bbox, segmentation or mask, video, camera, date, ...); or one
    folder of photos for each individual. Folders stay where they are; a zip file is unpacked.
    """
    from harness.datasets.registry import import_dataset

    catalogue = import_dataset(
        path, workspace_of(context), name, trusted_pickle=trusted_pickle, approximate_masks=approximate_masks
    )
    _print_overview(catalogue)


@app.command(
    epilog=examples(
        "patternbench data show zebrafish-synth",
        "patternbench data show ~/photos/leopards --output leopards.png --images 6",
    )
)
def show(
    context: typer.Context,
    data: Data,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write a contact sheet of crops and regions to FILE.png."),
    ] = None,
    images: Annotated[int, typer.Option(min=1, help="Crops of each individual on the sheet.")] = 4,
    individuals: Annotated[int, typer.Option(min=1, help="Individuals on the sheet, the first by name.")] = 12,
    seed: Annotated[int, typer.Option(help="Seed of the random choice of crops.")] = 0,
) -> None:
    """Print what a data set holds; with --output, draw a contact sheet of it."""
    from harness.datasets.overview import draw_sheet, save_sheet
    from harness.datasets.registry import resolve

    catalogue = resolve(data, workspace_of(context))
    _print_overview(catalogue)
    if output is not None:
        save_sheet(draw_sheet(catalogue, images, individuals, seed), output)
        typer.echo(f"Contact sheet: {output}")


@app.command(
    epilog=examples(
        "patternbench data synth fish --frames 60 60 --shortcut 0",
        "patternbench data show fish --output fish.png",
    )
)
def synth(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", help="Where to write it; must hold no data set.")],
    frames: Annotated[tuple[int, int], typer.Option(help="Frames of the first and of the second video.")] = (
        540,
        540,
    ),
    seed: Annotated[int, typer.Option(min=0, help="Seed of every random choice.")] = 1,
    shortcut: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="How far the place in the tank reveals the fish, 0 (not at all) to 1 (always)."
        ),
    ] = 0.5,
    size: Annotated[tuple[int, int], typer.Option(help="Width and height of a frame in pixels.")] = (
        960,
        540,
    ),
) -> None:
    """Generate zebrafish with known regions and a known strength of the background shortcut."""
    from benchmark.synth import SynthSettings, generate
    from harness.cli.bars import counting_bar

    settings = SynthSettings(frames_per_video=frames, seed=seed, shortcut=shortcut, width=size[0], height=size[1])
    with counting_bar("frames") as on_progress:
        generate(settings, folder, on_progress)
    typer.echo(f"Generated {sum(frames)} frames in {folder}")


@app.command(
    epilog=examples(
        "patternbench data audit zebrafish-synth",
        "patternbench data audit zebrafish-synth --split block --output audit.json",
    )
)
def audit(
    context: typer.Context,
    data: Data,
    split: Annotated[
        str,
        typer.Option(
            help="Name of the split: `random`, `block`, `sequence`, `time`, `open`, `disjoint` (made if needed), or "
            "one of your own."
        ),
    ] = "random",
    pixels: Annotated[
        bool, typer.Option("--pixels/--no-pixels", help="Look for images that look alike; reads every photo.")
    ] = True,
    embeddings: Annotated[
        Path | None,
        typer.Option(help="Look for similar embeddings in FILE.npy: one row an image, in the order of the image ids."),
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write the audit to FILE.json.")] = None,
) -> None:
    """Show what test images of a split share with training images, and what reveals identities.

    The audit looks for copies, images that look alike, the same animal in neighbouring frames or in the same sequence,
    groups (video, camera, ...) that reveal the individual, and parts that are out of balance.
    """
    from rich.console import Console

    from harness.cli.audit_report import report
    from harness.cli.choices import choose_split
    from harness.cli.console import RichListener
    from harness.datasets.auditing import audit_split
    from harness.datasets.digest_cache import DigestCache
    from harness.datasets.registry import resolve
    from harness.disk import output_errors
    from harness.execution.store import Store

    workspace = workspace_of(context)
    catalogue = resolve(data, workspace)
    with RichListener() as listener, DigestCache(workspace.digests) as cache:
        data_split = choose_split(split, catalogue, workspace, listener, cache.digest)
        store = Store(workspace.store) if pixels else None
        result = audit_split(catalogue, data_split, embeddings, listener, store, cache.digest)
    Console().print(*report(result), sep="\n")
    if output is not None:
        with output_errors(output, "Give a file in a folder that exists."):
            output.write_text(result.model_dump_json(indent=1) + "\n", encoding="utf-8")


app.command(
    "masks",
    epilog=examples(
        "patternbench data masks ~/photos/leopards --sheet leopards.png",
        "patternbench data masks ~/photos/leopards --take ~/corrected",
    ),
)(masks.masks)


def _print_overview(catalogue: "Catalogue") -> None:
    from harness.cli.facts import print_facts
    from harness.datasets.overview import overview

    print_facts(overview(catalogue))


def _count(number: int | None) -> str:
    return "?" if number is None else str(number)


def _download_size(megabytes: int | None) -> str:
    if megabytes is None:
        return "?"
    return f"{megabytes / 1000:.1f} GB" if megabytes >= 1000 else f"{megabytes} MB"  # noqa: PLR2004 - the unit
