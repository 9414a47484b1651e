"""Record parts of re-identification: ranking a gallery, baselines, open sets."""

from typing import Annotated

from benchmark.records.base import SHARE, Count, Interval, Metric, RecordPart, Share

Rank1 = Annotated[float | None, SHARE, Metric("rank-1", "share of queries whose nearest image is a match", True)]
Rank5 = Annotated[
    float | None, SHARE, Metric("rank-5", "share of queries with a match among the five nearest images", True)
]
MeanAveragePrecision = Annotated[
    float | None, SHARE, Metric("mAP", "mean average precision over the whole ranking", True)
]
FirstRanks = tuple[Count, ...]
"""Rank of the first match of each test image, from 1, in the order of `TestImages`; 0 = it has none."""

AveragePrecisions = tuple[Share | None, ...]
"""Average precision of each test image, rounded to six decimals; None where it has no match, or was not computed."""

Tiers = tuple[Count, Count, Count, Count]
"""Images of the query's group in the gallery, matches among them, all other images, and matches among those."""


class RetrievalScores(RecordPart):
    """Scores of a ranking, each in [0, 1].

    Attributes:
        rank1: share of queries whose nearest gallery image shows the same individual; None if no query has a match.
        rank5: share of queries with a match among the five nearest; None as for `rank1`.
        mean_average_precision: over the whole ranking; None as for `rank1`, and where the backend does not rank the
            whole gallery.
    """

    rank1: Rank1
    rank5: Rank5
    mean_average_precision: MeanAveragePrecision


class RetrievalBaseline(RetrievalScores):
    """Scores expected of a ranking that knows only one metadata column (`group_baselines.retrieval_baseline`).

    Attributes:
        rank1: as in `RetrievalScores`.
        rank5: as in `RetrievalScores`.
        mean_average_precision: as in `RetrievalScores`.
        tiers: of each query, in the order of `TestImages`, what the baseline ranks first and what it ranks behind.
    """

    tiers: tuple[Tiers, ...]


class PairingScores(RecordPart):
    """Re-identification in which more images are hidden from a query.

    Attributes:
        rank1: as in `RetrievalScores`; None if no query has a match that is not hidden.
        mean_average_precision: likewise.
        queries: number of queries with such a match.
        rank1_interval: None with too few groups.
        map_interval: None with too few groups.
        first_ranks: of each test image.
        average_precisions: of each test image.
    """

    rank1: Rank1
    mean_average_precision: MeanAveragePrecision
    queries: Annotated[Count, Metric("Queries", "test images with a match that is not hidden", None)]
    rank1_interval: Interval | None
    map_interval: Interval | None
    first_ranks: FirstRanks
    average_precisions: AveragePrecisions


class AdjacentFrames(RecordPart):
    """What was left out because it may be almost the same picture.

    Attributes:
        window: a gallery image in the recording of the query, at most this number of frames away, is hidden from it.
        pairs: number of pairs of a query and a gallery image that were left out.
        queries: number of queries that lost all their matches, and are left out.
    """

    window: Count
    pairs: Annotated[Count, Metric("Adjacent pairs", "pairs of adjacent frames that were left out", None)]
    queries: Annotated[Count, Metric("Emptied", "test images with matches in adjacent frames alone", None)]


class Retrieval(RetrievalScores):
    """Re-identification: test images search their individual among the training images.

    In a disjoint split, test images search each other. Adjacent frames are left out, and where flanks are known a query
    searches the images of its own flank (`benchmark.data.pairing`).

    Attributes:
        rank1_interval: None with too few groups.
        rank5_interval: None with too few groups.
        map_interval: None with too few groups.
        queries: number of test images with a match in the gallery.
        unmatched: number of the other test images.
        first_ranks: of each test image.
        average_precisions: of each test image.
        across_recordings: where a query ignores its own individual's images from its own recording; None if recordings
            are not known.
        cross_flank: where a query searches the images of the other flank; None if flanks are not known.
        adjacent_frames: None if frames are not known.
    """

    rank1_interval: Interval | None
    rank5_interval: Interval | None
    map_interval: Interval | None
    queries: Annotated[Count, Metric("Queries", "test images with a match in the gallery", None)]
    unmatched: Annotated[Count, Metric("Unmatched", "test images without a match in the gallery", None)]
    first_ranks: FirstRanks
    average_precisions: AveragePrecisions
    across_recordings: PairingScores | None = None
    cross_flank: PairingScores | None = None
    adjacent_frames: AdjacentFrames | None = None


class OpenSet(RecordPart):
    """Naming known individuals and calling others new, by a threshold on the cosine similarity (AnimalCLEF 2025).

    Attributes:
        threshold: similarity that 95 % of the validation images reach, so that no unknown individual chose it.
        baks: balanced accuracy on known samples, in [0, 1]: mean over known individuals of the share of their images
            that are accepted and named rightly.
        baus: balanced accuracy on unknown samples, in [0, 1]: mean over unknown individuals of the share of their
            images that are called new.
        geometric: sqrt(baks x baus).
        area: area under BAKS as a function of BAUS over all thresholds, in [0, 1].
        curve: (BAUS, BAKS) from accepting all images to accepting none, thinned to at most
            `benchmark.metrics.open_set.CURVE_POINTS`.
        similarities: cosine of each test image with the nearest training image, rounded to six decimals; None for a
            known individual's image whose matches are all hidden, which is not scored.
        right: whether that training image shows the individual of the test image.
        validation_similarities: the same cosine of each validation image that has a match, which choose the threshold.
    """

    threshold: Annotated[float, Metric("Threshold", "similarity that 95 % of the validation images reach", None)]
    baks: Annotated[
        float, SHARE, Metric("BAKS", "balanced accuracy on known individuals", True, reference="AnimalCLEF 2025")
    ]
    baus: Annotated[
        float, SHARE, Metric("BAUS", "balanced accuracy on unknown individuals", True, reference="AnimalCLEF 2025")
    ]
    geometric: Annotated[float, SHARE, Metric("Geometric mean", "sqrt(BAKS x BAUS)", True, reference="AnimalCLEF 2025")]
    area: Annotated[float, SHARE, Metric("Area", "area under BAKS as a function of BAUS over all thresholds", True)]
    curve: tuple[tuple[Share, Share], ...]
    similarities: tuple[float | None, ...]
    right: tuple[bool, ...]
    validation_similarities: tuple[float, ...]
