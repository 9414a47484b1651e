"""Figure of the seven region variants: the geometry of one panel for each question, drawn by the template as SVG."""

from typing import NamedTuple

from benchmark.records.field import FieldScores, OutOfFold
from benchmark.vocabulary import REGION_QUESTIONS, RegionQuestion, RegionVariant
from leaderboard.report.facts import reference
from leaderboard.report.words import with_interval

WIDTH = 360
"""Units of a panel's width; a phone shows it at about one pixel each."""

LABELS: dict[RegionVariant, str] = {
    "all": "Whole photo",
    "pattern": "Pattern alone",
    "body": "Body alone, without its pattern",
    "background": "Background alone",
    "no_background": "Without the background",
    "no_body": "Without the body",
    "no_pattern": "Without the pattern",
}
"""Region variants in the order of the figure."""

QUESTIONS: dict[RegionQuestion, tuple[str, str]] = {
    "reliance": (
        "What does it rely on?",
        "A classifier that was fitted on whole photos is shown photos in which parts are hidden.",
    ),
    "information": (
        "What does each part hold?",
        "A classifier is fitted on photos in which parts are hidden, and shown others with the same parts hidden.",
    ),
}

ROW, BAR, TOP, BOTTOM = 38, 12, 4, 34
"""Heights: of a row, of its bar, of the space above and below the rows."""


class Bar(NamedTuple):
    """One region variant in a panel; positions are in units of the panel.

    Attributes:
        variant: the region variant.
        label: its name.
        value: its accuracy with the interval, as text.
        text_y: base line of both texts.
        y: top of the bar.
        length: of the bar.
        low: left end of the interval; None without one.
        high: right end of the interval.
    """

    variant: RegionVariant
    label: str
    value: str
    text_y: int
    y: int
    length: float
    low: float | None
    high: float | None


class Panel(NamedTuple):
    """The figure of one question.

    Attributes:
        question: the question's name.
        title: the question in words.
        meaning: how it is answered.
        height: of the panel; its width is `WIDTH`.
        chance: position of the line of chance.
        chance_anchor: alignment of its label: `start` or `end`.
        bars: from top to bottom.
    """

    question: RegionQuestion
    title: str
    meaning: str
    height: int
    chance: float
    chance_anchor: str
    bars: tuple[Bar, ...]


def panels(scores: FieldScores) -> list[Panel]:
    """A panel for each question that has regions; empty without region masks."""
    return [_panel(scores, question) for question in REGION_QUESTIONS if question in scores.regions]


def _panel(scores: FieldScores, question: RegionQuestion) -> Panel:
    parts: dict[RegionVariant, OutOfFold] = {"all": scores.linear, **scores.regions[question]}
    shown = [variant for variant in LABELS if variant in parts]
    title, meaning = QUESTIONS[question]
    chance = _x(reference(scores))
    return Panel(
        question,
        title,
        meaning,
        height=TOP + ROW * len(shown) + BOTTOM,
        chance=chance,
        chance_anchor="start" if chance < WIDTH / 2 else "end",
        bars=tuple(_bar(row, variant, parts[variant]) for row, variant in enumerate(shown)),
    )


def _bar(row: int, variant: RegionVariant, part: OutOfFold) -> Bar:
    top = TOP + ROW * row
    return Bar(
        variant,
        LABELS[variant],
        with_interval(part.accuracy, part.interval),
        text_y=top + 14,
        y=top + 20,
        length=_x(part.accuracy),
        low=_x(part.interval.low) if part.interval else None,
        high=_x(part.interval.high) if part.interval else None,
    )


def _x(share: float) -> float:
    """Position of a share, in [0, WIDTH]; intervals stay inside the panel."""
    return round(WIDTH * share, 1)
