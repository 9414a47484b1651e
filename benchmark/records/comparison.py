"""Whether two records tell the same of the same run."""

from collections.abc import Iterator, Mapping

from benchmark.records.record import Record

SAME_RUN = ("data", "split", "protocol", "rules", "weights")
"""Fields of the provenance that are alike in records that tell the same; the others say who computed when, and how."""


def differences(one: Record, other: Record) -> list[str]:
    """Where two records differ, as paths such as `classification.deep.test.accuracy`, in order; empty = nowhere.

    Keys and most of the provenance do not count: they differ between machines and versions of the code.
    """
    return list(_differences(_told(one), _told(other), ""))


def _told(record: Record) -> dict[str, object]:
    return record.model_dump(mode="json", exclude={"key": True, "provenance": True}) | {
        "provenance": record.provenance.model_dump(mode="json", include=set(SAME_RUN))
    }


def _differences(one: object, other: object, path: str) -> Iterator[str]:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        for name in sorted({*one, *other}):
            yield from _differences(one.get(name), other.get(name), f"{path}.{name}" if path else str(name))
    elif isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for number, pair in enumerate(zip(one, other, strict=True)):
            yield from _differences(*pair, f"{path}[{number}]")
    elif one != other:
        yield path
