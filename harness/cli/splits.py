"""`patternbench data split` and `patternbench data update`: splits that are shown, drawn, and extended."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.options import workspace_of

if TYPE_CHECKING:
    from benchmark.data.catalogue import Catalogue
    from benchmark.splitting.extend import Extension
    from benchmark.splitting.split import Split

Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of a data set, or path of a folder or table.")]
SkipBad = Annotated[
    bool, typer.Option("--skip-bad", help="Leave out rows and photos that cannot be used, and list them.")
]


def split(
    context: typer.Context,
    name: Name,
    kind: Annotated[
        str, typer.Option("--split", help="Kind: `random`, `block`, `sequence`, `time`, `open` or `disjoint`.")
    ] = "random",
    seed: Annotated[int, typer.Option(min=0, help="Seed of the drawing.")] = 0,
    redraw: Annotated[
        bool, typer.Option("--redraw", help="Draw it anew, although there is one; older results have another split.")
    ] = False,
) -> None:
    """Show a split of a data set, or draw it if there is none.

    A split that exists is never changed without --redraw. The splits of known data sets are reviewed files of the
    project, and are not redrawn.
    """
    from benchmark.data.content_digests import content_digests, original_digests
    from benchmark.errors import InputError
    from benchmark.splitting.kinds import KINDS, draw_split
    from benchmark.splitting.split import read_split, write_split
    from harness.datasets.digest_cache import DigestCache
    from harness.datasets.registry import resolve_original
    from harness.disk import disk_errors

    workspace = workspace_of(context)
    catalogue = resolve_original(name, workspace, remember=True)
    home = workspace.results(catalogue.name)
    file = home.splits / f"{kind}.csv"
    if file.is_file() and redraw and not home.own:
        raise InputError(
            f"The split {kind!r} of {catalogue.name} is a reviewed file of the project ({file}), on which published "
            "results rest: it is not redrawn. Import a copy of the data under another --name to draw your own."
        )
    if not file.is_file() or redraw:
        if kind not in KINDS:
            raise InputError(f"Unknown kind of split {kind!r}; there are: {', '.join(KINDS)}.")
        with DigestCache(workspace.digests) as cache:
            digests = original_digests(catalogue.rows, content_digests(catalogue.rows, cache.digest), cache.digest)
        with disk_errors():
            write_split(draw_split(kind, catalogue, digests, seed), home.splits)
        typer.echo(f"Drawn with seed {seed}.")
    found = read_split(file)
    if seed != found.seed and not redraw:
        typer.echo(f"It exists, with seed {found.seed}, and stays as it is; --redraw draws it with seed {seed}.")
    _print_split(found, catalogue, file)


def update(
    context: typer.Context,
    name: Name,
    skip_bad: SkipBad = False,
) -> None:
    """Read a data set of your own again, and add its new photos to its splits.

    Every image stays in its part. A new image joins the part of its recording, encounter or day, else the part that its
    individual lacks most. Photos of a split that are gone or were changed are named, and nothing is written.
    """
    from harness.cli.display.bars import counting_bar
    from harness.datasets.digest_cache import DigestCache
    from harness.datasets.updating import update_dataset

    workspace = workspace_of(context)
    with DigestCache(workspace.digests) as cache, counting_bar("photos") as on_progress:
        done = update_dataset(name, workspace, cache.digest, on_progress, skip_bad=skip_bad)
    for fault in done.read.left_out:
        typer.echo(f"left out: {fault}")
    for remark in done.read.catalogue.remarks:
        typer.echo(f"note: {remark}")
    for extension in done.extensions:
        typer.echo(f"split {extension.split.name}: {_added(extension)}")
        if extension.left_out:
            typer.echo(f"  in no part: {', '.join(extension.left_out)}; {extension.reason}")
    for unchanged in done.unchanged:
        typer.echo(f"split {unchanged}: not extended, because it is of no known kind")
    if not done.extensions and not done.unchanged:
        typer.echo("There is no split yet; the first run draws it.")


def _added(extension: "Extension") -> str:
    """What was added to each part, by name."""
    from benchmark.data.faults import counted
    from benchmark.vocabulary import SPLIT_PARTS

    if not extension.added:
        return "nothing new"
    ids = {part: [row.image_id for row in extension.added if row.part == part] for part in SPLIT_PARTS}
    lines = [f"  {part}, {len(own)}: {', '.join(own)}" for part, own in ids.items() if own]
    return "\n".join([f"{counted(len(extension.added), 'image')} added", *lines])


def _print_split(split: "Split", catalogue: "Catalogue", file: Path) -> None:
    from benchmark.vocabulary import SPLIT_PARTS
    from harness.cli.display.lists import print_facts

    identity = {row.image_id: row.identity for row in catalogue.rows}
    counts: dict[str, str] = {}
    for part in SPLIT_PARTS:
        ids = [row.image_id for row in split.rows if row.part == part]
        own = {identity[image_id] for image_id in ids if image_id in identity}
        inpaint = len(split.ids("inpaint", part))
        counts[part] = f"{len(ids)} images of {len(own)} individuals; {inpaint} of them for inpainting"
    print_facts(
        {
            "split": f"{split.name} of {split.dataset}, seed {split.seed}",
            **counts,
            "not in it": f"{len(set(identity) - {row.image_id for row in split.rows})} images",
            "recipe": split.recipe,
            "file": str(file),
        }
    )
