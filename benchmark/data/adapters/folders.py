"""The folder layout: one folder of photos for each individual."""

from pathlib import Path

from benchmark.data.adapters.assemble import assemble
from benchmark.data.catalogue import Catalogue, Row

PHOTO_SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})


def find_folders(location: Path) -> Path | None:
    """The location if it is a folder with a subfolder of photos, else None."""
    return location if location.is_dir() and _identity_folders(location) else None


def read_folders(root: Path, name: str) -> Catalogue:
    """Read one folder for each individual: the folder's name is the identity, each whole photo is a crop.

    Args:
        root: the folder with the individuals' folders.
        name: name of the catalogue.

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
            for folder in _identity_folders(root)
            for photo in _photos(folder)
        ),
    )


def _identity_folders(root: Path) -> list[Path]:
    """The subfolders that hold photos directly, sorted; hidden folders are left out."""
    folders = (path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))
    return sorted(folder for folder in folders if _photos(folder))


def _photos(folder: Path) -> list[Path]:
    return sorted(
        path for path in folder.iterdir() if path.suffix.lower() in PHOTO_SUFFIXES and not path.name.startswith(".")
    )
