"""The order of what a job predicts: secret, of its store alone, and undone in what the job wrote."""

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from harness.execution import job_order
from harness.execution.job_order import ORDER, draw_rows, restore_order, store_secret

NAMES = [f"image {number}" for number in range(100)]


def test_the_secret_is_drawn_once_and_for_the_user_alone(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        drawn = set(pool.map(lambda _: store_secret(tmp_path), range(32)))
    assert len(drawn) == 1
    assert len(drawn.pop()) == 32
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600


def test_ids_and_order_follow_from_secret_and_pack() -> None:
    rows = draw_rows(b"a", "pack", NAMES)
    assert rows.ids == draw_rows(b"a", "pack", NAMES).ids
    others = [draw_rows(b"b", "pack", NAMES), draw_rows(b"a", "another", NAMES)]
    for other in others:
        assert set(rows.ids) & set(other.ids) == set()
        assert 0 < np.corrcoef(rows.places, other.places)[0, 1] ** 2 < 0.1
    assert sorted(rows.places.tolist()) == list(range(100))


@pytest.mark.parametrize("name", ["embeddings.npy", "logits.npy", "reconstructions.npy", "cams-hirescam.npy"])
def test_predictions_come_back_in_the_order_of_the_harness(
    tmp_path: Path, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_order, "BLOCK_BYTES", 100)
    places = draw_rows(b"a", "pack", NAMES).places
    truth = np.arange(300, dtype=np.float16).reshape(100, 3)
    seen = np.empty_like(truth)
    seen[places] = truth
    np.save(tmp_path / ORDER, places)
    np.save(tmp_path / name, seen)
    restore_order(tmp_path, tmp_path)
    assert np.array_equal(np.load(tmp_path / name), truth)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([ORDER, name])


def test_outputs_of_a_training_stay_as_they_are(tmp_path: Path) -> None:
    np.save(tmp_path / "logits.npy", np.arange(4))
    restore_order(tmp_path / "pack", tmp_path)
    assert np.load(tmp_path / "logits.npy").tolist() == [0, 1, 2, 3]
