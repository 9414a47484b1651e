"""The perceptual network of LaMa's loss: the dilated ResNet-50 of the ADE20K scene parsing benchmark.

Zhou et al., "Semantic Understanding of Scenes through the ADE20K Dataset", IJCV 2019. The last two stages are dilated,
not strided: this gives the large receptive field that LaMa's perceptual loss needs (Suvorov et al. 2022,
section 2.2.1).
"""

from collections.abc import Mapping

from torch import Tensor, nn
from torch.nn.functional import relu

from backbones.kit.published.weights import strict_load

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)
BOOKKEEPING = ("num_batches_tracked", "_tmp_running_mean", "_tmp_running_var", "_running_iter")
"""Ends of keys with batch norm state that evaluation does not use; published files differ in which of it they hold."""


class Bottleneck(nn.Module):
    """1x1, 3x3 (strided or dilated), 1x1 convolution with a residual sum; He et al., CVPR 2016."""

    def __init__(self, inputs: int, width: int, stride: int, dilation: int, *, first: bool) -> None:
        super().__init__()
        outputs = 4 * width
        self.conv1 = nn.Conv2d(inputs, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.conv2 = nn.Conv2d(width, width, 3, stride, padding=dilation, dilation=dilation, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.conv3 = nn.Conv2d(width, outputs, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(outputs)
        self.downsample: nn.Module | None = None
        if first:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: Tensor) -> Tensor:
        """(B, C, H, W) -> (B, 4 * width, H', W')."""
        shortcut = x if self.downsample is None else self.downsample(x)
        x = relu(self.bn1(self.conv1(x)))
        x = relu(self.bn2(self.conv2(x)))
        return relu(self.bn3(self.conv3(x)) + shortcut)


def _stage(inputs: int, width: int, blocks: int, stride: int = 1, dilation: int = 1) -> nn.Sequential:
    """A stage of bottlenecks. With dilation d the first block has dilation d / 2 in place of a stride, the others d."""
    first = Bottleneck(inputs, width, stride, max(1, dilation // 2), first=True)
    others = [Bottleneck(4 * width, width, 1, dilation, first=False) for _ in range(blocks - 1)]
    return nn.Sequential(first, *others)


class ResNet50Dilated(nn.Module):
    """The frozen network: its weights have no gradient, and it stays in evaluation mode.

    In LaMa's training code it returns to training mode, as a submodule of the trained module, and normalises real and
    predicted batches by their own statistics. This implementation does not.
    """

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 64, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(64)
        self.conv2 = nn.Conv2d(64, 64, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(64)
        self.conv3 = nn.Conv2d(64, 128, 3, padding=1, bias=False)
        self.bn3 = nn.BatchNorm2d(128)
        self.maxpool = nn.MaxPool2d(3, stride=2, padding=1)
        self.layer1 = _stage(128, 64, blocks=3)
        self.layer2 = _stage(256, 128, blocks=4, stride=2)
        self.layer3 = _stage(512, 256, blocks=6, dilation=2)
        self.layer4 = _stage(1024, 512, blocks=3, dilation=4)
        self.requires_grad_(requires_grad=False)
        self.train(mode=False)

    def train(self, mode: bool = True) -> "ResNet50Dilated":  # noqa: ARG002
        """Stay in evaluation mode."""
        return super().train(mode=False)

    @classmethod
    def published(cls, state: Mapping[str, Tensor]) -> "ResNet50Dilated":
        """The network with published weights, loaded strictly except for the counters of batch norm.

        Args:
            state: the published state dict.

        Raises:
            ValueError: a key is missing, unknown or of another shape.
        """
        network = cls()
        weights = {key: value for key, value in state.items() if not key.endswith(BOOKKEEPING)}
        counters = {key: value for key, value in network.state_dict().items() if key.endswith(BOOKKEEPING)}
        strict_load(network, {**weights, **counters}, "The state dict of the dilated ResNet-50")
        return network

    def forward(self, images: Tensor) -> list[Tensor]:
        """Features of the four stages.

        Args:
            images: (B, 3, H, W) in [0, 1]; normalised here by ImageNet's mean and standard deviation.

        Returns:
            (B, 256, H/4, W/4), (B, 512, H/8, W/8), (B, 1024, H/8, W/8) and (B, 2048, H/8, W/8).
        """
        mean, std = (images.new_tensor(values).view(3, 1, 1) for values in (MEAN, STD))
        x = (images - mean) / std
        x = relu(self.bn1(self.conv1(x)))
        x = relu(self.bn2(self.conv2(x)))
        x = self.maxpool(relu(self.bn3(self.conv3(x))))
        features: list[Tensor] = []
        for stage in (self.layer1, self.layer2, self.layer3, self.layer4):
            x = stage(x)
            features.append(x)
        return features
