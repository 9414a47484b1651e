"""The page of the region ablation: accuracy by the regions that are left of an image."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from benchmark.vocabulary import REGION_QUESTIONS, REGION_VARIANTS, EncoderState, Mode, RegionQuestion, RegionVariant
from leaderboard import headings
from leaderboard.classifiers import Gain
from leaderboard.columns import Brackets, Column, Part, Row, Table, number_column
from leaderboard.contestants import Contestant, contestants, without_looking
from leaderboard.formats import decimals, signed
from leaderboard.markdown import paragraphs
from leaderboard.page import CHANCE, INTERVALS, NOT_TRAINED, Note, Page
from leaderboard.pages.classification import NO_IMAGE_DIFFERS, SEEDS
from leaderboard.pages.region_accuracies import Ablation, difference, gain, is_probed, probed, trained
from leaderboard.plots.figures import Plot, of_records
from leaderboard.plots.regions import Alone, Point, pattern_against_background
from leaderboard.record_files import Section
from leaderboard.rows import backbone_row, untrained_row

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MODE_TITLES: Mapping[Mode, str] = {
    "deep": "Deep: classifiers that were trained on one region, with their encoder",
    "shallow": "Shallow (paper): heads that were trained on one region for a fixed number of epochs, encoder frozen",
}
"""Headings of the tables of trained classifiers, in their order."""

QUESTION_TITLES: Mapping[RegionQuestion, str] = {
    "reliance": "What does a classifier of whole images rely on? Linear probe fitted on them, shown one region",
    "information": "What identifies the animals? Linear probe fitted on one region, shown the same",
}

ADVANTAGE = "Pattern - Background"
RELIANCE = "Background - Body"
PATTERN_GAIN = "No background - No pattern"
ADVANTAGE_LEGEND = (
    f"*{ADVANTAGE}*: difference of the two accuracies. The verdict of a row names one of these regions only if the "
    "interval of this difference excludes 0 and the region alone is better than chance. Each interval holds by itself: "
    "of twenty true differences of 0, one is expected to exclude 0."
)
RELIANCE_LEGEND = (
    f"*{RELIANCE}*: difference of the two accuracies; above 0, the background alone identifies better than the body "
    "without its pattern."
)
PATTERN_GAIN_LEGEND = (
    f"*{PATTERN_GAIN}*: difference of the two accuracies; above 0, hiding the pattern costs more accuracy than "
    "hiding the background. Hiding more of a picture costs accuracy by itself."
)
GAIN_TITLE = (
    "Accuracy less that of the same encoder with random weights (for published weights: what these weights add), each "
    "fitted on one region"
)
UNTRAINED = Note("*untrained*: the same encoder with random weights, before any training.")


def _title(variant: RegionVariant) -> str:
    return variant.replace("_", " ").capitalize()


def _difference_column(
    header: str,
    of: Callable[[Part], Gain | None],
    legend: str = "",
    compared: Mapping[str, str] | None = None,
) -> Column[Part]:
    """A column of signed differences with their intervals.

    Args:
        header: Markdown above the column.
        of: the difference of a row's part; None if there is none.
        legend: see `Column`.
        compared: see `Column`.
    """
    return number_column(
        header,
        lambda part: one.value if (one := of(part)) else None,
        form=signed,
        note=Brackets(
            lambda part: one.interval if (one := of(part)) else None,
            before=lambda part: one.note if (one := of(part)) else "",
        ),
        legend=legend,
        compared=compared,
    )


def _advantage(part: Ablation) -> Gain | None:
    return difference(part, "pattern", "background")


def _reliance(part: Ablation) -> Gain | None:
    return difference(part, "background", "body")


def _pattern_gain(part: Ablation) -> Gain | None:
    return difference(part, "no_background", "no_pattern")


DIFFERENCES: Mapping[str, Callable[[Ablation], Gain | None]] = {
    RELIANCE: _reliance,
    PATTERN_GAIN: _pattern_gain,
    ADVANTAGE: _advantage,
}
"""The differences within a row, by their headers."""


def _difference_columns(variant: str = "", name: str = "") -> tuple[Column[Ablation], ...]:
    """The columns of `DIFFERENCES`.

    Args:
        variant: of the rows that are compared between splits and between seeds.
        name: of their classifiers in these comparisons; empty = they are not compared.
    """
    legends = {RELIANCE: RELIANCE_LEGEND, PATTERN_GAIN: PATTERN_GAIN_LEGEND, ADVANTAGE: ADVANTAGE_LEGEND}
    return tuple(
        _difference_column(header, of, legends[header], {variant: f"{name}, {header}"} if name else None)
        for header, of in DIFFERENCES.items()
    )


def _probe_column(variant: RegionVariant) -> Column[Ablation]:
    def note(part: Ablation) -> str:
        accuracy = part.accuracies.get(variant)
        return f"{accuracy.note}{accuracy.mark}" if accuracy else ""

    return number_column(
        _title(variant),
        lambda part: part.accuracies[variant].accuracy if variant in part.accuracies else None,
        note=note,
        legend=INTERVALS,
    )


def _row(one: Contestant, part: Part | None, variant: str = "") -> Row[Part]:
    return replace(backbone_row(one.files[0], part, variant), seeds=one.files)


def _probe_rows(question: RegionQuestion, section: Section) -> list[Row[Ablation]]:
    rows: list[Row[Ablation]] = []
    for one in contestants(section):
        rows.append(_row(one, probed(one, "initial", question), question))
        untrained = probed(one, "untrained", question)
        if untrained:
            rows.append(replace(untrained_row(one.files[0], untrained), seeds=one.files))
    return rows


def _is_probed(section: Section) -> bool:
    return any(map(is_probed, section.records))


PROBES = {
    question: Table(
        "Backbone",
        (*map(_probe_column, REGION_VARIANTS), *_difference_columns(question, f"Linear probe, {question}")),
        partial(_probe_rows, question),
        _is_probed,
        _probe_column("pattern"),
    )
    for question in REGION_QUESTIONS
}
"""The tables of the linear probe, by question."""

STATES: tuple[EncoderState, EncoderState] = ("initial", "untrained")
"""States of the encoders whose difference is the gain."""

Gains = Mapping[RegionVariant, Gain]


def _gain_rows(section: Section) -> list[Row[Gains]]:
    """A row for each contestant that has the untrained encoder too."""
    rows: list[Row[Gains]] = []
    for one in contestants(section):
        encoder, untrained = (probed(one, state, "information") for state in STATES)
        if encoder and untrained:
            rows.append(_row(one, {variant: gain(encoder, untrained, variant) for variant in REGION_VARIANTS}))
    return rows


def _gain_column(variant: RegionVariant) -> Column[Gains]:
    return _difference_column(_title(variant), lambda part: part.get(variant))


def _has_gains(section: Section) -> bool:
    return bool(_gain_rows(section))


GAINS = Table("Backbone", tuple(map(_gain_column, REGION_VARIANTS)), _gain_rows, _has_gains, _gain_column("pattern"))


def _trained_rows(section: Section) -> list[Row[Ablation]]:
    return [_row(one, trained(one, mode), mode) for mode in MODE_TITLES for one in contestants(section)]


def marked(ablation: Ablation) -> dict[RegionVariant, str]:
    """Accuracies in Markdown: all the best bold, all the worst italic, compared as shown; none if all are equal.

    Args:
        ablation: of one row.
    """
    texts = {variant: decimals(one.accuracy) for variant, one in ablation.accuracies.items()}
    distinct = set(texts.values())
    marks = {min(distinct): "*", max(distinct): "**"} if len(distinct) > 1 else {}
    return {
        variant: f"{marks.get(text, '')}{text}{marks.get(text, '')}{ablation.accuracies[variant].mark}"
        for variant, text in texts.items()
    }


def _trained_column(variant: RegionVariant) -> Column[Ablation]:
    def cell(row: Row[Ablation]) -> str | None:
        return ({**row.part.statuses, **marked(row.part)}).get(variant) if row.part else None

    def accuracy(part: Ablation) -> float | None:
        return part.accuracies[variant].accuracy if variant in part.accuracies else None

    return Column(_title(variant), cell, value=accuracy)


def _has_mode(section: Section, mode: Mode) -> bool:
    return any(trained(one, mode) for one in contestants(section))


def _is_trained(section: Section) -> bool:
    return any(_has_mode(section, mode) for mode in MODE_TITLES)


TRAINED = Table(
    "Backbone",
    (*map(_trained_column, REGION_VARIANTS), *_difference_columns()),
    _trained_rows,
    _is_trained,
    _trained_column("pattern"),
)
"""Classifiers that were trained on one region by gradient descent, as in the paper."""


def _section(section: Section, _page: str) -> str:
    texts = [headings.heading(section, _images(section)), headings.approximate_masks(section)]
    if _is_probed(section):
        texts += [_conclusion(section), PLOT.image(section)]
        for question, table in PROBES.items():
            texts += [f"**{QUESTION_TITLES[question]}**", table.text(section)]
    if GAINS.shown(section):
        texts += [f"**{GAIN_TITLE}**", GAINS.text(section)]
    for mode, title in MODE_TITLES.items():
        if _has_mode(section, mode):
            texts += [f"**{title}**", TRAINED.text(section, mode)]
    return paragraphs(*texts)


PANELS: Mapping[RegionQuestion, str] = {
    "reliance": "Reliance: fitted on whole images, shown one region",
    "information": "Information: fitted on one region, shown the same",
}
"""Titles of the figure's panels."""


def _figure(section: Section) -> "Figure":
    panels = {title: _points(section, question) for question, title in PANELS.items()}
    known = [unseen.accuracy for one in contestants(section) if (unseen := without_looking(one.first))]
    return pattern_against_background(panels, max(known, default=None))


def _points(section: Section, question: RegionQuestion) -> list[Point]:
    return [
        Point(one.first, *(Alone(part.accuracies[name].accuracy, part.accuracies[name].interval) for name in SHOWN))
        for one in contestants(section)
        if (part := probed(one, "initial", question))
    ]


SHOWN: tuple[RegionVariant, RegionVariant] = ("background", "pattern")
"""The regions of the figure."""

PLOT = Plot(
    kind="ablation",
    alt="Accuracy on the pattern alone against accuracy on the background alone",
    has=lambda section: _points(section, "reliance"),
    draw=of_records(_figure),
)


def _is_shown(section: Section) -> bool:
    """Whether any run of the section has an ablation, or all failed, so that nobody knows whether there are masks."""
    return _is_probed(section) or _is_trained(section) or all(record.status != "ok" for record in section.records)


def _conclusion(section: Section) -> str:
    """What the intervals of the differences allow to say about the encoders, in one paragraph."""
    sentences = []
    for question in REGION_QUESTIONS:
        ablations = [part for one in contestants(section) if (part := probed(one, "initial", question))]
        for name, of in DIFFERENCES.items():
            counts = _counts(between for ablation in ablations if (between := of(ablation)))
            sentences.append(f"*{name}* by {question}: {counts}.")
    return " ".join(["Rows whose interval excludes 0:", *sentences])


def _counts(differences: Iterable[Gain]) -> str:
    intervals = [one.interval for one in differences]
    if None in intervals:
        return "too few units for an interval"
    known = [interval for interval in intervals if interval]
    above, below = sum(one.low > 0 for one in known), sum(one.high < 0 for one in known)
    return f"{above} above, {below} below, {len(known) - above - below} cannot be told"


def _images(section: Section) -> list[int]:
    """Number of test images of each classifier of the section."""
    probes = [probes.linear.test.images for record in section.records for probes in record.probes.values()]
    ablations = [scores for record in section.records for scores in record.ablation.values()]
    return probes + [score.images for scores in ablations for score in scores.values()]


PAGE = Page(
    file="leaderboard/ablation.md",
    block="ablation",
    title="region ablation",
    order=2,
    section=_section,
    tables=(*PROBES.values(), GAINS, TRAINED),
    notes=(
        UNTRAINED,
        Note("**Best** and *worst* of each row of the trained classifiers, as shown.", shown=_is_trained),
        SEEDS,
        NO_IMAGE_DIFFERS,
        CHANCE,
        NOT_TRAINED,
    ),
    compared=PROBES["reliance"],
    plots=(PLOT,),
    has=_is_shown,
    empty="No ablation yet; `patternbench run` writes them, of data with a region mask for every image.",
)
