"""A new contestant: a folder that runs at once, to be filled with one's own network."""

import keyword
import re
from pathlib import Path

from benchmark.errors import InputError
from harness.contestants.registry import KIT
from harness.weights.lpips import LPIPS
from harness.workspace import Workspace

TEMPLATES = Path(__file__).parent / "templates"
LONGEST = 40
"""Characters of a name or a title: both stand in tables."""


def write(name: str, title: str | None, workspace: Workspace) -> list[Path]:
    """Write `backbones/<name>/`.

    Args:
        name: of the folder and the Python package.
        title: in tables; None = the name.
        workspace: where the backbones are.

    Returns:
        The files written.

    Raises:
        InputError: the name or the title cannot be used; nothing was written.
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
    return list(files)


def _check_name(name: str, folder: Path) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name) or len(name) > LONGEST:
        raise InputError(
            f"{name!r} cannot be a backbone's name: it becomes a Python package. Take at most {LONGEST} "
            "lower-case letters, digits and underscores, a letter first, and no keyword of Python."
        )
    if name == KIT:
        raise InputError(f"{KIT!r} is the folder that all backbones share; take another name.")
    if name == LPIPS.name:
        raise InputError(f"{name!r} is a measure, whose weights are known by that name; take another one.")
    if folder.exists():
        raise InputError(f"{folder} is there already; take another name, or delete it.")


def _checked_title(title: str) -> str:
    if not title.strip() or len(title) > LONGEST or not title.isprintable() or set(title) & set('"\\{}|'):
        raise InputError(
            f"{title!r} cannot be a title: it stands in tables, TOML and Python. Take 1 to {LONGEST} "
            'printable characters without " \\ { } or |.'
        )
    return title.strip()
