"""From encodings to the record's re-identification: test images look for their individual, and for strangers."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics import open_set
from benchmark.metrics.retrieval import Images, Matches, retrieve, summarise
from benchmark.records.retrieval import CURVE_POINTS, AcrossRecordings, OpenSet, Retrieval
from benchmark.vocabulary import Distance, RetrievalBackend, SplitPart
from harness.execution.stages import Done
from harness.scoring.test_set import Examination, known_values


class Search:
    """Test images ranked against the training images, or where these show none of their individuals, each other."""

    def __init__(
        self, queries: Done, references: Mapping[SplitPart, Done], examination: Examination, backend: RetrievalBackend
    ) -> None:
        """Args: the encoded test images; the parts they are compared to, encoded alike; and what ranks."""
        self._examination, self._references, self._backend = examination, references, backend
        self._asked = Images(_embeddings(queries), examination.labels)
        self._found = self._rank_all()

    def retrieval(self) -> dict[Distance, Retrieval]:
        """How well test images find their individual."""
        across_recordings = self._elsewhere()
        return {
            distance: Retrieval(
                **summarise(matches)._asdict(),
                rank1_interval=self._examination.interval(_hits(matches)),
                map_interval=self._examination.interval(matches.precision),
                average_precisions=known_values(matches.precision),
                across_recordings=across_recordings.get(distance),
            )
            for distance, matches in self._found.items()
        }

    def open_set(self) -> OpenSet | None:
        """How well strangers are told from known individuals; None where all test individuals are known, or none."""
        if "val" not in self._references:
            return None
        labels = self._examination.labels
        answers = open_set.answers(self._found["cosine"], labels, self._gallery.labels)
        validation = Images(_embeddings(self._references["val"]), self._examination.packer.rows("val").labels)
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
        return Images(_embeddings(self._references["train"]), self._examination.packer.rows("train").labels)

    def _rank_all(self) -> dict[Distance, Matches]:
        if "train" in self._references:
            return retrieve(self._asked, self._gallery, backend=self._backend)
        each = self._asked._replace(groups=np.arange(len(self._asked.labels)))  # a query misses itself alone
        return retrieve(each, each, exclude_same_group=True, backend=self._backend)

    def _elsewhere(self) -> dict[Distance, AcrossRecordings]:
        """The same without matches from the query's own recording; empty where recordings are not known."""
        packer = self._examination.packer
        searched = packer.rows("train" if "train" in self._references else "test")
        here, there = map(self._examination.recordings, (self._examination.positions, searched.positions))
        if here is None or there is None:
            return {}
        if not _any_elsewhere(self._asked.labels, here, searched.labels, there):
            return dict.fromkeys(self._found, AcrossRecordings(rank1=None, mean_average_precision=None, queries=0))
        gallery = self._gallery if "train" in self._references else self._asked
        asked, images = self._asked._replace(groups=here), gallery._replace(groups=there)
        found = retrieve(asked, images, exclude_same_group=True, backend=self._backend)
        return {distance: _as_elsewhere(matches) for distance, matches in found.items()}


def _embeddings(stage: Done) -> NDArray[np.floating]:
    embeddings: NDArray[np.floating] = np.load(stage.file("embeddings.npy"), mmap_mode="r")
    return embeddings


def _hits(matches: Matches) -> NDArray[np.float64]:
    """(Q,) whether the nearest image is a match; NaN for a query without any."""
    return np.where(matches.first > 0, matches.first == 1, np.nan)


def _any_elsewhere(
    labels: NDArray[np.integer], here: NDArray[np.str_], searched: NDArray[np.integer], there: NDArray[np.str_]
) -> bool:
    """Whether any query's individual was seen in another recording; ranking all in vain would take as long."""
    places: dict[int, set[str]] = {}
    for label, recording in zip(searched.tolist(), there.tolist(), strict=True):
        places.setdefault(label, set()).add(recording)
    pairs = zip(labels.tolist(), here.tolist(), strict=True)
    return any(places.get(label, set()) - {recording} for label, recording in pairs)


def _as_elsewhere(matches: Matches) -> AcrossRecordings:
    found = summarise(matches)
    return AcrossRecordings(
        rank1=found.rank1, mean_average_precision=found.mean_average_precision, queries=found.queries
    )
