"""Strict loading: a network takes a state dict as a whole, or not at all."""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

LISTED_KEYS = 3
"""Keys that a message lists."""


def strict_load(module: nn.Module, state: Mapping[str, Tensor], what: str) -> None:
    """Copy `state` into `module`, whose keys and shapes it must match exactly.

    Values are converted to the module's precision: some authors publish float16. The kind of number (floating-point,
    whole, complex) must be the same, and every value must be finite in the module's precision.

    A module on the meta device has no memory for values: it takes the tensors of `state` themselves, unread. Whoever
    uses them checks that they are finite.

    Args:
        module: the network; unchanged unless everything fits.
        state: state dict with the module's own keys.
        what: name of the weights, as the beginning of the message.

    Raises:
        ValueError: a tensor is missing, unknown, of another shape or kind, not finite or no tensor; the message counts
            them and lists the first few.

    Examples:
        >>> strict_load(nn.Linear(1, 1), {"weight": torch.ones(1, 1)}, "The file")
        Traceback (most recent call last):
        ValueError: The file does not fit the network (1 missing: bias). Is it the file named here?
    """
    own = module.state_dict()
    problems = [
        _problem("missing", (key for key in own if key not in state)),
        _problem("unknown", (key for key in state if key not in own)),
        _problem("not a tensor", (key for key, value in state.items() if not isinstance(value, Tensor))),
        _problem("of another shape", _of_another_shape(own, state)),
        _problem("of another kind", _of_another_kind(own, state)),
        _problem("not finite", _not_finite(own, state)),
    ]
    if any(problems):
        summary = "; ".join(filter(None, problems))
        raise ValueError(f"{what} does not fit the network ({summary}). Is it the file named here?")
    own_types = {key: value.to(own[key].dtype) for key, value in state.items()}
    module.load_state_dict(own_types, strict=True, assign=any(tensor.is_meta for tensor in own.values()))


def _pairs(own: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> Iterable[tuple[str, Tensor, Tensor]]:
    """Key, own tensor and new tensor, for each key that both state dicts have."""
    return ((key, own[key], state[key]) for key in own.keys() & state.keys() if isinstance(state[key], Tensor))


def _of_another_shape(own: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> Iterable[str]:
    for key, expected, actual in _pairs(own, state):
        if expected.shape != actual.shape:
            yield f"{key} is {tuple(actual.shape)}, not {tuple(expected.shape)}"


def _of_another_kind(own: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> Iterable[str]:
    for key, expected, actual in _pairs(own, state):
        if _kind(expected) != _kind(actual):
            yield f"{key} is {_kind(actual)}, not {_kind(expected)}"


def _not_finite(own: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> Iterable[str]:
    for key, expected, actual in _pairs(own, state):
        if not expected.is_meta and _kind(expected) == _kind(actual) and not actual.to(expected.dtype).isfinite().all():
            yield key


def _kind(tensor: Tensor) -> str:
    if tensor.layout is not torch.strided:
        return "sparse"
    if tensor.is_complex():
        return "complex"
    return "floating-point" if tensor.is_floating_point() else "whole numbers"


def _problem(kind: str, keys: Iterable[object]) -> str:
    names = sorted(map(str, keys))  # a file may hold keys that are no strings
    if not names:
        return ""
    listed = ", ".join(names[:LISTED_KEYS]) + (", ..." if len(names) > LISTED_KEYS else "")
    return f"{len(names)} {kind}: {listed}"
