"""EdgeConnect as a contestant: the first layers of one generator are the encoder; both generators together inpaint."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from backbones.edgeconnect.discriminator import Discriminator, without_copies
from backbones.edgeconnect.edges import canny_edges, to_gray
from backbones.edgeconnect.generators import SMALLEST_ENCODED, EdgeGenerator, InpaintGenerator, require_size
from backbones.edgeconnect.recipe import PERCEPTUAL_NAME, EdgeConnectRecipe, Networks
from backbones.kit.api import Backbone, RecipeSettings
from backbones.kit.published.spectral import fill_weight_v
from backbones.kit.published.vgg import unpack_vgg19
from backbones.kit.published.weights import strict_load

INITIAL_DEVIATION = 0.02
"""Standard deviation of random weights."""


class _Published(NamedTuple):
    """A published file: the field of `Networks` that it contains, and the key of its state dict."""

    network: str
    key: str


PUBLISHED = {
    "places2-edge-generator": _Published("edge_generator", "generator"),
    "places2-inpaint-generator": _Published("generator", "generator"),
    "places2-edge-discriminator": _Published("edge_discriminator", "discriminator"),
    "places2-inpaint-discriminator": _Published("discriminator", "discriminator"),
}


class InpaintEncoder(nn.Module):
    """The inpainting generator's first three convolutions; shares its weights.

    The edges in its input are the image's own, as outside holes in training; an image without holes has no others. An
    empty edge map would mean an image without contours.
    """

    def __init__(self, generator: InpaintGenerator) -> None:
        super().__init__()
        self.layers = generator.encoder

    def forward(self, images: Tensor) -> Tensor:
        """Encode whole images, with an empty mask.

        Args:
            images: (B, 3, H, W) in [0, 1].

        Returns:
            (B, 256, H / 4, W / 4).

        Raises:
            ValueError: H or W is not a multiple of 4, or less than 8.
        """
        require_size(images, SMALLEST_ENCODED)
        no_holes = torch.zeros_like(images[:, :1])
        feature_maps: Tensor = self.layers(InpaintGenerator.join(images, canny_edges(images), no_holes))
        return feature_maps


class EdgeEncoder(nn.Module):
    """The edge generator's first three convolutions; shares its weights."""

    def __init__(self, generator: EdgeGenerator) -> None:
        super().__init__()
        self.layers = generator.encoder

    def forward(self, images: Tensor) -> Tensor:
        """Encode luminance and edges of whole images, with an empty mask, as `InpaintEncoder.forward`."""
        require_size(images, SMALLEST_ENCODED)
        no_holes = torch.zeros_like(images[:, :1])
        feature_maps: Tensor = self.layers(EdgeGenerator.join(to_gray(images), canny_edges(images), no_holes))
        return feature_maps


class EdgeConnect(Backbone):
    """Both generators and their discriminators, with random weights until `load`.

    Args:
        variant: "" = the inpainting generator's encoder (the paper's); "edge" = the edge generator's.

    Raises:
        ValueError: there is no such variant.
    """

    def __init__(self, variant: str = "") -> None:
        self._networks = Networks(EdgeGenerator(), InpaintGenerator(), Discriminator(2), Discriminator(3))
        for network in self._networks:
            _initialise(network)
        edge_generator, generator, *_ = self._networks
        self.network = nn.ModuleDict({"edge_generator": edge_generator, "generator": generator})
        if variant not in {"", "edge"}:
            raise ValueError(f"EdgeConnect has no variant {variant!r}; it has: edge.")
        self.encoder = EdgeEncoder(edge_generator) if variant else InpaintEncoder(generator)

    def recipe(self, settings: RecipeSettings) -> EdgeConnectRecipe:
        """The published recipe, see `EdgeConnectRecipe`."""
        return EdgeConnectRecipe(self._networks, settings)

    def unpack(self, name: str, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The state dict in one of the authors' four files, or of VGG-19.

        The authors' files contain it under `generator` (besides `iteration`) or `discriminator`. Keys may start with
        `module.`, from training on several GPUs. A discriminator's first layer is stored twice.

        Raises:
            ValueError: there are no such weights, the file has another layout, or the copies of the first layer differ.
        """
        if name == PERCEPTUAL_NAME:
            return unpack_vgg19(checkpoint)
        key = _published(name).key
        state = checkpoint.get(key)
        if not isinstance(state, Mapping):
            raise ValueError(  # noqa: TRY004 - the file's content is wrong, not an argument's type
                f"The {name} checkpoint should be a dict with the weights under {key!r}; this one has the keys "
                f"{sorted(map(str, checkpoint))[:3]}."
            )
        plain = {str(key).removeprefix("module."): value for key, value in state.items()}
        return fill_weight_v(without_copies(plain))

    def load(self, name: str, state: Mapping[str, Tensor]) -> None:
        """Load one of the four networks, as `Backbone.load`."""
        network = getattr(self._networks, _published(name).network)
        strict_load(network, state, f"The {name} checkpoint")


def _published(name: str) -> _Published:
    if name not in PUBLISHED:
        raise ValueError(f"EdgeConnect has no published weights {name!r}; it has: {', '.join(PUBLISHED)}.")
    return PUBLISHED[name]


def _initialise(network: nn.Module) -> None:
    """Draw random weights as the authors do; all parameters are weights and biases of convolutions."""
    for name, parameter in network.named_parameters():
        if name.endswith("bias"):
            nn.init.zeros_(parameter)
        else:
            nn.init.normal_(parameter, std=INITIAL_DEVIATION)


def build(variant: str = "") -> EdgeConnect:
    """A contestant with random weights."""
    return EdgeConnect(variant)
