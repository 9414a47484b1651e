"""The folder layout: one folder of photos for each individual, or nested folders whose names a template explains."""

import re
from collections import Counter
from datetime import datetime
from os.path import isdir, isfile
from pathlib import Path

from benchmark.data.adapters.reading import Reading
from benchmark.data.catalogue import Row
from benchmark.data.crops import HEIC_FIX, HEIC_SUFFIXES, heic_is_readable
from benchmark.data.faults import Fault, counted
from benchmark.data.image_files import open_image
from benchmark.errors import InputError

PHOTO_SUFFIXES = frozenset({".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".bmp", ".tif", ".tiff"})
RAW_SUFFIXES = frozenset(
    {".cr2", ".cr3", ".crw", ".nef", ".nrw", ".arw", ".srf", ".sr2", ".dng", ".orf", ".rw2", ".raf", ".pef", ".srw"}
)
"""Files of cameras whose pixels are not developed yet."""

_EXIF_TIME = "%Y:%m:%d %H:%M:%S"
_FIELD = re.compile(r"\{(\w+)\}")


def find_folders(location: Path) -> Path | None:
    """The location if one of its subfolders holds a photo directly, else None."""
    if not location.is_dir():
        return None
    folders = (path for path in location.iterdir() if path.is_dir() and not _hidden(path))
    return location if any(_is_image(path) for folder in folders for path in _entries(folder)) else None


def read_folders(root: Path, layout: str | None = None) -> Reading:
    """Read nested folders: the name of the first is the identity, unless a template says otherwise.

    Args:
        root: the folder with the individuals' folders.
        layout: what the folders' names are, outermost first, such as `{species}/{identity}/{date}`; the fields other
            than `identity` become groups. None = `{identity}`. Photos in deeper folders belong to them too, and the
            deeper path is their group `folder`.

    Returns:
        Rows `<path of the photo below the root>`, without boxes and regions; the group `datetime` is the time that the
        camera wrote into the photo (EXIF), if it did. Files that are no photos, and photos
        outside the layout, are counted in remarks. A photo that cannot be read by this program (HEIC without its
        library, a camera's raw file without a JPEG of its name beside it) is a fault.

    Raises:
        InputError: the template does not name `{identity}` once.
    """
    fields = _fields(layout or "{identity}")
    rows: list[Row] = []
    faults: list[Fault] = []
    others: Counter[str] = Counter()
    outside = 0
    files, bad_files = _walk(root)
    faults += bad_files
    developed = {str(path.with_suffix("")).lower() for path in files if path.suffix.lower() in PHOTO_SUFFIXES}
    for path in files:
        folders = path.relative_to(root).parts[:-1]
        if not _is_image(path):
            others[path.suffix.lower() or "no ending"] += 1
        elif len(folders) < len(fields):
            outside += 1
        elif (fault := _unreadable(path)) is not None:
            if str(path.with_suffix("")).lower() not in developed:
                faults.append(fault)
            else:
                others[path.suffix.lower()] += 1
        else:
            rows.append(_row(root, path, folders, fields))
    remarks = []
    if others:
        endings = ", ".join(f"{ending} {count}" for ending, count in others.most_common())
        remarks.append(f"Left out, because they are no photos: {counted(others.total(), 'file')} ({endings}).")
    if outside:
        remarks.append(f"Left out, because they are in no folder of an individual: {counted(outside, 'photo')}.")
    deeper = sum("folder" in row.groups for row in rows)
    if deeper:
        remarks.append(
            f"In folders below an individual's: {counted(deeper, 'photo')}; the path there is the group `folder`."
        )
    return Reading(root, tuple(rows), tuple(faults), tuple(remarks))


def describe_structure(root: Path) -> str:
    """What a folder holds, in sentences, for a message that no layout fits it."""
    files, _ = _walk(root)
    photos = [path for path in files if _is_image(path)]
    if not photos:
        endings = ", ".join(f"{suffix or 'no ending'} {count}" for suffix, count in _endings(files))
        return f"It holds {counted(len(files), 'file')} and no photo" + (f" ({endings})." if endings else ".")
    depths = Counter(len(path.relative_to(root).parts) - 1 for path in photos)
    texts = [f"{counted(count, 'photo')} {_depth(depth)}" for depth, count in sorted(depths.items())]
    deepest = max(photos, key=lambda path: (len(path.relative_to(root).parts), str(path)))
    example = deepest.relative_to(root).as_posix()
    advice = ""
    if max(depths) > 1:
        names = "/".join(["{species}", "{identity}", "{date}", *["{folder}"] * max(depths)][: max(depths)])
        advice = f" Say what each folder's name is, for example --layout '{names}'."
    return f"It holds {', '.join(texts)}, such as {example}.{advice}"


def _fields(layout: str) -> list[str]:
    parts = [part for part in layout.replace("\\", "/").split("/") if part]
    fields = [match.group(1) if (match := _FIELD.fullmatch(part)) else "" for part in parts]
    if fields.count("identity") != 1 or "" in fields or len(set(fields)) < len(fields):
        raise InputError(
            f"The layout {layout!r} cannot be used. Write one name in braces for each level of folders, each name "
            "once and {identity} among them, such as '{species}/{identity}/{date}'."
        )
    return fields


def _row(root: Path, path: Path, folders: tuple[str, ...], fields: list[str]) -> Row:
    values = dict(zip(fields, folders, strict=False))
    identity = values.pop("identity")
    if deeper := "/".join(folders[len(fields) :]):
        values["folder"] = deeper
    groups = _capture_time(path) | values
    return Row(image_id=path.relative_to(root).as_posix(), identity=identity, path=path, groups=groups)


def _capture_time(photo: Path) -> dict[str, str]:
    """The group `datetime`, from a photo's header, if the camera wrote it (EXIF); else empty."""
    from PIL import ExifTags, Image

    try:
        with open_image(photo) as image:
            written = image.getexif().get_ifd(ExifTags.IFD.Exif).get(ExifTags.Base.DateTimeOriginal)
        return {"datetime": datetime.strptime(str(written), _EXIF_TIME).isoformat()}  # noqa: DTZ007 - it has no zone
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        return {}


def _walk(root: Path) -> tuple[list[Path], list[Fault]]:
    """Every file below a folder, sorted, without hidden ones; and what cannot be looked into.

    Links to folders are followed, but not back into a folder that holds them.
    """
    files: list[Path] = []
    faults: list[Fault] = []

    def visit(folder: Path, above: frozenset[Path]) -> None:
        try:
            entries = sorted(folder.iterdir())
        except OSError as error:
            faults.append(Fault(folder, f"the folder cannot be read ({error.strerror})", "Change its permissions."))
            return
        for path in entries:
            if _hidden(path):
                continue
            if isdir(path):  # noqa: PTH112 - Path.is_dir fails on links in a circle
                if (place := path.resolve()) not in above:
                    visit(path, above | {place})
            elif isfile(path):  # noqa: PTH113
                files.append(path)
            elif _is_image(path):
                reason = "it is no file, but a link to nowhere, a pipe or a device"
                faults.append(Fault(path, reason, "Put the photo there, or remove it."))

    visit(root, frozenset({root.resolve()}))
    return files, faults


def _entries(folder: Path) -> list[Path]:
    try:
        return list(folder.iterdir())
    except OSError:
        return []


def _hidden(path: Path) -> bool:
    return path.name.startswith(".")


def _is_image(path: Path) -> bool:
    return not _hidden(path) and path.suffix.lower() in PHOTO_SUFFIXES | HEIC_SUFFIXES | RAW_SUFFIXES


def _unreadable(path: Path) -> Fault | None:
    """Why a photo cannot be read because of its format; None if it can."""
    suffix = path.suffix.lower()
    if suffix in RAW_SUFFIXES:
        reason = f"{suffix[1:].upper()} is a camera's raw format, which is not read"
        return Fault(path, reason, "Export the photo as JPEG.")
    if suffix in HEIC_SUFFIXES and not heic_is_readable():
        return Fault(path, "HEIC photos need a library that is not installed", HEIC_FIX)
    return None


def _endings(files: list[Path]) -> list[tuple[str, int]]:
    return Counter(path.suffix.lower() for path in files).most_common()


def _depth(depth: int) -> str:
    return "beside its folders" if depth == 0 else f"in folders of level {depth}"
