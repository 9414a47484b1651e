"""Scores of re-identification: test images search their individual, and unknown individuals are told apart."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics import open_set
from benchmark.metrics.retrieval import Images, Matches, retrieve, summarise
from benchmark.records.retrieval import CURVE_POINTS, AcrossRecordings, OpenSet, Retrieval
from benchmark.vocabulary import Distance, RetrievalBackend, SplitPart
from harness.execution.results import StageResult
from harness.scoring.test_set import TestSet, known_values


class Search:
    """The ranking of the gallery for each test image.

    The gallery is the training images; in a disjoint split, test images search each other.
    """

    def __init__(
        self,
        queries: StageResult,
        references: Mapping[SplitPart, StageResult],
        test_set: TestSet,
        backend: RetrievalBackend,
    ) -> None:
        """Args: the encoded test images, the encoded references by part, the test set, and the backend."""
        self._test_set, self._references, self._backend = test_set, references, backend
        self._asked = Images(_embeddings(queries), test_set.labels)
        self._found = self._rank_all()

    def retrieval(self) -> dict[Distance, Retrieval]:
        """Scores of the ranking by each distance."""
        across = self._across_recordings()
        return {
            distance: Retrieval(
                **summarise(matches)._asdict(),
                rank1_interval=self._test_set.interval(_hits(matches)),
                map_interval=self._test_set.interval(matches.precision),
                average_precisions=known_values(matches.precision),
                across_recordings=across.get(distance),
            )
            for distance, matches in self._found.items()
        }

    def open_set(self) -> OpenSet | None:
        """Scores of telling unknown individuals from known ones; None in a closed and in a disjoint split."""
        if "val" not in self._references:
            return None
        labels = self._test_set.labels
        answers = open_set.answers(self._found["cosine"], labels, self._gallery.labels)
        validation = Images(_embeddings(self._references["val"]), self._test_set.crops.rows("val").labels)
        nearest = retrieve(validation, self._gallery, backend=self._backend)["cosine"].similarity
        scored = open_set.at_threshold(answers, open_set.threshold_keeping(nearest))
        curve = open_set.curve(answers)
        assert curve is not None
        assert None not in scored
        kept = np.unique(np.linspace(0, len(curve.baks) - 1, CURVE_POINTS).round().astype(int))
        points = zip(curve.baus[kept].tolist(), curve.baks[kept].tolist(), strict=True)
        return OpenSet(**scored._asdict(), area=curve.area, curve=tuple(points))

    @property
    def _gallery(self) -> Images:
        return Images(_embeddings(self._references["train"]), self._test_set.crops.rows("train").labels)

    def _rank_all(self) -> dict[Distance, Matches]:
        if "train" in self._references:
            return retrieve(self._asked, self._gallery, backend=self._backend)
        each = self._asked._replace(groups=np.arange(len(self._asked.labels)))  # a query misses itself alone
        return retrieve(each, each, exclude_same_group=True, backend=self._backend)

    def _across_recordings(self) -> dict[Distance, AcrossRecordings]:
        """Scores without matches from the query's own recording; empty if recordings are not known."""
        crops = self._test_set.crops
        searched = crops.rows("train" if "train" in self._references else "test")
        here, there = map(self._test_set.recordings, (self._test_set.positions, searched.positions))
        if here is None or there is None:
            return {}
        if not _any_across(self._asked.labels, here, searched.labels, there):
            return dict.fromkeys(self._found, AcrossRecordings(rank1=None, mean_average_precision=None, queries=0))
        gallery = self._gallery if "train" in self._references else self._asked
        asked, images = self._asked._replace(groups=here), gallery._replace(groups=there)
        found = retrieve(asked, images, exclude_same_group=True, backend=self._backend)
        return {distance: _as_across(matches) for distance, matches in found.items()}


def _embeddings(stage: StageResult) -> NDArray[np.floating]:
    embeddings: NDArray[np.floating] = np.load(stage.file("embeddings.npy"), mmap_mode="r")
    return embeddings


def _hits(matches: Matches) -> NDArray[np.float64]:
    """(Q,) float64, 1 if the nearest image is a match, else 0; NaN for a query without any match."""
    return np.where(matches.first > 0, matches.first == 1, np.nan)


def _any_across(
    labels: NDArray[np.integer], here: NDArray[np.str_], searched: NDArray[np.integer], there: NDArray[np.str_]
) -> bool:
    """Whether any query has a match in another recording. Otherwise the ranking is not worth its time."""
    places: dict[int, set[str]] = {}
    for label, recording in zip(searched.tolist(), there.tolist(), strict=True):
        places.setdefault(label, set()).add(recording)
    pairs = zip(labels.tolist(), here.tolist(), strict=True)
    return any(places.get(label, set()) - {recording} for label, recording in pairs)


def _as_across(matches: Matches) -> AcrossRecordings:
    found = summarise(matches)
    return AcrossRecordings(
        rank1=found.rank1, mean_average_precision=found.mean_average_precision, queries=found.queries
    )
