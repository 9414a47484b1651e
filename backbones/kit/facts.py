"""The backbone's own backbone.toml, as the kit reads it."""

import tomllib
from pathlib import Path
from typing import Any

from backbones.kit.errors import JobError

FOLDER = Path(__file__).parents[1]


def facts(name: str) -> dict[str, Any]:
    """The content of the backbone's backbone.toml.

    Raises:
        JobError: there is no such backbone.
    """
    try:
        text = (FOLDER / name / "backbone.toml").read_text(encoding="utf-8")
    except OSError as error:
        known = sorted(path.parent.name for path in FOLDER.glob("*/backbone.toml"))
        raise JobError(f"There is no backbone {name!r}; there are: {', '.join(known)}.") from error
    return tomllib.loads(text)


def weights_of(name: str, variant: str) -> list[dict[str, Any]]:
    """The published weights of one variant, as backbone.toml lists them; an entry without variants is for all."""
    entries: list[dict[str, Any]] = facts(name).get("weights", [])
    return [entry for entry in entries if variant in entry.get("variants", [variant])]
