"""sha256 digests of values, files and folders, as 64 hexadecimal digits."""

import hashlib
import json
from pathlib import Path


def json_digest(value: object, *, spaced: bool = False) -> str:
    """Digest of a value, written as JSON with sorted keys.

    The order of a mapping's keys does not count:

    >>> json_digest({"a": 1, "b": [2.5]}) == json_digest({"b": [2.5], "a": 1})
    True

    Args:
        value: what JSON can hold.
        spaced: True writes a space after each `,` and `:`. Content digests in committed splits and rule digests in
            committed records have this form. New digests use the compact form.

    Raises:
        TypeError: JSON cannot hold the value.
        ValueError: the value holds NaN or infinity.
    """
    separators = (", ", ": ") if spaced else (",", ":")
    text = json.dumps(value, sort_keys=True, separators=separators, allow_nan=False)
    return hashlib.sha256(text.encode()).hexdigest()


def file_digest(path: Path) -> str:
    """Digest of a file's bytes."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def tree_digest(*folders: Path) -> str:
    """Digest of the names and contents of all files below some folders, compiled Python left out."""
    files = [
        [folder.name, path.relative_to(folder).as_posix(), file_digest(path)]
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.is_file() and "__pycache__" not in path.parts
    ]
    return json_digest(files)
