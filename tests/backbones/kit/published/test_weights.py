from functools import partial

import pytest
import torch
from torch import nn

from backbones.kit.loading import build_backbone
from backbones.kit.published.vgg import load_vgg19
from backbones.kit.published.weights import strict_load


def test_a_fitting_state_dict_is_copied() -> None:
    layer = nn.Linear(2, 1)
    strict_load(layer, {"weight": torch.tensor([[1.0, 2.0]]), "bias": torch.tensor([3.0])}, "It")
    assert layer(torch.ones(1, 2)).item() == 6


def test_tensors_that_do_not_fit_are_named_and_nothing_is_copied() -> None:
    layer = nn.Linear(2, 1)
    before = layer.bias.detach().clone()
    state = {"weight": torch.zeros(2, 1), "bias": before + 1, "scale": torch.zeros(1)}
    with pytest.raises(ValueError, match=r"^The file .*1 unknown: scale; 1 of another shape: weight is \(2, 1\)"):
        strict_load(layer, state, "The file")
    assert torch.equal(layer.bias, before)


@pytest.mark.parametrize("precision", [torch.float16, torch.float64])
def test_another_precision_is_converted_to_the_networks(precision: torch.dtype) -> None:
    layer = nn.Linear(2, 1)
    strict_load(layer, {"weight": torch.tensor([[0.5, 2]], dtype=precision), "bias": torch.ones(1)}, "It")
    assert layer(torch.ones(1, 2)).item() == 3.5
    assert layer.weight.dtype == torch.float32


@pytest.mark.parametrize(
    ("weight", "problem"),
    [
        (torch.tensor([[1.0, torch.nan]]), r"\(1 not finite: weight\)"),
        (torch.tensor([[1.0, torch.inf]]), r"\(1 not finite: weight\)"),
        (torch.tensor([[1.0, 1e300]], dtype=torch.float64), r"\(1 not finite: weight\)"),  # in float32
        (torch.ones(1, 2, dtype=torch.int32), r"\(1 of another kind: weight is whole numbers, not floating-point\)"),
        (torch.ones(1, 2, dtype=torch.complex64), r"\(1 of another kind: weight is complex, not floating-point\)"),
        (torch.ones(1, 2).to_sparse(), r"\(1 of another kind: weight is sparse, not floating-point\)"),
    ],
)
def test_values_that_the_network_cannot_hold_are_refused(weight: torch.Tensor, problem: str) -> None:
    layer = nn.Linear(2, 1)
    before = layer.bias.detach().clone()
    with pytest.raises(ValueError, match=problem):
        strict_load(layer, {"weight": weight, "bias": before + 1}, "The file")
    assert torch.equal(layer.bias, before)


def test_a_counter_must_be_whole() -> None:
    state = nn.BatchNorm1d(1).state_dict()
    strict_load(nn.BatchNorm1d(1), state, "It")
    with pytest.raises(ValueError, match="num_batches_tracked is floating-point, not whole numbers"):
        strict_load(nn.BatchNorm1d(1), state | {"num_batches_tracked": torch.tensor(0.5)}, "It")


def test_keys_that_are_no_strings_are_named() -> None:
    state = {0: torch.ones(1), "1": torch.ones(1)}
    with pytest.raises(ValueError, match="2 unknown: 0, 1"):
        strict_load(nn.Identity(), state, "The file")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("name", "entry", "under"),
    [
        ("aotgan", "places2", ""),
        ("aotgan", "vgg19", ""),
        ("deepfillv2", "places2", "G"),
        ("edgeconnect", "places2-inpaint-generator", "generator"),
        ("efficientnet", "imagenet", ""),
        ("inception", "imagenet", ""),
        ("lama", "big-lama", "state_dict"),
    ],
)
def test_every_backbone_refuses_keys_that_are_no_strings(name: str, entry: str, under: str) -> None:
    state = {0: torch.ones(1)}
    backbone = build_backbone(name, "")
    unpacked = backbone.unpack(entry, {under: state} if under else state)  # type: ignore[arg-type]
    load = load_vgg19 if entry == "vgg19" else partial(backbone.load, entry)
    with pytest.raises(ValueError, match=r"1 unknown: 0[;)]"):
        load(unpacked)


def test_long_lists_are_counted_and_shortened() -> None:
    many = nn.Sequential(*(nn.Linear(1, 1) for _ in range(3)))
    with pytest.raises(ValueError, match=r"6 missing: 0\.bias, 0\.weight, 1\.bias, \.\.\.\)"):
        strict_load(many, {}, "The file")
