"""The interface of a contestant's model.py: `build() -> Backbone`, or `build(variant)` if it has variants.

Backbone          encoder, network, published weights
Recipe            inpainting training: losses, optimisers, one step
RecipeSettings    what the protocol decides about a recipe
SubNetwork        one network of a model, to run alone
"""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)


class Recipe(ABC):
    """Inpainting training as the model's authors published it: networks, losses, optimisers, one step.

    Images are (B, 3, H, W) float32 in [0, 1]; masks are (B, 1, H, W) float32 with 1 = hole, 0 = known. A recipe
    converts them to its model's own ranges and conventions. Its methods raise ValueError for images of a size that the
    model does not take.
    """

    networks: nn.ModuleDict
    """All trained networks by name; at least `generator`."""

    phases: tuple[str, ...] = ("",)
    """Names of consecutive trainings; each starts from the best state of the previous one."""

    def begin(self, phase: str) -> None:  # noqa: B027 - most recipes have one phase and nothing to change
        """Start a phase: `step` and `generator_loss` belong to it from now on."""

    @abstractmethod
    def step(self, images: Tensor, masks: Tensor) -> dict[str, float]:
        """Update all networks once on a batch, and return the losses by name; the generator's total is `generator`.

        Args:
            images: (B, 3, H, W) in [0, 1].
            masks: (B, 1, H, W), 1 = hole.
        """

    @abstractmethod
    def generator_loss(self, images: Tensor, masks: Tensor) -> Tensor:
        """The generator's total loss on a batch, a scalar; called in evaluation mode, without gradients."""

    def run_norms(self, images: Tensor, masks: Tensor) -> None:
        """Run every batch norm on what `generator_loss` gives it, to measure its statistics; the loss is not needed."""
        self.generator_loss(images, masks)

    @abstractmethod
    def inpaint(self, images: Tensor, masks: Tensor) -> Tensor:
        """The images with their holes filled, (B, 3, H, W) in [0, 1]; known pixels are unchanged."""


class RecipeSettings(NamedTuple):
    """The protocol's decisions about a recipe.

    Attributes:
        perceptual: `published` = the loss has its perceptual term, with the network of the authors and its weights from
            `weights`; `none` = the loss goes without that term.
        weights: state dict of each perceptual network by the name in backbone.toml.
    """

    perceptual: str
    weights: Mapping[str, Mapping[str, Tensor]]

    def perceptual_network(self, name: str, load: Callable[[Mapping[str, Tensor]], Network]) -> Network | None:
        """A perceptual network with its published weights; None if the protocol goes without. Never a random one.

        Args:
            name: name of the weights in backbone.toml.
            load: builds the network from their state dict.

        Raises:
            ValueError: the weights are missing or do not fit, or `perceptual` has another value.
        """
        if self.perceptual == "none":
            return None
        if self.perceptual != "published":
            raise ValueError(f"perceptual is {self.perceptual!r}; allowed are 'published' and 'none'.")
        if name not in self.weights:
            raise ValueError(
                f"The loss needs the weights {name!r} of backbone.toml, which the job lacks. Add them, or set "
                "perceptual to 'none' to train without the terms that need them."
            )
        return load(self.weights[name])


class Backbone(ABC):
    """A contestant: an encoder and, if it can inpaint, the inpainting model whose first layers the encoder is."""

    encoder: nn.Module
    """Images (B, 3, H, W) float32 in [0, 1] -> feature maps (B, C, h, w); normalises and appends masks itself. Raises
    ValueError for images of a size that it does not take."""

    network: nn.Module
    """The whole model, which shares its weights with `encoder`: inpainting training changes it, and a checkpoint stores
    it. For a backbone that does not inpaint it is the encoder. State dict keys are the published ones."""

    def recipe(self, settings: RecipeSettings) -> Recipe | None:  # noqa: ARG002
        """The inpainting recipe, which shares its weights with `network`; None = this contestant cannot inpaint."""
        return None

    @abstractmethod
    def unpack(self, name: str, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The state dict in the published file `name`, without the file's nesting and prefixes.

        Args:
            name: name of an entry of `weights` in backbone.toml, those of perceptual networks included.
            checkpoint: content of the file.

        Returns:
            A state dict as `load` takes it; of a perceptual network, as that network takes it.

        Raises:
            ValueError: the file has another layout than the published one, or there are no such weights.
        """

    @abstractmethod
    def load(self, name: str, state: Mapping[str, Tensor]) -> None:
        """Load an unpacked state dict strictly.

        Args:
            name: name of an entry of `weights` in backbone.toml: of an encoder, a generator or a discriminator.
            state: what `unpack` returned.

        Raises:
            ValueError: a key is missing, unknown or of another shape.
        """


class SubNetwork(NamedTuple):
    """One network of a model that can run alone, to compare it with its authors' implementation.

    A backbone lists them by name as `SUBNETWORKS` in its subnetworks.py.

    Attributes:
        build: returns it with random weights and the published state dict keys.
        inputs: names of its input tensors.
        run: applies it to tensors in the kit's ranges (images in [0, 1], masks with 1 = hole), which it converts to the
            network's own, and returns `output` and intermediate tensors by name. Raises ValueError for images of a size
            that the network does not take.
        check: raises ValueError for a state dict that fits, but needs an operation that the network does not have.
    """

    build: Callable[[], nn.Module]
    inputs: tuple[str, ...]
    run: Callable[[nn.Module, Mapping[str, Tensor]], dict[str, Tensor]]
    check: Callable[[Mapping[str, Tensor]], object] | None = None
