"""Scores of re-identification: test images search their individual, and unknown individuals are recognised as new."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics import open_set
from benchmark.metrics.matches import Images, Matches
from benchmark.metrics.retrieval import retrieve, summarise, summarise_across_recordings
from benchmark.records.retrieval import AcrossRecordings, OpenSet, Retrieval
from benchmark.vocabulary import Distance, RetrievalBackend, SplitPart
from harness.execution import job_files
from harness.execution.results import StageResult
from harness.scoring.test_set import TestSet


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
        self._queries = Images(_embeddings(queries), test_set.labels)
        self._matches = self._rank_all()

    def retrieval(self) -> dict[Distance, Retrieval]:
        """Scores of the ranking by each distance."""
        across = self._across_recordings()
        return {
            distance: summarise(
                matches,
                self._test_set.groups,
                seed=self._test_set.seed,
                across_recordings=across.get(distance),
            )
            for distance, matches in self._matches.items()
        }

    def open_set(self) -> OpenSet | None:
        """Scores of telling unknown individuals from known ones; None in a closed and in a disjoint split."""
        if "val" not in self._references:
            return None
        labels = self._test_set.labels
        answers = open_set.answers_of(self._matches["cosine"], labels, self._gallery.labels)
        validation = Images(_embeddings(self._references["val"]), self._test_set.crops.rows("val").labels)
        nearest = retrieve(validation, self._gallery, backend=self._backend)["cosine"].similarity
        return open_set.at_threshold(answers, open_set.threshold_accepting(nearest))

    @property
    def _gallery(self) -> Images:
        return Images(_embeddings(self._references["train"]), self._test_set.crops.rows("train").labels)

    def _rank_all(self) -> dict[Distance, Matches]:
        if "train" in self._references:
            return retrieve(self._queries, self._gallery, backend=self._backend)
        each = self._queries._replace(groups=np.arange(len(self._queries.labels)))  # each query is hidden from itself
        return retrieve(each, each, exclude_same_group=True, backend=self._backend)

    def _across_recordings(self) -> dict[Distance, AcrossRecordings]:
        """Scores without matches from the query's own recording; empty if recordings are not known."""
        crops = self._test_set.crops
        searched = crops.rows("train" if "train" in self._references else "test")
        here, there = map(self._test_set.recordings, (self._test_set.positions, searched.positions))
        if here is None or there is None:
            return {}
        if not _any_across(self._queries.labels, here, searched.labels, there):
            return dict.fromkeys(self._matches, AcrossRecordings(rank1=None, mean_average_precision=None, queries=0))
        gallery = self._gallery if "train" in self._references else self._queries
        queries, images = self._queries._replace(groups=here), gallery._replace(groups=there)
        rankings = retrieve(queries, images, exclude_same_group=True, backend=self._backend)
        return {distance: summarise_across_recordings(matches) for distance, matches in rankings.items()}


def _embeddings(stage: StageResult) -> NDArray[np.floating]:
    embeddings: NDArray[np.floating] = np.load(stage.file(job_files.EMBEDDINGS), mmap_mode="r")
    return embeddings


def _any_across(
    labels: NDArray[np.integer], here: NDArray[np.str_], searched: NDArray[np.integer], there: NDArray[np.str_]
) -> bool:
    """Whether any query has a match in another recording. Otherwise the ranking is not worth its time."""
    places: dict[int, set[str]] = {}
    for label, recording in zip(searched.tolist(), there.tolist(), strict=True):
        places.setdefault(label, set()).add(recording)
    pairs = zip(labels.tolist(), here.tolist(), strict=True)
    return any(places.get(label, set()) - {recording} for label, recording in pairs)
