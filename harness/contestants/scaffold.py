"""A new contestant: a folder written from the template, which runs as it is."""

import keyword
import re
from pathlib import Path

from benchmark.errors import InputError
from harness.contestants.registry import KIT, LONGEST, METRIC_WITH_WEIGHTS
from harness.contestants.trust import trust
from harness.workspace import Workspace

TEMPLATES = Path(__file__).parent / "templates"


def write(name: str, title: str | None, workspace: Workspace) -> list[Path]:
    """Write `backbones/<name>/`, which may run here until it is changed.

    Args:
        name: name of the folder and the Python package.
        title: name in tables; None = `name`.
        workspace: contains the folder `backbones/`.

    Returns:
        Paths of the new files.

    Raises:
        InputError: the name or the title is not allowed; nothing was written.
    """
    folder = workspace.backbones / name
    _check_name(name, folder)
    values = {"{{name}}": name, "{{title}}": _checked_title(name if title is None else title)}
    files = {}
    for template in sorted(TEMPLATES.glob("*.template")):
        text = template.read_text(encoding="utf-8")
        for placeholder, value in values.items():
            text = text.replace(placeholder, value)
        files[folder / template.name.removesuffix(".template")] = text
    folder.mkdir(parents=True)
    for path, text in files.items():
        path.write_text(text, encoding="utf-8")
    trust([name], workspace)
    return list(files)


def _check_name(name: str, folder: Path) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name) or len(name) > LONGEST:
        raise InputError(
            f"{name!r} cannot be a backbone's name, which is also a Python package's. Use at most {LONGEST} "
            "lower-case letters, digits and underscores, a letter first, and no Python keyword."
        )
    if name == KIT:
        raise InputError(f"{KIT!r} is the folder that all backbones share; choose another name.")
    if name == METRIC_WITH_WEIGHTS:
        raise InputError(f"{name!r} is the name of a metric with weights; choose another name.")
    if folder.exists():
        raise InputError(f"{folder} exists; choose another name, or delete the folder.")


def _checked_title(title: str) -> str:
    if not title.strip() or len(title) > LONGEST or not title.isprintable() or set(title) & set('"\\{}|'):
        raise InputError(
            f"{title!r} cannot be a title, which is copied into tables, TOML and Python. Use 1 to {LONGEST} "
            'printable characters without " \\ { } or |.'
        )
    return title.strip()
