"""What the rows of the classification page show: means over seeds with their intervals, gains, and ranks."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, partial
from statistics import mean
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.resampling.chance import never_better
from benchmark.metrics.resampling.significance import shared_ranks
from benchmark.records.base import Interval
from benchmark.records.classification import Classification, GroupBaseline, ScoredImages, TestImages
from benchmark.records.record import Record
from benchmark.vocabulary import CLASSIFIER_KINDS, MODES, ClassifierKind
from leaderboard import contestants
from leaderboard.columns import Row
from leaderboard.contestants import (
    SEED,
    Better,
    Contestant,
    classifier,
    correct,
    without_looking_validation,
)
from leaderboard.derived import Head
from leaderboard.evidence import RANKED, answered, has_few_units
from leaderboard.formats import not_trained_text
from leaderboard.markdown import escape
from leaderboard.record_files import Section
from leaderboard.rows import backbone_row, baseline_name, baseline_row, untrained_row


@dataclass(frozen=True)
class Measure:
    """One classifier of a row; numbers are means over its seeds.

    Attributes:
        accuracy: None if a seed has none, or if its head is not trained.
        interval: of the accuracy; None if it cannot be computed.
        better: whether it is better than chance; None if that is not known.
        recall: macro recall; None as for `accuracy`.
        f1: macro F1; None as for `accuracy`.
        intervals: of `recall` and `f1`, by name; empty for a mean over several seeds, and with few units.
        calibration: expected calibration error; None if it was not measured.
        images: number of test images of known individuals; None if it is not known.
        status: why there is no score; empty if there is one.
    """

    accuracy: float | None = None
    interval: Interval | None = None
    better: Better | None = None
    recall: float | None = None
    f1: float | None = None
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    calibration: float | None = None
    images: int | None = None
    status: str = ""


@dataclass(frozen=True)
class Gain:
    """Difference of two accuracies on the same images.

    Attributes:
        value: the difference.
        interval: of it; None if it cannot be computed.
        same: whether both are right on the same images.
    """

    value: float
    interval: Interval | None
    same: bool = False

    @property
    def note(self) -> str:
        """Text between the number and its interval."""
        return ", no image differs" if self.same else ""


@dataclass(frozen=True)
class Classifiers:
    """What a row shows.

    Attributes:
        measures: by the kind of the classifier.
        over_untrained: of the linear probe, over that on the contestant's own untrained encoder; None without one.
        over_baseline: of the linear probe, over the best baseline that sees no image; None without one.
        rank: of the row by a measure; None if it has none.
    """

    measures: Mapping[ClassifierKind, Measure]
    over_untrained: Gain | None = None
    over_baseline: Gain | None = None
    rank: Callable[[ClassifierKind], str | None] = field(default=lambda _: None)


def rows(section: Section) -> list[Row[Classifiers]]:
    """Contestants, their untrained encoders and the baselines, best first; rows without a score are last."""
    section_ranks = cache(partial(ranks, section))  # a bootstrap, for the table alone
    found: list[Row[Classifiers]] = []
    for one in contestants.contestants(section):
        images = one.first.test_images
        rank = partial(_rank, section_ranks, one.first.key)
        row = backbone_row(one.files[0], _of_contestant(one, images, rank))
        found.append(replace(row, name=_name(row.name, one), seeds=one.files))
        if untrained := _of_untrained(one, images):
            found.append(replace(untrained_row(one.files[0], untrained), seeds=one.files))
    baselines = next((record.group_baselines for record in section.records if record.group_baselines), {})
    found += [baseline_row(name, _of_baseline(baseline)) for name, baseline in baselines.items()]
    return sorted(found, key=partial(_order, _headline(found)))


def never_above_chance(section: Section, name: Callable[[Record], str]) -> str:
    """The curves that are not shown to be above chance after any epoch, by mode; empty if there are none.

    Args:
        section: the records.
        name: of the curve of a record.
    """
    seeds = {
        mode: Counter(
            escape(name(record))
            for record in section.records
            if mode in record.classification and record.classification[mode].never_above_chance
        )
        for mode in MODES
    }
    names = {
        mode: ", ".join(f"{one} ({count} seeds)" if count > 1 else one for one, count in counts.items())
        for mode, counts in seeds.items()
    }
    curves = "; ".join(f"{mode}: {text}" for mode, text in names.items() if text)
    if not curves:
        return ""
    return (
        f"Not shown to be above chance on the validation images after any epoch: {curves}. "
        f"{_validation_facts(section)} The tables test other images, those of the test set."
    )


def _validation_facts(section: Section) -> str:
    """Chance on the validation images, and what they could show."""
    known = [(record, images) for record in section.records if (images := record.validation_images)]
    tested = [
        (record, images, best) for record, images in known if (best := without_looking_validation(record, images))
    ]
    chances = dict.fromkeys(f"{baseline_name(best.name)}, {best.accuracy:.2f}" for _, _, best in tested)
    sizes = dict.fromkeys(f"{len(images.labels)} from {len(set(images.groups))} {images.by}" for _, images in known)
    texts = [
        f"Validation images: {' or '.join(sizes)}." if sizes else "",
        f"Chance there: {' or '.join(chances)}." if chances else "",
    ]
    if any(not _can_show(record, images, best.correct) for record, images, best in tested):
        texts.append("Not even right answers to all of them would show it.")
    return " ".join(filter(None, texts))


def _can_show(record: Record, images: ScoredImages, chance: NDArray[np.float64]) -> bool:
    """Whether right answers to all validation images, after every epoch, would be better than chance."""
    epochs = max((len(one.validation) for one in record.classification.values()), default=1) or 1
    right = np.ones((epochs, len(images.labels)), bool)
    return not never_better(right, chance, np.array(images.groups), seed=SEED)


def _of_contestant(
    one: Contestant, images: TestImages | None, rank: Callable[[ClassifierKind], str | None]
) -> Classifiers:
    """What the row of a contestant shows.

    Args:
        one: the contestant.
        images: the test images; None without scores.
        rank: see `Classifiers`.
    """
    measures = {kind: _measure(one, images, kind) for kind in CLASSIFIER_KINDS}
    return Classifiers(measures, _over_untrained(one, images), _over_baseline(one, images), rank)


def _of_untrained(one: Contestant, images: TestImages | None) -> Classifiers | None:
    """What the row of a contestant's untrained encoder shows; None if it has no such control.

    Args:
        one: the contestant.
        images: as `_of_contestant`.
    """
    measures = {kind: _measure(one, images, kind, "untrained") for kind in CLASSIFIER_KINDS}
    shown = any(measure.accuracy is not None or measure.status for measure in measures.values())
    return Classifiers(measures) if shown else None


def _of_baseline(baseline: GroupBaseline) -> Classifiers:
    """What the row of a baseline that sees no image shows: the same scores beside every classifier."""
    measure = Measure(accuracy=baseline.accuracy, recall=baseline.recall, f1=baseline.f1)
    return Classifiers(dict.fromkeys(CLASSIFIER_KINDS, measure))


def best_baseline(record: Record) -> GroupBaseline | None:
    """The baseline that sees no image and has the highest accuracy; None without one."""
    return max(record.group_baselines.values(), key=lambda one: one.accuracy, default=None)


def ranks(section: Section, kind: ClassifierKind) -> dict[str, str]:
    """The rank of each contestant by its test accuracy over all its seeds, by the key of its first record.

    Only contestants of one pool are ranked together: they start from weights of the same kind and have the same image
    size. The text is the rank and the number of rows of the pool. A contestant alone in its pool has no rank, nor has
    one without answers, nor one whose test images differ from those of most others. With fewer than six units none has.

    Args:
        section: the records.
        kind: of the classifier by whose accuracy they are ranked.
    """
    table = answered(section, kind)
    if table is None or has_few_units(table.images):
        return {}
    groups = np.array(table.images.groups)[contestants.known(table.images)]
    pairs = list(zip(table.contestants, table.correct, strict=True))
    texts: dict[str, str] = {}
    for pool in dict.fromkeys(one.pool for one in table.contestants):
        members = [(one, right) for one, right in pairs if one.pool == pool]
        if len(members) > 1:
            shared = shared_ranks([right for _, right in members], groups, seed=SEED)
            for (one, _), rank in zip(members, shared.rank, strict=True):
                texts[one.first.key] = f"{rank} of {len(members)}"
    return texts


def _status(one: Contestant, head: Head) -> str:
    """Why a head of a contestant has no score; empty if it is trained."""
    losses = [file.not_trained[head] for file in one.files if head in file.not_trained]
    seeds = f"{len(losses)} of {len(one.files)} seeds, " if len(one.files) > 1 else ""
    return not_trained_text(max(losses), seeds) if losses else ""


def _measure(
    one: Contestant, images: TestImages | None, kind: ClassifierKind, state: Literal["initial", "untrained"] = "initial"
) -> Measure:
    """A classifier of a contestant.

    Args:
        one: the contestant.
        images: the test images; None without scores.
        kind: of the classifier.
        state: of the encoder, `initial` or `untrained`.
    """
    found = [trained for record in one.records if (trained := classifier(record, kind, state))]
    if len(found) < len(one.files):
        head: Head = (kind if state == "initial" else state, "all")
        heads = MODES if state == "initial" else ("shallow",)
        return Measure(status=_status(one, head) if kind in heads else "")
    right = correct(one, images, kind, state) if images else None
    unseen = contestants.without_looking(one.first)
    errors = [trained.calibration_error for trained in found if isinstance(trained, Classification)]
    return Measure(
        accuracy=mean(trained.test.accuracy for trained in found),
        interval=None if right is None or images is None else contestants.interval(right, images),
        better=None if right is None or images is None or unseen is None else contestants.better(right, images, unseen),
        recall=mean(trained.test.recall for trained in found),
        f1=mean(trained.test.f1 for trained in found),
        intervals=found[0].intervals if len(found) == 1 else {},
        calibration=mean(errors) if len(errors) == len(found) else None,
        images=None if right is None else right.shape[1],
    )


def _over_untrained(one: Contestant, images: TestImages | None) -> Gain | None:
    if images is None:
        return None
    right, untrained = correct(one, images, "linear"), correct(one, images, "linear", "untrained")
    return None if right is None or untrained is None else gain_of(right - untrained.astype(np.float64), images)


def _over_baseline(one: Contestant, images: TestImages | None) -> Gain | None:
    best = best_baseline(one.first)
    right = correct(one, images, "linear") if images and best else None
    return None if right is None or images is None or best is None else gain_of(right - np.array(best.correct), images)


def gain_of(differences: NDArray[np.number], images: TestImages) -> Gain:
    """The mean of paired differences, with its interval.

    Args:
        differences: (S, K) of the answers of each seed to each known test image.
        images: the test images.
    """
    interval = contestants.difference_interval(differences, images)
    return Gain(float(differences.mean()), interval, not differences.any())


def _rank(section_ranks: Callable[[ClassifierKind], dict[str, str]], key: str, kind: ClassifierKind) -> str | None:
    return section_ranks(kind).get(key)


def _name(name: str, one: Contestant) -> str:
    return f"{name}, *control*" if one.first.init == "none" else name


def _headline(rows: Iterable[Row[Classifiers]]) -> ClassifierKind:
    """The first classifier by which tables rank that any contestant has."""
    parts = [row.part for row in rows if row.file and row.part]
    return next((kind for kind in RANKED if any(part.measures[kind].accuracy is not None for part in parts)), RANKED[0])


def _order(kind: ClassifierKind, row: Row[Classifiers]) -> tuple[bool, float]:
    accuracy = row.part.measures[kind].accuracy if row.part else None
    return accuracy is None, -(accuracy or 0)
