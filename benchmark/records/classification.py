"""Record parts of classification: test scores, epochs, and baselines that see no animal."""

from typing import Annotated

from pydantic import Field

from benchmark.records.base import MOST, SHARE, Code, Count, Interval, Metric, RecordPart, Share
from benchmark.records.clustering import ADJUSTED_MUTUAL_INFORMATION, ADJUSTED_RAND, MUTUAL_INFORMATION
from benchmark.records.localisation import EpochLocalisation, Localisation
from benchmark.vocabulary import RegionQuestion, RegionVariant, UnitKind

Accuracy = Annotated[float, SHARE, Metric("accuracy", "share of images given their own identity", True)]
BALANCED_ACCURACY = Metric("balanced accuracy", "mean recall over the individuals that have test images", True)
Recall = Annotated[float, SHARE, Metric("recall", "mean recall over all individuals", True)]
F1 = Annotated[float, SHARE, Metric("F1", "mean F1 over all individuals", True)]


class Scores(RecordPart):
    """Classification scores of one set of images, each in [0, 1].

    Attributes:
        accuracy: share of images given their own identity.
        recall: mean recall over all individuals; an individual without images counts as 0.
        f1: mean F1 over all individuals; an individual without images counts as 0.
        images: number of images scored.
    """

    accuracy: Accuracy
    recall: Recall
    f1: F1
    images: Count


class VariantScores(Scores):
    """Scores of a classifier that was trained on one region variant.

    Attributes:
        answers: class number given to each image, in the order of the images' part of the record.
        losses: mean training loss of each epoch, in nats.
    """

    answers: tuple[Code, ...]
    losses: tuple[float, ...]


class EpochScores(RecordPart):
    """Validation scores after one epoch.

    Attributes:
        epoch: its number, from 1.
        loss: mean training loss of that epoch, in nats.
        accuracy: as in `Scores`.
        recall: as in `Scores`.
        f1: as in `Scores`.
        answers: class number given to each validation image, in the order of the record's `validation_images`.
    """

    epoch: Annotated[int, Field(ge=1, le=MOST)]
    loss: Annotated[float, Metric("loss", "mean training loss of the epoch", False, "nats")]
    accuracy: Accuracy
    recall: Recall
    f1: F1
    answers: tuple[Code, ...]


class Classification(RecordPart):
    """One trained classifier.

    Attributes:
        test: scores on the test images.
        validation: scores on the validation images after every epoch.
        probe_localisation: localisation of the probe images' CAMs after every epoch, by the protocol's method; empty
            without CAMs or without regions.
        answers: class number given to each test image, in the order of `TestImages`.
        confidences: highest softmax probability for each test image, rounded to four decimals.
        balanced_accuracy: mean recall of the individuals that have test images.
        individual_recall: recall of each individual in the order of class numbers; None for one without test images.
        intervals: of `accuracy`, `balanced_accuracy`, `recall` and `f1` on the test images; empty with too few groups.
        never_above_chance: whether no epoch is better on the validation images than the best answer without looking at
            the animal, tested by units; False with fewer than six.
        localisations: of the test images' CAMs, by the protocol's method and then by HiResCAM; empty without CAMs or
            without regions.
        calibration_error: expected calibration error on the test images, in [0, 1]; of the rounded confidences.
    """

    test: Scores
    validation: tuple[EpochScores, ...]
    probe_localisation: tuple[EpochLocalisation, ...]
    answers: tuple[Code, ...]
    confidences: tuple[Share, ...]
    balanced_accuracy: Annotated[float, SHARE, BALANCED_ACCURACY]
    individual_recall: Annotated[
        tuple[Share | None, ...], Metric("recall", "share of an individual's test images given its identity", True)
    ]
    intervals: dict[str, Interval]
    never_above_chance: bool
    localisations: tuple[Localisation, ...]
    calibration_error: Annotated[
        float,
        SHARE,
        Metric(
            "calibration error",
            "expected difference between the confidence of an answer and the share of such answers that are right, in "
            "15 bins",
            False,
            reference="Guo et al. 2017",
        ),
    ]


class Probe(RecordPart):
    """A classifier fitted on frozen embeddings by the harness (see `benchmark.probing.probes`).

    Attributes:
        test: scores on the test images.
        answers: class number given to each test image, in the order of `TestImages`.
        intervals: as in `Classification`.
        choice: inverse strength of the penalty, or number of neighbours, chosen on the training images alone.
        converged: whether the fit reached its tolerance.
    """

    test: Scores
    answers: tuple[Code, ...]
    intervals: dict[str, Interval]
    choice: float
    converged: bool


class ProbePair(RecordPart):
    """Both probes, fitted on the same training images and shown the same test images.

    Attributes:
        linear: multinomial logistic regression.
        nearest: nearest neighbours by cosine.
    """

    linear: Probe
    nearest: Probe


class Probes(ProbePair):
    """The probes of one encoder state: those fitted on whole images and shown whole images, and the region ablation.

    Attributes:
        linear: multinomial logistic regression.
        nearest: nearest neighbours by cosine.
        regions: probes by region variant other than `all`, and by the question that they answer; empty for data without
            regions, and for the state `finetuned`.
    """

    regions: dict[RegionVariant, dict[RegionQuestion, ProbePair]] = {}


class ScoredImages(RecordPart):
    """Images that classifiers answer.

    Attributes:
        labels: class number of each image.
        groups: unit of each image, as used by intervals and ranks (`benchmark.metrics.resampling.units`).
        by: what a unit is.
    """

    labels: tuple[Code, ...]
    groups: tuple[Code, ...]
    by: UnitKind


class TestImages(ScoredImages):
    """The test images; their order is the same in all records of one split digest.

    Attributes:
        identities: names of the individuals in the order of class numbers.
        train_images: number of training images of each individual in the order of class numbers; individuals with 0
            cannot be named.
        ablated: indices of the test images on which the region ablation is scored; empty without one.
    """

    identities: tuple[str, ...]
    train_images: tuple[Count, ...]
    ablated: tuple[Code, ...] = ()


class SplitAudit(RecordPart):
    """The audit of the split in one sentence, and its faults; a clean split has none."""

    sentence: str
    faults: tuple[str, ...]


class GroupBaseline(RecordPart):
    """Scores expected of a baseline that knows only one metadata column (see `benchmark.metrics.group_baselines`).

    Attributes:
        accuracy: share of images given their own identity.
        balanced_accuracy: mean recall of the individuals that have test images.
        recall: mean recall over all individuals.
        f1: mean F1 over all individuals.
        adjusted_rand: of the column's values taken as clusters; None if no individual has three test images or more,
            as for the clusters of embeddings.
        mutual_information: of the same clusters.
        adjusted_mutual_information: of the same clusters.
        groups: the column's value for each image of an individual in training, as a code; in the order of the images.
        answers: the individuals among whom the baseline chooses, by the code of the value: those commonest in training.
        unseen: codes of the values that no training image has; they get one answer together.
        correct: probability that each of these images is given its own identity.
    """

    accuracy: Accuracy
    balanced_accuracy: Annotated[float, SHARE, BALANCED_ACCURACY]
    recall: Recall
    f1: F1
    adjusted_rand: Annotated[float | None, ADJUSTED_RAND]
    mutual_information: Annotated[float | None, MUTUAL_INFORMATION]
    adjusted_mutual_information: Annotated[float | None, ADJUSTED_MUTUAL_INFORMATION]
    groups: tuple[Code, ...]
    answers: tuple[tuple[Code, ...], ...]
    unseen: tuple[Code, ...]
    correct: tuple[Share, ...]
