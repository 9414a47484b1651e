"""The one file that a variant's published weights are kept in: its tensors, and what they belong to."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import timm
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor, nn

CONFIG = "config"
"""Name of the tensor that holds the description, as bytes of JSON."""


class Published(NamedTuple):
    """What the tensors in a file belong to.

    Attributes:
        variant: that was fetched.
        architecture: timm's name of the network.
        pretrained_cfg: timm's facts of the weights: input size, normalisation, tag, address, licence.
        model_args: the network differs in these from timm's own of that name.
    """

    variant: str
    architecture: str
    pretrained_cfg: dict[str, Any]
    model_args: dict[str, Any]

    def build(self) -> nn.Module:
        """The network with random weights and without a classifier.

        Raises:
            ValueError: this version of timm has no such architecture.
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
    """Description and tensors of a network, without its classifier, in one dict of tensors.

    Args:
        variant: that it is.
        network: with its published weights, as `timm.create_model` gives it; loses its classifier.
        model_args: that it was built with.
        licence: of the weights, where the network's own configuration does not have it.
    """
    network.reset_classifier(0)
    facts = dict(network.pretrained_cfg) | ({"license": licence} if licence else {})
    text = json.dumps(Published(variant, facts["architecture"], facts, model_args or {})._asdict())
    return {CONFIG: torch.tensor(list(text.encode()), dtype=torch.uint8), **network.state_dict()}


def unpack(packed: Mapping[str, Tensor]) -> tuple[Published, dict[str, Tensor]]:
    """What `pack` was given.

    Raises:
        ValueError: there is no description.
    """
    state = dict(packed)
    if CONFIG not in state:
        raise ValueError(f"The file lacks the tensor {CONFIG!r}, which says what the others belong to.")
    return Published(**json.loads(bytes(state.pop(CONFIG).tolist()))), state


def licence_in(file: Path) -> str:
    """The licence that a packed file keeps; empty where it keeps none, or is no packed file."""
    try:
        with safe_open(file, "pt") as opened:
            packed = {key: opened.get_tensor(key) for key in opened.keys() if key == CONFIG}  # noqa: SIM118 - no mapping
    except (OSError, SafetensorError):
        return ""
    return (unpack(packed)[0].pretrained_cfg.get("license") or "") if packed else ""
