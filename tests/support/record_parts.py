"""All record parts, and a Hypothesis strategy for each, which follows from the types of its fields."""

import re
from collections.abc import Callable, Sequence
from functools import cache
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

from annotated_types import Ge, Le
from hypothesis import strategies as st
from pydantic import AfterValidator
from pydantic.fields import FieldInfo

from benchmark.records import record
from benchmark.records.base import Interval, RecordPart
from benchmark.text import printable
from support.strategies import UTF8

T = TypeVar("T", bound=RecordPart)
MOST = 2
"""Largest number of entries of a tuple or dictionary."""

LEAVES: dict[type, Callable[[float | None, float | None], st.SearchStrategy[Any]]] = {
    float: lambda low, high: st.floats(low, high, allow_nan=False, allow_infinity=False),
    int: lambda low, high: st.integers(None if low is None else int(low), None if high is None else int(high)),
    str: lambda _low, _high: st.text(UTF8, max_size=20),
}
"""Types whose values in a record are fewer than those of the type, by their bounds."""


TEXTS = (
    "",
    "0",
    "ab12",
    "0123456789abcdef" * 4,
    "sha256:" + "0f" * 32,
    "0f" * 20,
    "0f" * 20 + "+changes",
    "lama",
    "timm:resnet18.a1_in1k",
    "zebrafish-synth",
    "2026-02-28T23:59:59Z",
    "2026-01-02T03:04:05Z",
)
"""Texts for the fields that have a pattern: keys, digests, commits, names, times."""


def record_parts(base: type[RecordPart] = RecordPart) -> list[type[RecordPart]]:
    """Every part of a record that derives from a class; the record itself is one."""
    parts = [part for child in base.__subclasses__() for part in (child, *record_parts(child))]
    return [part for part in parts if part.__module__.startswith(f"{record.__package__}.")]


def instances(part: type[T], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[T]:
    """Record parts of one class. Every field varies, also one that has a default.

    Args:
        part: the class.
        fields: strategies that replace those of the fields' types.
    """
    parts = {name: _values(field.annotation, field.metadata) for name, field in part.model_fields.items()}
    if issubclass(part, Interval):
        return (
            st.tuples(parts["low"], parts["high"])
            .map(sorted)
            .flatmap(
                lambda ends: st.builds(part, **parts | {"low": st.just(ends[0]), "high": st.just(ends[1])} | fields)
            )
        )
    return st.builds(part, **parts | fields)


def _values(hint: Any, notes: Sequence[object] = ()) -> st.SearchStrategy[Any]:  # noqa: PLR0911 - a case each
    """Values of the type of a field.

    Args:
        hint: the type.
        notes: metadata of the field, such as bounds.
    """
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _values(arguments[0], [*notes, *_bounds(arguments[1:])])
    if origin is dict:
        return st.dictionaries(*map(_values, arguments), max_size=MOST)
    if origin is tuple and arguments[-1] is ...:
        return st.lists(_values(arguments[0]), max_size=MOST).map(tuple)
    if origin is tuple:
        return st.tuples(*map(_values, arguments))
    if origin in {Union, UnionType}:
        return st.one_of(*(_values(one, notes) for one in arguments))
    if origin is None and issubclass(hint, RecordPart):
        return instances(hint)
    pattern = next((text for note in notes if (text := getattr(note, "pattern", None))), None)
    if pattern:
        return _matching(pattern)
    if any(isinstance(note, AfterValidator) for note in notes):
        return st.text(UTF8, max_size=20).map(printable)
    if hint not in LEAVES:
        return st.from_type(hint)
    lowest: list[Any] = [note.ge for note in notes if isinstance(note, Ge)]
    highest: list[Any] = [note.le for note in notes if isinstance(note, Le)]
    return LEAVES[hint](next(iter(lowest), None), next(iter(highest), None))


@cache
def _matching(pattern: str) -> st.SearchStrategy[str]:
    """Some texts that a pattern allows; strings drawn from the expression itself take minutes a record."""
    allowed = [text for text in TEXTS if re.fullmatch(pattern, text, re.ASCII)]
    assert allowed, f"no text of TEXTS matches {pattern}"
    return st.sampled_from(allowed)


def _bounds(notes: Sequence[object]) -> list[object]:
    """The bounds among the notes of a type."""
    return [bound for note in notes for bound in (note.metadata if isinstance(note, FieldInfo) else [note])]
