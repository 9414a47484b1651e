"""Lists with one line for each thing, and facts by topic."""

from collections.abc import Iterable, Mapping, Sequence

import typer

from benchmark.text import printable

WIDTH = 10
"""Columns of a topic."""

UNCUT = 1000
"""Width of a list that another program reads, so that nothing is cut."""


def print_list(headers: Sequence[str], rows: Iterable[Sequence[object]], right: Sequence[str] = ()) -> None:
    """Print one line a row; on a terminal, what does not fit ends in an ellipsis.

    Args:
        headers: of the columns.
        rows: a cell for each header; None is shown as `?`.
        right: headers of the columns that are aligned to the right.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, header_style="bold", pad_edge=False)
    for header in headers:
        table.add_column(header, justify="right" if header in right else "left", no_wrap=True, overflow="ellipsis")
    for row in rows:
        table.add_row(*(Text("?" if cell is None else printable(str(cell))) for cell in row))
    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = UNCUT
    console.print(table)


def print_facts(facts: Mapping[str, str], width: int = WIDTH) -> None:
    """Print one line a topic.

    Args:
        facts: what is said, by topic.
        width: columns of a topic.
    """
    for topic, text in facts.items():
        typer.echo(printable(f"{topic:<{width}}{text}"))
