"""A data set of one's own that has grown: read again, with its splits extended."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmark.data.checking import Progress
from benchmark.data.content_digests import content_digests, original_digests
from benchmark.errors import InputError
from benchmark.hashing import file_digest
from benchmark.splitting.extend import RULES, Extension, extend_split
from benchmark.splitting.split import read_split, write_split
from harness.datasets import notes
from harness.datasets.importing import Imported, check_noted
from harness.datasets.registry import locate
from harness.disk import disk_errors
from harness.workspace import Workspace


@dataclass(frozen=True)
class Update:
    """An updated data set.

    Attributes:
        read: the data set as it is now.
        extensions: of its splits of a known kind.
        unchanged: names of its other splits.
    """

    read: Imported
    extensions: tuple[Extension, ...]
    unchanged: tuple[str, ...]


def update_dataset(
    data: str,
    workspace: Workspace,
    digest_of: Callable[[Path], str] = file_digest,
    progress: Progress | None = None,
    *,
    skip_bad: bool = False,
) -> Update:
    """Reads a data set of one's own again and extends its splits; writes nothing if any of it is refused.

    Args:
        data: its name, or its path.
        workspace: the checkout.
        digest_of: gives the sha256 of a file.
        progress: called after each photo with (done, total).
        skip_bad: whether rows and photos with a fault are left out; so they are if the data set was imported so.

    Raises:
        FaultsError: rows, photos, boxes or masks cannot be used.
        InputError: it is no data set of one's own, or photos of a split are gone or were changed.
        RunError: the disk is full or cannot be written to.
    """
    name, note = locate(data, workspace)
    home = workspace.results(name)
    if not home.own:
        raise InputError(
            f"The splits of {name} are reviewed files of the project ({home.splits}), on which published results rest. "
            "Import the grown data set under another --name."
        )
    read, note = check_noted(name, note, digest_of, progress, skip_bad=skip_bad or bool(note.left_out))
    rows = read.catalogue.rows
    digests = original_digests(rows, content_digests(rows, digest_of), digest_of)
    splits = [read_split(file) for file in sorted(home.splits.glob("*.csv"))]
    extensions = tuple(extend_split(split, read.catalogue, digests) for split in splits if split.name in RULES)
    with disk_errors():
        for extension in extensions:
            if extension.added:
                write_split(extension.split, home.splits)
    notes.write_note(name, note, workspace)
    return Update(read, extensions, tuple(split.name for split in splits if split.name not in RULES))
