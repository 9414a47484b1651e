"""Content digests: one sha256 for the visible content of each row, so that a split detects changed images.

Every function that reads files takes `digest_of`, the digest of a file. A caller with a cache of file digests passes
it there.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from benchmark.data.catalogue import Catalogue, MaskFile, Polygons, ProposedMask, Rle, Row, Segmentation
from benchmark.hashing import file_digest, json_digest

DigestOf = Callable[[Path], str]
"""Returns the sha256 of a file."""


def content_digest(row: Row, digest_of: DigestOf = file_digest) -> str:
    """Digest of the photo's bytes, the box and the segmentation (a mask by its bytes).

    Ids, identities and file names do not count: they may change while the picture stays the same.

    Args:
        row: the annotated animal.
        digest_of: the digest of a file.
    """
    content = {
        "photo": digest_of(row.path),
        "box": None if row.box is None else [float(number) for number in row.box],
        "segmentation": _segmentation(row.segmentation, digest_of),
    }
    return json_digest(content, spaced=True)


def content_digests(rows: Iterable[Row], digest_of: DigestOf = file_digest) -> dict[str, str]:
    """The content digest of every row by image_id; `digest_of` is called once for each file."""
    once = cache(digest_of)
    return {row.image_id: content_digest(row, once) for row in rows}


def metadata_digest(catalogue: Catalogue) -> str:
    """Digest of everything that a catalogue records beside the content: identities, groups, approximate regions.

    Labels, the audit and the group baselines depend on it.
    """
    metadata = [[row.image_id, row.identity, row.groups, row.approximate] for row in catalogue.rows]
    return json_digest(metadata, spaced=True)


def original_digests(
    rows: Iterable[Row], digests: Mapping[str, str], digest_of: DigestOf = file_digest
) -> dict[str, str]:
    """The content digests of rows without their proposed masks, that is of the data set itself.

    Splits are drawn and checked with these digests, so a split stays valid when masks are proposed or corrected.

    Args:
        rows: the rows, some of which may have proposed masks.
        digests: their content digests by image_id.
        digest_of: the digest of a file.
    """
    proposals = [(row, row.segmentation) for row in rows if isinstance(row.segmentation, ProposedMask)]
    originals = (replace(row, segmentation=mask.original) for row, mask in proposals)
    return dict(digests) | content_digests(originals, digest_of)


def _segmentation(segmentation: Segmentation | None, digest_of: DigestOf) -> Any:  # noqa: ANN401 - JSON
    match segmentation:
        case MaskFile(path, object_id):
            return {"mask": digest_of(path), "object_id": object_id}
        case Polygons(rings):
            return {"polygons": rings}
        case Rle(size, counts):
            return {"rle": counts, "size": size}
        case None:
            return None
