"""A timm network as an encoder: its own preprocessing before it, its output put into the shape of a map behind it."""

from collections.abc import Sequence
from typing import Any

from timm.data.config import resolve_model_data_config
from timm.models import get_model_input_config
from torch import Tensor, nn
from torchvision.transforms.functional import normalize

INTERPOLATIONS = ("bilinear", "bicubic")


class TimmEncoder(nn.Module):
    """A network up to its last feature map, on images prepared as the network's configuration says.

    The whole image is used: timm's centre crop (`crop_pct`) is for photographs, not for cut-out animals.
    """

    network: Any

    def __init__(self, network: nn.Module) -> None:
        """Args: a network as `timm.create_model` gives it.

        Raises:
            ValueError: it wants an interpolation that torch does not have.
        """
        super().__init__()
        self.network = network
        prepared = resolve_model_data_config(network)  # type: ignore[no-untyped-call]
        wanted = get_model_input_config(network)
        self.mean, self.std, self.interpolation = (prepared[key] for key in ("mean", "std", "interpolation"))
        self.size = tuple(wanted["input_size"][1:]) if wanted["fixed_input_size"] else None
        if self.interpolation not in INTERPOLATIONS:
            raise ValueError(f"Interpolation {self.interpolation!r} is unknown; allowed are {INTERPOLATIONS}.")

    def forward(self, images: Tensor) -> Tensor:
        """Images (B, 3, H, W) in [0, 1] -> (B, C, h, w), h and w counting positions in the resized image.

        Raises:
            ValueError: the network does not take images of this size, or gives no map.
        """
        if self.size is not None and images.shape[2:] != self.size:
            resized = nn.functional.interpolate(images, self.size, mode=self.interpolation, antialias=True)
            images = resized.clamp(0, 1)  # bicubic interpolation overshoots
        try:
            features = self.network.forward_features(normalize(images, self.mean, self.std))
        except AssertionError as error:
            raise ValueError(f"The network does not take images of {tuple(images.shape[2:])}: {error}") from error
        return feature_map(features, self.network, images.shape[2:])


def feature_map(features: object, network: Any, size: Sequence[int]) -> Tensor:  # noqa: ANN401 - any network
    """What `forward_features` gave, as a map.

    Args:
        features: a map (B, C, h, w); a map (B, h, w, C), where the network says so; or tokens (B, N, C), row by row
            after its prefix tokens (class, registers), which are dropped.
        network: tells by `output_fmt`, `num_prefix_tokens` and `feature_info` which.
        size: (H, W) of the images that it saw.

    Returns:
        (B, C, h, w).

    Raises:
        ValueError: it is none of these, such as a class token alone or maps of several branches.
    """
    if isinstance(features, Tensor) and features.ndim == 4:  # noqa: PLR2004 - as listed above
        return features.permute(0, 3, 1, 2) if getattr(network, "output_fmt", "NCHW") == "NHWC" else features
    if isinstance(features, Tensor) and features.ndim == 3:  # noqa: PLR2004 - as listed above
        tokens = features[:, getattr(network, "num_prefix_tokens", 0) :]
        stride = network.feature_info[-1]["reduction"]
        height, width = (-(-side // stride) for side in size)
        if tokens.shape[1] == height * width:
            return tokens.mT.reshape(len(tokens), -1, height, width)  # (B, N, C) -> (B, C, N) -> (B, C, h, w)
    raise ValueError(f"{type(network).__name__} gives no single map of features, which an encoder must; take another.")
