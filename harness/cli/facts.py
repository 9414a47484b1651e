"""Facts by topic on a terminal."""

from collections.abc import Mapping

import typer

WIDTH = 10


def print_facts(facts: Mapping[str, str]) -> None:
    """Prints one line a topic."""
    for topic, text in facts.items():
        typer.echo(f"{topic:<{WIDTH}}{text}")
