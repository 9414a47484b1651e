"""Parts of records of which a test names a few fields: the others hold nothing."""

from collections.abc import Mapping
from types import UnionType
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from annotated_types import Ge
from pydantic.fields import FieldInfo

from benchmark.records.base import RecordPart

SINGLE: dict[type, Any] = {bool: False, int: 0, float: 0.0, str: ""}


def filled_in(hint: Any, value: Any) -> Any:
    """A value of a field in which every part has all of its required fields.

    Args:
        hint: type of the field.
        value: as a test gives it: a dictionary in place of a part may lack fields.
    """
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return filled_in(arguments[0], value)
    if origin in {Union, UnionType}:
        parts = [one for one in arguments if isinstance(value, Mapping) and one is not type(None)]
        return filled_in(parts[0], value) if parts else value
    if origin is dict and isinstance(value, Mapping):
        return {key: filled_in(arguments[1], one) for key, one in value.items()}
    if origin is tuple and arguments[-1] is ... and isinstance(value, list | tuple):
        return [filled_in(arguments[0], one) for one in value]
    if isinstance(hint, type) and origin is None and issubclass(hint, RecordPart) and isinstance(value, Mapping):
        return filled_part(hint, value)
    return value


def filled_part(part: type[RecordPart], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a part with those of the required fields that are missing."""
    fields = part.model_fields
    given = {name: filled_in(fields[name].annotation, one) if name in fields else one for name, one in values.items()}
    missing = {name: field for name, field in fields.items() if field.is_required() and name not in values}
    return {name: _nothing(field.annotation, field.metadata) for name, field in missing.items()} | given


def _nothing(hint: Any, notes: list[Any] | tuple[Any, ...] = ()) -> Any:
    """The smallest value of a type."""
    origin, arguments = get_origin(hint), get_args(hint)
    if origin is Annotated:
        bounds = [
            bound for note in arguments[1:] for bound in (note.metadata if isinstance(note, FieldInfo) else [note])
        ]
        return _nothing(arguments[0], bounds)
    if origin in {Union, UnionType}:
        return None
    if origin in {tuple, dict}:
        return [_nothing(one) for one in arguments] if origin is tuple and arguments[-1] is not ... else origin()
    if origin is Literal:
        return arguments[0]
    if issubclass(hint, RecordPart):
        return filled_part(hint, {})
    least: Any = next((note.ge for note in notes if isinstance(note, Ge)), 0)
    return SINGLE[hint] if least <= 0 else least
