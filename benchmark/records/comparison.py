"""Whether two records tell the same of the same run."""

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from benchmark.records.record import Record

SAME_RUN = ("data", "split", "protocol", "rules", "scoring", "weights")
"""Fields of the provenance that are alike in records that tell the same; the others say who computed when, and how.

A record of an earlier scoring is left out of the tables, so it does not stand for one of today's.
"""

ROUNDING = 1e-9
"""Relative difference of two numbers up to which they are the same: sums in another order differ by less."""

FIELDS = {"map": "mean_average_precision"}
"""Names of scores by the names of their intervals, where these differ."""


def differences(one: Record, other: Record, *, rounding: float = ROUNDING) -> list[str]:
    """Where two records differ, as paths such as `classification.deep.test.accuracy`, in order; empty = nowhere.

    Keys and most of the provenance do not count: they differ between machines and versions of the code.

    Args:
        one: a record.
        other: another.
        rounding: relative difference up to which two numbers are the same; 0 = to the last digit.
    """
    return list(_differences(_told(one), _told(other), "", rounding))


class ScoreAgreement(NamedTuple):
    """How the scores of one record agree with the intervals of another.

    Attributes:
        scores: number of scores that have an interval in the other record.
        outside: paths of those that are not in their interval.
        largest: the largest difference of a score from that of the other record; 0 without scores.
    """

    scores: int
    outside: tuple[str, ...]
    largest: float


def score_agreement(one: Record, other: Record) -> ScoreAgreement:
    """Compare the scores of a record with the scores and intervals of another record of the same run.

    Args:
        one: the record whose scores are compared.
        other: the record whose intervals are used.
    """
    pairs = list(_intervals(one.model_dump(mode="json"), other.model_dump(mode="json"), ""))
    return ScoreAgreement(
        scores=len(pairs),
        outside=tuple(path for path, value, _, (low, high) in pairs if value is None or not low <= value <= high),
        largest=max((abs(value - published) for _, value, published, _ in pairs if value is not None), default=0.0),
    )


def _intervals(one: object, other: object, path: str) -> Iterator[tuple[str, float | None, float, tuple[float, float]]]:
    """Path, value, other value and ends of the other interval, of every score that has one in the other record."""
    if isinstance(other, Mapping):
        mine = one if isinstance(one, Mapping) else {}
        names = {name: name.removesuffix("_interval") for name in other if name.endswith("_interval")}
        ends = dict(other.get("intervals") or {}) | {score: other[name] for name, score in names.items()}
        for name, interval in ends.items():
            field = FIELDS.get(str(name), str(name))
            value, published = (_score(part, field) for part in (mine, other))
            if interval and published is not None:
                yield f"{path}.{field}", value, published, (interval["low"], interval["high"])
        for name in other:
            yield from _intervals(mine.get(name), other[name], f"{path}.{name}" if path else str(name))


def _score(part: Mapping[str, Any], name: str) -> float | None:
    """A score of a record part, or of its scores on the test images."""
    value = part.get(name, (part.get("test") or {}).get(name))
    return value if isinstance(value, float | int) else None


def _told(record: Record) -> dict[str, object]:
    return record.model_dump(mode="json", exclude={"key": True, "provenance": True}) | {
        "provenance": record.provenance.model_dump(mode="json", include=set(SAME_RUN))
    }


def _differences(one: object, other: object, path: str, rounding: float) -> Iterator[str]:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for name in sorted({*one, *other}):
            yield from _differences(one.get(name), other.get(name), f"{path}.{name}" if path else str(name), rounding)
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, pair in enumerate(zip(one, other, strict=True)):
            yield from _differences(*pair, f"{path}[{number}]", rounding)
    elif isinstance(one, float) and isinstance(other, float):
        if not math.isclose(one, other, rel_tol=rounding, abs_tol=rounding):
            yield path
    elif one != other:
        yield path
