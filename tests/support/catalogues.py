"""Data sets without photos and metadata."""

import hashlib
from pathlib import Path

from benchmark.data.catalogue import Catalogue, Row


def pets(**images: int) -> Catalogue:
    """A catalogue without photos; each keyword is an individual and how many images it has: fox000, fox001, ..."""
    rows = [
        Row(f"{identity}{number:03}", identity, Path("p.png"))
        for identity, count in images.items()
        for number in range(count)
    ]
    return Catalogue("pets", Path("pets"), tuple(sorted(rows, key=lambda row: row.image_id)))


def name_digests(catalogue: Catalogue) -> dict[str, str]:
    """A sha256 for each image, of its name."""
    return {row.image_id: hashlib.sha256(row.image_id.encode()).hexdigest() for row in catalogue.rows}
