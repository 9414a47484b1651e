"""The same figures under the split `random` and under one that does not leak, beside each other."""

from collections.abc import Iterable
from itertools import chain

from benchmark.records import Record
from benchmark.splitting import LEAK_FREE
from leaderboard import cells
from leaderboard.entries import STUDYS_SPLIT, Section
from leaderboard.markdown import NOTHING, escape, table
from leaderboard.measures import Measures


def tables(sections: Iterable[Section], measures: Measures) -> list[str]:
    """For each data set and protocol with both splits a table with the differences; without the other, what to run.

    Args:
        sections: of a page.
        measures: what is compared.
    """
    given = {(section.dataset, section.protocol, section.split): section for section in sections}
    shown = []
    for (dataset, protocol, split), section in given.items():
        if split != STUDYS_SPLIT or not _any(section, measures):
            continue
        partner = next((kind for kind in LEAK_FREE if (dataset, protocol, kind) in given), None)
        heading = f"**`{STUDYS_SPLIT}` beside a split that does not leak: {escape(f'{dataset}, protocol {protocol}')}**"
        if partner is None:
            text = (
                f"`{STUDYS_SPLIT}` stands alone: run `sequence`, `block` or `time` too, whichever the data can carry "
                "(`make bench SPLIT=block`), and both stand here with their difference."
            )
        else:
            text = _table(section, given[dataset, protocol, partner], measures)
        shown.append(f"{heading}\n\n{text}")
    return shown


def _table(leaking: Section, clean: Section, measures: Measures) -> str:
    """Rows of the backbones that ran on both and have any of the figures."""
    columns = [[f"{name}, {leaking.split}", clean.split, "difference"] for name in measures]
    headers = ["Backbone", "Initial weights", *chain.from_iterable(columns), "Seed"]
    others = {_row(entry.record): entry.record for entry in clean.entries}
    pairs = [(entry.record, others[_row(entry.record)]) for entry in leaking.entries if _row(entry.record) in others]
    pairs = [pair for pair in pairs if any(measure(one) is not None for measure in measures.values() for one in pair)]
    body = [
        [
            *cells.who(one),
            *chain.from_iterable(_compared(name, one, other, measures) for name in measures),
            str(one.seed),
        ]
        for one, other in pairs
    ]
    return table(headers, body, numbers=range(2, len(headers)))


def _any(section: Section, measures: Measures) -> bool:
    return any(measure(entry.record) is not None for entry in section.entries for measure in measures.values())


def _compared(name: str, one: Record, other: Record, measures: Measures) -> list[str]:
    first, second = measures[name](one), measures[name](other)
    if first is None or second is None:
        return [_shown(first), _shown(second), NOTHING]
    return [_shown(first), _shown(second), f"{round(second - first, 2) + 0:+.2f}"]  # + 0: no -0.00


def _shown(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.2f}"


def _row(record: Record) -> tuple[str, str, int]:
    return record.backbone, record.init, record.seed
