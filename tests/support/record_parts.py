"""All record parts, and a Hypothesis strategy for each, which follows from the types of its fields."""

from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin

from hypothesis import strategies as st

from benchmark.records import record
from benchmark.records.base import RecordPart
from support.strategies import UTF8

T = TypeVar("T", bound=RecordPart)
MOST = 2
"""Largest number of entries of a tuple or dictionary."""

LEAVES: dict[type, st.SearchStrategy[Any]] = {
    float: st.floats(allow_nan=False, allow_infinity=False),
    str: st.text(UTF8, max_size=20),
}
"""Types whose values in a record are fewer than those of the type."""


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
    return st.builds(part, **{name: _values(field.annotation) for name, field in part.model_fields.items()} | fields)


def _values(hint: Any) -> st.SearchStrategy[Any]:
    """Values of the type of a field."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is dict:
        return st.dictionaries(*map(_values, arguments), max_size=MOST)
    if origin is tuple and arguments[-1] is ...:
        return st.lists(_values(arguments[0]), max_size=MOST).map(tuple)
    if origin is tuple:
        return st.tuples(*map(_values, arguments))
    if origin in {Union, UnionType}:
        return st.one_of(*map(_values, arguments))
    if origin is None and issubclass(hint, RecordPart):
        return instances(hint)
    return LEAVES.get(hint, st.from_type(hint))
