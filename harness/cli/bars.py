"""Progress bars of commands: shown on standard error if that is a terminal."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import ProgressColumn

    from harness.transfer.download import OnBytes


@contextmanager
def counting_bar(things: str) -> Iterator[Callable[[int, int], None]]:
    """A bar of counted things; gives the function to call with (things done, things in all)."""
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with _bar(things, *columns) as update:
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
def _bar(name: str, *columns: "ProgressColumn") -> Iterator[Callable[[int, int | None], None]]:
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task(name, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
