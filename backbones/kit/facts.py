"""The facts that a backbone's own backbone.toml states, as the kit reads them."""

import tomllib
from pathlib import Path
from typing import Any

from backbones.kit.errors import JobError

BACKBONES = Path(__file__).parents[1]
"""The folder of all backbones."""


def read_facts(name: str) -> dict[str, Any]:
    """The content of the backbone's backbone.toml.

    Raises:
        JobError: there is no such backbone.

    Examples:
        >>> read_facts("pixels")["title"]
        'Raw pixels'
    """
    try:
        text = (BACKBONES / name / "backbone.toml").read_text(encoding="utf-8")
    except OSError as error:
        known = sorted(path.parent.name for path in BACKBONES.glob("*/backbone.toml"))
        raise JobError(f"There is no backbone {name!r}; there are: {', '.join(known)}.") from error
    return tomllib.loads(text)


def weights_of(name: str, variant: str) -> list[dict[str, Any]]:
    """Entries of the backbone's published weights that are for one variant; an entry without variants is for all."""
    entries: list[dict[str, Any]] = read_facts(name).get("weights", [])
    return [entry for entry in entries if variant in entry.get("variants", [variant])]
