"""The same numbers under the split `random` and under a split that leaks less, side by side."""

import math
from collections.abc import Iterable, Mapping, Sequence
from statistics import mean
from typing import Any, NamedTuple

from benchmark.metrics.score_intervals import of_difference
from benchmark.records.base import Interval
from benchmark.splitting.split import LEAK_FREE
from leaderboard.columns import Brackets, Column, Compared, Row, Table, labels, number_column, render
from leaderboard.contestants import contestants
from leaderboard.formats import difference, signed
from leaderboard.headings import either
from leaderboard.markdown import escape, paragraphs
from leaderboard.record_files import PAPER_SPLIT, RecordFile, Section, place_of, version_of
from leaderboard.rows import backbone_row

_Identity = tuple[str, str]
"""Backbone and initial weights."""


class _Pair(NamedTuple):
    """Numbers of one backbone by name, under each of the two splits."""

    leaking: Mapping[str, Compared]
    clean: Mapping[str, Compared]


INTERVALS = (
    "Numbers are means over training seeds. Brackets: 95 % interval of the difference of two numbers from one training "
    "seed, from their own intervals as if the images were independent (MOVER); where the two splits share animals and "
    "recordings it is too wide. A difference has none where one of its numbers has none, as below six units, or a mean "
    "over several seeds. Each holds by itself: of twenty true differences of 0, one is expected to exclude 0. No "
    "interval shows how much of a difference is the leak, and how much these images and animals."
)


def tables(sections: Iterable[Section], table: Table[Any]) -> list[str]:
    """For each data set and protocol with the split `random` a table with the differences.

    Of several splits that leak less, the table takes the one under which most backbones have such numbers; of equals,
    the strictest. Without such a split, the text names the command that runs one; if none has such numbers, it says so.

    Args:
        sections: the sections of a page.
        table: the page's table, whose compared columns are shown.
    """
    values = [(section, _values(section, table)) for section in sections]
    texts = []
    for section, leaking in values:
        if section.split != PAPER_SPLIT or not leaking:
            continue
        partners = [
            (other.split, clean)
            for kind in LEAK_FREE
            for other, clean in values
            if other.split == kind and _same_images(section, other)
        ]
        if partners and not any(clean for _, clean in partners):
            text = f"No such number under {either(f'`{kind}`' for kind, _ in partners)}: its section says why."
        elif partners:
            kind, clean = max(partners, key=lambda partner: len(leaking.keys() & partner[1].keys()))
            numbers = _table(leaking, clean, table.compared_names(section), kind)
            text = paragraphs(INTERVALS, numbers)
        else:
            text = (
                f"No run with such a split yet: run {either(f'`{kind}`' for kind in LEAK_FREE)} too, as the data allow "
                "(`make bench SPLIT=block`), and this table shows both splits with their difference."
            )
        names = "; ".join(part for part in (f"{section.dataset}, protocol {section.protocol}", section.differs) if part)
        title = f"**`{PAPER_SPLIT}` beside a split that leaks less: {escape(names)}**"
        texts.append(paragraphs(title, text))
    return texts


def _same_images(one: Section, other: Section) -> bool:
    """Whether two sections differ in their split alone."""
    first, second = (
        (place_of(record)._replace(split="", split_rows=""), version_of(record))
        for record in (one.records[0], other.records[0])
    )
    return first == second


_Values = dict[_Identity, tuple[RecordFile, dict[str, Compared]]]


def _values(section: Section, table: Table[Any]) -> _Values:
    """The compared numbers of the contestants that have any: means over the seeds, where all seeds have the number."""
    numbers = table.compared_values(section)
    values: _Values = {}
    for one in contestants(section):
        seeds = [numbers[file.path] for file in one.files if file.path in numbers]
        if seeds:
            shared = [name for name in seeds[0] if all(name in seed for seed in seeds)]
            values[one.first.backbone, one.first.init] = one.files[0], {name: _mean(name, seeds) for name in shared}
    return values


def _mean(name: str, seeds: Sequence[Mapping[str, Compared]]) -> Compared:
    """The mean over the seeds; with several seeds it has no interval."""
    interval = seeds[0][name].interval if len(seeds) == 1 else None
    return Compared(mean(seed[name].value for seed in seeds), interval)


def _table(leaking: _Values, clean: _Values, names: list[str], split: str) -> str:
    """A row for each contestant that has any of the numbers under either split, the highest first number first.

    Numbers under the split that leaks less come before those under the other.
    """
    first = names[0]

    def place(item: tuple[_Identity, tuple[RecordFile, dict[str, Compared]]]) -> tuple[float, float, str]:
        identity, (file, _) = item
        found = (_value(_numbers(values, identity), first) for values in (clean, leaking))
        places = (math.inf if number is None else -number for number in found)
        return *places, file.record.title.casefold()  # type: ignore[return-value]

    order = sorted((clean | leaking).items(), key=place)
    rows: list[Row[_Pair]] = [
        backbone_row(file, _Pair(_numbers(leaking, identity), _numbers(clean, identity)))
        for identity, (file, _) in order
    ]
    columns = [column for name in names for column in _columns(name, split)]
    return render([*labels("Backbone"), *columns], rows)


def _numbers(values: _Values, identity: _Identity) -> Mapping[str, Compared]:
    return values[identity][1] if identity in values else {}


def _columns(name: str, split: str) -> list[Column[_Pair]]:
    """A number under both splits, and the difference of the two as they are shown."""

    def change(pair: _Pair) -> float | None:
        if name not in pair.leaking or name not in pair.clean:
            return None
        return difference(pair.clean[name].value, pair.leaking[name].value)

    def interval(pair: _Pair) -> Interval | None:
        clean, leaking = pair.clean.get(name), pair.leaking.get(name)
        if not (clean and leaking and clean.interval and leaking.interval):
            return None
        return of_difference(clean.value, clean.interval, leaking.value, leaking.interval)

    return [
        number_column(f"{name}, split {PAPER_SPLIT}", lambda pair: _value(pair.leaking, name)),
        number_column(f"split {split}", lambda pair: _value(pair.clean, name)),
        number_column("difference", change, form=signed, note=Brackets(interval)),
    ]


def _value(numbers: Mapping[str, Compared], name: str) -> float | None:
    return numbers[name].value if name in numbers else None
