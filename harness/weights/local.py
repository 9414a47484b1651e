"""Published weights on the user's disk: paths, notes of their origin, and whether they are the published ones.

`imported/weights/<backbone>/` holds `<entry>.safetensors`, converted by the backbone's own code, and
`<entry>.json`, a note of the file that it was made from. A contestant with a command of its own keeps its files as
published, because only it can read them. If any text may be a variant, each variant has a folder of its own. The metric
that needs a network has a folder like a backbone's.
"""

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from benchmark.errors import InputError
from benchmark.hashing import json_digest
from benchmark.vocabulary import Init
from harness.contestants.registry import ANY, BackboneFacts, Owner
from harness.contract import Line, Weights
from harness.execution.runners.base import Runner
from harness.storage.checks import remembered_digest
from harness.weights.entries import find_entry
from harness.weights.metadata import query_metadata
from harness.workspace import Workspace

Origin = Literal["fetched", "imported"]

State = Literal["present", "own", "missing", "unverified", "damaged"]
"""Of an entry's file: the published one, a file of the user's own, absent, another file whose origin is unknown, or one
that changed since it was put in place."""


class Note(BaseModel):
    """The published file that weights were made from.

    Attributes:
        backbone: name of the owner, a backbone or a metric.
        variant: of the backbone, if any text may be one; else empty.
        file: its name.
        sha256: of its content.
        address: where it is published.
        licence: as published.
        way: `fetched` from the address, or `imported` from a file that the user had.
        date: when, UTC.
        stored: sha256 of the file that was made from it and is kept; empty in notes of earlier versions.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    backbone: Line
    variant: Line
    file: Line
    sha256: Line
    address: Line
    licence: Line
    way: Origin
    date: str
    stored: str = ""


def weights_folder(owner: Owner, workspace: Workspace) -> Path:
    """The folder of an owner's files and notes."""
    folder = workspace.weights / owner.name
    return folder / _variant_folder(owner.variant) if ANY in owner.variants and owner.variant else folder


def weights_path(owner: Owner, entry: Weights, workspace: Workspace) -> Path:
    """The path of an entry's file, which need not exist."""
    return _inside(owner, entry.file if owner.keeps_files else f"{entry.name}.safetensors", workspace)


def note_path(owner: Owner, entry: Weights, workspace: Workspace) -> Path:
    """The path of the note about an entry's file."""
    return _inside(owner, f"{entry.name}.json", workspace)


def incoming_folder(owner: Owner, entry: Weights, workspace: Workspace) -> Path:
    """The folder of a download until its weights are in place."""
    return _inside(owner, f"{entry.name}.incoming", workspace)


def _inside(owner: Owner, name: str, workspace: Workspace) -> Path:
    """The path of a file of an owner, which is below its folder wherever links lead.

    Raises:
        InputError: it is not.
    """
    folder = weights_folder(owner, workspace)
    path = folder / name
    if not path.resolve().is_relative_to(folder.resolve()):
        raise InputError(f"{owner.label}: its weights {name!r} lie outside {folder}. Correct its backbone.toml.")
    return path


def read_note(owner: Owner, entry: Weights, workspace: Workspace) -> Note | None:
    """The note about an entry's file; None if it is missing or unreadable: the file's origin is then unknown."""
    return _read(note_path(owner, entry, workspace))


def state(owner: Owner, entry: Weights, workspace: Workspace) -> State:
    """Whether an entry's file is here, and whether it is the published one.

    Where its sha256 is not known, only a file that was fetched from its address is.
    """
    path = weights_path(owner, entry, workspace)
    if not path.is_file():
        return "missing"
    note = read_note(owner, entry, workspace)
    if note and note.stored and remembered_digest(path) != note.stored:
        return "damaged"
    if not entry.sha256:
        return "present" if note and note.way == "fetched" else "own"
    sha256 = remembered_digest(path) if owner.keeps_files else note and note.sha256
    if sha256 == entry.sha256.lower():
        return "present"
    return "own" if note and note.way == "imported" and not owner.keeps_files else "unverified"


def own_files(backbone: BackboneFacts, names: Iterable[str], workspace: Workspace) -> frozenset[str]:
    """The names of those weights that are the user's own files instead of the published ones.

    Args:
        backbone: owner of the weights.
        names: of its entries.
        workspace: the checkout.
    """
    return frozenset(name for name in names if state(backbone, find_entry(backbone, name), workspace) == "own")


def with_metadata(owner: Owner, entry: Weights, workspace: Workspace, *, runner: Runner | None = None) -> Weights:
    """The entry with its variant's licence and address: from the note if the file is here, else by its command.

    Args:
        owner: of the weights, with the variant.
        entry: one of the owner's.
        workspace: the checkout.
        runner: runs a stranger's command; None = here.

    Raises:
        InputError: there is no such variant; or the command would run here, and the user does not trust it.
        RunError: the command failed.
    """
    noted = with_noted_metadata(owner, entry, workspace)
    return query_metadata(owner, entry, workspace, runner=runner) if noted is None else noted


def with_noted_metadata(owner: Owner, entry: Weights, workspace: Workspace) -> Weights | None:
    """The entry with its variant's licence and address, as far as no command has to be run; None if one has to be."""
    if not entry.about or not owner.variant:
        return entry
    note = read_note(owner, entry, workspace)
    if note and state(owner, entry, workspace) != "missing":
        return entry.model_copy(update={"licence": note.licence, "address": note.address})
    return None


def run_licence(backbone: BackboneFacts, init: Init, workspace: Workspace, *, runner: Runner | None = None) -> str:
    """The licence of a run: that of the published weights that it starts from, else that of the backbone's code."""
    entries = backbone.published if init == "published" else ()
    licences = dict.fromkeys(with_metadata(backbone, entry, workspace, runner=runner).licence for entry in entries)
    return "; ".join(licences) or backbone.licence


def entries_of_all_variants(owner: Owner, workspace: Workspace) -> list[tuple[Owner, Weights]]:
    """All weights of an owner, each once, with the owner as its first variant that uses them.

    If any text may be a variant, the variants are those whose weights were fetched or imported.
    """
    variants = ["", *(variant for variant in owner.variants if variant != ANY)]
    if ANY in owner.variants:
        notes = map(_read, sorted((workspace.weights / owner.name).glob("*/*.json")))
        variants += [note.variant for note in notes if note]
    entries: dict[Path, tuple[Owner, Weights]] = {}
    for variant in variants:
        of_variant = owner.model_copy(update={"variant": variant})
        for entry in of_variant.own_weights:
            entries.setdefault(note_path(of_variant, entry, workspace), (of_variant, entry))
    return list(entries.values())


def _read(path: Path) -> Note | None:
    try:
        return Note.model_validate_json(path.read_bytes())
    except (OSError, ValueError):
        return None


def _variant_folder(variant: str) -> str:
    """A folder name for a variant; a digest distinguishes those whose names would be equal."""
    name = re.sub(r"[^A-Za-z0-9_.]+", "-", variant).strip(".")
    return name if name == variant else f"{name}-{json_digest(variant)[:8]}"
