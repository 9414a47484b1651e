"""Which arithmetic a job gets, and what stays in float32 under bfloat16."""

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
from torch import Tensor, nn

from backbones.kit import arithmetic, runtime
from backbones.kit.arithmetic import autocasting, choose_arithmetic, has_bfloat16_units
from backbones.kit.job import Job


def job(precision: str, *, fast: bool = True) -> Job:
    return cast("Job", SimpleNamespace(precision=precision, device="cpu", fast=fast))


def hardware(monkeypatch: pytest.MonkeyPatch, **capabilities: bool) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: capabilities, raising=False)
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: True)


@pytest.mark.parametrize("unit", ["avx512_bf16", "amx_bf16"])
def test_auto_takes_bfloat16_where_the_processor_has_units_for_it(unit: str, monkeypatch: pytest.MonkeyPatch) -> None:
    hardware(monkeypatch, avx2=True, **{unit: True})
    assert (choose_arithmetic(job("auto")), choose_arithmetic(job("float32"))) == ("bfloat16", "float32")


def test_auto_takes_float32_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    hardware(monkeypatch, avx2=True, avx512_bf16=False)
    assert (choose_arithmetic(job("auto")), choose_arithmetic(job("bfloat16"))) == ("float32", "bfloat16")
    monkeypatch.delattr(torch.cpu, "get_capabilities")
    assert not has_bfloat16_units("cpu")


def test_auto_takes_float32_without_the_library_that_uses_the_units(monkeypatch: pytest.MonkeyPatch) -> None:
    hardware(monkeypatch, amx_bf16=True)
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    assert not has_bfloat16_units("cpu")


@pytest.mark.parametrize(("native", "chosen"), [(True, True), (False, False)])
def test_a_gpu_that_emulates_bfloat16_has_no_units(native: bool, chosen: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation=True: native or including_emulation)
    assert has_bfloat16_units("cuda") is chosen


@pytest.mark.parametrize("fast", [True, False])
def test_a_result_says_what_was_computed(fast: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    hardware(monkeypatch, amx_bf16=True)
    assert runtime.settings(job("auto", fast=fast)) == {"precision": "bfloat16", "fast": fast}


def weight_gradient_type(convolve: Callable[[Tensor], Tensor], images: Tensor) -> torch.dtype:
    """The type in which a convolution, and so its gradient, is computed."""
    with autocasting("bfloat16", "cpu"):
        return convolve(images).dtype


CONVOLUTIONS: list[tuple[str, Callable[[Tensor], Tensor]]] = [
    ("a layer", nn.Conv2d(2, 3, 3, stride=2, padding=1)),
    ("a layer of another padding", nn.Conv2d(2, 3, 3, stride=2, padding=1, padding_mode="reflect")),
    ("a stride of one side", nn.Conv2d(2, 3, 3, stride=(1, 2), padding=1)),
    ("a function", lambda images: nn.functional.conv2d(images, torch.ones(3, 2, 3, 3), stride=2, padding=1)),
    ("keywords", lambda images: nn.functional.conv2d(input=images, weight=torch.ones(3, 2, 3, 3), stride=2)),
]


@pytest.mark.parametrize("convolve", [convolve for _, convolve in CONVOLUTIONS], ids=[name for name, _ in CONVOLUTIONS])
def test_strided_convolutions_of_narrow_maps_stay_in_float32(convolve: Callable[[Tensor], Tensor]) -> None:
    assert weight_gradient_type(convolve, torch.ones(1, 2, 4, 4)) == torch.float32
    assert weight_gradient_type(convolve, torch.ones(1, 2, 4, 64)) == torch.float32
    assert weight_gradient_type(convolve, torch.ones(1, 2, 64, 64)) == torch.bfloat16
    with torch.no_grad():
        assert weight_gradient_type(convolve, torch.ones(1, 2, 4, 4)) == torch.bfloat16


def test_other_convolutions_of_narrow_maps_are_computed_in_bfloat16() -> None:
    assert weight_gradient_type(nn.Conv2d(2, 3, 3), torch.ones(1, 2, 4, 4)) == torch.bfloat16


def test_guarded_gradients_equal_those_of_float32() -> None:
    torch.manual_seed(0)
    layer, images = nn.Conv2d(8, 16, 4, stride=2, padding=1), torch.randn(2, 8, 2, 2)

    def gradient(chosen: arithmetic.Arithmetic) -> Any:
        with autocasting(chosen, "cpu"):
            loss = layer(images).square().sum()
        return torch.autograd.grad(loss, layer.weight)[0]

    torch.testing.assert_close(gradient("bfloat16"), gradient("float32"))
