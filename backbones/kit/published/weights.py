"""Published weights go into a network whole, or not at all."""

from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

SHOWN = 3


def strict_load(module: nn.Module, state: Mapping[str, Tensor], what: str) -> None:
    """Copy `state` into `module`, whose keys and shapes it must match exactly.

    The precision may be another: values go over to the module's, as some authors publish theirs in float16. The kind
    of number may not, and every value must be finite in the module's precision.

    Args:
        module: untouched unless everything fits.
        state: by the module's own keys.
        what: the weights' name, for the message.

    Raises:
        ValueError: a key is missing, unknown, of another shape or kind, not finite or no tensor; says how many and
            names the first few.
    """
    own = module.state_dict()
    faults = [
        _fault("missing", (key for key in own if key not in state)),
        _fault("unknown", (key for key in state if key not in own)),
        _fault("not a tensor", (key for key, value in state.items() if not isinstance(value, Tensor))),
        _fault("misshapen", _misshapen(own, state)),
        _fault("of another kind", _of_another_kind(own, state)),
        _fault("not finite", _not_finite(own, state)),
    ]
    found = [fault for fault in faults if fault]
    if found:
        raise ValueError(f"{what} does not fit the network ({'; '.join(found)}). Is it the file named here?")
    module.load_state_dict(dict(state), strict=True)


def _pairs(own: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> Iterable[tuple[str, Tensor, Tensor]]:
    """Each tensor of the module with the one given for it."""
    return ((key, own[key], state[key]) for key in own.keys() & state.keys() if isinstance(state[key], Tensor))


def _misshapen(own: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> Iterable[str]:
    for key, expected, got in _pairs(own, state):
        if expected.shape != got.shape:
            yield f"{key} is {tuple(got.shape)}, not {tuple(expected.shape)}"


def _of_another_kind(own: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> Iterable[str]:
    for key, expected, got in _pairs(own, state):
        if _kind(expected) != _kind(got):
            yield f"{key} is {_kind(got)}, not {_kind(expected)}"


def _not_finite(own: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> Iterable[str]:
    for key, expected, got in _pairs(own, state):
        if _kind(expected) == _kind(got) and not got.to(expected.dtype).isfinite().all():
            yield key


def _kind(tensor: Tensor) -> str:
    if tensor.layout is not torch.strided:
        return "sparse"
    if tensor.is_complex():
        return "complex"
    return "floating-point" if tensor.is_floating_point() else "whole numbers"


def _fault(kind: str, keys: Iterable[object]) -> str:
    names = sorted(map(str, keys))  # a file may hold keys that are no text
    if not names:
        return ""
    shown = ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
    return f"{len(names)} {kind}: {shown}"
