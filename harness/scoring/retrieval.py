"""Scores of re-identification: test images search their individual, and unknown individuals are recognised as new."""

from collections.abc import Mapping
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.data.pairing import Pairing, sightings_of
from benchmark.metrics import open_set
from benchmark.metrics.group_baselines import Grouped, retrieval_baseline
from benchmark.metrics.matches import Images
from benchmark.metrics.retrieval import retrieve, retrieve_each, summarise, summarise_pairing
from benchmark.records.retrieval import AdjacentFrames, OpenSet, PairingScores, Retrieval, RetrievalBaseline
from benchmark.vocabulary import Distance, RetrievalBackend, SplitPart
from harness.execution import job_files
from harness.execution.results import StageResult
from harness.scoring.test_set import BASELINE_COLUMNS, TestSet

Ranking = Literal["headline", "across_recordings", "cross_flank", "any_flank"]


class Searches:
    """Which images are compared: the test images with the gallery, the same for every encoder.

    The gallery is the training images; in a disjoint split, test images search each other. Adjacent frames are left
    out.

    Attributes:
        test_set: the test images, which are the queries.
        gallery: the images searched.
        pairings: the pairs of each ranking: the headline (of one flank where flanks are known), without matches from
            the query's own recording, of different flanks, and of all flanks. What is not known of the images is
            missing.
        validation: the pairs of all flanks with the validation images as queries.
    """

    def __init__(self, test_set: TestSet) -> None:
        """Args: the test images."""
        self.test_set = test_set
        crops = test_set.crops
        sightings = sightings_of(crops.catalogue.rows)
        self.searched: SplitPart = "train" if test_set.known.any() else "test"
        self.gallery = crops.rows(self.searched)
        queries, gallery = sightings.at(test_set.positions), sightings.at(self.gallery.positions)
        self.validation = Pairing(sightings.at(crops.rows("val").positions), gallery)
        self.pairings: dict[Ranking, Pairing] = {
            "headline": Pairing(queries, gallery, flank="same"),
            "any_flank": Pairing(queries, gallery),
        }
        if sightings.recordings is not None:
            self.pairings["across_recordings"] = Pairing(queries, gallery, flank="same", across_recordings=True)
        if sightings.flanks is not None:
            self.pairings["cross_flank"] = Pairing(queries, gallery, flank="cross")

    @cached_property
    def adjacent_frames(self) -> AdjacentFrames | None:
        """What the headline leaves out; None if frames are not known."""
        headline = self.pairings["headline"]
        left_out = headline.left_out()
        return left_out and AdjacentFrames(window=headline.window, pairs=left_out.pairs, queries=left_out.queries)

    def baselines(self) -> dict[str, RetrievalBaseline]:
        """Scores of rankings of the headline's pairs that know only one metadata column."""
        own, gallery, crops = self.test_set, self.gallery, self.test_set.crops
        groups: dict[str, tuple[NDArray[np.generic], NDArray[np.generic]]] = {
            "random": (np.zeros(len(own.labels), np.int64), np.zeros(len(gallery.labels), np.int64))
        }
        for column in BASELINE_COLUMNS:
            here, there = (crops.column(at, column) for at in (own.positions, gallery.positions))
            if here is not None and there is not None:
                groups[column] = here, there
        hide = self.pairings["headline"].hidden
        return {
            name: retrieval_baseline(Grouped(own.labels, here), Grouped(gallery.labels, there), hide)
            for name, (here, there) in groups.items()
        }


class Search:
    """The rankings of the gallery for each test image, by the embeddings of one encoder."""

    def __init__(
        self,
        queries: StageResult,
        references: Mapping[SplitPart, StageResult],
        searches: Searches,
        backend: RetrievalBackend,
    ) -> None:
        """Args: the encoded test images, the encoded references by part, what is compared, and the backend."""
        self._searches, self._references, self._backend = searches, references, backend
        own = Images(_embeddings(queries), searches.test_set.labels)
        searched = references.get(searches.searched)
        self._gallery = Images(_embeddings(searched), searches.gallery.labels) if searched else own
        hides = {name: pairing.hidden for name, pairing in searches.pairings.items()}
        self._rankings = retrieve_each(own, self._gallery, hides, backend=backend)

    def retrieval(self) -> dict[Distance, Retrieval]:
        """Scores of the ranking by each distance."""
        test_set = self._searches.test_set
        return {
            distance: summarise(
                matches,
                test_set.groups,
                across_recordings=self._scores("across_recordings", distance),
                cross_flank=self._scores("cross_flank", distance),
                adjacent_frames=self._searches.adjacent_frames,
            )
            for distance, matches in self._rankings["headline"].items()
        }

    def open_set(self) -> OpenSet | None:
        """Scores of telling unknown individuals from known ones; None in a closed and in a disjoint split."""
        if "val" not in self._references:
            return None
        test_set = self._searches.test_set
        validation = Images(_embeddings(self._references["val"]), test_set.crops.rows("val").labels)
        validated = retrieve(validation, self._gallery, self._searches.validation.hidden, backend=self._backend)
        matches = self._rankings["any_flank"]["cosine"]
        return open_set.score(matches, test_set.labels, self._gallery.labels, validated["cosine"])

    def _scores(self, name: Ranking, distance: Distance) -> PairingScores | None:
        test_set = self._searches.test_set
        if name not in self._rankings:
            return None
        return summarise_pairing(self._rankings[name][distance], test_set.groups)


def _embeddings(stage: StageResult) -> NDArray[np.floating]:
    embeddings: NDArray[np.floating] = np.load(stage.file(job_files.EMBEDDINGS), mmap_mode="r")
    return embeddings
