"""Proposed region masks: made once, corrected by people, used where a data set has none of its own."""

import csv
import hashlib
import io
import json
import re
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from benchmark.data.catalogue import BACKGROUND, Catalogue, MaskFile, ProposedMask, Row
from benchmark.data.crops import read_photo
from benchmark.data.mask_proposals import propose_regions
from benchmark.data.segmentation import region_mask
from benchmark.errors import InputError
from benchmark.files import atomic_write
from benchmark.hashing import file_digest
from harness.execution.store import digest
from harness.workspace import Workspace

if TYPE_CHECKING:
    from PIL.Image import Image

MANIFEST = "manifest.csv"
"""In the folder of the masks: image_id, file, and sha256 of the file as it was proposed."""

COLOURS = ((0, 0, 0), (0, 220, 255), (255, 0, 200))
"""How a painting program shows the values 0, 1 and 2."""

_HEADER = ("image_id", "file", "sha256")
_LONGEST_NAME = 80

Made = list[tuple[str, str, str]]
"""Lines of the manifest."""


class RegionMasks:
    """The region masks of the rows that have none of their own.

    A mask's file name holds a digest of what it was proposed for (id, box, outline, size of the photo's file), so that
    masks of other photos, or of a box that was changed since, are never taken for a row's own.
    """

    def __init__(self, catalogue: Catalogue, folder: Path) -> None:
        """Read what there is.

        Args: the data set as it is given, and where its masks are or will be.

        Raises:
            InputError: the manifest cannot be read.
        """
        self.folder = folder
        self._catalogue = catalogue
        self._rows = {_file_name(row): row for row in lacking(catalogue)}
        self._proposed: dict[str, str] = {}
        self._remember(_read_manifest(folder / MANIFEST))

    @property
    def files(self) -> list[str]:
        """The masks that are there, sorted."""
        return sorted(self._proposed)

    @property
    def corrected(self) -> list[str]:
        """Those that are no longer as they were proposed, sorted."""
        return [file for file in self.files if file_digest(self.folder / file) != self._proposed[file]]

    def attached(self) -> Catalogue:
        """The catalogue with these masks; a row with one as it was proposed is approximate."""
        corrected = set(self.corrected)
        masked = {}
        for file in self._proposed:
            row = self._rows[file]
            mask = ProposedMask(self.folder / file, original=row.segmentation)
            masked[row.image_id] = replace(row, segmentation=mask, approximate=file not in corrected)
        return replace(self._catalogue, rows=tuple(masked.get(row.image_id, row) for row in self._catalogue.rows))

    def propose(self, workers: int, progress: Callable[[int, int], None]) -> int:
        """Propose the masks that are not there; how many these were.

        Each is kept as soon as it is made, so that the work can be interrupted and goes on from there. A file that the
        manifest does not know is not written over, for it may be somebody's work.

        Args:
            workers: photos at the same time.
            progress: called after each photo with (photos done, photos in all).

        Raises:
            InputError: a photo or an outline cannot be used, or the folder cannot be written to.
        """
        photos: defaultdict[Path, list[str]] = defaultdict(list)
        for file, row in self._rows.items():
            if file not in self._proposed:
                photos[row.path].append(file)
        made = sum(not (self.folder / file).exists() for files in photos.values() for file in files)
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with ThreadPoolExecutor(workers) as pool:
                try:
                    for done, lines in enumerate(pool.map(self._propose, photos, photos.values()), start=1):
                        _append(self.folder / MANIFEST, lines)
                        self._remember(lines)
                        progress(done, len(photos))
                finally:
                    pool.shutdown(cancel_futures=True)
        except OSError as error:
            raise InputError(f"{self.folder}: cannot be written to ({error}). Make room, or give --output.") from error
        return made

    def take(self, given: Path) -> int:
        """Put PNGs that a person gives back in the place of those proposed; how many differ from what was there.

        Nothing is replaced unless all can be used.

        Raises:
            InputError: the folder holds no PNG, one of a name that no mask has, or one that is no region mask of its
                photo.
        """
        files = sorted(path for path in given.glob("[!.]*") if path.suffix.lower() == ".png")
        if not files:
            raise InputError(f"{given} is no folder with PNG files. Give the folder that the corrected masks are in.")
        unknown = [path for path in files if path.name not in self._proposed]
        if unknown:
            raise InputError(
                f"{unknown[0]}: no mask of {self._catalogue.name} has this name. Give the masks back under the names "
                f"that they have in {self.folder}; `patternbench data masks` makes those that are missing there."
            )
        return self._put(files)

    def check(self) -> None:
        """Look at the masks that were changed in place, and write them as region values where they are colours.

        Raises:
            InputError: one is no region mask of its photo.
        """
        self._put([self.folder / file for file in self.corrected])

    def _put(self, files: list[Path]) -> int:
        rows = [(path, self._rows[path.name]) for path in files]
        changed = [(path, row) for path, row in rows if not _holds(self.folder / path.name, _read(path, row))]
        for path, row in changed:
            _write(_encoded(_read(path, row)), self.folder / path.name)
        return len(changed)

    def _propose(self, photo: Path, files: list[str]) -> Made:
        """The masks of one photo."""
        pixels = np.asarray(read_photo(photo))
        made = []
        for file in files:
            row, path = self._rows[file], self.folder / file
            try:
                outline = None if row.segmentation is None else region_mask(row, pixels.shape[:2]) != BACKGROUND
                mask = _encoded(propose_regions(pixels, row.box, outline))
            except InputError as error:
                raise InputError(f"No mask for image_id {row.image_id!r} ({photo}): {error}") from error
            if not path.exists():
                _write(mask, path)
            made.append((row.image_id, file, hashlib.sha256(mask).hexdigest()))
        return made

    def _remember(self, lines: Made) -> None:
        self._proposed |= {
            file: proposed for _, file, proposed in lines if file in self._rows and (self.folder / file).is_file()
        }


def lacking(catalogue: Catalogue) -> list[Row]:
    """The rows without a region mask: nothing says where the animal is, or an outline, which knows no pattern."""
    return [row for row in catalogue.rows if not isinstance(row.segmentation, MaskFile)]


def attach(catalogue: Catalogue, workspace: Workspace) -> Catalogue:
    """A data set with the region masks that were proposed for it, where it has none of its own.

    Raises:
        InputError: the folder that they were written to is gone.
    """
    folder = folder_of(catalogue.name, workspace)
    return RegionMasks(catalogue, folder).attached() if (folder / MANIFEST).is_file() else catalogue


def folder_of(name: str, workspace: Workspace, wanted: Path | None = None) -> Path:
    """Where a data set's proposed masks are: in the workspace, or in the folder that was last wanted.

    Args:
        name: of the data set.
        workspace: where that is remembered.
        wanted: a folder to use from now on; made where it is not there.

    Raises:
        InputError: the folder that is remembered is gone, or the one that is wanted cannot be made.
    """
    note = workspace.region_masks / f"{name}.toml"
    if wanted is not None:
        try:
            wanted.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"{wanted}: no folder can be made there ({error}). Give another --output.") from error
        note.parent.mkdir(parents=True, exist_ok=True)
        note.write_text(f"folder = {json.dumps(str(wanted.resolve()), ensure_ascii=False)}\n", encoding="utf-8")
        return wanted.resolve()
    if not note.is_file():
        return workspace.region_masks / name
    folder = Path(tomllib.loads(note.read_text(encoding="utf-8"))["folder"])
    if not folder.is_dir():
        raise InputError(f"The region masks of {name} were in {folder}, which is gone. Put it back, or delete {note}.")
    return folder


def _file_name(row: Row) -> str:
    outline = None if row.segmentation is None else asdict(row.segmentation)
    key = digest([row.image_id, row.path.stat().st_size, row.box, outline])
    name = re.sub(r"[^A-Za-z0-9._-]+", "-", row.image_id).strip("-.")
    return f"{name[:_LONGEST_NAME]}-{key[:12]}.png"


def _read_manifest(path: Path) -> Made:
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as stream:
        lines = list(csv.reader(stream))
    if any(len(line) != len(_HEADER) for line in lines) or [tuple(line) for line in lines[:1]] != [_HEADER]:
        raise InputError(f"{path}: not a list of {', '.join(_HEADER)}. Restore it, or delete it: the masks are kept.")
    return [(image_id, file, proposed) for image_id, file, proposed in lines[1:]]


def _append(path: Path, lines: Iterable[tuple[str, str, str]]) -> None:
    new = not path.exists()
    with path.open("a", encoding="utf-8", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows([_HEADER, *lines] if new else lines)


def _encoded(regions: NDArray[np.uint8]) -> bytes:
    """A mask as a PNG of one channel whose palette makes the regions visible."""
    from PIL import Image

    image = Image.fromarray(regions)
    image.putpalette([part for colour in COLOURS for part in colour])
    stream = io.BytesIO()
    image.save(stream, format="PNG")
    return stream.getvalue()


def _write(mask: bytes, path: Path) -> None:
    with atomic_write(path) as temporary:
        temporary.write_bytes(mask)


def _read(path: Path, row: Row) -> NDArray[np.uint8]:
    """The region values of a mask as a painting program left it: as they are, or as the three colours.

    Raises:
        InputError: it has another size than the photo, or holds anything else.
    """
    from PIL import Image

    try:
        with Image.open(path) as image:
            image.load()
    except (OSError, SyntaxError, ValueError) as error:
        raise InputError(f"{path}: not a readable PNG ({error}). Export it again.") from error
    size = read_photo(row.path).size
    if image.size != size:
        raise InputError(
            f"{path}: {image.width} x {image.height} pixels (width x height), but the photo {row.path} has "
            f"{size[0]} x {size[1]}. Give the mask in the photo's own size."
        )
    if image.mode in {"P", "RGB", "RGBA"}:
        by_colour = _by_colour(image)
        wrong = np.argwhere(by_colour < 0)
        if not wrong.size:
            return by_colour.astype(np.uint8)
        if image.mode != "P":  # whose own values may be the regions under other colours
            y, x = (int(place) for place in wrong[0])
            raise InputError(
                f"{path}: the pixel at x = {x}, y = {y} has the colour {image.getpixel((x, y))}. Allowed are "
                f"{COLOURS[0]} background, {COLOURS[1]} animal and {COLOURS[2]} pattern, or one channel with the "
                "values 0, 1, 2. Paint with a hard brush, without smoothing."
            )
    return region_mask(replace(row, segmentation=MaskFile(path)), (size[1], size[0]))


def _by_colour(image: "Image") -> NDArray[np.int8]:
    """(H, W) which of `COLOURS` each pixel has, -1 = none."""
    pixels = np.asarray(image.convert("RGB"))
    values = np.full(pixels.shape[:2], -1, np.int8)
    for value, colour in enumerate(COLOURS):
        values[(pixels == colour).all(axis=-1)] = value
    return values


def _holds(path: Path, regions: NDArray[np.uint8]) -> bool:
    """Whether a file can be read and has these values."""
    from PIL import Image

    try:
        with Image.open(path) as image:
            return np.array_equal(np.asarray(image), regions)
    except (OSError, SyntaxError, ValueError):
        return False
