"""Folding and overwriting change how an encoder is computed, not what; they leave alone what they do not know."""

import pytest
import torch
from torch import Tensor, nn

from backbones.kit.learning.inference import arrange, optimise
from backbones.kit.published.spectral import spectral_norm

pytestmark = pytest.mark.usefixtures("one_thread")


class Residual(nn.Module):
    """Reads the output of its convolution twice: nothing may be folded."""

    def __init__(self) -> None:
        super().__init__()
        self.conv, self.norm = nn.Conv2d(4, 4, 1), nn.BatchNorm2d(4)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return x + self.norm(x)


def settled(encoder: nn.Module) -> nn.Module:
    """In evaluation mode, with running statistics that differ from 0 and 1."""
    torch.manual_seed(0)
    with torch.no_grad():
        for _ in range(3):
            encoder.train()(2 + 3 * torch.randn(4, 3, 8, 8))
    return encoder.eval()


SHARED = nn.Conv2d(4, 4, 1)
ENCODERS = {
    "conv, norm, relu": (nn.Sequential(nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU()), 0),
    "without scale": (nn.Sequential(nn.Conv2d(3, 4, 3, bias=False), nn.BatchNorm2d(4, affine=False)), 0),
    "groups": (nn.Sequential(nn.Conv2d(3, 6, 3, groups=3), nn.BatchNorm2d(6)), 0),
    "nested": (nn.Sequential(nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4)), nn.ReLU()), 0),
    "without statistics": (nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4, track_running_stats=False)), 1),
    "spectral": (nn.Sequential(spectral_norm(nn.Conv2d(3, 4, 1)), nn.BatchNorm2d(4)), 1),
    "read twice": (nn.Sequential(nn.Conv2d(3, 4, 1), Residual()), 1),
    "one convolution in two places": (
        nn.Sequential(nn.Conv2d(3, 4, 1), SHARED, nn.BatchNorm2d(4), nn.Sequential(SHARED, nn.BatchNorm2d(4))),
        2,
    ),
    "identity before a relu": (nn.Sequential(nn.Identity(), nn.ReLU(), nn.Conv2d(3, 4, 1)), 0),
}


@pytest.mark.parametrize("name", ENCODERS)
def test_an_optimised_encoder_gives_the_same_feature_maps(name: str) -> None:
    encoder, norms = ENCODERS[name]
    images = torch.randn(2, 3, 8, 8, generator=torch.Generator().manual_seed(1))
    kept = images.clone()
    with torch.no_grad():
        expected = settled(encoder)(images).clone()
        actual = optimise(encoder, "float32")(images)
    torch.testing.assert_close(actual, expected, rtol=1e-4, atol=1e-5)
    assert torch.equal(images, kept)
    assert sum(isinstance(module, nn.BatchNorm2d) for module in encoder.modules()) == norms


def test_under_bfloat16_weights_are_converted_once_and_the_layout_stays() -> None:
    encoder = settled(nn.Sequential(nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.Conv2d(8, 16, 3)))
    images = torch.rand(2, 3, 8, 8)
    with torch.no_grad():
        expected = encoder(images)
        optimised = optimise(encoder, "bfloat16")
        with torch.autocast("cpu", dtype=torch.bfloat16):
            actual = optimised(arrange(images, "bfloat16"))
    assert {parameter.dtype for parameter in optimised.parameters()} == {torch.bfloat16}
    assert actual.is_contiguous(memory_format=torch.channels_last)
    assert torch.cosine_similarity(actual.float().flatten(1), expected.flatten(1)).min() > 0.999
