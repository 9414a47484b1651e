"""The base of all record parts, and the description of a metric that a reader needs."""

from typing import Annotated, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from benchmark.text import printable

ROUNDING = 1e-9
"""Sums of many terms may lie this far outside their bounds."""

SHARE = Field(ge=-ROUNDING, le=1 + ROUNDING)
"""Bounds of a share."""

CORRELATION = Field(ge=-1 - ROUNDING, le=1 + ROUNDING)
"""Bounds of an index from -1 to 1."""

NOT_NEGATIVE = Field(ge=-ROUNDING)
"""Bound of a distance, and of an information."""

MOST = 2**53 - 1
"""The largest number that JSON readers of all languages hold exactly: bound of counts and measurements."""

MOST_INDIVIDUALS = 10**7


def _check_line(text: str) -> str:
    if text != printable(text):
        raise ValueError(f"must be one line without control characters, not {printable(text[:60])!r}")
    return text


Share = Annotated[float, SHARE]
Count = Annotated[int, Field(ge=0, le=MOST)]
Code = Annotated[int, Field(ge=0, le=MOST)]
"""Number of an individual, a unit, a group or a cluster, from 0."""

Seed = Annotated[int, Field(ge=-(2**63), le=2**64 - 1)]
Line = Annotated[str, Field(max_length=500), AfterValidator(_check_line)]
"""One line for people; pages escape its mark-up."""

Name = Annotated[str, Field(max_length=200, pattern=r"^\w([\w.+ -]*[\w+-])?$")]
"""Name of a data set, a split or a protocol: letters of any script, digits and `_.+ -`; a part of paths."""

Key = Annotated[str, Field(pattern=r"^[0-9a-z]{1,64}$")]
"""A digest by which a run or a stage is found; its beginning is a part of file names."""

Digest = Annotated[str, Field(pattern=r"^(sha256:)?[0-9a-f]{0,64}$")]
"""A sha256, or empty if there is nothing of that kind."""

Time = Annotated[
    str,
    Field(
        pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
        r"T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,6})?(Z|[+-]([01][0-9]|2[0-3]):[0-5][0-9])$"
    ),
]
"""A moment of this century, in the form of ISO 8601 with its time zone."""


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
    groups: Annotated[int, Field(ge=1, le=MOST)]

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
