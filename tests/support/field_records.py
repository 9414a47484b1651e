"""Field records made by hand: few photos with known answers, in which every part can be replaced."""

from collections.abc import Sequence
from typing import Any, get_args

from benchmark.records.base import Interval
from benchmark.records.field import FieldRecord, FieldRetrieval, FieldScores, OutOfFold, Suspect
from benchmark.records.retrieval import PairingScores, Retrieval
from benchmark.vocabulary import REGION_QUESTIONS, RegionQuestion, RegionVariant, SuspectKind
from support import records
from support.records import PROVENANCE, clustered, paired, ranked_by_group

INDIVIDUALS, PHOTOS, ENCOUNTERS = 4, 48, 12
LABELS = tuple(photo % INDIVIDUALS for photo in range(PHOTOS))
GROUPS = tuple(photo // INDIVIDUALS for photo in range(PHOTOS))
"""Encounters that each saw every individual once."""

UNITS = tuple(range(PHOTOS))
ACCURACIES: dict[RegionVariant, float] = {
    "background": 0.25,
    "body": 0.375,
    "pattern": 0.5,
    "no_background": 0.625,
    "no_body": 0.625,
    "no_pattern": 0.375,
}
NAMES = ("Ann", "Bo", "Cy", "Di")


def interval(low: float, high: float) -> Interval:
    """An interval by all units."""
    return Interval(low=low, high=high, groups=PHOTOS)


def out_of_fold(accuracy: float, labels: Sequence[int] = LABELS, **fields: Any) -> OutOfFold:
    """Answers of which this share is right; the first ones are wrong, each by the next individual."""
    wrong = len(labels) - round(accuracy * len(labels))
    individuals = max(labels) + 1
    answers = [(label + 1) % individuals if photo < wrong else label for photo, label in enumerate(labels)]
    shares = [float(answer == label) for answer, label in zip(answers, labels, strict=True)]
    ends = interval(max(0.0, accuracy - 0.1), min(1.0, accuracy + 0.1))
    values = {"answers": answers, "shares": shares, "accuracy": accuracy, "by_draw": [accuracy], "interval": ends}
    values["detectable"] = 0.2
    if "answers" in fields:
        values["shares"] = [
            None if answer is None else float(answer == label)
            for answer, label in zip(fields["answers"], labels, strict=True)
        ]
    return OutOfFold.model_validate(values | fields)


def region(accuracy: float, low: float, high: float) -> OutOfFold:
    """Answers to one region variant with this interval."""
    return out_of_fold(accuracy, interval=interval(low, high))


def regions(
    accuracies: dict[RegionVariant, float] = ACCURACIES,
) -> dict[RegionQuestion, dict[RegionVariant, OutOfFold]]:
    """The same accuracies for both questions."""
    parts = {variant: out_of_fold(accuracy) for variant, accuracy in accuracies.items()}
    return dict.fromkeys(REGION_QUESTIONS, parts)


def field_scores(accuracy: float = 0.75, **fields: Any) -> FieldScores:
    """Scores of the scheme `grouped` by encounter, with regions: mostly pattern."""
    values = {
        "column": "encounter",
        "groups": GROUPS,
        "folds": ENCOUNTERS,
        "draws": 1,
        "one_group_each": True,
        "tested": PHOTOS,
        "linear": out_of_fold(accuracy),
        "confidences": [round(0.3 + photo / 100, 2) for photo in range(PHOTOS)],
        "nearest": out_of_fold(accuracy - 0.125),
        "uniform_guess": 1 / INDIVIDUALS,
        "commonest": 1 / INDIVIDUALS,
        "better_than_chance": "yes",
        "regions": regions(),
        "pattern_advantage": dict.fromkeys(REGION_QUESTIONS, 0.25),
        "advantage_interval": dict.fromkeys(REGION_QUESTIONS, interval(0.1, 0.4)),
    }
    return FieldScores.model_validate(values | fields)


def random_scores(accuracy: float = 0.75, **fields: Any) -> FieldScores:
    """Scores of the scheme `random`, without regions."""
    values = {
        "column": "",
        "groups": UNITS,
        "one_group_each": False,
        "folds": 10,
        "draws": 5,
        "regions": {},
        "pattern_advantage": {},
        "advantage_interval": {},
    }
    return field_scores(accuracy, **values | fields)


def ranked(rank1: float | None, **fields: Any) -> Retrieval:
    """A ranking in which this share of the photos finds its individual first."""
    values = {
        "rank1_interval": rank1 and interval(rank1 / 2, rank1),
        "queries": PHOTOS,
        "first_ranks": [1] * PHOTOS,
        "average_precisions": [rank1] * PHOTOS,
    }
    return records.ranked(rank1, **values | fields)


def crossed(rank1: float | None) -> PairingScores:
    """A search among the other flank."""
    return paired(rank1, queries=PHOTOS // 2)


def searched(**fields: Any) -> FieldRetrieval:
    """Re-identification across encounters and anywhere."""
    baseline = ranked_by_group(0.25, rank5=0.75, mean_average_precision=0.3)
    values = {
        "across": ranked(0.5),
        "anywhere": ranked(0.75),
        "baselines": {"across": baseline, "anywhere": baseline},
        "detectable": {"across": 0.2, "anywhere": 0.2},
    }
    return FieldRetrieval.model_validate(values | fields)


def suspect(photo: int = 1, kind: SuspectKind = "other_individual") -> Suspect:
    """A photo that looks like the next individual."""
    assert kind in get_args(SuspectKind)
    other = (LABELS[photo] + 1) % INDIVIDUALS
    near = tuple(one for one in range(PHOTOS) if LABELS[one] == other)[:3]
    return Suspect(photo=photo, kind=kind, other=other, confidence=0.9, neighbours=near)


def field_record(**fields: Any) -> FieldRecord:
    """A record of 48 photos of four individuals in twelve encounters; the values of the fields are validated."""
    values = {
        "key": "0123456789abcdef",
        "backbone": "efficientnet_lite0",
        "title": "EfficientNet-Lite0",
        "licence": "Apache-2.0",
        "init": "imagenet",
        "dataset": "leopards",
        "image_size": 224,
        "seed": 0,
        "identities": NAMES,
        "photos": [f"photo{photo}" for photo in range(PHOTOS)],
        "labels": LABELS,
        "units": UNITS,
        "unit_kind": "encounters",
        "approximate_regions": False,
        "schemes": {"grouped": field_scores(), "random": random_scores()},
        "retrieval": searched(),
        "clusters": clustered(0.3, adjusted_mutual_information=0.4),
        "suspects": [],
        "neighbours": [[(photo + step) % PHOTOS for step in (4, 5, 8)] for photo in range(PHOTOS)],
        "remarks": [],
        "provenance": PROVENANCE,
    }
    return FieldRecord.model_validate(values | fields)
