from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.data.catalogue import Catalogue, Row
from benchmark.data.content_digests import content_digests
from benchmark.splitting.split import Split, SplitRow
from harness.execution.crops import CropSet, cut_crops
from harness.execution.store import Store
from harness.scoring.test_set import TestSet
from support.fakes import RecordingListener


def with_metadata(folder: Path, metadata: list[dict[str, str]]) -> TestSet:
    """Test images of two individuals in turn, one for each entry of the metadata; two of them are trained on too."""
    rows, placed = [], []
    for number, groups in enumerate([*metadata, *metadata[:2]]):
        name = f"i{number}"
        Image.new("RGB", (8, 8), (9 * number, 5, 7)).save(folder / f"{name}.png")
        rows.append(Row(name, f"fish{number % 2}", folder / f"{name}.png", groups=groups))
        placed.append(SplitRow(name, "", "classify", "test" if number < len(metadata) else "train"))
    catalogue = Catalogue("tiny", folder, tuple(rows))
    cut = cut_crops(Store(folder / "store"), catalogue, content_digests(rows), 8, RecordingListener())
    return TestSet(CropSet(catalogue, Split("tiny", "random", 0, "by hand", tuple(placed)), cut), 0)


@pytest.mark.parametrize(
    ("metadata", "kind", "units"),
    [
        ([{"video": "a", "frame": str(number)} for number in range(12)], "stretches", 2),
        ([{"video": "a", "frame": f"take {number}"} for number in range(12)], "encounters", 2),
        ([{"sequence": str(number // 4)} for number in range(12)], "encounters", 6),
        ([{"date": f"2024-05-{1 + number // 4:02}"} for number in range(12)], "encounters", 6),
        ([{"note": "x"} for _ in range(12)], "images", 12),
    ],
    ids=["frames", "frames without numbers", "sequences", "dates", "nothing"],
)
def test_units_come_from_what_is_known_of_the_images(
    tmp_path: Path, metadata: list[dict[str, str]], kind: str, units: int
) -> None:
    test_set = with_metadata(tmp_path, metadata)
    images = test_set.images(np.arange(2))
    assert (images.by, len(set(images.groups)), len(images.groups)) == (kind, units, 12)
    intervals = test_set.score_intervals(np.zeros(12, np.int64))
    assert {interval.groups for interval in intervals.values()} == ({units} if units >= 6 else set())


def test_images_hold_the_numbers_of_training_images_and_the_rows_of_the_ablation(tmp_path: Path) -> None:
    images = with_metadata(tmp_path, [{"sequence": str(number // 2)} for number in range(12)]).images(np.array([1, 5]))
    assert (images.train_images, images.ablated) == ((1, 1), (1, 5))
