"""Backbones with published weights, and files in their places."""

from typing import Any, Literal

from harness.contestants.registry import BackboneFacts
from harness.contract import Weights
from harness.weights.local import Note, note_path, weights_path
from harness.workspace import Workspace

ADDRESS = "https://weights.example/own.pt"


def entry(name: str, role: str = "generator", **fields: Any) -> dict[str, Any]:
    """An entry of backbone.toml, with some fields replaced."""
    published = {"licence": "MIT", "address": f"https://weights.example/{name}.pt", "file": f"{name}.pt"}
    return {"name": name, "role": role} | published | fields


def backbone(*weights: dict[str, Any], **fields: Any) -> BackboneFacts:
    """A backbone `net` that can learn to inpaint, with some fields replaced."""
    plain = {"name": "net", "title": "Net", "paper": "", "licence": "MIT", "input": {}, "weights": weights}
    return BackboneFacts.model_validate({"capabilities": ["train:inpaint"]} | plain | fields)


def put_in_place(
    owner: BackboneFacts,
    workspace: Workspace,
    sha256: str | None = None,
    way: Literal["fetched", "imported"] = "fetched",
) -> None:
    """Writes a file for every entry of a backbone's variant.

    Args:
        owner: the backbone.
        workspace: the checkout.
        sha256: of the published file in the notes; None = no notes.
        way: in the notes.
    """
    for one in owner.own_weights:
        path = weights_path(owner, one, workspace)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"weights")
        if sha256 is not None:
            note = Note(
                backbone=owner.name,
                variant=owner.variant,
                file=one.file,
                sha256=sha256,
                address=one.address,
                licence=one.licence,
                way=way,
                date="2026-01-01T00:00:00+00:00",
            )
            note_path(owner, one, workspace).write_text(note.model_dump_json())


def command_backbone(**fields: Any) -> tuple[BackboneFacts, Weights]:
    """A contestant with a command of its own, whose files are kept without conversion, and its entry.

    Args:
        **fields: of the entry, in place of plain ones.
    """
    one = {"name": "own", "role": "encoder", "licence": "MIT", "address": ADDRESS, "file": "own.bin"} | fields
    owner = backbone(one, name="raw", title="Raw", capabilities=[], command=["raw"])
    return owner, owner.weights[0]


def installed_files(workspace: Workspace) -> list[str]:
    """Files and folders of all owners of weights, relative to the folder of weights, sorted."""
    return sorted(path.relative_to(workspace.weights).as_posix() for path in workspace.weights.glob("*/*"))
