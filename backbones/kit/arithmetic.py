"""The arithmetic of a job: bfloat16 where the hardware has units for it, and what has to stay in float32 under it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Literal

import torch
from torch import Tensor
from torch.overrides import TorchFunctionMode

from backbones.kit.job import Job

Arithmetic = Literal["float32", "bfloat16"]

UNITS = ("avx512_bf16", "amx_bf16")
"""Capabilities of a processor that multiplies bfloat16 faster than float32. Others emulate it, which is slower."""

NARROW = 16
"""Feature maps of at most this many rows or columns are narrow."""


def choose_arithmetic(job: Job) -> Arithmetic:
    """The arithmetic of a job: that of its `precision`; of `auto`, bfloat16 if its device has units for it."""
    if job.precision != "auto":
        return job.precision
    return "bfloat16" if has_bfloat16_units(job.device) else "float32"


def has_bfloat16_units(device: str) -> bool:
    """Whether a device, `cpu` or `cuda`, multiplies bfloat16 faster than float32."""
    if device == "cuda":
        return torch.cuda.is_available() and torch.cuda.is_bf16_supported(including_emulation=False)
    read: Callable[[], Mapping[str, Any]] = getattr(torch.cpu, "get_capabilities", dict)  # new in PyTorch 2.10
    capabilities = read()
    multiplies: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return multiplies and any(capabilities.get(unit, False) for unit in UNITS)


@contextmanager
def autocasting(arithmetic: Arithmetic, device: str) -> Iterator[None]:
    """A context in which networks compute in an arithmetic."""
    if arithmetic == "float32":
        yield
        return
    with torch.autocast(device, dtype=torch.bfloat16):
        if device == "cpu" and torch.is_grad_enabled():
            with _NarrowConvolutionsInFloat32():
                yield
        else:
            yield


def is_at_risk(images: Sequence[int], stride: int | Sequence[int]) -> bool:
    """Whether the weight gradient of a convolution may hold memory that was never written.

    In bfloat16 on processors, oneDNN's weight gradients of strided convolutions on narrow feature maps do (seen with
    padding on maps of width 1, torch 2.15): NaN or huge numbers, in some runs.

    Args:
        images: (B, C, H, W), shape of the input.
        stride: of the convolution, one number or one a side.

    Examples:
        >>> is_at_risk((8, 64, 1, 1), 2), is_at_risk((8, 64, 64, 64), 2), is_at_risk((8, 64, 1, 1), (1, 1))
        (True, False, False)
    """
    strides = (stride,) if isinstance(stride, int) else tuple(stride)
    return max(strides) > 1 and min(images[-2:]) <= NARROW


class _NarrowConvolutionsInFloat32(TorchFunctionMode):
    """Computes the convolutions for which `is_at_risk` holds in float32, in the networks of all contestants."""

    def __torch_function__(
        self, func: Callable[..., Any], _types: object, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:  # noqa: ANN401 - any result
        named = kwargs or {}
        if func is not torch.conv2d or not is_at_risk(_argument(0, "input", args, named).shape, _stride(args, named)):
            return func(*args, **named)
        with torch.autocast("cpu", enabled=False):
            return func(*map(_single, args), **{name: _single(value) for name, value in named.items()})


def _stride(args: Sequence[Any], named: Mapping[str, Any]) -> int | Sequence[int]:
    stride: int | Sequence[int] = _argument(3, "stride", args, named, 1)
    return stride


def _argument(place: int, name: str, args: Sequence[Any], named: Mapping[str, Any], default: object = None) -> Any:  # noqa: ANN401
    """An argument of a call, by its place or its name."""
    return args[place] if len(args) > place else named.get(name, default)


def _single(value: Any) -> Any:  # noqa: ANN401 - any argument of a convolution
    return value.float() if isinstance(value, Tensor) else value
