"""The published weights of a measure's network: of AlexNet, which LPIPS of the filled holes looks through.

They are listed, fetched and imported like a backbone's, and read here, because no contestant may touch a measure.
"""

from collections.abc import Mapping
from pathlib import Path

from benchmark.errors import InputError
from harness.contestants import registry as contestants
from harness.contestants.registry import Owner
from harness.contract import Weights
from harness.weights import local as local_weights
from harness.workspace import Workspace

ALEXNET = Weights(
    name="alexnet",
    role="perceptual",
    address="https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",
    file="alexnet-owt-7be5be79.pth",
    licence="BSD-3-Clause for torchvision; the weights carry no statement of their own",
    sha256="7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
)
LPIPS = Owner(name="lpips", weights=(ALEXNET,))
SHOWN = 3
_GET = f"get {ALEXNET.file} from {ALEXNET.address}."


def find(label: str, workspace: Workspace) -> Owner:
    """The measure or the backbone of a name; InputError where there is neither."""
    return LPIPS if label == LPIPS.name else contestants.find(label, workspace)


def lpips_file(workspace: Workspace) -> Path | None:
    """AlexNet's convolutions, for `benchmark.metrics.perceptual.load`; None where they are not here."""
    (entry,) = LPIPS.weights
    return (
        local_weights.place(LPIPS, entry, workspace) if local_weights.state(LPIPS, entry, workspace) == "here" else None
    )


def lack(workspace: Workspace) -> str:
    """What a run will not measure for want of weights, and how to get them; empty where they are here."""
    (entry,) = LPIPS.weights
    faults: dict[local_weights.State, str] = {
        "missing": "are not here",
        "outdated": "that are here do not come from the published file",
    }
    fault = faults.get(local_weights.state(LPIPS, entry, workspace))
    if not fault:
        return ""
    return (
        f"No LPIPS of filled holes: the weights of its network {fault}. `patternbench weights fetch lpips` gets them."
    )


def convert(file: Path, output: Path) -> None:
    """Read torchvision's published AlexNet and write its convolutions, by its own keys, as safetensors.

    Args:
        file: a pickle of tensors alone; nothing in it is ever executed.
        output: to write.

    Raises:
        InputError: the file is unreadable, or a key is missing, unknown or misshapen, the classifier's included.
    """
    import torch
    from safetensors.torch import save_file
    from torchvision.models import alexnet

    try:
        state = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:
        what = ": ".join([type(error).__name__, *str(error).splitlines()[:1]])  # an EOFError says nothing more
        raise InputError(
            f"{file.name}: cannot be read as weights ({what}). It is truncated, or holds more than tensors; {_GET}"
        ) from error
    with torch.device("meta"):
        network = alexnet(weights=None).state_dict()
    faults = _faults(_shapes(state), _shapes(network))
    if faults:
        more = ", ..." if len(faults) > SHOWN else ""
        raise InputError(f"{file.name} is not of torchvision's AlexNet: {', '.join(faults[:SHOWN])}{more}; {_GET}")
    save_file({key: state[key].contiguous() for key in network if key.startswith("features.")}, output)


def _shapes(state: object) -> dict[str, object]:
    """The shape of each tensor; of what is none, its type."""
    if not isinstance(state, Mapping):
        return {}
    return {str(key): tuple(getattr(value, "shape", [type(value).__name__])) for key, value in state.items()}


def _faults(found: Mapping[str, object], wanted: Mapping[str, object]) -> list[str]:
    """What keeps tensors of these shapes from being those of the network."""
    return [
        *(f"{key} is missing" for key in wanted if key not in found),
        *(f"{key} is unknown" for key in found if key not in wanted),
        *(f"{key} is {found[key]}, not {wanted[key]}" for key in wanted if found.get(key, wanted[key]) != wanted[key]),
    ]
