import pytest
import torch
from torch import nn

from backbones.kit.weights import strict_load


def test_what_fits_is_copied() -> None:
    layer = nn.Linear(2, 1)
    strict_load(layer, {"weight": torch.tensor([[1.0, 2.0]]), "bias": torch.tensor([3.0])}, "It")
    assert layer(torch.ones(1, 2)).item() == 6


def test_what_does_not_fit_is_named_and_nothing_is_copied() -> None:
    layer = nn.Linear(2, 1)
    before = layer.bias.detach().clone()
    state = {"weight": torch.zeros(2, 1), "bias": before + 1, "scale": torch.zeros(1)}
    with pytest.raises(ValueError, match=r"^The file .*1 unknown: scale; 1 misshapen: weight is \(2, 1\)"):
        strict_load(layer, state, "The file")
    assert torch.equal(layer.bias, before)


def test_long_lists_are_counted_and_cut() -> None:
    many = nn.Sequential(*(nn.Linear(1, 1) for _ in range(3)))
    with pytest.raises(ValueError, match=r"6 missing: 0\.bias, 0\.weight, 1\.bias, \.\.\.\)"):
        strict_load(many, {}, "The file")
