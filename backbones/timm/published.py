"""The file in which a variant's published weights are stored: tensors, and the description of their network."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import timm
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

CONFIG = "config"
"""Name of the tensor that contains the description, as bytes of JSON."""


class Published(NamedTuple):
    """Description of the network whose tensors a file contains.

    Attributes:
        variant: the variant.
        architecture: timm's name of the network.
        pretrained_cfg: timm's configuration of the weights: input size, normalisation, tag, address, licence.
        model_args: arguments by which the network differs from timm's own architecture.
    """

    variant: str
    architecture: str
    pretrained_cfg: dict[str, Any]
    model_args: dict[str, Any]

    def build(self) -> nn.Module:
        """The network with random weights and without a classifier.

        Raises:
            ValueError: the installed timm has no such architecture.
        """
        if not timm.is_model(self.architecture):
            raise ValueError(f"timm {timm.__version__} has no architecture {self.architecture!r}; a newer one may.")
        arguments = {**self.model_args, "num_classes": 0}
        return timm.create_model(self.architecture, pretrained_cfg=self.pretrained_cfg, **arguments)


def pack(
    variant: str,
    network: Any,  # noqa: ANN401 - any network
    model_args: dict[str, Any] | None = None,
    licence: str = "",
) -> dict[str, Tensor]:
    """Description and tensors of a network, without its classifier, as one dict of tensors.

    Args:
        variant: the variant.
        network: a network of `timm.create_model` with published weights; its classifier is removed.
        model_args: arguments with which it was built.
        licence: licence of the weights; empty = that of the network's own configuration.
    """
    network.reset_classifier(0)
    config = dict(network.pretrained_cfg) | ({"license": licence} if licence else {})
    text = json.dumps(Published(variant, config["architecture"], config, model_args or {})._asdict())
    return {CONFIG: torch.tensor(list(text.encode()), dtype=torch.uint8), **network.state_dict()}


def unpack(packed: Mapping[str, Tensor]) -> tuple[Published, dict[str, Tensor]]:
    """The description and the state dict that `pack` joined.

    Raises:
        ValueError: there is no description.
    """
    state = dict(packed)
    if CONFIG not in state:
        raise ValueError(f"The file lacks the tensor {CONFIG!r}, which describes the network.")
    return Published(**json.loads(bytes(state.pop(CONFIG).tolist()))), state


def licence_in(file: Path) -> str:
    """The licence in a packed file; empty if it has none, or is no packed file."""
    try:
        with safe_open(file, "pt") as opened:
            packed = {key: opened.get_tensor(key) for key in opened.keys() if key == CONFIG}  # noqa: SIM118 - no mapping
    except (OSError, SafetensorError):
        return ""
    return (unpack(packed)[0].pretrained_cfg.get("license") or "") if packed else ""
