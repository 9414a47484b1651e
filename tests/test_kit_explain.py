"""Grad-CAM of a linear layer against its closed form."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from backbones.kit.explain import grad_cam
from backbones.kit.head import Head

SHAPE = torch.Size((4, 3, 5))
CLASSES = 6

Array = np.ndarray[Any, Any]


def closed_form(head: Head, maps: Tensor, targets: list[int]) -> Array:
    """A channel's weight is its mean gradient; the layer is linear, so the gradient is a row of its matrix.

    The positive part of the weighted sum is stretched to [0, 1].
    """
    _, channels, height, width = maps.shape
    rows = head.linear.weight.detach().double().numpy()[targets]
    if head.pooling == "flatten":
        weights = rows.reshape(-1, channels, height * width).mean(axis=2)
    else:
        weights = rows / (height * width)
    cams = np.maximum(np.einsum("bc,bchw->bhw", weights, maps.double().numpy()), 0)
    cams -= cams.min(axis=(1, 2), keepdims=True)
    stretched: Array = cams / cams.max(axis=(1, 2), keepdims=True)
    return stretched


def drawn(pooling: str) -> tuple[Head, Tensor]:
    torch.manual_seed(3)
    return Head(SHAPE, CLASSES, pooling), torch.randn(CLASSES, *SHAPE)


@pytest.mark.parametrize("pooling", ["flatten", "average"])
def test_maps_are_the_weighted_sum_of_the_channels(pooling: str) -> None:
    head, maps = drawn(pooling)
    targets = [4, 0, 5, 1, 1, 3]
    cams = grad_cam(head, maps, torch.tensor(targets))
    assert (cams.shape, cams.dtype.name) == ((CLASSES, 3, 5), "float32")
    assert cams.max(axis=(1, 2)) == pytest.approx(1, abs=1e-4)
    np.testing.assert_allclose(cams, closed_form(head, maps, targets), atol=1e-4)


def test_a_map_can_be_made_by_hand() -> None:
    """Weights 1 and -2: the sums are 3, 1, -3 and 5; what is negative is 0, and the greatest is 1."""
    head = Head(torch.Size((2, 2, 2)), 2, "average")
    with torch.no_grad():
        head.linear.weight.copy_(torch.tensor([[9.0, 9.0], [4.0, -8.0]]))
    maps = torch.tensor([[[[3.0, 5.0], [1.0, 5.0]], [[0.0, 2.0], [2.0, 0.0]]]])
    assert grad_cam(head, maps, torch.tensor([1])).ravel() == pytest.approx([0.6, 0.2, 0, 1], abs=1e-6)


@pytest.mark.parametrize("pooling", ["flatten", "average"])
def test_where_nothing_speaks_for_the_class_the_map_is_zero(pooling: str) -> None:
    head, maps = drawn(pooling)
    with torch.no_grad():
        head.linear.weight.abs_().neg_()
    cams = grad_cam(head, maps.abs(), torch.zeros(CLASSES, dtype=torch.int64))
    assert np.array_equal(cams, np.zeros((CLASSES, 3, 5)))


def test_each_map_is_for_its_own_class_and_image() -> None:
    head, maps = drawn("flatten")
    targets = torch.tensor([0, 1, 2, 3, 4, 5])
    together = grad_cam(head, maps, targets)
    alone = [grad_cam(head, maps[[row]], targets[[row]])[0] for row in range(CLASSES)]
    np.testing.assert_allclose(together, alone, atol=1e-6)


@pytest.mark.parametrize("training", [True, False])
def test_explaining_leaves_no_trace(training: bool) -> None:
    head, maps = drawn("flatten")
    head.train(training)
    before = {name: tensor.clone() for name, tensor in head.state_dict().items()}
    with torch.no_grad():
        grad_cam(head, maps, torch.zeros(CLASSES, dtype=torch.int64))
    assert head.training is head.linear.training is training
    assert all(parameter.grad is None for parameter in head.parameters())
    assert (maps.grad, maps.requires_grad) == (None, False)
    assert all(torch.equal(tensor, before[name]) for name, tensor in head.state_dict().items())
    assert not head.map._forward_hooks
