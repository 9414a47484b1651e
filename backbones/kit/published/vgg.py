"""VGG-19 (Simonyan & Zisserman, ICLR 2015), frozen, as the network of perceptual and style losses."""

from collections.abc import Collection, Mapping

import torch
from torch import Tensor, nn

from backbones.kit.published.weights import strict_load

BLOCKS = ((2, 64), (2, 128), (4, 256), (4, 512), (4, 512))
"""Number of convolutions and channels of each block; every block ends in max pooling."""


class Vgg19(nn.Module):
    """The convolutional layers, with torchvision's state dict keys, in evaluation mode; weights have no gradient."""

    def __init__(self) -> None:
        super().__init__()
        layers = _layers()
        self.features = nn.Sequential(*layers.values())
        self._names = tuple(layers)
        self.requires_grad_(requires_grad=False).eval()

    def forward(self, images: Tensor, layers: Collection[str]) -> dict[str, Tensor]:
        """Feature maps (B, C, h, w) of some layers by name; layers after the last of them do not run.

        Args:
            images: (B, 3, H, W), normalised or not, as the loss's authors did.
            layers: names such as `relu3_4`, the fourth activation of the third block.

        Raises:
            ValueError: there is no layer of such a name.
        """
        unknown = set(layers) - set(self._names)
        if unknown:
            raise ValueError(f"VGG-19 has no layer {min(unknown)!r}; its layers are {', '.join(self._names)}.")
        feature_maps: dict[str, Tensor] = {}
        for name, layer in zip(self._names, self.features, strict=True):
            if len(feature_maps) == len(set(layers)):
                break
            images = layer(images)
            if name in layers:
                feature_maps[name] = images
        return feature_maps


def unpack_vgg19(checkpoint: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The state dict of torchvision's published file without its classifier; loading refuses other unknown keys."""
    return {key: value for key, value in checkpoint.items() if not str(key).startswith("classifier.")}


def load_vgg19(state: Mapping[str, Tensor]) -> Vgg19:
    """The network with published weights.

    Raises:
        ValueError: a key is missing, unknown or of another shape.
    """
    network = Vgg19()
    strict_load(network, state, "The state dict of VGG-19")
    return network


def gram(feature_maps: Tensor) -> Tensor:
    """Gram matrices F F^T / (C h w) of feature maps (B, C, h, w), as (B, C, C); Gatys et al., CVPR 2016.

    Computed in float32 or better: losses compare entries that differ little.

    Examples:
        >>> gram(torch.tensor([[[[1.0, 2.0]], [[0.0, 2.0]]]]))  # B = 1, C = 2, h = 1, w = 2
        tensor([[[1.2500, 1.0000],
                 [1.0000, 1.0000]]])
    """
    with torch.autocast(feature_maps.device.type, enabled=False):
        flat = feature_maps.to(torch.promote_types(feature_maps.dtype, torch.float32)).flatten(2)
        return torch.bmm(flat, flat.transpose(1, 2)) / (flat.shape[1] * flat.shape[2])


def _layers() -> dict[str, nn.Module]:
    layers: dict[str, nn.Module] = {}
    inputs = 3
    for block, (count, channels) in enumerate(BLOCKS, start=1):
        for number in range(1, count + 1):
            layers[f"conv{block}_{number}"] = nn.Conv2d(inputs, channels, 3, padding=1)
            layers[f"relu{block}_{number}"] = nn.ReLU()
            inputs = channels
        layers[f"pool{block}"] = nn.MaxPool2d(2)
    return layers
