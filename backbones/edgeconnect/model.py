"""EdgeConnect as a contestant: the front of one of its generators is the encoder, both together inpaint."""

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

INITIAL_SPREAD = 0.02


class _Published(NamedTuple):
    """A published file: the field of `Networks` that it holds, and the key that its weights stand under."""

    network: str
    key: str


PUBLISHED = {
    "places2-edge-generator": _Published("edge_generator", "generator"),
    "places2-inpaint-generator": _Published("generator", "generator"),
    "places2-edge-discriminator": _Published("edge_discriminator", "discriminator"),
    "places2-inpaint-discriminator": _Published("discriminator", "discriminator"),
}


class InpaintEncoder(nn.Module):
    """The inpainting generator's first three convolutions; the weights are shared.

    Where this network expects edges it gets the image's own: what it was trained on outside holes, and here nothing
    is a hole. An empty edge map would be another image to it, one without contours.
    """

    def __init__(self, generator: InpaintGenerator) -> None:
        super().__init__()
        self.layers = generator.encoder

    def forward(self, images: Tensor) -> Tensor:
        """Encode whole images, as if nothing were masked.

        Args:
            images: (B, 3, H, W) in [0, 1].

        Returns:
            (B, 256, H / 4, W / 4).

        Raises:
            ValueError: H or W is not a multiple of 4, or less than 8.
        """
        require_size(images, SMALLEST_ENCODED)
        no_holes = torch.zeros_like(images[:, :1])
        maps: Tensor = self.layers(InpaintGenerator.join(images, canny_edges(images), no_holes))
        return maps


class EdgeEncoder(nn.Module):
    """The edge generator's first three convolutions; the weights are shared."""

    def __init__(self, generator: EdgeGenerator) -> None:
        super().__init__()
        self.layers = generator.encoder

    def forward(self, images: Tensor) -> Tensor:
        """Encode the luminance and the edges of whole images, as `InpaintEncoder.forward`."""
        require_size(images, SMALLEST_ENCODED)
        no_holes = torch.zeros_like(images[:, :1])
        maps: Tensor = self.layers(EdgeGenerator.join(to_gray(images), canny_edges(images), no_holes))
        return maps


class EdgeConnect(Backbone):
    """Both generators and their discriminators with random weights, until published ones are loaded.

    Args:
        variant: "" = the inpainting generator's encoder (the paper's); "edge" = the edge generator's.

    Raises:
        ValueError: another variant.
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
        """The published recipe; see `EdgeConnectRecipe`."""
        return EdgeConnectRecipe(self._networks, settings)

    def unpack(self, name: str, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """Unpack one of the authors' four files, or VGG-19.

        Theirs hold the weights under `generator` (an `iteration` beside it) or `discriminator`. Keys may start with
        `module.`, as training on several GPUs leaves them; a discriminator's first layer stands there twice.

        Raises:
            ValueError: another name or layout, or the two copies of the first layer differ.
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
        """Load one of the four networks; see `Backbone.load`."""
        network = getattr(self._networks, _published(name).network)
        strict_load(network, state, f"The {name} checkpoint")


def _published(name: str) -> _Published:
    if name not in PUBLISHED:
        raise ValueError(f"EdgeConnect has no published weights {name!r}; it has: {', '.join(PUBLISHED)}.")
    return PUBLISHED[name]


def _initialise(network: nn.Module) -> None:
    """Start as the authors do; all parameters are weights and biases of convolutions."""
    for name, parameter in network.named_parameters():
        if name.endswith("bias"):
            nn.init.zeros_(parameter)
        else:
            nn.init.normal_(parameter, std=INITIAL_SPREAD)


def build(variant: str = "") -> EdgeConnect:
    """A contestant with random weights."""
    return EdgeConnect(variant)
