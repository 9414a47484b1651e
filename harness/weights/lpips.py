"""The published weights of AlexNet, the network of the LPIPS metric.

They are listed, fetched and imported like a backbone's. The harness reads them itself, because no contestant may touch
a metric.
"""

from collections.abc import Mapping
from pathlib import Path

from benchmark.errors import InputError
from harness.contestants import registry as contestants
from harness.contestants.registry import Owner
from harness.contract import Weights
from harness.weights.local import State, state, weights_path
from harness.workspace import Workspace

ALEXNET = Weights(
    name="alexnet",
    role="perceptual",
    address="https://download.pytorch.org/models/alexnet-owt-7be5be79.pth",
    file="alexnet-owt-7be5be79.pth",
    licence="BSD-3-Clause for torchvision; the weights carry no statement of their own",
    sha256="7be5be791159472b1fbf3c69796f7cb30dca7ad8466c2df70058c37116cdee02",
)
LPIPS = Owner(name=contestants.METRIC_WITH_WEIGHTS, weights=(ALEXNET,))
LISTED_MISMATCHES = 3
_ADVICE = f"get {ALEXNET.file} from {ALEXNET.address}."


def find_owner(label: str, workspace: Workspace) -> Owner:
    """The metric or the backbone of a name.

    Raises:
        InputError: there is neither.
    """
    return LPIPS if label == LPIPS.name else contestants.find(label, workspace)


def alexnet_file(workspace: Workspace) -> Path | None:
    """The file for `benchmark.metrics.perceptual.load`; None if the published weights are not here."""
    (entry,) = LPIPS.weights
    return weights_path(LPIPS, entry, workspace) if state(LPIPS, entry, workspace) == "present" else None


def lpips_warning(workspace: Workspace) -> str:
    """A warning that a run measures no LPIPS, and how to get the weights; empty if they are here."""
    (entry,) = LPIPS.weights
    problems: dict[State, str] = {
        "missing": "are not here",
        "unverified": "that are here were not made from the published file",
        "damaged": "that are here have changed since they were put in place",
    }
    problem = problems.get(state(LPIPS, entry, workspace))
    if not problem:
        return ""
    return (
        f"No LPIPS of filled holes: the weights of its network {problem}. `patternbench weights fetch lpips` gets them."
    )


def convert_alexnet(file: Path, output: Path) -> None:
    """Writes the convolutions of torchvision's published AlexNet, under its own keys, as safetensors.

    Args:
        file: a pickle of tensors alone; nothing in it is ever executed.
        output: file to write.

    Raises:
        InputError: the file is unreadable, or a key is missing, unknown or misshapen, the classifier's included.
    """
    import torch
    from safetensors.torch import save_file
    from torchvision.models import alexnet

    try:
        state_dict = torch.load(file, map_location="cpu", weights_only=True)
    except Exception as error:
        cause = ": ".join([type(error).__name__, *str(error).splitlines()[:1]])  # an EOFError has no text
        raise InputError(
            f"{file.name}: cannot be read as weights ({cause}). It is truncated, or holds more than tensors; {_ADVICE}"
        ) from error
    with torch.device("meta"):
        network = alexnet(weights=None).state_dict()
    mismatches = shape_mismatches(_shapes(state_dict), _shapes(network))
    if mismatches:
        more = ", ..." if len(mismatches) > LISTED_MISMATCHES else ""
        raise InputError(
            f"{file.name} does not fit torchvision's AlexNet: {', '.join(mismatches[:LISTED_MISMATCHES])}{more}; "
            f"{_ADVICE}"
        )
    save_file({key: state_dict[key].contiguous() for key in network if key.startswith("features.")}, output)


def shape_mismatches(shapes: Mapping[str, object], expected: Mapping[str, object]) -> list[str]:
    """The differences between tensors' shapes by key and those that a network expects; empty if they fit.

    >>> shape_mismatches({"a": (2,), "c": (1,)}, {"a": (3,), "b": (1,)})
    ['b is missing', 'c is unknown', 'a is (2,), not (3,)']
    """
    return [
        *(f"{key} is missing" for key in expected if key not in shapes),
        *(f"{key} is unknown" for key in shapes if key not in expected),
        *(f"{key} is {shapes[key]}, not {shape}" for key, shape in expected.items() if shapes.get(key, shape) != shape),
    ]


def _shapes(state_dict: object) -> dict[str, object]:
    """The shape of each tensor by key, or the type's name of a value that is no tensor."""
    if not isinstance(state_dict, Mapping):
        return {}
    return {str(key): tuple(getattr(value, "shape", [type(value).__name__])) for key, value in state_dict.items()}
