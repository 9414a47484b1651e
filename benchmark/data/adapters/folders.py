"""The simplest layout: one folder an individual, its photos inside."""

from pathlib import Path

from benchmark.data.adapters.assemble import assemble
from benchmark.data.catalogue import Catalogue, Row

PHOTO_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})


def identity_folders(root: Path) -> list[Path]:
    """The subfolders that hold photos directly, sorted; hidden ones are no individuals."""
    folders = (path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
    return sorted(folder for folder in folders if _photos(folder))


def read_folders(root: Path, name: str) -> Catalogue:
    """Read one folder an individual: the folder's name is the identity, each photo whole is its crop.

    Returns:
        Rows `<folder>/<file>`, without boxes, regions and groups; a folder called `unknown` is left out.

    Raises:
        InputError: no subfolder holds a photo.
    """
    return assemble(
        name,
        root,
        (
            Row(image_id=f"{folder.name}/{photo.name}", identity=folder.name, path=photo)
            for folder in identity_folders(root)
            for photo in _photos(folder)
        ),
    )


def _photos(folder: Path) -> list[Path]:
    return sorted(
        path for path in folder.iterdir() if path.suffix.lower() in PHOTO_SUFFIXES and not path.name.startswith(".")
    )
