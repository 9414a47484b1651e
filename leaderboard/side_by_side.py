"""The same figures under the split `random` and under one that leaks less, beside each other."""

from collections.abc import Iterable
from itertools import chain

from benchmark.records.record import Record
from benchmark.splitting.split import LEAK_FREE
from leaderboard import cells
from leaderboard.entries import PAPER_SPLIT, Section
from leaderboard.markdown import NOTHING, escape, table
from leaderboard.metrics import Measure, Measures

_Row = tuple[str, str, int]
"""Backbone, initial weights, seed."""


def tables(sections: Iterable[Section], measures: Measures) -> list[str]:
    """For each data set and protocol with both splits a table with the differences; without the other, what to run.

    Of several splits that leak less, the one is taken on which most backbones have such figures, of equals the
    strictest.

    Args:
        sections: of a page.
        measures: what is compared.
    """
    given = {(section.dataset, section.protocol, section.split): section for section in sections}
    shown = []
    for (dataset, protocol, split), section in given.items():
        if split != PAPER_SPLIT or not _scored(section, measures):
            continue
        others = [given[dataset, protocol, kind] for kind in LEAK_FREE if (dataset, protocol, kind) in given]
        partner = max(others, key=lambda other: _common(section, other, measures), default=None)
        if partner is None:
            text = (
                f"`{PAPER_SPLIT}` stands alone: run `sequence`, `block` or `time` too, whichever the data can carry "
                "(`make bench SPLIT=block`), and both stand here with their difference."
            )
        else:
            text = _table(section, partner, measures)
        heading = f"**`{PAPER_SPLIT}` beside a split that leaks less: {escape(f'{dataset}, protocol {protocol}')}**"
        shown.append(f"{heading}\n\n{text}")
    return shown


def _table(leaking: Section, clean: Section, measures: Measures) -> str:
    """Rows of the backbones that have any of the figures on either split."""
    columns = [[f"{name}, {leaking.split}", clean.split, "difference"] for name in measures]
    headers = ["Backbone", "Initial weights", *chain.from_iterable(columns), "Seed"]
    first, second = _scored(leaking, measures), _scored(clean, measures)
    shown = sorted((second | first).items(), key=lambda item: (item[1].title.casefold(), item[0]))
    body = [
        [
            *cells.who(record),
            *chain.from_iterable(_compared(measures[name], first.get(row), second.get(row)) for name in measures),
            str(record.seed),
        ]
        for row, record in shown
    ]
    return table(headers, body, numbers=range(2, len(headers)))


def _common(leaking: Section, clean: Section, measures: Measures) -> int:
    """How many backbones have any of the figures on both splits."""
    return len(_scored(leaking, measures).keys() & _scored(clean, measures).keys())


def _scored(section: Section, measures: Measures) -> dict[_Row, Record]:
    """The records that have any of the figures."""
    found = [entry.record for entry in section.entries if any(of(entry.record) is not None for of in measures.values())]
    return {(record.backbone, record.init, record.seed): record for record in found}


def _compared(measure: Measure, one: Record | None, other: Record | None) -> list[str]:
    first, second = (None if record is None else measure(record) for record in (one, other))
    if first is None or second is None:
        return [_shown(first), _shown(second), NOTHING]
    return [_shown(first), _shown(second), cells.difference(second, first)]


def _shown(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.2f}"
