"""`patternbench data`: find, fetch, import and look at data sets."""

from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli import masks as cli_masks
from harness.cli.options import examples, workspace_of

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from PIL.Image import Image

    from benchmark.data.catalogue import Catalogue

app = typer.Typer(help="Find, fetch, import and look at data sets.", no_args_is_help=True, rich_markup_mode="markdown")

_DATA = typer.Argument(metavar="DATA", help="Name of a data set, or path of a folder or table.")
IMAGES, INDIVIDUALS = 4, 12
"""On a contact sheet, where the user does not say how many."""
_SHEET_SIDE = 160
_HASHED_SIDE = 64


@app.command("list", epilog=examples("patternbench data list"))
def list_datasets(context: typer.Context) -> None:
    """List the data sets: built in, imported, and public ones worth knowing."""
    from rich.console import Console
    from rich.table import Table

    from benchmark.data.registry import DATASETS
    from harness.datasets.registry import imported_names, read_imported

    workspace = workspace_of(context)
    imported = imported_names(workspace)
    ways = {"built-in": "here", "kaggle": "fetch", "elsewhere": "import"}
    table = Table(box=None, header_style="bold")
    table.add_column("name", no_wrap=True)
    for header in ("individuals", "images", "download"):
        table.add_column(header, justify="right", no_wrap=True)
    for header in ("licence", "animal", "get it by"):
        table.add_column(header, overflow="fold", min_width=9)
    for known in DATASETS:
        way = "here" if known.name in imported else ways[known.source]
        counts = (_count(known.individuals), _count(known.images), _size(known.megabytes))
        table.add_row(known.name, *counts, known.licence or "not stated", known.animal, way)
    for name in sorted(set(imported) - {known.name for known in DATASETS}):
        table.add_row(name, "", "", "", "", f"({read_imported(name, workspace).layout})", "here")
    Console().print(table)


@app.command(epilog=examples("patternbench data fetch aau-zebrafish"))
def fetch(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name from `patternbench data list`.")],
) -> None:
    """Download a known data set from Kaggle and remember it under its name.

    Needs the extra package: `pip install 'patternbench[kaggle]'`. For a data set that is not on Kaggle it
    says where to get it.
    """
    from harness.datasets import registry as datasets

    _tell(datasets.fetch(name, workspace_of(context), _from_kaggle))


@app.command(
    "import",
    epilog=examples("patternbench data import ~/photos/leopards", "patternbench data import newts.zip"),
)
def import_(
    context: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A folder, a table, or a .zip file with either.")],
    name: Annotated[str | None, typer.Option(help="Remember it under this name.")] = None,
    trusted_pickle: Annotated[
        bool, typer.Option("--trusted-pickle", help="Read a pickled table; it can run any program inside it.")
    ] = False,
    approximate_masks: Annotated[
        bool,
        typer.Option(
            "--approximate-masks",
            help="Its region masks were proposed by a program, and nobody corrected them; every table that uses them "
            "will say so. A table may say it of single rows: column mask_quality, `approximate` or `reviewed`.",
        ),
    ] = False,
) -> None:
    """Check a data set of your own and remember it under a name.

    Three layouts are understood: the AAU zebrafish's annotations.csv; a table metadata.csv, .json or
    .parquet with the columns image_id, identity and path (and, where known, bbox, segmentation or mask,
    video, camera, date, ...); or one folder of photos for each individual. Folders stay where they are; a
    zip file is unpacked.
    """
    from harness.datasets.registry import import_dataset

    workspace = workspace_of(context)
    _tell(import_dataset(path, workspace, name, trusted_pickle=trusted_pickle, approximate_masks=approximate_masks))


@app.command(
    epilog=examples(
        "patternbench data show zebrafish-synth",
        "patternbench data show ~/photos/leopards --output leopards.png --images 6",
    )
)
def show(
    context: typer.Context,
    data: Annotated[str, _DATA],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write a contact sheet of crops and regions: FILE.png."),
    ] = None,
    images: Annotated[int, typer.Option(min=1, help="Crops of each individual on the sheet.")] = IMAGES,
    individuals: Annotated[int, typer.Option(min=1, help="Individuals on the sheet, the first by name.")] = INDIVIDUALS,
    seed: Annotated[int, typer.Option(help="Which crops are drawn.")] = 0,
) -> None:
    """Say what is in a data set, and draw a contact sheet of it."""
    from harness.datasets.registry import resolve

    catalogue = resolve(data, workspace_of(context))
    _tell(catalogue)
    if output is not None:
        save(sheet_of(catalogue, images, individuals, seed), output)
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
    seed: Annotated[int, typer.Option(min=0, help="Of every random choice.")] = 1,
    shortcut: Annotated[
        float, typer.Option(min=0, max=1, help="How much the place in the tank gives the fish away, 0 to 1.")
    ] = 0.5,
    size: Annotated[tuple[int, int], typer.Option(help="Width and height of a frame in pixels.")] = (
        960,
        540,
    ),
) -> None:
    """Generate zebrafish with known regions and a known amount of background shortcut."""
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from benchmark.synth import SynthSettings, generate

    settings = SynthSettings(frames_per_video=frames, seed=seed, shortcut=shortcut, width=size[0], height=size[1])
    columns = (TextColumn("frames"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, transient=True) as bar:
        task = bar.add_task("frames")
        generate(settings, folder, lambda done, total: bar.update(task, completed=done, total=total))
    typer.echo(f"Generated {sum(frames)} frames in {folder}")


@app.command(
    epilog=examples(
        "patternbench data audit zebrafish-synth",
        "patternbench data audit zebrafish-synth --split block --output audit.json",
    )
)
def audit(
    context: typer.Context,
    data: Annotated[str, _DATA],
    split: Annotated[str, typer.Option(help="Name of the split; one of a known kind is made where needed.")] = "random",
    pixels: Annotated[
        bool, typer.Option("--pixels/--no-pixels", help="Look for images that look alike; reads every photo.")
    ] = True,
    embeddings: Annotated[
        Path | None,
        typer.Option(help="Look for similar embeddings in FILE.npy: one row an image, in the order of the image ids."),
    ] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Write what was found to FILE.json.")] = None,
) -> None:
    """Say what a split's test images have in common with its training images, and what gives identities away.

    Looked for are copies, images that look alike, the same animal in neighbouring frames or in the same
    sequence, groups (video, camera, ...) that tell who is seen, and parts that are out of balance.
    """
    from rich.console import Console

    from benchmark.audit.audit import audit as audited
    from benchmark.audit.near_duplicates import perceptual_hashes
    from benchmark.data.content_digests import content_digests, original_digests
    from benchmark.data.crops import crops
    from benchmark.splitting.split import check_split
    from harness.cli.audit_report import report
    from harness.cli.choices import choose_split
    from harness.cli.console import RichListener
    from harness.datasets.digest_cache import DigestCache
    from harness.datasets.registry import resolve

    workspace = workspace_of(context)
    catalogue = resolve(data, workspace)
    with RichListener() as listener:
        with DigestCache(workspace.digests) as cache:
            chosen = choose_split(split, catalogue, workspace, listener, cache.digest)
            digests = content_digests(catalogue.rows, cache.digest)
            check_split(chosen, catalogue, original_digests(catalogue.rows, digests, cache.digest))
        hashes = None
        if pixels:
            cut = crops(catalogue.rows, _HASHED_SIDE, catalogue.crop_side, listener.on_crops)
            hashes = perceptual_hashes(crop.image for crop in cut)
    vectors = None if embeddings is None else _array(embeddings)
    found = audited(catalogue, chosen, hashes=hashes, embeddings=vectors)
    Console().print(*report(found), sep="\n")
    if output is not None:
        _write(found.model_dump_json(indent=1) + "\n", output)


app.command(
    "masks",
    epilog=examples(
        "patternbench data masks ~/photos/leopards --sheet leopards.png",
        "patternbench data masks ~/photos/leopards --take ~/corrected",
    ),
)(cli_masks.masks)


def _from_kaggle(handle: str) -> str:
    from benchmark.errors import InputError

    try:
        import kagglehub
    except ImportError as error:
        raise InputError("Fetching needs kagglehub: pip install 'patternbench[kaggle]'") from error
    path: str = kagglehub.dataset_download(handle)
    return path


def _tell(catalogue: "Catalogue") -> None:
    """What is in a data set, as a few lines."""
    counts = sorted(Counter(row.identity for row in catalogue.rows).values())
    values: dict[str, set[str]] = {}
    for row in catalogue.rows:
        for group, value in row.groups.items():
            values.setdefault(group, set()).add(value)
    per = f"{counts[0]} to {counts[-1]}" if counts[0] != counts[-1] else f"{counts[0]}"
    crop = f"{catalogue.crop_side} pixels, one side for all" if catalogue.crop_side else "each box's longest side"
    lines = {
        "data set": f"{catalogue.name} ({catalogue.root})",
        "licence": catalogue.licence or "not stated",
        "images": f"{len(catalogue.rows)}, of {len(counts)} individuals ({per} each)",
        "chance": f"{1 / len(counts):.3f}; always naming the commonest: {counts[-1] / len(catalogue.rows):.3f}",
        "crop": crop,
        "regions": f"on {sum(row.segmentation is not None for row in catalogue.rows)} images{_approximate(catalogue)}",
        "groups": ", ".join(f"{group} ({len(found)} values)" for group, found in values.items()) or "none",
    }
    for label, text in lines.items():
        typer.echo(f"{label:<10}{text}")


def _approximate(catalogue: "Catalogue") -> str:
    """On how many images the regions are approximate, if on any."""
    count = sum(row.approximate for row in catalogue.rows)
    return f", approximate on {count} (proposed by a program, not corrected)" if count else ""


def sheet_of(catalogue: "Catalogue", images: int = IMAGES, individuals: int = INDIVIDUALS, seed: int = 0) -> "Image":
    """Draw the contact sheet of a seeded choice of rows."""
    import random

    from benchmark.data.contact_sheet import Cell, contact_sheet
    from benchmark.data.crops import crops

    draw = random.Random(seed)  # noqa: S311 - which crops to look at
    chosen = []
    for identity in catalogue.identities[:individuals]:
        rows = [row for row in catalogue.rows if row.identity == identity]
        chosen += sorted(draw.sample(rows, min(images, len(rows))), key=lambda row: row.image_id)
    regions = any(row.segmentation is not None for row in chosen)
    images_of = Counter(row.identity for row in catalogue.rows)
    bands: dict[str, list[Cell]] = {}
    for row, cut in zip(chosen, crops(chosen, _SHEET_SIDE, catalogue.crop_side), strict=True):
        cell = Cell(row.image_id, cut.image, cut.regions if regions else None)
        bands.setdefault(f"{row.identity} ({images_of[row.identity]})", []).append(cell)
    shown = f"{len(bands)} of {len(catalogue.identities)} individuals"
    return contact_sheet(f"{catalogue.name}: {shown}, {len(chosen)} of {len(catalogue.rows)} images", bands)


def save(sheet: "Image", output: Path) -> None:
    """Write a contact sheet; InputError where that cannot be."""
    from benchmark.errors import InputError

    try:
        sheet.save(output)
    except (OSError, ValueError) as error:
        raise InputError(
            f"{output}: cannot be written ({error}). Give a name that ends in .png, in a folder that exists."
        ) from error


def _array(path: Path) -> "NDArray[np.floating]":
    import numpy as np

    from benchmark.errors import InputError

    try:
        array = np.load(path, mmap_mode="r")
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"{path}: cannot be read as an array ({error}). Write one with numpy.save.") from error
    if not isinstance(array, np.ndarray) or array.ndim != 2 or array.dtype.kind != "f":  # noqa: PLR2004 - (N, D)
        raise InputError(f"{path}: not an array of floating-point numbers with one row an image. Reshape it to (N, D).")
    return array


def _write(text: str, output: Path) -> None:
    from benchmark.errors import InputError

    try:
        output.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(f"{output}: cannot be written ({error}). Give a file in a folder that exists.") from error


def _count(number: int | None) -> str:
    return "?" if number is None else str(number)


def _size(megabytes: int | None) -> str:
    if megabytes is None:
        return "?"
    return f"{megabytes / 1000:.1f} GB" if megabytes >= 1000 else f"{megabytes} MB"  # noqa: PLR2004 - the unit
