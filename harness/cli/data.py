"""`patternbench data`: list, fetch, import, show, generate and audit data sets."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from harness.cli import masks, splits
from harness.cli.display.json_output import Json, print_json
from harness.cli.display.lists import print_list
from harness.cli.options import examples, workspace_of

if TYPE_CHECKING:
    from benchmark.data.adapters.layouts import ReadingOptions
    from benchmark.data.catalogue import Catalogue

app = typer.Typer(
    help="List, fetch, import, show, generate and audit data sets.", no_args_is_help=True, rich_markup_mode="markdown"
)

Data = Annotated[str, typer.Argument(metavar="DATA", help="Name of a data set, or path of a folder or table.")]

Columns = Annotated[
    str | None,
    typer.Option(
        metavar="MEANING=COLUMN,...",
        help="Columns of a table under other names, for example identity=name,path=file_name.",
    ),
]
LayoutTemplate = Annotated[
    str,
    typer.Option(
        metavar="TEMPLATE", help="What nested folders are, outermost first, for example '{species}/{identity}/{date}'."
    ),
]
TrustedPickle = Annotated[
    bool, typer.Option("--trusted-pickle", help="Read a pickled table; it can run any program inside it.")
]

MinImages = Annotated[
    int, typer.Option("--min-images", min=1, help="Leave out individuals with fewer photos, and list them.")
]

WAYS = {"built-in": "here", "kaggle": "fetch", "elsewhere": "import"}
"""How a known data set comes to this machine, by its source."""


@app.command("list", epilog=examples("patternbench data list", "patternbench data list --json"))
def list_command(context: typer.Context, as_json: Json = False) -> None:
    """List the data sets: built in, imported, and public ones; `data show` tells more."""
    from benchmark.data.registry import DATASETS
    from harness.datasets import notes

    workspace = workspace_of(context)
    imported = notes.names(workspace)
    rows: list[dict[str, Any]] = [
        {
            "name": known.name,
            "animal": known.animal,
            "individuals": known.individuals,
            "images": known.images,
            "megabytes": known.megabytes,
            "licence": known.licence,
            "address": known.address,
            "get": "here" if known.name in imported else WAYS[known.source],
        }
        for known in DATASETS
    ]
    for name in sorted(set(imported) - {known.name for known in DATASETS}):
        own = {"name": name, "animal": f"({notes.read_note(name, workspace).layout})", "get": "here"}
        rows.append(dict.fromkeys(rows[0]) | own)
    if as_json:
        print_json(data_sets=rows)
        return
    numbers = ("individuals", "images", "download")
    cells = (
        (row["name"], row["animal"], row["individuals"], row["images"], _download_size(row["megabytes"]), row["get"])
        for row in rows
    )
    print_list(("name", "animal", *numbers, "get it by"), cells, right=numbers)


@app.command(epilog=examples("patternbench data fetch aau-zebrafish"))
def fetch(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="A name from `patternbench data list`.")],
) -> None:
    """Download a known data set from Kaggle and register it under its name.

    Needs the extra package: `pip install 'patternbench[kaggle]'`. For a data set that is not on Kaggle, the command
    shows where to get it.
    """
    from harness.datasets import importing
    from harness.datasets.kaggle import download_from_kaggle

    _print_overview(importing.fetch(name, workspace_of(context), download_from_kaggle))


@app.command(
    "import",
    epilog=examples("patternbench data import ~/photos/leopards", "patternbench data import newts.zip"),
)
def import_command(  # noqa: PLR0913, PLR0917 - the options of a command
    context: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A folder, a table, or a .zip file with either.")],
    name: Annotated[str | None, typer.Option(help="Name to register; by default that of the folder or file.")] = None,
    columns: Columns = None,
    layout: LayoutTemplate = "",
    trusted_pickle: TrustedPickle = False,
    min_images: MinImages = 1,
    approximate_masks: Annotated[
        bool,
        typer.Option(
            "--approximate-masks",
            help="All its region masks were proposed by a program and not corrected; tables mark results that use "
            "them. For single rows, write `approximate` or `reviewed` in the table's column mask_quality.",
        ),
    ] = False,
    skip_bad: Annotated[
        bool, typer.Option("--skip-bad", help="Leave out rows and photos that cannot be used, and list them.")
    ] = False,
) -> None:
    """Check a data set of your own and register it under a name.

    It may be a table with the columns identity and path (CSV, Excel, JSON, Parquet), a file of COCO or MegaDetector,
    one folder of photos for each individual, or nested folders with --layout; docs/data.md explains them. Folders stay
    where they are; a zip file is unpacked. Every photo is read: what cannot be used is listed whole, as `patternbench
    data check` does.
    """
    from harness.cli.display.bars import counting_bar
    from harness.datasets.digest_cache import DigestCache
    from harness.datasets.importing import ImportOptions, import_dataset

    workspace = workspace_of(context)
    options = ImportOptions(_reading(columns, layout, trusted_pickle, min_images), approximate_masks, skip_bad)
    with DigestCache(workspace.digests) as cache, counting_bar("photos") as on_progress:
        imported = import_dataset(path, workspace, name, options, cache.digest, on_progress)
    for fault in imported.left_out:
        typer.echo(f"left out: {fault}")
    _print_overview(imported.catalogue)


@app.command(
    epilog=examples(
        "patternbench data check ~/photos/leopards",
        "patternbench data check newts.csv --columns identity=name,path=file_name --output faults.csv",
    )
)
def check(  # noqa: PLR0917 - the options of a command
    context: typer.Context,
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A folder or a table.")],
    columns: Columns = None,
    layout: LayoutTemplate = "",
    trusted_pickle: TrustedPickle = False,
    min_images: MinImages = 1,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the report to FILE.csv (faults alone) or FILE.json.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Read every photo and row, and report everything that cannot be used, at once.

    It counts individuals with one photo or two, too. Exit code 2 if there is a fault. Nothing is imported or changed.
    """
    from harness.cli.display.bars import counting_bar
    from harness.cli.display.data_reports import print_report, write_report
    from harness.datasets.checking import check_location, report_content
    from harness.datasets.digest_cache import DigestCache

    reading = _reading(columns, layout, trusted_pickle, min_images)
    with DigestCache(workspace_of(context).digests) as cache, counting_bar("photos") as on_progress:
        report = check_location(path, reading, cache.digest, on_progress)
    if as_json:
        print_json(**report_content(report))
    else:
        print_report(report)
    if output is not None:
        write_report(report, output)
    if report.faults:
        raise typer.Exit(2)


@app.command(epilog=examples("patternbench data forget leopards"))
def forget(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Name of an imported data set.")],
) -> None:
    """Forget a data set of your own, with its splits; your photos and your results stay where they are."""
    from harness.datasets import notes

    workspace = workspace_of(context)
    for place in notes.forget(name, workspace):
        typer.echo(f"Removed: {place}")
    home = workspace.results(name)
    if home.own and home.records.is_dir():
        typer.echo(f"Results stay in {home.pages}; they hold names of individuals and photos.")


@app.command(
    epilog=examples(
        "patternbench data show zebrafish-synth",
        "patternbench data show ~/photos/leopards --output leopards.png --images 6",
        "patternbench data show zebrafish-synth --variants --output regions.png",
    )
)
def show(  # noqa: PLR0917 - the options of a command
    context: typer.Context,
    data: Data,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="Write a contact sheet of crops and regions to FILE.png."),
    ] = None,
    images: Annotated[int, typer.Option(min=1, help="Crops of each individual on the sheet.")] = 4,
    individuals: Annotated[int, typer.Option(min=1, help="Individuals on the sheet, the first by name.")] = 12,
    seed: Annotated[int, typer.Option(help="Seed of the random choice of crops.")] = 0,
    variants: Annotated[
        bool, typer.Option("--variants", help="Show each crop with some regions hidden, as the ablation does.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Print what a data set holds; with --output, draw a contact sheet of it."""
    from harness.datasets.overview import draw_sheet, facts, save_sheet
    from harness.datasets.registry import resolve

    catalogue = resolve(data, workspace_of(context))
    if as_json:
        print_json(**facts(catalogue))
    else:
        _print_overview(catalogue)
    if output is not None:
        save_sheet(draw_sheet(catalogue, images, individuals, seed, variants=variants), output)
        if not as_json:
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
    from harness.cli.display.bars import counting_bar

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
    as_json: Json = False,
) -> None:
    """Show what test images of a split share with training images, and what reveals identities.

    The audit looks for copies, images that look alike, the same animal in neighbouring frames or in the same sequence,
    groups (video, camera, ...) that reveal the individual, and parts that are out of balance.
    """
    from rich.console import Console

    from harness.cli.choices import choose_split
    from harness.cli.display.audit_report import report
    from harness.cli.display.listener import RichListener
    from harness.datasets.auditing import audit_split
    from harness.datasets.digest_cache import DigestCache
    from harness.datasets.registry import resolve
    from harness.disk import output_errors
    from harness.execution.store import Store

    workspace = workspace_of(context)
    catalogue = resolve(data, workspace, remember=True)
    with RichListener() as listener, DigestCache(workspace.digests) as cache:
        data_split = choose_split(split, catalogue, workspace, listener, cache.digest)
        store = Store(workspace.store) if pixels else None
        result = audit_split(catalogue, data_split, embeddings, listener, store, cache.digest)
    if as_json:
        print_json(**result.model_dump(mode="json"))
    else:
        Console().print(*report(result), sep="\n")
    if output is not None:
        with output_errors(output, "Give a file in a folder that exists."):
            output.write_text(result.model_dump_json(indent=1) + "\n", encoding="utf-8")


app.command(
    "split",
    epilog=examples(
        "patternbench data split leopards --split sequence",
        "patternbench data split leopards --split random --seed 1 --redraw",
    ),
)(splits.split)

app.command("update", epilog=examples("patternbench data update leopards"))(splits.update)

app.command(
    "masks",
    epilog=examples(
        "patternbench data masks ~/photos/leopards --sheet leopards.png",
        "patternbench data masks ~/photos/leopards --take ~/corrected",
    ),
)(masks.masks)


def _reading(columns: str | None, layout: str, trusted_pickle: bool, min_images: int) -> "ReadingOptions":
    from benchmark.data.adapters.layouts import ReadingOptions
    from benchmark.errors import InputError

    pairs = {}
    for part in filter(None, (text.strip() for text in (columns or "").split(","))):
        meaning, separator, column = part.partition("=")
        if not separator or not column.strip():
            raise InputError(
                f"--columns {columns!r}: {part!r} names no column. Write MEANING=COLUMN, separated by commas, such as "
                "identity=name,path=file_name."
            )
        pairs[meaning.strip()] = column.strip()
    return ReadingOptions(trusted_pickle=trusted_pickle, columns=pairs, layout=layout, min_images=min_images)


def _print_overview(catalogue: "Catalogue") -> None:
    from harness.cli.display.lists import print_facts
    from harness.datasets.overview import overview

    print_facts(overview(catalogue))
    for remark in catalogue.remarks:
        typer.echo(f"note: {remark}")


def _download_size(megabytes: int | None) -> str | None:
    if megabytes is None:
        return None
    return f"{megabytes / 1000:.1f} GB" if megabytes >= 1000 else f"{megabytes} MB"  # noqa: PLR2004 - the unit
