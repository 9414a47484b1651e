"""A timm network as an encoder: with its own preprocessing, and its output as a feature map."""

from collections.abc import Sequence
from typing import Any

from timm.data.config import resolve_model_data_config
from timm.models import get_model_input_config
from torch import Tensor, nn
from torchvision.transforms.functional import normalize

INTERPOLATIONS = ("bilinear", "bicubic")


class TimmEncoder(nn.Module):
    """A network up to its last feature map, with the preprocessing of its configuration.

    The whole image is used: timm's centre crop (`crop_pct`) is for photographs, not for crops of animals.
    """

    network: Any

    def __init__(self, network: nn.Module) -> None:
        """Wrap a network.

        Args:
            network: a network of `timm.create_model`.

        Raises:
            ValueError: its configuration has an interpolation that torch lacks.
        """
        super().__init__()
        self.network = network
        preprocessing = resolve_model_data_config(network)  # type: ignore[no-untyped-call]
        input_config = get_model_input_config(network)
        self.mean, self.std, self.interpolation = (preprocessing[key] for key in ("mean", "std", "interpolation"))
        self.configured = tuple(input_config["input_size"][1:])
        self.size = self.configured if input_config["fixed_input_size"] else None
        if self.interpolation not in INTERPOLATIONS:
            raise ValueError(f"Interpolation {self.interpolation!r} is unknown; allowed are {INTERPOLATIONS}.")

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, 3, H, W) in [0, 1] -> (B, C, h, w), a grid of positions of the (resized) image.

        Raises:
            ValueError: the network does not take images of this size, or has no single feature map.
        """
        if self.size is not None and images.shape[2:] != self.size:
            resized = nn.functional.interpolate(images, self.size, mode=self.interpolation, antialias=True)
            images = resized.clamp(0, 1)  # bicubic interpolation overshoots
        try:
            features = self.network.forward_features(normalize(images, self.mean, self.std))
        except AssertionError as error:
            reason = str(error) or f"its configuration is for {self.configured[0]} x {self.configured[1]}"
            raise ValueError(f"The network does not take images of {tuple(images.shape[2:])}: {reason}.") from error
        return feature_map(features, self.network, images.shape[2:])


def feature_map(features: object, network: Any, size: Sequence[int]) -> Tensor:  # noqa: ANN401 - any network
    """The output of `forward_features` as a feature map (B, C, h, w).

    Args:
        features: a feature map (B, C, h, w), or (B, h, w, C) if the network's `output_fmt` is NHWC; or tokens (B, N, C)
            in row-major order after the prefix tokens (class, registers), which are dropped.
        network: the network, with `output_fmt`, `num_prefix_tokens` and `feature_info`.
        size: (H, W) of its input images.

    Raises:
        ValueError: the output is none of these, such as a class token alone or feature maps of several branches.
    """
    if isinstance(features, Tensor) and features.ndim == 4:  # noqa: PLR2004 - as listed above
        return features.permute(0, 3, 1, 2) if getattr(network, "output_fmt", "NCHW") == "NHWC" else features
    if isinstance(features, Tensor) and features.ndim == 3:  # noqa: PLR2004 - as listed above
        tokens = features[:, getattr(network, "num_prefix_tokens", 0) :]
        stride = network.feature_info[-1]["reduction"]
        height, width = (-(-side // stride) for side in size)
        if tokens.shape[1] == height * width:
            return tokens.mT.reshape(len(tokens), -1, height, width)  # (B, N, C) -> (B, C, N) -> (B, C, h, w)
    raise ValueError(f"{type(network).__name__} gives no single feature map, which an encoder needs; choose another.")
