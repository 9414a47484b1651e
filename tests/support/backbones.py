"""Base classes of made-up contestants, and checks that several contestants share."""

from collections.abc import Mapping
from typing import Any

import pytest
from torch import Tensor

from backbones.kit.api import Backbone, RecipeSettings


class WithoutWeights(Backbone):
    """A contestant without published weights: a test that loads some fails."""

    def unpack(self, name: str, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """Fail the test."""
        raise AssertionError(f"no weights are unpacked here: {name}, {checkpoint}")

    def load(self, name: str, state: Mapping[str, Tensor]) -> None:
        """Fail the test."""
        raise AssertionError(f"no weights are loaded here: {name}, {state}")


def assert_perceptual_weights_needed(backbone: Backbone, name: str) -> None:
    """Check that a recipe with a perceptual term refuses to be without the weights, and any other setting.

    Args:
        backbone: the contestant.
        name: of the perceptual weights.
    """
    with pytest.raises(ValueError, match=f"needs the weights '{name}'"):
        backbone.recipe(RecipeSettings("published", {}))
    with pytest.raises(ValueError, match="'vgg'; allowed are 'published' and 'none'"):
        backbone.recipe(RecipeSettings("vgg", {}))
