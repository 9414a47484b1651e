"""Published weights go into a network whole, or not at all."""

from collections.abc import Iterable, Mapping

from torch import Tensor, nn

SHOWN = 3


def strict_load(module: nn.Module, state: Mapping[str, Tensor], what: str) -> None:
    """Copy `state` into `module`, whose keys and shapes it must match exactly.

    Args:
        module: untouched unless everything fits.
        state: by the module's own keys.
        what: the weights' name, for the message.

    Raises:
        ValueError: a key is missing, unknown, of another shape or no tensor; says how many and names the first few.
    """
    own = module.state_dict()
    faults = [
        _fault("missing", (key for key in own if key not in state)),
        _fault("unknown", (key for key in state if key not in own)),
        _fault("not a tensor", (key for key, value in state.items() if not isinstance(value, Tensor))),
        _fault("misshapen", _misshapen(own, state)),
    ]
    found = [fault for fault in faults if fault]
    if found:
        raise ValueError(f"{what} does not fit the network ({'; '.join(found)}). Is it the file named here?")
    module.load_state_dict(dict(state), strict=True)


def _misshapen(own: Mapping[str, Tensor], state: Mapping[str, Tensor]) -> Iterable[str]:
    for key in own.keys() & state.keys():
        if not isinstance(state[key], Tensor):
            continue
        expected, got = tuple(own[key].shape), tuple(state[key].shape)
        if expected != got:
            yield f"{key} is {got}, not {expected}"


def _fault(kind: str, keys: Iterable[str]) -> str:
    names = sorted(keys)
    if not names:
        return ""
    shown = ", ".join(names[:SHOWN]) + (", ..." if len(names) > SHOWN else "")
    return f"{len(names)} {kind}: {shown}"
