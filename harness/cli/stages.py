"""`patternbench status`, `logs` and `why`: what became of the stages that were started here."""

from collections import defaultdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

import typer

from harness.cli.display.json_output import Json, print_json
from harness.cli.options import workspace_of

if TYPE_CHECKING:
    from harness.execution.journal import StageNote

StageName = Annotated[
    str, typer.Argument(metavar="STAGE", help="A stage, or BACKBONE/STAGE, as `patternbench status` names it.")
]


def status(context: typer.Context, as_json: Json = False) -> None:
    """Show which stages run now, which did not end ok and how, and what is finished."""
    from harness.cli.display.progress import duration
    from harness.execution.titles import title

    notes = _notes(context)
    running = [note for note in notes if note.state == "running"]
    stopped = _unfinished(notes)
    finished: defaultdict[tuple[str, str], list[StageNote]] = defaultdict(list)
    for note in notes:
        if note.state == "ok":
            finished[note.backbone, note.dataset].append(note)
    if as_json:
        print_json(
            running=[_content(note) for note in running],
            stopped=[_content(note) for note in stopped],
            finished=[
                {
                    "backbone": backbone,
                    "dataset": dataset,
                    "stages": len(some),
                    "seconds": sum(note.seconds or 0 for note in some),
                    "last": some[0].started,
                }
                for (backbone, dataset), some in finished.items()
            ],
        )
        return
    typer.echo("Running now:" if running else "Nothing runs now.")
    for note in running:
        place = f"{note.dataset}, for {duration(_age(note))}, process {note.pid} on {note.host}"
        typer.echo(f"  {note.label}: {title(note.stage)}; {place}")
    if stopped:
        typer.echo("Not ended ok, and not finished since (patternbench logs STAGE):")
    for note in stopped:
        if note.state == "skipped":
            typer.echo(f"  {note.label}: skipped ({_printable(note.cause)}), {note.dataset}")
            continue
        typer.echo(f"  {note.label}: {note.state} at {_time(note)}, {note.dataset}. {_printable(note.cause)}".rstrip())
    if finished:
        typer.echo("Finished:")
    for (backbone, dataset), some in finished.items():
        seconds = duration(sum(note.seconds or 0 for note in some))
        typer.echo(f"  {backbone} on {dataset}: {len(some)} stages in {seconds}, the last at {_time(some[0])}")


def logs(context: typer.Context, stage: StageName, as_json: Json = False) -> None:
    """Show the end of what a stage printed, the last time that it was started; why it failed, if it did."""
    from harness.execution.titles import title

    note = _find(stage, _notes(context))
    if as_json:
        print_json(**_content(note), log=note.log)
        return
    typer.echo(f"{note.label}: {title(note.stage)}; {note.dataset}, {note.state}, started at {_time(note)}.")
    if note.cause:
        typer.echo(f"Cause: {_printable(note.cause)}")
    if note.state == "running":
        typer.echo("It is still running. Its log can be read when it has ended.")
    else:
        typer.echo("\n".join(map(_printable, note.log.splitlines())) or "It printed nothing.")


def why(context: typer.Context, stage: StageName, as_json: Json = False) -> None:
    """Show why a stage was made again: code, image, data, protocol, weights, device or settings.

    The stage is compared with that one before it, of the same backbone and name, that differs least.
    """
    from harness.execution.titles import title
    from harness.reasons import nearest, reasons

    notes = [note for note in _notes(context) if note.state != "skipped"]
    note = _find(stage, notes)
    before = nearest(note, notes)
    found = reasons(note, before) if before else []
    if as_json:
        parts = [{"part": reason.part, "text": reason.text} for reason in found]
        print_json(**_content(note), before=_content(before) if before else None, reasons=parts)
        return
    typer.echo(f"{note.label}: {title(note.stage)}; {note.dataset}, {note.state}, started at {_time(note)}.")
    if before is None:
        typer.echo("No other version of it is noted: it was made for the first time, or its files were removed.")
        return
    typer.echo(f"It differs from the one started at {_time(before)} in:")
    for reason in found:
        typer.echo(f"  {reason.part}: {_printable(reason.text)}")


def _notes(context: typer.Context) -> "list[StageNote]":
    from harness.execution.journal import Journal

    return Journal(workspace_of(context).store).notes()


def _find(stage: str, notes: "list[StageNote]") -> "StageNote":
    """The newest note of a stage.

    Raises:
        InputError: none is of that name.
    """
    from benchmark.errors import InputError
    from harness.suggestions import did_you_mean

    for note in notes:
        if stage in {note.label, note.stage}:
            return note
    names = list(dict.fromkeys(note.label for note in notes))
    if not names:
        raise InputError("No stage was started here yet; `patternbench run` starts some.")
    hint = did_you_mean(stage, [*names, *dict.fromkeys(note.stage for note in notes)])
    raise InputError(f"No stage {stage!r} was started here.{hint} There are: {', '.join(names)}.")


def _unfinished(notes: "list[StageNote]") -> "list[StageNote]":
    """The newest note of each stage on each data set, where it neither runs nor ended ok."""
    newest: dict[tuple[str, str], StageNote] = {}
    for note in notes:
        newest.setdefault((note.label, note.dataset), note)
    return [note for note in newest.values() if note.state not in {"running", "ok"}]


def _content(note: "StageNote") -> dict[str, object]:
    from harness.execution.titles import title

    shown = {"backbone", "stage", "dataset", "runner", "state", "started", "host", "pid", "seconds", "cause"}
    return note.model_dump(mode="json", include=shown) | {"title": title(note.stage)}


def _age(note: "StageNote") -> float:
    return (datetime.now(UTC) - datetime.fromisoformat(note.started)).total_seconds()


def _time(note: "StageNote") -> str:
    return note.started.replace("T", " ").removesuffix("+00:00") + " UTC"


def _printable(text: str) -> str:
    from benchmark.text import printable

    return printable(text)
