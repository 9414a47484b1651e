"""Parameters are counted if the feature map depends on them."""

import pytest
import timm
import torch
from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm

from backbones.kit.parameters import count_used
from backbones.timm.encoder import TimmEncoder

pytestmark = pytest.mark.usefixtures("one_thread")
IMAGE = torch.zeros(1, 3, 8, 8)


class WithHead(nn.Module):
    """A convolution, attention whose projection is not called as a module, and a head that is never run."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, bias=False)  # 108
        self.attention = nn.MultiheadAttention(4, 1, batch_first=True)  # 4 * 12 + 12 + 4 * 4 + 4
        self.head = nn.Linear(4, 1000)
        self.stem.requires_grad_(False)

    def forward(self, images: Tensor) -> Tensor:
        maps: Tensor = self.stem(images)
        tokens = maps.flatten(2).mT
        mixed: Tensor = self.attention(tokens, tokens, tokens)[0]
        return mixed.mT.reshape(maps.shape)


def test_a_head_that_is_never_run_does_not_count_and_frozen_layers_do() -> None:
    encoder = WithHead().eval()
    with torch.no_grad():  # as in an encode job
        assert count_used(encoder, IMAGE) == 108 + 48 + 12 + 16 + 4
    assert not encoder.stem.weight.requires_grad
    assert all(parameter.grad is None for parameter in encoder.parameters())


def test_shared_and_parametrised_weights_count_once() -> None:
    layer = nn.Conv2d(3, 3, 1, bias=False)
    assert count_used(nn.Sequential(layer, layer), IMAGE) == 9
    assert count_used(nn.Sequential(weight_norm(nn.Conv2d(3, 4, 1))), IMAGE) == 12 + 4 + 4
    assert count_used(nn.Identity(), IMAGE) == 0


@pytest.mark.parametrize(
    ("name", "unused", "share"),
    [("mobilenetv4_conv_small", ("conv_head", "norm_head"), 0.49), ("efficientvit_b0", ("head",), 0.68)],
)
def test_a_timm_network_counts_without_the_layers_behind_its_feature_map(
    name: str, unused: tuple[str, ...], share: float
) -> None:
    network = timm.create_model(name, num_classes=0)
    encoder = TimmEncoder(network).eval()
    total = sum(parameter.numel() for parameter in network.parameters())
    behind = sum(parameter.numel() for part in unused for parameter in network.get_submodule(part).parameters())
    assert behind > 0
    assert count_used(encoder, torch.zeros(1, 3, 64, 64)) == total - behind
    assert behind / total == pytest.approx(share, abs=0.005)
