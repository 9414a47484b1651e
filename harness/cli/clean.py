"""`patternbench clean`: says what can be removed and how much it is, then asks."""

import re
import sys
from collections import defaultdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.display.json_output import Json, print_json
from harness.cli.options import workspace_of

if TYPE_CHECKING:
    from harness.cleaning import Kind, Removable
    from harness.workspace import Workspace

NAMED = 3
"""Things of a kind that are named."""

UNITS = {"h": 1 / 24, "d": 1.0, "w": 7.0}
"""Days of each unit of an age."""

Kinds = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="KIND",
        help="`stages`, `unfinished`, `images`, `containers`, `figures`: what runs made (the default: all five). "
        "`weights`, `data`, `masks`: what you fetched, imported or corrected, never removed unless named.",
    ),
]
Age = Annotated[
    str, typer.Option("--older-than", metavar="AGE", help="Only stages and figures as old, such as `12h`, `30d`, `8w`.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Remove without a question.")]


def clean(
    context: typer.Context, kinds: Kinds = None, older_than: Age = "", yes: Yes = False, as_json: Json = False
) -> None:
    """Remove what runs made and can make again; first say what and how much.

    Imported data, weights and region masks stay unless they are named. Photos of your own, records, splits and reports
    are never removed. With --json, the command only says what there is unless --yes is given too.
    """
    from harness.cleaning import WORDS, removables, remove
    from harness.disk import bytes_text

    workspace = workspace_of(context)
    chosen = _kinds(kinds)
    found = removables(chosen, workspace, _orphaned_figures(workspace), _days(older_than))
    if as_json:
        print_json(removables=[{"kind": one.kind, "name": one.name, "bytes": one.size} for one in found], removed=yes)
    else:
        by_kind: defaultdict[Kind, list[Removable]] = defaultdict(list)
        for one in found:
            by_kind[one.kind].append(one)
        for kind, some in by_kind.items():
            more = ", ..." if len(some) > NAMED else ""
            size = bytes_text(sum(one.size for one in some))
            typer.echo(f"{kind}: {len(some)}, {size}: {WORDS[kind]}")
            typer.echo(f"  {', '.join(one.name for one in some[:NAMED])}{more}")
    if not found:
        if not as_json:
            typer.echo(f"Nothing to remove of: {', '.join(chosen)}.")
        return
    if not yes:
        if as_json:
            return
        if not sys.stdin.isatty():
            typer.echo("Nothing is removed. --yes removes it.")
            return
        typer.confirm(f"Remove these {len(found)}?", abort=True)
    remove(found, workspace)
    if not as_json:
        typer.echo(f"Removed {len(found)}, {bytes_text(sum(one.size for one in found))}.")


def _kinds(names: list[str] | None) -> "list[Kind]":
    from benchmark.errors import InputError
    from harness.cleaning import KINDS, MADE_AGAIN
    from harness.suggestions import did_you_mean

    unknown = [name for name in names or () if name not in KINDS]
    if unknown:
        raise InputError(
            f"Unknown: {', '.join(map(repr, unknown))}. What can be removed: {', '.join(KINDS)}."
            f"{did_you_mean(unknown[0], KINDS)}"
        )
    return [kind for kind in KINDS if kind in (names or MADE_AGAIN)]


def _days(age: str) -> float:
    """An age in days.

    >>> _days(""), _days("12h"), _days("8w")
    (0.0, 0.5, 56.0)

    Raises:
        InputError: it is no age.
    """
    from benchmark.errors import InputError

    if not age:
        return 0.0
    parts = re.fullmatch(r"(\d+)([hdw])", age.strip())
    if parts is None:
        raise InputError(f"--older-than {age!r} is no age. Write a number and h, d or w, such as 12h, 30d or 8w.")
    return int(parts[1]) * UNITS[parts[2]]


def _orphaned_figures(workspace: "Workspace") -> list[Path]:
    """Figures that no record has, of the leaderboard and of one's own results; none where a record cannot be read."""
    from benchmark.errors import InputError
    from leaderboard.render import figure_files

    orphans: list[Path] = []
    for folder in (workspace.leaderboard, *sorted(workspace.own_results.glob("*"))):
        figures = sorted((folder / "figures").glob("*.png"))
        if figures:
            try:
                known = figure_files(folder)
            except InputError as error:
                typer.echo(f"Figures of {folder} are kept: {error}", err=True)
                continue
            orphans += [path for path in figures if path.relative_to(folder.parent).as_posix() not in known]
    return orphans
