"""The base of all parts of a record, and what a reader needs to know of a metric."""

from typing import NamedTuple

from pydantic import BaseModel, ConfigDict


class RecordPart(BaseModel):
    """A part of a record: immutable, without unknown keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Metric(NamedTuple):
    """What a reader needs to know of one number; it annotates the field of the record that holds the number.

    Attributes:
        title: heading of its column.
        meaning: one clause for the legend.
        higher_is_better: None where neither direction is better.
        unit: empty for a share or an index.
        reference: publication that defines it; empty for textbook definitions.
    """

    title: str
    meaning: str
    higher_is_better: bool | None
    unit: str = ""
    reference: str = ""


class Interval(RecordPart):
    """A 95 % confidence interval by bootstrap over `groups` groups (see `TestImages.groups`)."""

    low: float
    high: float
    groups: int


def metric_of(part: type[RecordPart], field: str) -> Metric:
    """The metric that a field of a record part holds.

    Raises:
        KeyError: the part has no such field, or the field holds no metric.
    """
    found = [note for note in part.model_fields[field].metadata if isinstance(note, Metric)]
    if not found:
        raise KeyError(f"{part.__name__}.{field} is annotated with no Metric.")
    return found[0]
