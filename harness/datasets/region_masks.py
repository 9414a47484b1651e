"""Proposed region masks: made once, corrected by people, used for images without a region mask of their own."""

import csv
import hashlib
import re
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import tomli_w

from benchmark.data.catalogue import BACKGROUND, Catalogue, MaskFile, ProposedMask, Row
from benchmark.data.crops import read_photo
from benchmark.data.mask_proposals import propose_regions
from benchmark.data.segmentation import region_mask
from benchmark.errors import InputError
from benchmark.hashing import file_digest, json_digest
from harness.datasets.mask_files import encode_mask, holds, read_mask, write_mask
from harness.disk import output_errors, write_text
from harness.workspace import Workspace

MANIFEST = "manifest.csv"
"""In the folder of the masks: image_id, file, and sha256 of the file as it was proposed."""

_HEADER = ("image_id", "file", "sha256")
_LONGEST_NAME = 80

ManifestRows = list[tuple[str, str, str]]
"""image_id, file and sha256 of proposed masks."""


class RegionMasks:
    """The region masks of the rows that have none of their own.

    A mask's file name holds a digest of what it was proposed for (id, box, outline, size of the photo's file). So a
    mask of another photo, or of a box that has changed, is never used for a row.
    """

    def __init__(self, catalogue: Catalogue, folder: Path) -> None:
        """Reads the masks that exist.

        Args:
            catalogue: the data set without proposed masks.
            folder: of the masks; need not exist.

        Raises:
            InputError: the manifest cannot be read.
        """
        self.folder = folder
        self._catalogue = catalogue
        self._rows = {_file_name(row): row for row in rows_without_mask(catalogue)}
        self._sha256_by_file: dict[str, str] = {}
        self._add(_read_manifest(folder / MANIFEST))

    @property
    def files(self) -> list[str]:
        """The names of the masks that exist, sorted."""
        return sorted(self._sha256_by_file)

    @property
    def corrected(self) -> list[str]:
        """The names of the masks that differ from their proposals, sorted."""
        return [file for file in self.files if file_digest(self.folder / file) != self._sha256_by_file[file]]

    def attached(self) -> Catalogue:
        """The catalogue with these masks; a row whose mask is as proposed is approximate."""
        corrected = set(self.corrected)
        masked = {}
        for file in self._sha256_by_file:
            row = self._rows[file]
            mask = ProposedMask(self.folder / file, original=row.segmentation)
            masked[row.image_id] = replace(row, segmentation=mask, approximate=file not in corrected)
        return replace(self._catalogue, rows=tuple(masked.get(row.image_id, row) for row in self._catalogue.rows))

    def propose(self, workers: int, on_progress: Callable[[int, int], None]) -> int:
        """Proposes the masks that do not exist; returns their number.

        Each mask is stored at once, so that an interrupted call can be continued. A file that the manifest does not
        list is never overwritten, because it may be a person's work.

        Args:
            workers: number of photos at the same time.
            on_progress: called after each photo with (photos done, photos in all).

        Raises:
            InputError: a photo or an outline cannot be used, or the folder cannot be written to.
        """
        photos: defaultdict[Path, list[str]] = defaultdict(list)
        for file, row in self._rows.items():
            if file not in self._sha256_by_file:
                photos[row.path].append(file)
        count = sum(not (self.folder / file).exists() for files in photos.values() for file in files)
        with output_errors(self.folder, "Make room, or give --output."):
            self.folder.mkdir(parents=True, exist_ok=True)
            with ThreadPoolExecutor(workers) as pool:
                try:
                    for done, lines in enumerate(pool.map(self._propose, photos, photos.values()), start=1):
                        _append(self.folder / MANIFEST, lines)
                        self._add(lines)
                        on_progress(done, len(photos))
                finally:
                    pool.shutdown(cancel_futures=True)
        return count

    def take_back(self, folder: Path) -> int:
        """Replaces masks with a person's corrected PNGs; returns the number of those that differ.

        Nothing is replaced unless every PNG can be used.

        Args:
            folder: of the PNGs, under the names of the masks.

        Raises:
            InputError: the folder holds no PNG, a PNG's name is no mask's, or a PNG is no region mask of its photo.
        """
        files = sorted(path for path in folder.glob("[!.]*") if path.suffix.lower() == ".png")
        if not files:
            raise InputError(f"{folder} is no folder with PNG files. Give the folder of the corrected masks.")
        unknown = [path for path in files if path.name not in self._sha256_by_file]
        if unknown:
            raise InputError(
                f"{unknown[0]}: no mask of {self._catalogue.name} has this name. Name corrected masks as the files in "
                f"{self.folder}; `patternbench data masks` makes those that are missing there."
            )
        return self._replace(files)

    def check(self) -> None:
        """Checks the masks that were corrected in place, and writes colours as region values.

        Raises:
            InputError: one is no region mask of its photo.
        """
        self._replace([self.folder / file for file in self.corrected])

    def _replace(self, files: Iterable[Path]) -> int:
        rows = [(path, self._rows[path.name]) for path in files]
        changed = [(path, row) for path, row in rows if not holds(self.folder / path.name, read_mask(path, row))]
        for path, row in changed:
            write_mask(encode_mask(read_mask(path, row)), self.folder / path.name)
        return len(changed)

    def _propose(self, photo: Path, files: Iterable[str]) -> ManifestRows:
        """Writes the masks of one photo; returns their lines of the manifest."""
        upright, orientation, _ = read_photo(photo)
        pixels = np.asarray(upright)
        lines = []
        for file in files:
            row, path = self._rows[file], self.folder / file
            try:
                outline = (
                    None if row.segmentation is None else region_mask(row, pixels.shape[:2], orientation) != BACKGROUND
                )
                png = encode_mask(propose_regions(pixels, row.box, outline))
            except InputError as error:
                raise InputError(f"No mask for image_id {row.image_id!r} ({photo}): {error}") from error
            if not path.exists():
                write_mask(png, path)
            lines.append((row.image_id, file, hashlib.sha256(png).hexdigest()))
        return lines

    def _add(self, lines: ManifestRows) -> None:
        self._sha256_by_file |= {
            file: sha256 for _, file, sha256 in lines if file in self._rows and (self.folder / file).is_file()
        }


def rows_without_mask(catalogue: Catalogue) -> list[Row]:
    """The rows without a region mask: those without a segmentation, or with an outline, which shows no pattern."""
    return [row for row in catalogue.rows if not isinstance(row.segmentation, MaskFile)]


def attach_masks(catalogue: Catalogue, workspace: Workspace) -> Catalogue:
    """The data set with the region masks proposed for it, where it has none of its own.

    Raises:
        InputError: the folder of the masks is gone.
    """
    folder = masks_folder(catalogue.name, workspace)
    return RegionMasks(catalogue, folder).attached() if (folder / MANIFEST).is_file() else catalogue


def masks_folder(name: str, workspace: Workspace) -> Path:
    """The folder of a data set's proposed masks: the one set by `set_masks_folder`, else one in the workspace.

    Raises:
        InputError: the folder that was set is gone.
    """
    note = _folder_note(name, workspace)
    if not note.is_file():
        return workspace.region_masks / name
    folder = Path(tomllib.loads(note.read_text(encoding="utf-8"))["folder"])
    if not folder.is_dir():
        raise InputError(f"The region masks of {name} were in {folder}, which is gone. Put it back, or delete {note}.")
    return folder


def set_masks_folder(name: str, workspace: Workspace, folder: Path) -> Path:
    """Sets the folder of a data set's proposed masks from now on; returns its absolute path.

    Args:
        name: of the data set.
        workspace: the checkout.
        folder: of the masks; made if it does not exist.

    Raises:
        InputError: the folder cannot be made.
    """
    with output_errors(folder, "Give another --output."):
        folder.mkdir(parents=True, exist_ok=True)
    note = _folder_note(name, workspace)
    write_text(note, tomli_w.dumps({"folder": str(folder.resolve())}))
    return folder.resolve()


def _folder_note(name: str, workspace: Workspace) -> Path:
    return workspace.region_masks / f"{name}.toml"


def _file_name(row: Row) -> str:
    outline = None if row.segmentation is None else asdict(row.segmentation)
    key = json_digest([row.image_id, row.path.stat().st_size, row.box, outline])
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", row.image_id).strip("-.")
    return f"{name[:_LONGEST_NAME]}-{key[:12]}.png"


def _read_manifest(path: Path) -> ManifestRows:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        lines = list(csv.reader(stream))
    if any(len(line) != len(_HEADER) for line in lines) or [tuple(line) for line in lines[:1]] != [_HEADER]:
        raise InputError(
            f"{path}: not a table with the columns {', '.join(_HEADER)}. Restore it, or delete it: the masks are kept."
        )
    return [(image_id, file, sha256) for image_id, file, sha256 in lines[1:]]


def _append(path: Path, lines: Iterable[tuple[str, str, str]]) -> None:
    new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([_HEADER, *lines] if new else lines)
