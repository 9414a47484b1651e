"""What a contestant's model.py gives the kit: `build() -> Backbone`, or `build(variant)` where it has variants."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from torch import Tensor, nn

Network = TypeVar("Network", bound=nn.Module)


class Recipe(ABC):
    """How an inpainting model learns, as its authors published it: networks, losses, optimisers, one step.

    Images are (B, 3, H, W) float32 in [0, 1]; masks are (B, 1, H, W) float32 with 1 = hole, 0 = known. A model's
    own ranges and conventions stay inside. A ValueError says that images of such a size are not taken.
    """

    networks: nn.ModuleDict
    """Everything that is trained, by name; at least `generator`."""

    phases: tuple[str, ...] = ("",)
    """Trainings that follow each other; each starts from the best state of the one before it."""

    def begin(self, phase: str) -> None:  # noqa: B027 - most recipes have one phase and nothing to change
        """Make `phase` the one that `step` and `generator_loss` are about."""

    @abstractmethod
    def step(self, images: Tensor, masks: Tensor) -> dict[str, float]:
        """Update all networks once on a batch; returns the losses by name, the generator's total as `generator`."""

    @abstractmethod
    def generator_loss(self, images: Tensor, masks: Tensor) -> Tensor:
        """The generator's total loss on a batch, as a scalar; called in evaluation mode, without gradients."""

    @abstractmethod
    def inpaint(self, images: Tensor, masks: Tensor) -> Tensor:
        """The images with their holes filled, (B, 3, H, W) in [0, 1], known pixels untouched."""


class RecipeSettings(NamedTuple):
    """What the protocol decides about a recipe.

    Attributes:
        perceptual: `published` = the perceptual network that the authors used, its weights from `weights`;
            `none` = the loss without that term, because the protocol says so.
        weights: the state dict of each perceptual network, by the name in backbone.toml.
    """

    perceptual: str
    weights: Mapping[str, Mapping[str, Tensor]]

    def perceptual_network(self, name: str, load: Callable[[Mapping[str, Tensor]], Network]) -> Network | None:
        """A perceptual network with its published weights; None where the protocol goes without. Never a random one.

        Args:
            name: of the weights in backbone.toml.
            load: makes the network of their state dict.

        Raises:
            ValueError: the weights are not given, do not fit, or `perceptual` is something else.
        """
        if self.perceptual == "none":
            return None
        if self.perceptual != "published":
            raise ValueError(f"perceptual is {self.perceptual!r}; allowed are 'published' and 'none'.")
        if name not in self.weights:
            raise ValueError(
                f"The loss needs the weights {name!r} of backbone.toml, which are not given. Give them, or set "
                "perceptual to 'none' to train without the terms that need them."
            )
        return load(self.weights[name])


class Backbone(ABC):
    """A contestant: an encoder and, where it can inpaint, the model whose front the encoder is."""

    encoder: nn.Module
    """Images (B, 3, H, W) float32 in [0, 1] -> feature map (B, C, h, w); normalises and appends masks itself.
    A ValueError says that images of such a size are not taken."""

    network: nn.Module
    """The whole model, its weights shared with `encoder`: what inpainting training changes and a checkpoint keeps. A
    backbone that does not inpaint names its encoder again. The state dict is keyed as published."""

    def recipe(self, settings: RecipeSettings) -> Recipe | None:  # noqa: ARG002
        """The inpainting recipe, sharing its weights with `network`; None = this contestant cannot inpaint."""
        return None

    @abstractmethod
    def unpack(self, name: str, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """The weights in the published file `name`, out of its nesting and prefixes.

        Args:
            name: of the entry in backbone.toml; one of a perceptual network too.
            checkpoint: what the file holds.

        Returns:
            What `load` takes for an own file; the perceptual network's plain state dict for one of those.

        Raises:
            ValueError: the layout is not the published one, or there are no such weights.
        """

    @abstractmethod
    def load(self, name: str, state: Mapping[str, Tensor]) -> None:
        """Load the unpacked file `name` strictly: the encoder's, a generator's or a discriminator's.

        Raises:
            ValueError: a key is missing, unknown or misshapen.
        """


class Part(NamedTuple):
    """One network of a model that can be run alone, for checking it against its authors'.

    A backbone that has such lists them as `PARTS` in its parts.py, by name.

    Attributes:
        build: makes it, with random weights and the published state-dict names.
        inputs: names of the tensors that it takes.
        run: applies it to tensors in patternbench's ranges (images [0, 1], mask 1 = hole), converting them to its own;
            returns `output`, and what else there is to see. A ValueError says that such a size is not taken.
        check: refuses, with a ValueError, a state that fits but asks for what the network does not do.
    """

    build: Callable[[], nn.Module]
    inputs: tuple[str, ...]
    run: Callable[[nn.Module, Mapping[str, Tensor]], dict[str, Tensor]]
    check: Callable[[Mapping[str, Tensor]], object] | None = None
