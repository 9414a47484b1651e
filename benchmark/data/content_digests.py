"""Digests: what is seen of each row, as one sha256, so that a split notices when its images change."""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from benchmark.data.catalogue import Catalogue, MaskFile, Polygons, ProposedMask, Rle, Row, Segmentation


def file_digest(path: Path) -> str:
    """sha256 of a file's bytes, in hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def content_digest(row: Row, digest_of: Callable[[Path], str] = file_digest) -> str:
    """sha256 of what is seen of a row: the photo's bytes, the box, the segmentation (a mask by its bytes).

    Neither ids nor identities nor file names are in it: they may change without the picture changing.

    Args:
        row: the annotated animal.
        digest_of: gives a file's digest; pass one that remembers where rows share files.
    """
    content = {
        "photo": digest_of(row.path),
        "box": None if row.box is None else [float(number) for number in row.box],
        "segmentation": _segmentation(row.segmentation, digest_of),
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def content_digests(rows: Iterable[Row], digest_of: Callable[[Path], str] = file_digest) -> dict[str, str]:
    """The content digest of every row by image_id; each file is read once."""
    once = cache(digest_of)
    return {row.image_id: content_digest(row, once) for row in rows}


def said_digest(catalogue: Catalogue) -> str:
    """sha256 of what a data set says of its rows beside what is seen of them: individuals, groups, approximate regions.

    Labels come from it, and so do the audit and what the groups alone would score.
    """
    said = [[row.image_id, row.identity, row.groups, row.approximate] for row in catalogue.rows]
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def given_digests(
    rows: Iterable[Row], digests: Mapping[str, str], digest_of: Callable[[Path], str] = file_digest
) -> dict[str, str]:
    """The content digests of the rows as their data set gives them, without the masks proposed for it.

    A split is drawn and checked by these, so that it outlives the proposing and correcting of masks.

    Args:
        rows: as they are used.
        digests: their content digests.
    """
    masked = [(row, row.segmentation) for row in rows if isinstance(row.segmentation, ProposedMask)]
    return dict(digests) | content_digests((replace(row, segmentation=mask.given) for row, mask in masked), digest_of)


def _segmentation(segmentation: Segmentation | None, digest_of: Callable[[Path], str]) -> Any:  # noqa: ANN401 - JSON
    match segmentation:
        case MaskFile(path, object_id):
            return {"mask": digest_of(path), "object_id": object_id}
        case Polygons(rings):
            return {"polygons": rings}
        case Rle(size, counts):
            return {"rle": counts, "size": size}
        case None:
            return None
