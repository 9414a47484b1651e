import copy
import warnings

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from backbones.kit.published.spectral import fill_weight_v, spectral_norm
from support.networks import assert_equal_states

pytestmark = pytest.mark.usefixtures("one_thread")
KINDS = ["convolution", "transposed"]


def plain(kind: str) -> tuple[nn.Module, Tensor]:
    """A convolution of one kind, and its input."""
    torch.manual_seed(0)
    if kind == "transposed":
        return nn.ConvTranspose2d(6, 4, 4, stride=2, padding=1), torch.randn(2, 6, 5, 5)
    return nn.Conv2d(3, 8, 4, stride=2, padding=1), torch.randn(2, 3, 10, 10)


def sigma(kind: str, weight: Tensor) -> float:
    """The largest singular value of a weight whose output channels are the rows."""
    rows_first = weight.transpose(0, 1) if kind == "transposed" else weight
    return float(np.linalg.svd(rows_first.detach().double().flatten(1).numpy())[1][0])


def tensor(module: nn.Module, name: str) -> Tensor:
    return module.state_dict()[name]


@pytest.mark.parametrize("kind", KINDS)
def test_training_equals_that_of_the_older_hook_also_with_two_passes_before_backward(kind: str) -> None:
    conv, x = plain(kind)
    own = spectral_norm(copy.deepcopy(conv))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecated, and still the reference
        reference = nn.utils.spectral_norm(copy.deepcopy(conv))
    assert own.state_dict().keys() == reference.state_dict().keys()
    own.load_state_dict(reference.state_dict())
    for _ in range(2):
        for module in (own, reference):
            module.zero_grad()
            (module(x).square().mean() + module(x / 2).abs().mean()).backward()
        for one, other in zip(own.parameters(), reference.parameters(), strict=True):
            torch.testing.assert_close(one.grad, other.grad)
        torch.testing.assert_close(own.state_dict(), reference.state_dict())
    torch.testing.assert_close(own.eval()(x), reference.eval()(x))


@pytest.mark.parametrize("kind", KINDS)
def test_the_weight_is_divided_by_its_largest_singular_value(kind: str) -> None:
    conv, x = plain(kind)
    own = spectral_norm(copy.deepcopy(conv))
    with torch.no_grad():
        for _ in range(200):
            own(x)
        conv.weight /= sigma(kind, conv.weight)
        torch.testing.assert_close(own(x), conv(x))


def test_evaluation_does_not_change_the_vectors() -> None:
    conv, x = plain("convolution")
    own = spectral_norm(conv).eval()
    before = copy.deepcopy(own.state_dict())
    own(x)
    assert_equal_states(own.state_dict(), before)


def test_a_module_can_be_copied_after_a_training_pass() -> None:
    conv, x = plain("convolution")
    own = spectral_norm(conv)
    own(x).sum().backward()
    twin = copy.deepcopy(own)
    assert torch.equal(twin(x), own(x))
    own(x)
    assert not torch.equal(tensor(twin, "weight_v"), tensor(own, "weight_v"))


def test_the_normalisation_keeps_float32_under_autocast() -> None:
    conv, x = plain("convolution")
    own = spectral_norm(conv)
    twin = copy.deepcopy(own)
    own(x)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert twin(x).dtype == torch.bfloat16
    assert torch.equal(tensor(twin, "weight_v"), tensor(own, "weight_v"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_missing_right_vector_is_recovered(kind: str) -> None:
    conv, x = plain(kind)
    own = spectral_norm(conv)
    own(x)
    state = {f"conv.{key}": value for key, value in own.state_dict().items()}
    older = {key: value for key, value in state.items() if not key.endswith("weight_v")}
    filled = fill_weight_v({**older, "conv.weight": torch.zeros(1)})
    assert filled.keys() == state.keys()
    torch.testing.assert_close(filled["conv.weight_v"], state["conv.weight_v"])
    assert fill_weight_v(state).keys() == state.keys()


def test_a_left_vector_needs_its_weight() -> None:
    with pytest.raises(ValueError, match=r"conv\.weight_u has 5 values, but there is no conv\.weight_orig"):
        fill_weight_v({"conv.weight_u": torch.zeros(5), "conv.weight_orig": torch.zeros(4, 3, 2, 2)})
    with pytest.raises(ValueError, match=r"conv\.weight_orig holds NaN or infinity"):
        fill_weight_v({"conv.weight_u": torch.ones(4), "conv.weight_orig": torch.full((4, 3, 2, 2), torch.nan)})


def test_only_convolutions_are_normalised() -> None:
    with pytest.raises(TypeError, match="not Linear"):
        spectral_norm(nn.Linear(2, 2))
