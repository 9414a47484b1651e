"""The scores of record parts as one list: every number that is annotated with a `Metric`, by its place."""

from collections.abc import Iterator, Mapping

from benchmark.records.base import Metric, RecordPart


def score_values(value: object, place: str) -> Iterator[tuple[str, float | None]]:
    """Each score below a value of a record, with its place; lists of numbers are no scores.

    Args:
        value: a part, or parts by name.
        place: of the value.
    """
    if isinstance(value, Mapping):
        for name, part in value.items():
            yield from score_values(part, f"{place}.{name}")
    elif isinstance(value, RecordPart):
        for name, field in type(value).model_fields.items():
            number = getattr(value, name)
            if any(isinstance(note, Metric) for note in field.metadata) and not isinstance(number, tuple | RecordPart):
                yield f"{place}.{name}", number
            else:
                yield from score_values(number, f"{place}.{name}")
    elif isinstance(value, tuple):
        for number, part in enumerate(value):
            if isinstance(part, RecordPart):
                yield from score_values(part, f"{place}[{number}]")
