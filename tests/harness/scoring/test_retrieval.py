"""Re-identification of a run: which images are compared, and the record part."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from benchmark.data.catalogue import Catalogue, Row
from benchmark.data.content_digests import content_digests
from benchmark.records.provenance import Stage
from benchmark.records.retrieval import AdjacentFrames
from benchmark.splitting.split import Split, SplitRow
from harness.contract import Result
from harness.execution.crops import CropSet, cut_crops
from harness.execution.results import StageResult
from harness.execution.store import Entry, Store
from harness.scoring.retrieval import Search, Searches
from harness.scoring.test_set import TestSet
from support.fakes import RecordingListener

FRAMES = 30


def film(folder: Path, **columns: str) -> TestSet:
    """Two fish in every frame of a film, which turn at every frame; every third frame is test, the others are train."""
    Image.new("RGB", (8, 8)).save(folder / "p.png")
    rows, placed = [], []
    for frame in range(FRAMES):
        for fish in range(2):
            known = {"video": "v", "frame": str(frame), "direction": "left" if frame % 2 else "right"}
            groups = {name: known[column] for name, column in columns.items()}
            rows.append(Row(f"{frame:02}-{fish}", f"fish{fish}", folder / "p.png", groups=groups))
            placed.append(SplitRow(f"{frame:02}-{fish}", "", "classify", "train" if frame % 3 else "test"))
    catalogue = Catalogue("film", folder, tuple(rows))
    cut = cut_crops(Store(folder / "store"), catalogue, content_digests(rows), 8, RecordingListener())
    return TestSet(CropSet(catalogue, Split("film", "hand", 0, "by hand", tuple(placed)), cut), 0)


def encoded(folder: Path, embeddings: np.ndarray) -> StageResult:
    (folder / "out").mkdir(parents=True)
    np.save(folder / "out" / "embeddings.npy", embeddings)
    result = Result(contract="1", images=len(embeddings), seconds=1, peak_memory_mib=1, versions={})
    return StageResult(Entry("key", folder, {}), result, Stage(key="key", seconds=1))


def looks(test_set: TestSet, part: str, *, by_flank: bool) -> np.ndarray:
    """An embedding for each fish, or for each flank of each fish."""
    crops = test_set.crops
    positions = crops.rows(part).positions  # type: ignore[arg-type]
    frames = np.array([int(crops.catalogue.rows[at].image_id[:2]) for at in positions])
    return np.eye(4)[crops.labels(positions) + 2 * (frames % 2) * by_flank]


@pytest.mark.parametrize(("by_flank", "across"), [(False, 1.0), (True, 0.0)])
def test_queries_search_their_own_flank_and_the_other_flank_on_its_own(
    tmp_path: Path, by_flank: bool, across: float
) -> None:
    test_set = film(tmp_path, video="video", frame="frame", flank="direction")
    test, train = (encoded(tmp_path / part, looks(test_set, part, by_flank=by_flank)) for part in ("test", "train"))
    search = Search(test, {"train": train}, Searches(test_set), "numpy")
    scores = search.retrieval()["cosine"]
    assert (scores.rank1, scores.queries, scores.unmatched) == (1, 20, 0)
    assert scores.cross_flank is not None
    assert (scores.cross_flank.rank1, scores.cross_flank.queries) == (across, 20)
    assert scores.across_recordings is not None
    assert scores.across_recordings.queries == 0  # there is one film
    assert search.open_set() is None


def test_adjacent_frames_are_left_out_of_the_scores_and_of_the_baselines(tmp_path: Path) -> None:
    searches = Searches(film(tmp_path, video="video", frame="frame"))
    tests, trains = range(0, FRAMES, 3), [frame for frame in range(FRAMES) if frame % 3]
    near = sum(abs(test - train) <= 10 for test in tests for train in trains)
    assert searches.adjacent_frames == AdjacentFrames(window=10, pairs=4 * near, queries=0)
    assert set(searches.baselines()) == {"random", "video"}
    assert searches.baselines()["video"].rank1 == pytest.approx(0.5)
    assert set(searches.pairings) == {"headline", "any_flank", "across_recordings"}


def test_what_is_not_known_has_no_score(tmp_path: Path) -> None:
    test_set = film(tmp_path)
    searches = Searches(test_set)
    test, train = (encoded(tmp_path / part, looks(test_set, part, by_flank=False)) for part in ("test", "train"))
    scores = Search(test, {"train": train}, searches, "numpy").retrieval()["euclidean"]
    assert (scores.cross_flank, scores.across_recordings, scores.adjacent_frames) == (None, None, None)
    assert scores.rank1 == 1
