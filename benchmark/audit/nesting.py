"""Nesting of identity in metadata columns: how far a column, such as the video, gives the identity away."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Literal

from pydantic import BaseModel

from benchmark.data.catalogue import Row

Relation = Literal["determines", "nested", "restricts", "none"]


class Nesting(BaseModel, frozen=True, extra="forbid"):
    """How far one metadata column gives the identity away, on the classification set.

    Attributes:
        column: its name, such as video.
        values: number of distinct values.
        most: largest number of individuals that share one value.
        relation: `determines` = each value has one individual; `nested` = each individual has one value, which rules
            out the individuals of other values; `restricts` = some value lacks some individual; `none` = every
            individual has every value.
        accuracy: on the test part, of always answering the individual that is commonest in train among the images of
            the same value (among all images if train lacks the value).
        chance: on the test part, of always answering the individual that is commonest in train.
        adjusted_rand: of the values taken as clusters of the test part (Hubert & Arabie 1985); 0 if it is empty.
        mutual_information: of the same clusters, in nats.
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
    """Nesting of identity in each metadata column, in the order of the columns' names.

    Frame numbers are left out, and columns with fewer than two images a value on average.

    Args:
        train: rows of the train part of the classification set.
        val: rows of its val part.
        test: rows of its test part.
    """
    rows = [*train, *val, *test]
    columns = sorted({column for row in rows for column in row.groups} - {"frame"})
    shared = [column for column in columns if 2 * len({_value(row, column) for row in rows}) <= len(rows)]
    return tuple(_nesting_of(column, rows, train, test) for column in shared)


def _nesting_of(column: str, rows: Sequence[Row], train: Sequence[Row], test: Sequence[Row]) -> Nesting:
    from sklearn import metrics

    identities_of: defaultdict[str, set[str]] = defaultdict(set)
    values_of: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        identities_of[_value(row, column)].add(row.identity)
        values_of[row.identity].add(_value(row, column))
    train_counts: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in train:
        train_counts[_value(row, column)][row.identity] += 1
    commonest = _commonest(Counter(row.identity for row in train))
    answers = {value: _commonest(counts) for value, counts in train_counts.items()}
    labels, clusters = [row.identity for row in test], [_value(row, column) for row in test]
    return Nesting(
        column=column,
        values=len(identities_of),
        most=max(len(identities) for identities in identities_of.values()),
        relation=_relation(identities_of, values_of),
        accuracy=_share([answers.get(_value(row, column), commonest) == row.identity for row in test]),
        chance=_share([commonest == row.identity for row in test]),
        adjusted_rand=float(metrics.adjusted_rand_score(labels, clusters)) if test else 0.0,
        mutual_information=max(0.0, float(metrics.mutual_info_score(labels, clusters))) if test else 0.0,
    )


def _relation(identities_of: Mapping[str, set[str]], values_of: Mapping[str, set[str]]) -> Relation:
    """From the individuals of each value, and the values of each individual."""
    if len(values_of) < 2 or len(identities_of) < 2:  # noqa: PLR2004 - one individual or one value
        return "none"
    if all(len(identities) == 1 for identities in identities_of.values()):
        return "determines"
    if all(len(values) == 1 for values in values_of.values()):
        return "nested"
    some_value_lacks_one = any(len(identities) < len(values_of) for identities in identities_of.values())
    return "restricts" if some_value_lacks_one else "none"


def _value(row: Row, column: str) -> str:
    return row.groups.get(column, "")


def _share(hits: Sequence[bool]) -> float:
    return sum(hits) / len(hits) if hits else 0.0


def _commonest(counts: Counter[str]) -> str | None:
    """The commonest name, among equals the first by name; None without names."""
    return min(counts, key=lambda name: (-counts[name], name), default=None)
