"""The backbone's own backbone.toml, as the kit reads it."""

import tomllib
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parents[1]


def facts(name: str) -> dict[str, Any]:
    """The content of the backbone's backbone.toml."""
    with (FOLDER / name / "backbone.toml").open("rb") as file:
        return tomllib.load(file)


def weights_of(name: str, variant: str) -> list[dict[str, Any]]:
    """The published weights of one variant, as backbone.toml lists them; an entry without variants is for all."""
    entries: list[dict[str, Any]] = facts(name).get("weights", [])
    return [entry for entry in entries if variant in entry.get("variants", [variant])]
