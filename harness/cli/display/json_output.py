"""JSON for programs: the option of commands that can print it, and how they do."""

import json
from collections.abc import Set as AbstractSet
from dataclasses import asdict, is_dataclass
from pathlib import PurePath
from typing import Annotated

import typer

Json = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]


def print_json(**content: object) -> None:
    """Print one JSON object on standard output, in ASCII.

    Args:
        **content: its keys; lists have a plural name. Values may hold record parts, dataclasses, paths and sets.
    """
    typer.echo(json.dumps(content, indent=1, allow_nan=False, default=_plain))


def _plain(value: object) -> object:
    from pydantic import BaseModel

    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, PurePath):
        return str(value)
    if isinstance(value, AbstractSet):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no form in JSON")
