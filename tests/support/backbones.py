"""Base classes of made-up contestants."""

from collections.abc import Mapping
from typing import Any

from torch import Tensor

from backbones.kit.api import Backbone


class WithoutWeights(Backbone):
    """A contestant without published weights: a test that loads some fails."""

    def unpack(self, name: str, checkpoint: Mapping[str, Any]) -> dict[str, Tensor]:
        """Fail the test."""
        raise AssertionError(f"no weights are unpacked here: {name}, {checkpoint}")

    def load(self, name: str, state: Mapping[str, Tensor]) -> None:
        """Fail the test."""
        raise AssertionError(f"no weights are loaded here: {name}, {state}")
