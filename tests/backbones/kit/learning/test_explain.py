"""Class activation maps of a linear layer against their closed forms."""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from backbones.kit.job import CamMethod
from backbones.kit.learning.explain import class_activation_maps
from backbones.kit.learning.head import Head
from support.networks import assert_equal_states

SHAPE = torch.Size((4, 3, 5))
CLASSES = 6

Array = np.ndarray[Any, Any]


def closed_form(head: Head, maps: Tensor, targets: list[int]) -> Array:
    """A channel's weight is its mean gradient; the layer is linear, so the gradient is a row of its matrix.

    The positive part of the weighted sum is scaled_cams to [0, 1].
    """
    _, channels, height, width = maps.shape
    rows = head.linear.weight.detach().double().numpy()[targets]
    if head.pooling == "flatten":
        weights = rows.reshape(-1, channels, height * width).mean(axis=2)
    else:
        weights = rows / (height * width)
    return scaled_cams(np.einsum("bc,bchw->bhw", weights, maps.double().numpy()))


def gradients_and_activations(head: Head, maps: Tensor, targets: list[int]) -> tuple[Array, Array]:
    """Gradients and activations, (B, C, h, w)."""
    rows = head.linear.weight.detach().double().numpy()[targets]
    size = maps.shape[2] * maps.shape[3]
    flat = rows if head.pooling == "flatten" else np.repeat(rows / size, size, axis=1)
    return flat.reshape(maps.shape), maps.double().numpy()


def scaled_cams(sums: Array) -> Array:
    """The positive part, each CAM scaled to [0, 1]; one without positive values is zero."""
    cams = np.maximum(sums, 0)
    cams -= cams.min(axis=(1, 2), keepdims=True)
    highest = cams.max(axis=(1, 2), keepdims=True)
    scaled: Array = cams / np.where(highest > 0, highest, 1)
    return scaled


def random_head(pooling: str) -> tuple[Head, Tensor]:
    torch.manual_seed(3)
    return Head(SHAPE, CLASSES, pooling), torch.randn(CLASSES, *SHAPE)


@pytest.mark.parametrize("pooling", ["flatten", "average"])
def test_gradcam_is_the_weighted_sum_of_the_channels(pooling: str) -> None:
    head, maps = random_head(pooling)
    targets = [4, 0, 5, 1, 1, 3]
    cams = class_activation_maps(["gradcam"], head, maps, torch.tensor(targets))["gradcam"]
    assert (cams.shape, cams.dtype.name) == ((CLASSES, 3, 5), "float32")
    assert cams.max(axis=(1, 2)) == pytest.approx(1, abs=1e-4)
    np.testing.assert_allclose(cams, closed_form(head, maps, targets), atol=1e-4)


@pytest.mark.parametrize("pooling", ["flatten", "average"])
def test_hirescam_is_the_contribution_of_each_position_to_the_logit(pooling: str) -> None:
    head, maps = random_head(pooling)
    targets = [4, 0, 5, 1, 1, 3]
    gradients, activations = gradients_and_activations(head, maps, targets)
    contributions = (gradients * activations).sum(axis=1)
    logits = head(maps).detach().numpy()[range(CLASSES), targets] - head.linear.bias.detach().numpy()[targets]
    assert contributions.sum(axis=(1, 2)) == pytest.approx(logits, abs=1e-5)
    cams = class_activation_maps(["hirescam"], head, maps, torch.tensor(targets))["hirescam"]
    np.testing.assert_allclose(cams, scaled_cams(contributions), atol=1e-4)


@pytest.mark.parametrize("pooling", ["flatten", "average"])
def test_layercam_uses_the_positive_gradients_alone(pooling: str) -> None:
    head, maps = random_head(pooling)
    targets = [4, 0, 5, 1, 1, 3]
    gradients, activations = gradients_and_activations(head, maps, targets)
    cams = class_activation_maps(["layercam"], head, maps, torch.tensor(targets))["layercam"]
    np.testing.assert_allclose(cams, scaled_cams((np.maximum(gradients, 0) * activations).sum(axis=1)), atol=1e-4)


def test_eigencam_is_the_first_principal_component_of_the_activations() -> None:
    head, maps = random_head("flatten")
    cams = class_activation_maps(["eigencam"], head, maps, torch.zeros(CLASSES, dtype=torch.int64))["eigencam"]
    points = maps.double().numpy().reshape(CLASSES, 4, -1).transpose(0, 2, 1)  # (B, h w, C)
    for cam, cells in zip(cams, points, strict=True):
        centred = cells - cells.mean(axis=0)
        projected = centred @ np.linalg.eigh(centred.T @ centred)[1][:, -1]
        either = [scaled_cams((sign * projected).reshape(1, 3, 5))[0] for sign in (1, -1)]
        assert min(np.abs(cam - one).max() for one in either) < 1e-4


def test_gradcam_by_hand() -> None:
    """Weights 1 and -2: the sums are 3, 1, -3 and 5; what is negative is 0, and the greatest is 1."""
    head = Head(torch.Size((2, 2, 2)), 2, "average")
    with torch.no_grad():
        head.linear.weight.copy_(torch.tensor([[9.0, 9.0], [4.0, -8.0]]))
    maps = torch.tensor([[[[3.0, 5.0], [1.0, 5.0]], [[0.0, 2.0], [2.0, 0.0]]]])
    cams = class_activation_maps(["gradcam"], head, maps, torch.tensor([1]))["gradcam"]
    assert cams.ravel() == pytest.approx([0.6, 0.2, 0, 1], abs=1e-6)


@pytest.mark.parametrize("pooling", ["flatten", "average"])
def test_a_cam_without_positive_values_is_zero(pooling: str) -> None:
    head, maps = random_head(pooling)
    with torch.no_grad():
        head.linear.weight.abs_().neg_()
    cams = class_activation_maps(["gradcam"], head, maps.abs(), torch.zeros(CLASSES, dtype=torch.int64))["gradcam"]
    assert np.array_equal(cams, np.zeros((CLASSES, 3, 5)))


def test_each_cam_is_for_its_own_class_and_image() -> None:
    head, maps = random_head("flatten")
    targets = torch.tensor([0, 1, 2, 3, 4, 5])
    together = class_activation_maps(["gradcam"], head, maps, targets)["gradcam"]
    alone = [
        class_activation_maps(["gradcam"], head, maps[[row]], targets[[row]])["gradcam"][0] for row in range(CLASSES)
    ]
    np.testing.assert_allclose(together, alone, atol=1e-6)


@pytest.mark.parametrize("training", [True, False])
def test_explaining_does_not_change_the_head(training: bool) -> None:
    head, maps = random_head("flatten")
    head.train(training)
    before = {name: tensor.clone() for name, tensor in head.state_dict().items()}
    with torch.no_grad():
        class_activation_maps(["gradcam", "hirescam"], head, maps, torch.zeros(CLASSES, dtype=torch.int64))
    assert head.training is head.linear.training is training
    assert all(parameter.grad is None for parameter in head.parameters())
    assert (maps.grad, maps.requires_grad) == (None, False)
    assert_equal_states(head.state_dict(), before)
    assert not head.feature_map._forward_hooks


def test_all_methods_use_one_gradient(monkeypatch: pytest.MonkeyPatch) -> None:
    head, maps = random_head("flatten")
    targets, calls = torch.tensor([4, 0, 5, 1, 1, 3]), []
    forward = head.linear.forward
    monkeypatch.setattr(head.linear, "forward", lambda embeddings: calls.append(1) or forward(embeddings))
    methods: list[CamMethod] = ["eigencam", "hirescam", "layercam", "gradcam"]
    together = class_activation_maps(methods, head, maps, targets)
    assert (list(together), len(calls)) == (methods, 1)
    for method, cams in together.items():
        assert np.array_equal(cams, class_activation_maps([method], head, maps, targets)[method])


def test_where_the_mean_gradient_speaks_against_a_class_hirescam_still_has_evidence() -> None:
    """Channel weights of -1 on average, but the only active position has a weight of 1."""
    head = Head(torch.Size((1, 1, 3)), 1, "flatten")
    with torch.no_grad():
        head.linear.weight.copy_(torch.tensor([[1.0, -2.0, -2.0]]))
    maps = torch.tensor([[[[3.0, 0.0, 0.0]]]])
    cams = class_activation_maps(["gradcam", "hirescam"], head, maps, torch.tensor([0]))
    assert not cams["gradcam"].any()
    assert cams["hirescam"].ravel() == pytest.approx([1, 0, 0], abs=1e-6)
