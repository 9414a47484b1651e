"""Moves data sets, weights and masks that users imported out of the store, where earlier versions kept them."""

import shutil
from pathlib import Path

from harness.workspace import Workspace


def move_imported(workspace: Workspace) -> None:
    """Move data sets, weights and region masks from the store to `imported`; a folder that is there already stays.

    Notes that name a file or folder among them name its new place. What cannot be moved stays where it is, whole.

    Raises:
        OSError: the disk refuses.
    """
    for new in (workspace.datasets, workspace.weights, workspace.region_masks):
        old = workspace.store / new.name
        if old.is_dir() and not new.exists():
            new.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(old, new)
            for note in new.glob("*.toml"):
                _name_new_place(note, old, new)


def _name_new_place(note: Path, old: Path, new: Path) -> None:
    before = note.read_text(encoding="utf-8")
    after = before.replace(f'"{old}', f'"{new}')
    if after != before:
        note.write_text(after, encoding="utf-8", newline="\n")
