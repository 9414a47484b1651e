"""The page of classification: scores of all classifiers on the test images."""

from collections.abc import Callable
from functools import partial

from benchmark.records.base import Metric, metric_of
from benchmark.records.classification import Classification, Scores
from benchmark.records.record import Record
from benchmark.vocabulary import MODES, ClassifierKind
from leaderboard import headings
from leaderboard.classifiers import (
    Classifiers,
    Gain,
    Measure,
    never_above_chance,
    rows,
)
from leaderboard.columns import Brackets, Column, Table, explain, number_column
from leaderboard.contestants import Better
from leaderboard.formats import decimals, few_of, signed
from leaderboard.markdown import paragraphs
from leaderboard.page import INTERVALS, NOT_TRAINED, Note, Page
from leaderboard.plots import validation
from leaderboard.record_files import Section

ACCURACY, RECALL, F1 = (metric_of(Scores, name) for name in ("accuracy", "recall", "f1"))
CALIBRATION = metric_of(Classification, "calibration_error")
ONE_SEED = "Interval of one training seed; a mean over several has none."

TITLES: dict[ClassifierKind, str] = {
    "linear": "Linear probe",
    "nearest": "Nearest neighbours",
    "deep": "Deep",
    "shallow": "Shallow",
}
LINEAR_LEGEND = (
    "*Linear probe*: accuracy of a multinomial logistic regression on the frozen, standardised embeddings of all "
    "training images. The strength of its penalty is chosen by cross-validation on them, and it is fitted until it "
    "converges, so neither the scale of the features nor a learning rate matters."
)
NEAREST_LEGEND = (
    "*Nearest neighbours*: accuracy of the commonest individual among the nearest training images by cosine; their "
    "number is chosen in the same way."
)
GAIN_LEGEND = (
    "*Gain*: accuracy of the linear probe less that on the same encoder with random weights (*untrained*), and less "
    "that of the best baseline that sees no image; differences of pairs, image by image."
)
NEEDED = (
    "*yes*: it is shown. *no*: the whole interval of the accuracy is below chance. *cannot tell*: everything else, for "
    "the reason in parentheses. *n of n would not*: not even right answers to all images would show it, because the "
    "units are too few, or too many of them are answered rightly without looking; no row of such a table can be a yes. "
    "*not above*: the accuracy is not above chance, but its interval does not end below it. *k of n in whole units*: "
    "so many right answers would show it if they filled whole units, such as stretches of film; fewer can, if they "
    "are spread over more units."
)
BETTER_LEGEND = (
    "*Better than chance*: than the best answer without looking at the animal, which is named above the table: a "
    "uniform guess, the individual commonest in training, or a baseline that sees no image (one-sided sign-flip test "
    f"by units, 5 %). {NEEDED}"
)
RANK_LEGEND = (
    "*Rank*: among the rows that start from the same kind of weights (random weights, published, none) with the same "
    "image size; their number follows. Rows that a paired bootstrap over units and seeds cannot tell apart share a "
    "rank (5 %, all pairs together)."
)
NEVER_ABOVE_CHANCE = Note(
    "*Not shown to be above chance after any epoch*: no epoch is significantly better on the validation images than "
    "the best answer without looking at the animal there (a uniform guess, the individual commonest in training, or a "
    "baseline that sees no image), by units (5 %, all epochs together). That answer is the dotted line "
    "of the figure of validation accuracies."
)
NO_IMAGE_DIFFERS = Note(
    "*no image differs*: both accuracies are of the same right answers. The interval then says how large a difference "
    "in other units may be: few units without one do not exclude a difference in a share of all units."
)
SEEDS = Note(
    "A row is the mean over its training seeds, which are listed below the tables; their spread is part of its "
    "intervals and ranks, and with one seed it is missing. Where all units agree, intervals are exact "
    "(Clopper-Pearson)."
)
ORDER = Note("Rows are ordered by the linear probe, best first, or by the first accuracy that the table has.")
CONTROL = Note(
    "*control*: an encoder without parameters.",
    shown=lambda section: any(record.init == "none" for record in section.records),
)
UNTRAINED = Note("*untrained*: the same encoder with random weights, before any training.")
ALONE = Note(
    "*... alone*: expected of a baseline that sees no image and answers the individual commonest in training, overall "
    "or among the images with the same value in that metadata column. It gives all images of a value one answer; the "
    "scores are means over all ways to choose between equally common individuals."
)


def better_text(better: Better | None) -> str | None:
    """Whether a classifier is better than chance; None if it was not tested.

    >>> one = Better("cannot_tell", chance=0.39, above=True, possible=True, needed=20, images=36)
    >>> better_text(one)
    'cannot tell (20 of 36 in whole units would show it)'
    >>> better_text(one._replace(above=False, needed=None))
    'cannot tell (not above 0.39)'
    >>> better_text(one._replace(above=False, needed=None, possible=False))
    'cannot tell (36 of 36 would not show it)'
    """
    if better is None or better.verdict != "cannot_tell":
        return better.verdict if better else None
    if better.possible and not better.above:
        return f"cannot tell (not above {decimals(better.chance)})"
    if better.needed is None:
        return f"cannot tell ({better.images} of {better.images} would not show it)"
    return f"cannot tell ({better.needed} of {better.images} in whole units would show it)"


def count_note(measure: Measure) -> str:
    """What follows an accuracy: the count of right answers if it is small."""
    return few_of(measure.accuracy, measure.images)


def _accuracy_column(kind: ClassifierKind, header: str, legend: str) -> Column[Classifiers]:
    return number_column(
        header,
        lambda part: part.measures[kind].accuracy,
        note=Brackets(lambda part: part.measures[kind].interval, before=lambda part: count_note(part.measures[kind])),
        instead=lambda part: part.measures[kind].status,
        legend=legend,
        shown=partial(_has, kind),
        compared={"": header if kind in MODES else f"{header} accuracy"},
    )


def _better_column(kind: ClassifierKind) -> Column[Classifiers]:
    return Column(
        f"{TITLES[kind]} better than chance",
        lambda row: better_text(row.part.measures[kind].better) if row.part else None,
        legend=BETTER_LEGEND,
        shown=partial(_has, kind),
    )


def _rank_column(kind: ClassifierKind) -> Column[Classifiers]:
    return Column(
        f"{TITLES[kind]} rank",
        lambda row: row.part.rank(kind) if row.part else None,
        legend=RANK_LEGEND,
        shown=partial(_has, kind),
    )


def _gain_column(
    header: str, gain: Callable[[Classifiers], Gain | None], shown: Callable[[Record], bool]
) -> Column[Classifiers]:
    return number_column(
        header,
        lambda part: one.value if (one := gain(part)) else None,
        form=signed,
        note=Brackets(
            lambda part: one.interval if (one := gain(part)) else None,
            before=lambda part: one.note if (one := gain(part)) else "",
        ),
        legend=GAIN_LEGEND,
        shown=lambda section: any(map(shown, section.records)),
    )


def _score_column(
    kind: ClassifierKind, metric: Metric, value: Callable[[Measure], float | None], name: str = ""
) -> Column[Classifiers]:
    """A column of a score beside the accuracy.

    Args:
        kind: of the classifier.
        metric: the score.
        value: of a classifier.
        name: of its interval; empty = it has none.
    """
    return number_column(
        f"{TITLES[kind]} {metric.title}",
        lambda part: value(part.measures[kind]),
        note=Brackets(lambda part: part.measures[kind].intervals.get(name)),
        legend=f"{explain(metric)} {ONE_SEED if name else 'It has no interval.'}",
        shown=partial(_has, kind),
    )


def _head_columns(kind: ClassifierKind) -> tuple[Column[Classifiers], ...]:
    return (
        _accuracy_column(kind, f"{TITLES[kind]} {ACCURACY.title}", explain(ACCURACY)),
        _better_column(kind),
        _score_column(kind, RECALL, lambda measure: measure.recall, "recall"),
        _score_column(kind, F1, lambda measure: measure.f1, "f1"),
        _score_column(kind, CALIBRATION, lambda measure: measure.calibration),
        _rank_column(kind),
    )


def _has(kind: ClassifierKind, section: Section) -> bool:
    """Whether any record of the section has such a classifier, trained or not."""
    if kind in ("linear", "nearest"):
        return any(record.probes for record in section.records)
    return any(kind in file.record.classification or (kind, "all") in file.not_trained for file in section.files)


TABLE = Table(
    "Backbone",
    (
        _accuracy_column("linear", TITLES["linear"], LINEAR_LEGEND),
        _better_column("linear"),
        _gain_column(
            "Gain over untrained", lambda part: part.over_untrained, lambda record: "untrained" in record.probes
        ),
        _gain_column(
            "Gain over best baseline",
            lambda part: part.over_baseline,
            lambda record: bool(record.probes and record.group_baselines),
        ),
        _rank_column("linear"),
        _accuracy_column("nearest", TITLES["nearest"], NEAREST_LEGEND),
        *_head_columns("deep"),
        *_head_columns("shallow"),
    ),
    rows,
)


def _section(section: Section, _page: str) -> str:
    return paragraphs(
        headings.heading(section, headings.test_images(section)),
        TABLE.text(section),
        validation.PLOT.image(section),
        never_above_chance(section, lambda record: record.title),
    )


PAGE = Page(
    file="leaderboard/classification.md",
    block="classification",
    title="classification",
    order=0,
    section=_section,
    tables=(TABLE,),
    notes=(Note(INTERVALS), ORDER, CONTROL, UNTRAINED, ALONE, NOT_TRAINED, NEVER_ABOVE_CHANCE, SEEDS, NO_IMAGE_DIFFERS),
    compared=TABLE,
    plots=(validation.PLOT,),
)
