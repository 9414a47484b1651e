"""Rows of the list of published weights."""

from dataclasses import dataclass
from typing import Literal

from harness.contestants.registry import Owner
from harness.contract import Weights
from harness.disk import size_text
from harness.weights.local import State, entries_of_all_variants, read_note, state, weights_path, with_noted_metadata
from harness.weights.lpips import find_owner
from harness.workspace import Workspace

WORDS: dict[State, str] = {
    "missing": "no",
    "present": "yes",
    "own": "own file",
    "unverified": "another file",
    "damaged": "damaged",
}


@dataclass(frozen=True)
class ListedWeights:
    """One row.

    Attributes:
        label: of the owner, `name` or `name:variant`.
        entry: with the variant's licence and address.
        state: of the file; `package` if it comes with a package.
        status: whether the file is here and, if so, its size; or that it comes with a package.
        sha256: of the file that is here if it is the user's own or no sha256 is published, else the published one.
    """

    label: str
    entry: Weights
    state: State | Literal["package"]
    status: str
    sha256: str


def list_weights(label: str, workspace: Workspace) -> list[ListedWeights]:
    """The weights of a variant `name:variant`, or of all variants of a backbone or metric `name`.

    Nothing of a backbone is run: of a variant whose licence and address only a command tells, those in its
    backbone.toml stand.

    Raises:
        InputError: there is no such backbone, metric or variant.
    """
    owner = find_owner(label, workspace)
    pairs = [(owner, entry) for entry in owner.own_weights]
    if not owner.variant:
        pairs = entries_of_all_variants(owner, workspace)
    described = [(one, with_noted_metadata(one, entry, workspace) or entry) for one, entry in pairs]
    return [ListedWeights(one.label, entry, *_status(one, entry, workspace)) for one, entry in described]


def _status(owner: Owner, entry: Weights, workspace: Workspace) -> tuple[State | Literal["package"], str, str]:
    """State, status and sha256 of an entry's row."""
    if entry.package:
        return "package", "with package", entry.sha256
    file_state = state(owner, entry, workspace)
    if file_state == "missing":
        return file_state, WORDS[file_state], entry.sha256
    note = read_note(owner, entry, workspace)
    sha256 = note.sha256 if note and (file_state == "own" or not entry.sha256) else entry.sha256
    return file_state, f"{WORDS[file_state]}, {size_text(weights_path(owner, entry, workspace))}", sha256
