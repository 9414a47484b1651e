"""DeepFillV2's convolutions: with and without a gate, and two ways to pad what a stride leaves over."""

from collections.abc import Callable

from torch import Tensor, nn
from torch.nn.functional import elu, pad


def pad_same(x: Tensor, kernel: int, stride: int) -> Tensor:
    """Zeros around (B, C, H, W) as a convolution of TensorFlow puts them for padding "SAME".

    Where their number is odd, the bottom and the right get one more.
    """
    missing = [max((-(-side // stride) - 1) * stride + kernel - side, 0) for side in x.shape[-2:]]
    above, left = (total // 2 for total in missing)
    return pad(x, (left, missing[1] - left, above, missing[0] - above))


class Convolution(nn.Conv2d):
    """Keeps height and width, or divides them by the stride; zeros at the border.

    Args:
        same: pad strided convolutions as TensorFlow's "SAME" does, not the same on all sides.
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
            # Not left to the convolution in either case: on maps of width 1, as small images come to in the
            # discriminator, oneDNN's bfloat16 weight gradients with padding hold what was in memory (torch 2.15).
            x = pad_same(x, self.kernel_size[0], self.stride[0]) if self.same else pad(x, (self.border,) * 4)
        return super().forward(x)


class GatedConvolution(Convolution):
    """Features weighted by a gate that is learned for every channel and place (Yu et al., ICCV 2019, equation 3).

    One convolution makes both: the first half of its channels are features, the second half is the gate. Its initial
    weights are Kaiming uniform by fan out, as the authors drew them.

    Args:
        activation: of the features; the gate's is the sigmoid.
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
