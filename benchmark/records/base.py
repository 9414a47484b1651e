"""The base of all record parts, and the description of a metric that a reader needs."""

from typing import NamedTuple

from pydantic import BaseModel, ConfigDict


class RecordPart(BaseModel):
    """A part of a record: immutable; an unknown key raises."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Metric(NamedTuple):
    """Description of one number; it annotates the field of the record part that holds the number.

    Attributes:
        title: heading of its column.
        meaning: one clause for the legend.
        higher_is_better: None if neither direction is better, or if that depends on the region.
        unit: empty for a share, a count or an index.
        reference: publication that defines it; empty for textbook definitions.
    """

    title: str
    meaning: str
    higher_is_better: bool | None
    unit: str = ""
    reference: str = ""


class Interval(RecordPart):
    """A 95 % confidence interval over groups of images (`benchmark.metrics.resampling.intervals`).

    Intervals of shares and of their differences cover the true value at least 93 times in 100 (`docs/statistics.md`).
    Those of other scores are by bootstrap: 93 to 97 times from 20 groups on, with six groups 84 to 93 times. That of
    the excess density is by the jackknife (`benchmark.metrics.cams.swap`). Show `groups` beside it.

    Attributes:
        low: lower end.
        high: upper end.
        groups: number of groups resampled: units, or images if units are not known.
    """

    low: float
    high: float
    groups: int


def metric_of(part: type[RecordPart], field: str) -> Metric:
    """The metric that a field of a record part holds.

    Raises:
        KeyError: the part has no such field, or the field holds no metric.
    """
    metrics = [note for note in part.model_fields[field].metadata if isinstance(note, Metric)]
    if not metrics:
        raise KeyError(f"{part.__name__}.{field} has no Metric; annotate it: Annotated[float | None, Metric(...)].")
    return metrics[0]
