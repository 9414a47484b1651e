"""`patternbench backbone`: list, describe, write and check contestants."""

import typer

app = typer.Typer(no_args_is_help=True, help="List, write and check backbones.")


@app.callback()
def _group() -> None:
    """Keep `backbone` a group."""
