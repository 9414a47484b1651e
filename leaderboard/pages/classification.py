"""The page of classification: scores of both classifiers on the test images."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cache, partial

from benchmark.records.base import metric_of
from benchmark.records.classification import (
    BetterThanChance,
    Classification,
    GroupBaseline,
    Probe,
    Probes,
    Scores,
    TestImages,
)
from benchmark.records.record import Record
from benchmark.vocabulary import MODES, Mode
from leaderboard import headings
from leaderboard.columns import Column, Row, Table, metric_column, number_column
from leaderboard.evidence import chance_mark
from leaderboard.formats import bracketed
from leaderboard.markdown import escape, paragraphs
from leaderboard.page import CHANCE, INTERVALS, Note, Page
from leaderboard.plots import validation
from leaderboard.ranking import ranks
from leaderboard.record_files import Section
from leaderboard.rows import backbone_row, baseline_row, untrained_row

BETTER_LEGEND = (
    "*Better than chance*: than the individual commonest in training, or than chance if that is higher (one-sided "
    "sign-flip test by units, 5 %). `no`: the accuracy is not above it. `cannot tell`: it is not significantly above, "
    "or the units are fewer than six; *needs k of n*: the number of right answers that would be, if all images "
    "of a unit are answered alike."
)
NEVER_ABOVE_CHANCE = Note("*Never above chance*: at chance on the validation images after every epoch.")
UNTRAINED = Note("*untrained*: the shallow classifier on the same encoder with random weights, before any training.")
ALONE = Note(
    "*... alone*: expected of a baseline that sees no image and answers the individual commonest in training, overall "
    "or among the images with the same value in that metadata column. It gives all images of a value one answer; the "
    "scores are means over all ways to choose between equally common individuals."
)
SHARED_ANSWERS = Note(
    "F1 of *... alone* is too high if the records are from before version 2 of the scoring: answers were shared among "
    "equally common individuals. Run again to compute it anew.",
    shown=lambda section: any(map(_shares_answers, section.records)),
)
RANK_LEGEND = (
    "*Rank*: rows that a paired bootstrap over the same units cannot tell apart share a rank (5 %, all pairs together)."
)


@dataclass(frozen=True)
class Classifiers:
    """What a row shows.

    Attributes:
        scores: scores on the test images by mode.
        notes: text after the accuracy, by mode.
        calibration: expected calibration error by mode; None if it was not measured.
        better: whether each classifier is better than chance, by mode.
        rank: rank of the row by mode; None if it has none.
        probes: both probes of the row's encoder; None if the record has none.
    """

    scores: Mapping[Mode, Scores | GroupBaseline]
    notes: Mapping[Mode, str] = field(default_factory=dict)
    calibration: Mapping[Mode, float | None] = field(default_factory=dict)
    better: Mapping[Mode, BetterThanChance | None] = field(default_factory=dict)
    rank: Callable[[Mode], str | None] = lambda _: None
    probes: Probes | None = None


def accuracy_note(classifier: Classification, images: TestImages | None) -> str:
    """The interval of the test accuracy, and whether the classifier is at chance.

    Args:
        classifier: whose test accuracy it follows.
        images: the test images; None = not recorded.
    """
    chance = chance_mark(classifier.test, images)
    never = " (never above chance)" if classifier.never_above_chance else ""
    return f"{bracketed(classifier.intervals.get('accuracy'))}{chance}{never}"


def _rows(section: Section) -> list[Row[Classifiers]]:
    section_ranks = cache(partial(ranks, section))  # a bootstrap, for the table alone
    rows: list[Row[Classifiers]] = []
    for file in section.files:
        record = file.record
        part = Classifiers(
            {mode: classifier.test for mode, classifier in record.classification.items()},
            {mode: _note(classifier, record.test_images) for mode, classifier in record.classification.items()},
            {mode: classifier.calibration_error for mode, classifier in record.classification.items()},
            {mode: classifier.better_than_chance for mode, classifier in record.classification.items()},
            partial(_rank, section_ranks, record.key),
            record.probes.get("initial"),
        )
        rows.append(backbone_row(file, part))
        if record.untrained:
            untrained = record.untrained
            shallow = Classifiers(
                {"shallow": untrained.test},
                {"shallow": _note(untrained, record.test_images)},
                better={"shallow": untrained.better_than_chance},
                probes=record.probes.get("untrained"),
            )
            rows.append(untrained_row(file, shallow))
    baselines = next((record.group_baselines for record in section.records if record.group_baselines), {})
    rows += [baseline_row(name, Classifiers(dict.fromkeys(MODES, baseline))) for name, baseline in baselines.items()]
    return rows


def _note(classifier: Classification, images: TestImages | None) -> str:
    """The interval of the test accuracy; the mark `(chance)` only without the column that replaces it."""
    mark = "" if classifier.better_than_chance else chance_mark(classifier.test, images)
    return f"{bracketed(classifier.intervals.get('accuracy'))}{mark}"


def better_text(better: BetterThanChance | None) -> str | None:
    """Whether a classifier is better than chance; None if it was not tested.

    >>> better_text(BetterThanChance(verdict="cannot_tell", needed=20, images=36))
    'cannot tell (needs 20 of 36)'
    """
    if better is None:
        return None
    needs = "" if better.needed is None else f" (needs {better.needed} of {better.images})"
    return better.verdict.replace("_", " ") + needs


def _rank(section_ranks: Callable[[Mode], Mapping[str, str]], key: str, mode: Mode) -> str | None:
    return section_ranks(mode).get(key)


def _columns(mode: Mode) -> tuple[Column[Classifiers], ...]:
    title = mode.capitalize()

    def score(number: Callable[[Scores | GroupBaseline], float]) -> Callable[[Classifiers], float | None]:
        return lambda part: number(part.scores[mode]) if mode in part.scores else None

    calibration = metric_of(Classification, "calibration_error")
    accuracy, recall, f1 = (metric_of(Scores, name) for name in ("accuracy", "recall", "f1"))
    return (
        metric_column(
            accuracy,
            score(lambda scores: scores.accuracy),
            header=f"{title} {accuracy.title}",
            note=lambda part: part.notes.get(mode, ""),
            legend=INTERVALS,
            compared={"": f"{title} {accuracy.title}"},
        ),
        Column(
            f"{title} better than chance",
            lambda row: better_text(row.part.better.get(mode)) if row.part else None,
            legend=BETTER_LEGEND,
            shown=_has_better,
        ),
        metric_column(recall, score(lambda scores: scores.recall), header=f"{title} {recall.title}"),
        metric_column(f1, score(lambda scores: scores.f1), header=f"{title} {f1.title}"),
        metric_column(
            calibration,
            lambda part: part.calibration.get(mode),
            header=f"{title} {calibration.title}",
            shown=_has_calibration,
        ),
        Column(f"{title} rank", lambda row: row.part.rank(mode) if row.part else None, legend=RANK_LEGEND),
    )


def _has_calibration(section: Section) -> bool:
    """Whether any classifier of the section has a calibration error; older records have none."""
    return any(
        classifier.calibration_error is not None
        for record in section.records
        for classifier in record.classification.values()
    )


def _has_better(section: Section) -> bool:
    """Whether any record of the section was tested; records from before the test were not."""
    return any(one.better_than_chance for record in section.records for one in record.classification.values())


def _never_above_chance(section: Section) -> str:
    """The curves that are at chance after every epoch, by mode; empty if there are none."""
    titles = {
        mode: ", ".join(
            escape(file.record.title)
            for file in section.files
            if mode in file.record.classification and file.record.classification[mode].never_above_chance
        )
        for mode in MODES
    }
    curves = "; ".join(f"{mode}: {names}" for mode, names in titles.items() if names)
    return f"Curves never above chance: {curves}." if curves else ""


def _has_probes(section: Section) -> bool:
    """Whether any record of the section has probes."""
    return any(record.probes for record in section.records)


def _probe_column(name: str, title: str, meaning: str) -> Column[Classifiers]:
    def probe(part: Classifiers) -> Probe | None:
        one: Probe | None = getattr(part.probes, name, None)
        return one

    def note(part: Classifiers) -> str:
        one = probe(part)
        return bracketed(one.intervals.get("accuracy")) if one else ""

    return number_column(
        title,
        lambda part: one.test.accuracy if (one := probe(part)) else None,
        note=note,
        legend=meaning,
        shown=_has_probes,
        compared={"": f"{title} accuracy"},
    )


PROBES = (
    _probe_column(
        "linear",
        "Linear probe",
        "*Linear probe*: accuracy of a multinomial logistic regression on the frozen, standardised embeddings of all "
        "training images. The strength of its penalty is chosen by cross-validation on them, and it is fitted until it "
        "converges, so neither the scale of the features nor a learning rate matters.",
    ),
    _probe_column(
        "nearest",
        "Nearest neighbours",
        "*Nearest neighbours*: accuracy of the commonest individual among the nearest training images by cosine; their "
        "number is chosen in the same way.",
    ),
)


def _shares_answers(record: Record) -> bool:
    """Whether the record's group baselines are from before ties were broken, and so lack AdjMutInfo."""
    return any(
        baseline.adjusted_rand is not None and baseline.adjusted_mutual_information is None
        for baseline in record.group_baselines.values()
    )


TABLE = Table("Backbone", (*PROBES, *(column for mode in MODES for column in _columns(mode))), _rows)


def _section(section: Section, page: str) -> str:
    return paragraphs(
        headings.heading(section, headings.test_images(section)),
        TABLE.text(section, page),
        validation.PLOT.image(section),
        _never_above_chance(section),
    )


PAGE = Page(
    file="leaderboard/classification.md",
    block="classification",
    order=0,
    section=_section,
    tables=(TABLE,),
    notes=(UNTRAINED, ALONE, SHARED_ANSWERS, CHANCE, NEVER_ABOVE_CHANCE),
    compared=TABLE,
    plots=(validation.PLOT,),
)
