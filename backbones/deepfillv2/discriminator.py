"""DeepFillV2's discriminator, SN-PatchGAN (Yu et al., ICCV 2019): spectrally normalised strided convolutions."""

from collections import OrderedDict
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

from backbones.deepfillv2.layers import Convolution

WIDTHS = (64, 128, 256, 256, 256, 256)
"""Channels of each layer."""


class SpectralConvolution(Convolution):
    """A 5 x 5 convolution with stride 2 whose weight, as a matrix, has the largest singular value 1.

    Each forward pass, in evaluation mode too, does one power iteration and divides the parameter by the singular value
    in place. Unlike in Miyato et al. (ICLR 2018), no gradient flows through that value, and the optimiser changes the
    normalised weight.

    Args:
        inputs: input channels.
        outputs: output channels.
        same: whether padding is that of TensorFlow's "SAME".
    """

    weight_u: Tensor

    def __init__(self, inputs: int, outputs: int, *, same: bool) -> None:
        super().__init__(inputs, outputs, 5, stride=2, same=same)
        self.register_buffer("weight_u", nn.init.trunc_normal_(torch.empty(outputs, 1)))

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H / 2, W / 2), rounded up."""
        with torch.no_grad(), torch.autocast(x.device.type, enabled=False):
            matrix = self.weight.flatten(1)
            right = normalize(matrix.T @ self.weight_u, dim=0)
            product = matrix @ right
            self.weight_u.copy_(normalize(product, dim=0))
            self.weight.div_((self.weight_u * product).sum())
        return super().forward(x)


class Discriminator(nn.Module):
    """Scores an image at every position and channel of a coarse feature map.

    Args:
        same: whether padding is that of TensorFlow's "SAME".
    """

    def __init__(self, *, same: bool = False) -> None:
        super().__init__()
        for number, (inputs, outputs) in enumerate(pairwise((4, *WIDTHS)), start=1):
            convolution = SpectralConvolution(inputs, outputs, same=same)
            # The authors apply the activation after the last layer too.
            layer = nn.Sequential(OrderedDict(conv_sn=convolution, activation=nn.LeakyReLU(0.2)))
            self.add_module(f"conv{number}", layer)

    def forward(self, images: Tensor, masks: Tensor) -> Tensor:
        """Score images; changes the weights, see `SpectralConvolution`.

        Args:
            images: (B, 3, H, W) in [-1, 1].
            masks: (B, 1, H, W), 1 = hole, for real images too.

        Returns:
            Scores (B, 256 * ceil(H / 64) * ceil(W / 64)), high = real.
        """
        x = torch.cat((images, masks), dim=1)
        for layer in self.children():
            x = layer(x)
        return x.flatten(1)
