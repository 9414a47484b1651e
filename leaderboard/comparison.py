"""The same numbers under the split `random` and under a split that leaks less, side by side."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from benchmark.splitting.split import LEAK_FREE
from leaderboard.columns import SEED, Column, Row, Table, labels, number_column, render
from leaderboard.formats import difference, signed
from leaderboard.headings import either
from leaderboard.markdown import escape, paragraphs
from leaderboard.record_files import PAPER_SPLIT, RecordFile, Section
from leaderboard.rows import backbone_row

_Identity = tuple[str, str, int]
"""Backbone, initial weights, seed."""


class _Pair(NamedTuple):
    """Numbers of one backbone by name, under each of the two splits."""

    leaking: Mapping[str, float]
    clean: Mapping[str, float]


def tables(sections: Iterable[Section], table: Table[Any]) -> list[str]:
    """For each data set and protocol with the split `random` a table with the differences.

    Of several splits that leak less, the table takes the one under which most backbones have such numbers; of equals,
    the strictest. Without such a split, the text names the command that runs one.

    Args:
        sections: the sections of a page.
        table: the page's table, whose compared columns are shown.
    """
    by_split = {(section.dataset, section.protocol, section.split): section for section in sections}
    values = {place: _values(members, table) for place, members in by_split.items()}
    texts = []
    for (dataset, protocol, split), section in by_split.items():
        leaking = values[dataset, protocol, split]
        if split != PAPER_SPLIT or not leaking:
            continue
        partners = [kind for kind in LEAK_FREE if (dataset, protocol, kind) in by_split]
        if partners:
            names = table.compared_names(section)
            kind = max(partners, key=lambda kind: len(leaking.keys() & values[dataset, protocol, kind].keys()))
            text = _table(leaking, values[dataset, protocol, kind], names, kind)
        else:
            text = (
                f"No run with such a split yet: run {either(f'`{kind}`' for kind in LEAK_FREE)} too, as the data allow "
                "(`make bench SPLIT=block`), and this table shows both splits with their difference."
            )
        title = f"**`{PAPER_SPLIT}` beside a split that leaks less: {escape(f'{dataset}, protocol {protocol}')}**"
        texts.append(paragraphs(title, text))
    return texts


_Values = dict[_Identity, tuple[RecordFile, dict[str, float]]]


def _values(section: Section, table: Table[Any]) -> _Values:
    """The compared numbers of the records that have any."""
    numbers = table.compared_values(section)
    return {
        (file.record.backbone, file.record.init, file.record.seed): (file, numbers[file.path])
        for file in section.files
        if file.path in numbers
    }


def _table(leaking: _Values, clean: _Values, names: list[str], split: str) -> str:
    """A row for each backbone that has any of the numbers under either split."""
    order = sorted((clean | leaking).items(), key=lambda item: (item[1][0].record.title.casefold(), item[0]))
    rows: list[Row[_Pair]] = [
        backbone_row(file, _Pair(_numbers(leaking, identity), _numbers(clean, identity)))
        for identity, (file, _) in order
    ]
    columns = [column for name in names for column in _columns(name, split)]
    return render([*labels("Backbone"), *columns, SEED], rows)


def _numbers(values: _Values, identity: _Identity) -> Mapping[str, float]:
    return values[identity][1] if identity in values else {}


def _columns(name: str, split: str) -> list[Column[_Pair]]:
    """A number under both splits, and the difference of the two as they are shown."""

    def change(pair: _Pair) -> float | None:
        if name not in pair.leaking or name not in pair.clean:
            return None
        return difference(pair.clean[name], pair.leaking[name])

    return [
        number_column(f"{name}, {PAPER_SPLIT}", lambda pair: pair.leaking.get(name)),
        number_column(split, lambda pair: pair.clean.get(name)),
        number_column("difference", change, form=signed),
    ]
