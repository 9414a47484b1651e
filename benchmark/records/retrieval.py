"""Record parts of re-identification: ranking a gallery, baselines, open sets."""

from typing import Annotated

from benchmark.records.base import Interval, Metric, RecordPart

CURVE_POINTS = 200
"""Most points of a curve that a record keeps."""

Rank1 = Annotated[float, Metric("rank-1", "share of queries whose nearest image shows the same individual", True)]
Rank5 = Annotated[float, Metric("rank-5", "share of queries with a match among the five nearest images", True)]
MeanAveragePrecision = Annotated[float, Metric("mAP", "mean average precision over the whole ranking", True)]


class RetrievalScores(RecordPart):
    """Scores of a ranking, each in [0, 1].

    Attributes:
        rank1: share of queries whose nearest gallery image shows the same individual; None if no query has a match.
        rank5: share of queries with a match among the five nearest; None as for `rank1`.
        mean_average_precision: over the whole ranking; None as for `rank1`, and where the backend does not rank the
            whole gallery.
    """

    rank1: Rank1 | None
    rank5: Rank5 | None
    mean_average_precision: MeanAveragePrecision | None


class RetrievalBaseline(RetrievalScores):
    """Scores expected of a ranking that knows only one metadata column (`group_baselines.retrieval_baseline`)."""


class AcrossRecordings(RecordPart):
    """Re-identification where a query ignores its own individual's images from its own recording.

    Attributes:
        rank1: as in `RetrievalScores`; None if no query has a match in another recording.
        mean_average_precision: likewise.
        queries: number of queries with a match in another recording.
    """

    rank1: Rank1 | None
    mean_average_precision: MeanAveragePrecision | None
    queries: int


class Retrieval(RetrievalScores):
    """Re-identification: test images search their individual among the training images.

    In a disjoint split, test images search each other.

    Attributes:
        rank1_interval: None with too few groups.
        map_interval: None with too few groups.
        queries: number of test images with a match in the gallery.
        unmatched: number of the other test images.
        average_precisions: of each test image, in the order of `TestImages`; None for an unmatched one.
        across_recordings: None if recordings are not known.
    """

    rank1_interval: Interval | None
    map_interval: Interval | None
    queries: int
    unmatched: int
    average_precisions: tuple[float | None, ...]
    across_recordings: AcrossRecordings | None = None


class OpenSet(RecordPart):
    """Naming known individuals and calling others new, by a threshold on the cosine similarity.

    Attributes:
        threshold: similarity that 95 % of the validation images reach, so that no unknown individual chose it.
        baks: balanced accuracy on known samples: of test images of known individuals, in [0, 1].
        baus: balanced accuracy on unknown samples: of test images of unknown individuals, in [0, 1].
        geometric: sqrt(baks x baus).
        area: area under BAKS as a function of BAUS over all thresholds, in [0, 1].
        curve: (BAUS, BAKS) from accepting all images to accepting none, thinned to `CURVE_POINTS`.
    """

    threshold: float
    baks: Annotated[float, Metric("BAKS", "balanced accuracy on known individuals", True)]
    baus: Annotated[float, Metric("BAUS", "balanced accuracy on unknown individuals", True)]
    geometric: Annotated[float, Metric("sqrt(BAKS x BAUS)", "geometric mean of both", True)]
    area: Annotated[float, Metric("area", "area under BAKS as a function of BAUS", True)]
    curve: tuple[tuple[float, float], ...]
