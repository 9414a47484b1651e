"""The answer to every test photo as a table: personal data, for the user's own eyes."""

import csv
import io
import os

import numpy as np
from numpy.typing import NDArray

from benchmark.probing.coordinates import cosines, reduce
from benchmark.probing.probes import linear_probabilities
from harness.execution import job_files
from harness.execution.results import Results
from harness.scoring.test_set import TestSet

NEIGHBOURS = 3
"""Number of nearest training photos that are named."""

COLUMNS = (
    *("photo", "image_id", "identity", "answer", "confidence", "correct", "unit"),
    *(f"nearest_{number}{what}" for number in range(1, NEIGHBOURS + 1) for what in ("", "_identity", "_distance")),
)
"""Header of the table; `photo` and `nearest_N` are paths relative to the data set."""


def predictions(results: Results, test_set: TestSet, strength: float) -> str:
    """A CSV table with a row for each test image: who it is, the linear probe's answer, and the nearest photos.

    The linear probe on the frozen encoder is fitted once more with the penalty that its cross-validation chose, for the
    confidence of each answer; a nearest photo is one of the training images, by cosine distance.

    Args:
        results: of a run that has encoded training images.
        test_set: its test images.
        strength: inverse strength of the penalty (`Probe.choice` of the record).
    """
    crops, train = test_set.crops, test_set.crops.rows("train")
    stages = results.references["initial"]["train"], results.embeddings["initial"]
    embeddings = [np.load(stage.file(job_files.EMBEDDINGS), mmap_mode="r") for stage in stages]
    similarity = cosines(*embeddings).shown[0]
    probabilities = linear_probabilities(reduce(*embeddings), test_set.numbered(train.labels), strength)
    answers = test_set.train_classes[probabilities.argmax(axis=1)]
    nearest = np.argsort(-similarity, axis=1, kind="stable")[:, :NEIGHBOURS]
    names, photos = crops.catalogue.identities, _photos(test_set, train.positions)
    table = io.StringIO(newline="")
    writer = csv.DictWriter(table, COLUMNS, restval="", lineterminator="\n")
    writer.writeheader()
    for number, photo in enumerate(_photos(test_set, test_set.positions)):
        label, answer = test_set.labels[number], answers[number]
        cells = {
            "photo": photo,
            "image_id": crops.catalogue.rows[test_set.positions[number]].image_id,
            "identity": names[label],
            "answer": names[answer],
            "confidence": f"{probabilities[number].max():.4f}",
            "correct": "yes" if label == answer else "no",
            "unit": test_set.groups[number],
        }
        for place, at in enumerate(nearest[number], start=1):
            cells[f"nearest_{place}"] = photos[at]
            cells[f"nearest_{place}_identity"] = names[train.labels[at]]
            cells[f"nearest_{place}_distance"] = f"{1 - similarity[number, at]:.4f}"
        writer.writerow(cells)
    return table.getvalue()


def _photos(test_set: TestSet, positions: NDArray[np.int64]) -> list[str]:
    rows, root = test_set.crops.catalogue.rows, test_set.crops.catalogue.root
    return [os.path.relpath(rows[position].path, root).replace(os.sep, "/") for position in positions]
