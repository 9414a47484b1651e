"""Record of a field survey: one encoder on all photos of a data set of one's own, by cross-validation."""

import re
from typing import Annotated, Literal

from benchmark.records.base import Interval, Metric, RecordPart
from benchmark.records.classification import Accuracy
from benchmark.records.clustering import Clustering
from benchmark.records.provenance import Provenance
from benchmark.records.retrieval import Retrieval, RetrievalBaseline
from benchmark.vocabulary import ChanceVerdict, FoldScheme, RegionQuestion, RegionVariant, SuspectKind, UnitKind


class OutOfFold(RecordPart):
    """Answers of one classifier to photos that it was not fitted on.

    Attributes:
        answers: class number given to each photo, in most draws of folds; None for a photo that was not tested.
        shares: share of the draws in which each photo was given its own identity; None likewise.
        accuracy: share of the tested photos given their own identity, averaged over the draws.
        by_draw: that share in each draw.
        interval: of the accuracy, by units; None with fewer than six.
        detectable: smallest difference of two accuracies that these photos can show (80 % power); None if none can.
    """

    answers: tuple[int | None, ...]
    shares: tuple[float | None, ...]
    accuracy: Accuracy
    by_draw: tuple[float, ...]
    interval: Interval | None
    detectable: Annotated[
        float | None, Metric("detectable", "smallest difference of two accuracies that can be shown", None)
    ]


class FieldScores(RecordPart):
    """Scores of one scheme of folds.

    Attributes:
        column: metadata column whose values stay on one side of a fold; empty for single photos.
        groups: the value of that column for each photo, as a code.
        folds: number of folds in a draw.
        draws: number of draws of folds; each tests every testable photo once.
        one_group_each: whether each fold is a single group, so that nothing is drawn.
        tested: number of photos that were tested; the others have no photo of their individual on the other side.
        linear: the linear probe on whole photos.
        confidences: probability of each of its answers, averaged over the draws, as 0 in a draw with another answer;
            None for a photo that was not tested.
        nearest: the nearest neighbours on whole photos.
        uniform_guess: one divided by the number of individuals.
        commonest: accuracy on the tested photos of always answering the commonest individual.
        better_than_chance: whether the linear probe is better than chance, the higher of the two.
        regions: the linear probe by region variant and question; empty without regions, and for `random`.
        pattern_advantage: accuracy on the pattern alone less that on the background alone, by question.
        advantage_interval: of that difference, paired by photo; None with fewer than six units.
    """

    column: str
    groups: tuple[int, ...]
    folds: int
    draws: int
    one_group_each: bool
    tested: int
    linear: OutOfFold
    confidences: tuple[float | None, ...]
    nearest: OutOfFold
    uniform_guess: Annotated[float, Metric("uniform guess", "one divided by the number of individuals", None)]
    commonest: Annotated[float, Metric("commonest", "accuracy of always answering the commonest individual", None)]
    better_than_chance: ChanceVerdict
    regions: dict[RegionQuestion, dict[RegionVariant, OutOfFold]] = {}
    pattern_advantage: Annotated[
        dict[RegionQuestion, float], Metric("pattern - background", "difference of the accuracies on one region", None)
    ] = {}
    advantage_interval: dict[RegionQuestion, Interval | None] = {}


class FieldRetrieval(RecordPart):
    """Re-identification: every photo searches its individual among all others.

    Attributes:
        across: without photos of the query's own recording or encounter, and of its flank alone where flanks are known;
            None if recordings and encounters are not known.
        anywhere: with all of them, of any flank.
        baselines: a random order of the same gallery.
        detectable: smallest difference of two rank-1 scores that these photos can show (80 % power), of those of the
            two searches that have a score; None if none can.
    """

    across: Retrieval | None
    anywhere: Retrieval
    baselines: dict[Literal["across", "anywhere"], RetrievalBaseline]
    detectable: Annotated[
        dict[Literal["across", "anywhere"], float | None],
        Metric("detectable", "smallest difference of two rank-1 scores that can be shown", None),
    ]


class PhotoFocus(RecordPart):
    """Where the linear probe finds its evidence in one photo.

    Attributes:
        photo: index of the photo.
        answer: class number that the probe answers, which was fitted without the photo's group.
        cam: rows of the class activation map, scaled to the highest value 1; all 0 if nothing speaks for the answer.
        density: share of the map on the pattern, divided by the pattern's share of the area; None without a pattern.
        swap: density of the same map on the patterns of photos of other units; None without such photos.
    """

    photo: int
    answer: int
    cam: tuple[tuple[float, ...], ...]
    density: float | None
    swap: float | None


class FieldFocus(RecordPart):
    """Class activation maps of photos drawn at random, each by the linear probe that answered it out of fold.

    Attributes:
        examples: the photos to show, of different individuals as far as possible; drawn, not picked.
        images: number of photos with a map that is not empty and a pattern, over which the means below are.
        density: mean density on the pattern; None without masks.
        swap: mean density of the same maps on the patterns of photos of other units; None likewise.
        excess: interval of the difference, by the jackknife over units; None with fewer than six units.
    """

    examples: tuple[PhotoFocus, ...]
    images: int
    density: Annotated[float | None, Metric("Density", "mass divided by the pattern's share of the area", None)] = None
    swap: Annotated[float | None, Metric("Swap density", "density of the same maps on other photos", None)] = None
    excess: Interval | None = None


class Suspect(RecordPart):
    """A photo to look at again.

    Attributes:
        photo: index of the photo.
        kind: why.
        other: class number of the other individual.
        confidence: probability of that answer, or cosine of the two photos.
        neighbours: indices of the photos that speak for it, nearest first.
    """

    photo: int
    kind: SuspectKind
    other: int
    confidence: Annotated[float, Metric("confidence", "probability of the answer, or cosine of two photos", None)]
    neighbours: tuple[int, ...]


class FieldRecord(RecordPart):
    """One encoder on all photos of a data set.

    Attributes:
        version: of the record format.
        key: sha256 over what identifies the survey.
        backbone: name of its folder, or `name:variant`.
        title: its name in tables.
        licence: of its published weights if they were used, else of its code.
        init: `random`, the names of the published weights, or `none`.
        dataset: name of the data set.
        image_size: side of the images in pixels.
        seed: of the folds and intervals.
        identities: names of the individuals in the order of class numbers.
        photos: image_id of each photo.
        labels: class number of each photo.
        units: unit of each photo, as used by intervals.
        unit_kind: what a unit is.
        approximate_regions: whether some region masks were proposed by a program and corrected by nobody.
        schemes: scores by scheme; `grouped` comes first, and is missing if no column can be kept together.
        retrieval: re-identification.
        clusters: clusters of all photos, found without labels.
        focus: class activation maps of some photos; None if the encoder's feature map has a single position.
        suspects: photos to look at again, the surest first.
        neighbours: indices of the nearest photos of each photo, by cosine, nearest first; none of its own group of the
            first scheme.
        remarks: what was left out or assumed when the data were read, and findings of the audit, as sentences.
        provenance: everything that made the numbers.
    """

    version: Literal[3] = 3
    key: str
    backbone: str
    title: str
    licence: str
    init: str
    dataset: str
    image_size: int
    seed: int
    identities: tuple[str, ...]
    photos: tuple[str, ...]
    labels: tuple[int, ...]
    units: tuple[int, ...]
    unit_kind: UnitKind
    approximate_regions: bool
    schemes: dict[FoldScheme, FieldScores]
    retrieval: FieldRetrieval
    clusters: Clustering
    focus: FieldFocus | None = None
    suspects: tuple[Suspect, ...]
    neighbours: tuple[tuple[int, ...], ...]
    remarks: tuple[str, ...]
    provenance: Provenance

    @property
    def file_name(self) -> str:
        """Name of its file, without ending: the contestant and the beginning of the key."""
        return f"{re.sub(r'[^A-Za-z0-9_.]+', '-', self.backbone)}-{self.key[:12]}"
