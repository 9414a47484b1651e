import csv
import io
from pathlib import Path

import numpy as np
import pytest

from harness.execution.results import Results
from harness.scoring.predictions import COLUMNS, predictions
from harness.scoring.test_set import TestSet
from support.pets import cut, pets
from support.stages import encoded


def test_a_row_for_each_test_photo_has_answer_confidence_and_neighbours(tmp_path: Path) -> None:
    crops = cut(pets(tmp_path))
    test_set = TestSet(crops, 0)
    marks = np.array([[0.0, 1.0, 5.0], [1.0, 0.0, 5.0]])
    train = encoded(tmp_path / "train", marks[crops.rows("train").labels])
    test = encoded(tmp_path / "test", marks[test_set.labels])
    table = predictions(Results({"encode": test, "gallery-initial": train}), test_set, strength=1.0)
    rows = list(csv.DictReader(io.StringIO(table)))
    assert tuple(rows[0]) == COLUMNS
    assert [row["identity"] for row in rows] == [crops.catalogue.identities[label] for label in test_set.labels]
    for row in rows:
        assert row["answer"] == row["identity"] == row["nearest_1_identity"]
        assert row["correct"] == "yes"
        assert 0.5 < float(row["confidence"]) <= 1
        assert float(row["nearest_1_distance"]) == pytest.approx(0, abs=1e-3)
        assert (crops.catalogue.root / row["photo"]).is_file()
        assert (crops.catalogue.root / row["nearest_2"]).is_file()
        assert row["nearest_3"] == ""  # there are two training photos
