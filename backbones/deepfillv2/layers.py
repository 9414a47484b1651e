"""DeepFillV2's convolutions, with and without a gate, and with two kinds of padding."""

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn.functional import elu, pad


def pad_same(x: Tensor, kernel: int, stride: int) -> Tensor:
    """Pad (B, C, H, W) with zeros as TensorFlow's padding "SAME"; of an odd number, bottom and right get one more.

    Args:
        x: (B, C, H, W).
        kernel: side of the convolution's kernel.
        stride: its stride.

    Examples:
        >>> import torch
        >>> tuple(pad_same(torch.ones(1, 1, 4, 4), kernel=3, stride=2).shape)
        (1, 1, 5, 5)
    """
    missing = [max((-(-side // stride) - 1) * stride + kernel - side, 0) for side in x.shape[-2:]]
    above, left = (total // 2 for total in missing)
    return pad(x, (left, missing[1] - left, above, missing[0] - above))


class Convolution(nn.Conv2d):
    """A zero-padded convolution that keeps height and width, or divides them by its stride.

    Args:
        inputs: input channels.
        outputs: output channels.
        kernel: side of the kernel.
        stride: stride of the convolution.
        dilation: dilation of the kernel.
        same: whether strided convolutions have the padding of TensorFlow's "SAME"; otherwise all sides have the same.
    """

    def __init__(
        self, inputs: int, outputs: int, kernel: int = 3, *, stride: int = 1, dilation: int = 1, same: bool = False
    ) -> None:
        padding = dilation * (kernel - 1) // 2
        super().__init__(inputs, outputs, kernel, stride, 0 if stride > 1 else padding, dilation)
        self.border = padding
        self.same = same

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H / stride, W / stride), rounded up."""
        if self.stride[0] > 1:
            # Padded here, not by the convolution: on feature maps of width 1, as the discriminator makes of small
            # images, oneDNN's bfloat16 weight gradients with padding contain uninitialised memory (torch 2.15).
            x = pad_same(x, self.kernel_size[0], self.stride[0]) if self.same else pad(x, (self.border,) * 4)
        return super().forward(x)


class GatedConvolution(Convolution):
    """Features times a gate, which is learned for every channel and position (Yu et al., ICCV 2019, equation 3).

    One convolution computes both: the first half of its channels are the features, the second half is the gate. Initial
    weights are Kaiming uniform by fan-out, as the authors'.

    Args:
        inputs: input channels.
        outputs: output channels.
        kernel: side of the kernel.
        stride: stride of the convolution.
        dilation: dilation of the kernel.
        same: padding, see `Convolution`.
        activation: activation of the features; that of the gate is the sigmoid.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        kernel: int = 3,
        *,
        stride: int = 1,
        dilation: int = 1,
        same: bool = False,
        activation: Callable[[Tensor], Tensor] = elu,
    ) -> None:
        super().__init__(inputs, 2 * outputs, kernel, stride=stride, dilation=dilation, same=same)
        self.activation = activation

    def reset_parameters(self) -> None:
        """Draw the initial weights."""
        assert self.bias is not None
        nn.init.kaiming_uniform_(self.weight, mode="fan_out", nonlinearity="relu")
        nn.init.zeros_(self.bias)

    def forward(self, x: Tensor) -> Tensor:
        """(B, inputs, H, W) -> (B, outputs, H / stride, W / stride), rounded up."""
        features, gate = super().forward(x).chunk(2, dim=1)
        return self.activation(features) * gate.sigmoid()
