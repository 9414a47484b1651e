"""The base of all record parts, and the description of a metric that a reader needs."""

from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, model_validator

ROUNDING = 1e-9
"""Sums of many terms may lie this far outside their bounds."""

SHARE = Field(ge=-ROUNDING, le=1 + ROUNDING)
"""Bounds of a share."""

CORRELATION = Field(ge=-1 - ROUNDING, le=1 + ROUNDING)
"""Bounds of an index from -1 to 1."""

NOT_NEGATIVE = Field(ge=-ROUNDING)
"""Bound of a distance, and of an information."""

Share = Annotated[float, SHARE]
Count = Annotated[int, Field(ge=0)]
Code = Annotated[int, Field(ge=0)]
"""Number of an individual, a unit, a group or a cluster, from 0."""


class RecordPart(BaseModel):
    """A part of a record: immutable; an unknown key raises, and so does a number that is not finite."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


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
    """A 95 % confidence interval over groups of images.

    `benchmark.metrics.score_intervals` says by which method each kind of number has its interval, `docs/statistics.md`
    how often it covers the true value. Show `groups` beside it.

    Attributes:
        low: lower end.
        high: upper end, not below the lower one.
        groups: number of groups: units, or images if units are not known.
    """

    low: float
    high: float
    groups: Annotated[int, Field(ge=1)]

    @model_validator(mode="after")
    def _in_order(self) -> "Interval":
        if self.low > self.high:
            raise ValueError(f"the lower end {self.low} is above the upper end {self.high}")
        return self


def metric_of(part: type[RecordPart], field: str) -> Metric:
    """The metric that a field of a record part holds.

    Raises:
        KeyError: the part has no such field, or the field holds no metric.
    """
    metrics = [note for note in part.model_fields[field].metadata if isinstance(note, Metric)]
    if not metrics:
        raise KeyError(f"{part.__name__}.{field} has no Metric; annotate it: Annotated[float | None, Metric(...)].")
    return metrics[0]
