"""Parts of contestants that tests make up."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from backbones.kit.api import Backbone


class Unpublished(Backbone):
    """It has no published weights: a test that asks it for some fails."""

    def unpack(self, name: str, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """Fail."""
        raise AssertionError(f"nothing is loaded here: {name}, {checkpoint}")

    def load(self, name: str, state: Mapping[str, Tensor]) -> None:
        """Fail."""
        raise AssertionError(f"nothing is loaded here: {name}, {state}")
