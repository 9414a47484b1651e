"""Published weight files that the user has put in place."""

from pathlib import Path

from benchmark.errors import InputError
from benchmark.protocol import Protocol
from harness.backbones import BackboneFacts
from harness.contract import Weights
from harness.store import file_digest
from harness.workspace import Workspace


def needed(backbone: BackboneFacts, protocol: Protocol, workspace: Workspace) -> dict[str, Path]:
    """The files that a run needs, by name in backbone.toml.

    Raises:
        InputError: one is missing, or is not the published one; says where to get it and where to put it.
    """
    wanted = [backbone.published] if protocol.init == "published" and backbone.published else []
    if protocol.inpaint.perceptual == "published" and backbone.inpaints:
        wanted += backbone.perceptual
    return {weights.name: _file(weights, backbone, workspace) for weights in wanted}


def _file(weights: Weights, backbone: BackboneFacts, workspace: Workspace) -> Path:
    path = workspace.weights / backbone.name / weights.file
    if not path.is_file():
        raise InputError(
            f"{backbone.name} needs the published weights {weights.name!r} ({weights.licence}), which are not here. "
            f"Get {weights.file} from {weights.address} and put it at {path}; or decide to go without: "
            + (
                'perceptual = "none" in the protocol.'
                if weights.role == "perceptual"
                else "INIT=random starts from random weights, and the row says so."
            )
        )
    if weights.sha256 and file_digest(path) != weights.sha256:
        raise InputError(
            f"{path} is not the published file: its sha256 differs from the one in {backbone.name}/backbone.toml. "
            f"Get it again from {weights.address}."
        )
    return path
