"""The answer to every photo as a table: personal data, for the user's own eyes."""

import csv
import io
import os

import numpy as np
from numpy.typing import NDArray

from benchmark.data.catalogue import Catalogue
from benchmark.records.field import FieldRecord
from harness.scoring.predictions import COLUMNS


def predictions(record: FieldRecord, catalogue: Catalogue, embeddings: NDArray[np.float32]) -> str:
    """A CSV table with a row for each photo: who it is, who the others say it is, and the nearest photos.

    Answers are of the first scheme of the record, nearest photos of its other groups, by cosine distance.

    Args:
        record: of a field survey.
        catalogue: its data set.
        embeddings: (N, D) of unit length, in the order of the catalogue.
    """
    scores = next(iter(record.schemes.values()))
    photos = [os.path.relpath(row.path, catalogue.root).replace(os.sep, "/") for row in catalogue.rows]
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for number, row in enumerate(catalogue.rows):
        answer, confidence = scores.linear.answers[number], scores.confidences[number]
        cells: dict[str, object] = {
            "photo": photos[number],
            "image_id": row.image_id,
            "identity": row.identity,
            "unit": record.units[number],
        }
        if answer is not None:
            cells["answer"] = record.identities[answer]
            cells["confidence"] = f"{confidence:.4f}"
            cells["correct"] = "yes" if answer == record.labels[number] else "no"
        for place, at in enumerate(record.neighbours[number], start=1):
            cells[f"nearest_{place}"] = photos[at]
            cells[f"nearest_{place}_identity"] = catalogue.rows[at].identity
            cells[f"nearest_{place}_distance"] = f"{1 - embeddings[at] @ embeddings[number]:.4f}"
        writer.writerow(cells)
    return table.getvalue()
