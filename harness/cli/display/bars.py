"""Progress bars of commands: shown on standard error if that is a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import ProgressColumn

    from harness.transfer.download import OnBytes


@contextmanager
def counting_bar(things: str, end: str = "") -> Iterator[Callable[[int, int], None]]:
    """A bar of counted things; gives the function to call with (things done, things in all).

    Args:
        things: what is counted.
        end: line to print on standard error when all are done, with `{total}` for their number; empty = none.
    """
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with _bar(things, *columns, end=end) as update:
        yield update


@contextmanager
def download_bar(name: str) -> "Iterator[OnBytes]":
    """A bar of bytes; gives the function to call with (bytes here, bytes in all or None)."""
    from rich.progress import BarColumn, DownloadColumn, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with _bar(name, *columns) as update:
        yield update


@contextmanager
def _bar(name: str, *columns: "ProgressColumn", end: str = "") -> Iterator[Callable[[int, int | None], None]]:
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True, highlight=False)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(name, total=None)

        def update(done: int, total: int | None) -> None:
            bar.update(task, completed=done, total=total)
            if end and done == total:
                console.print(end.format(total=total))

        yield update
