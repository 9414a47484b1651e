"""Nesting: what a column of the catalogue, such as the video, says about who is seen."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import BaseModel

from benchmark.data.catalogue import Row

Relation = Literal["determines", "nested", "restricts", "none"]


class Nesting(BaseModel, frozen=True, extra="forbid"):
    """What a column of the catalogue says about who is seen, on the classification set.

    Attributes:
        column: such as video.
        values: how many it has.
        most: individuals that share one value, at most.
        relation: `determines` = each value has one individual; `nested` = each individual has one value, which rules
            the others out; `restricts` = some value lacks some individual; `none` = every individual has every value.
        accuracy: on the test part, of always answering the individual that is commonest in train among those of the
            same value (among all where train lacks the value).
        chance: the same, of always answering the individual that is commonest in train.
        adjusted_rand: of the values taken as clusters of the test part (Hubert & Arabie 1985); 0 where it is empty.
        mutual_information: of the same, nats.
    """

    column: str
    values: int
    most: int
    relation: Relation
    accuracy: float
    chance: float
    adjusted_rand: float
    mutual_information: float


def nesting(train: Sequence[Row], val: Sequence[Row], test: Sequence[Row]) -> tuple[Nesting, ...]:
    """What each column says, frame numbers and columns with hardly two images a value left aside, by name."""
    everyone = [*train, *val, *test]
    columns = sorted({column for row in everyone for column in row.groups} - {"frame"})
    telling = [column for column in columns if 2 * len({_value(row, column) for row in everyone}) <= len(everyone)]
    return tuple(_nested(column, everyone, train, test) for column in telling)


def _nested(column: str, everyone: Sequence[Row], train: Sequence[Row], test: Sequence[Row]) -> Nesting:
    from sklearn import metrics

    seen: defaultdict[str, set[str]] = defaultdict(set)
    homes: defaultdict[str, set[str]] = defaultdict(set)
    for row in everyone:
        seen[_value(row, column)].add(row.identity)
        homes[row.identity].add(_value(row, column))
    learnt: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in train:
        learnt[_value(row, column)][row.identity] += 1
    anyone = _commonest(Counter(row.identity for row in train))
    tested = [row.identity for row in test], [_value(row, column) for row in test]
    answers = {value: _commonest(counts) for value, counts in learnt.items()}
    return Nesting(
        column=column,
        values=len(seen),
        most=max(len(who) for who in seen.values()),
        relation=_relation(seen, homes),
        accuracy=_share([answers.get(_value(row, column), anyone) == row.identity for row in test]),
        chance=_share([anyone == row.identity for row in test]),
        adjusted_rand=float(metrics.adjusted_rand_score(*tested)) if test else 0.0,
        mutual_information=max(0.0, float(metrics.mutual_info_score(*tested))) if test else 0.0,
    )


def _relation(seen: Mapping[str, set[str]], homes: Mapping[str, set[str]]) -> Relation:
    """From the individuals of each value, and the values of each individual."""
    if len(homes) < 2 or len(seen) < 2:  # noqa: PLR2004 - nothing to tell apart, or nothing to tell it by
        return "none"
    if all(len(who) == 1 for who in seen.values()):
        return "determines"
    if all(len(values) == 1 for values in homes.values()):
        return "nested"
    return "restricts" if any(len(who) < len(homes) for who in seen.values()) else "none"


def _value(row: Row, column: str) -> str:
    return row.groups.get(column, "")


def _share(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits) if hits else 0.0


def _commonest(counts: Counter[str]) -> str | None:
    """The commonest name, among equals the first by name; None where there is none."""
    return min(counts, key=lambda name: (-counts[name], name), default=None)
