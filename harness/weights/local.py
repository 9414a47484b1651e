"""Published weights on the user's disk: where they lie, and which of them a run needs.

`.patternbench/weights/<backbone>/` holds `<entry>.safetensors`, converted by the backbone's own code, and beside it
`<entry>.json`, which says what it was made from. A contestant with a command of its own keeps its files as published,
because only it can read them. Where any text may be a variant, each variant has a folder of its own. Measures that need
a network have a folder like a backbone's.
"""

import difflib
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from benchmark.data.licences import forbids_commerce, is_unstated
from benchmark.errors import InputError
from benchmark.protocol import ResolvedProtocol
from benchmark.vocabulary import Init
from harness.contestants.registry import ANY, BackboneFacts, Owner
from harness.contract import Weights
from harness.execution.store import digest, file_digest
from harness.weights import metadata
from harness.workspace import Workspace

State = Literal["here", "own", "missing", "outdated"]


class Note(BaseModel):
    """What is remembered of the published file that weights were made from.

    Attributes:
        backbone: that they are of, or measure.
        variant: of the backbone, where any text may be one.
        file: its name.
        sha256: of its content.
        address: where it is published.
        licence: as published.
        way: `fetched` from the address, or `imported` from a file that the user had.
        date: when, UTC.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    backbone: str
    variant: str
    file: str
    sha256: str
    address: str
    licence: str
    way: Literal["fetched", "imported"]
    date: str


def needed(backbone: BackboneFacts, protocol: ResolvedProtocol, workspace: Workspace) -> dict[str, Path]:
    """The files that a run needs, by name in backbone.toml; what comes with a package is no file.

    Raises:
        InputError: some are missing, or not known to be the published ones; says how to get them and how to go
            without. Or there is no such variant, or it cannot go without.
    """
    published = protocol.init == "published"
    if not published and not backbone.starts_random:
        raise InputError(
            f"{backbone.label} cannot start from random weights: which network it is, only its published files say. "
            "INIT=published starts from them."
        )
    known = [informed(backbone, entry, workspace) for entry in backbone.weights]  # refuses an unknown variant
    backbone = backbone.model_copy(update={"weights": tuple(known)})
    wanted: tuple[Weights, ...] = ()
    if published:
        wanted += backbone.published
    if protocol.inpaint.perceptual == "published" and backbone.inpaints:
        wanted += backbone.perceptual
    files = [entry for entry in wanted if not entry.package]
    states = {entry.name: state(backbone, entry, workspace) for entry in files}
    absent = [entry for entry in files if states[entry.name] in {"missing", "outdated"}]
    if absent:
        outdated = [name for name, found in states.items() if found == "outdated"]
        raise InputError(_absent(backbone, absent, outdated))
    return {entry.name: place(backbone, entry, workspace) for entry in files}


def own_files(backbone: BackboneFacts, names: Iterable[str], workspace: Workspace) -> frozenset[str]:
    """Which of the weights that a run was given are not the published ones."""
    entries = (find(backbone, name) for name in names)
    return frozenset(entry.name for entry in entries if state(backbone, entry, workspace) == "own")


def folder(owner: Owner, workspace: Workspace) -> Path:
    """Where an owner's files and notes lie."""
    own = workspace.weights / owner.name
    return own / _variant_folder(owner.variant) if ANY in owner.variants and owner.variant else own


def place(owner: Owner, entry: Weights, workspace: Workspace) -> Path:
    """Where an entry's file lies, once it is here."""
    name = entry.file if owner.keeps_files else f"{entry.name}.safetensors"
    return folder(owner, workspace) / name


def note_path(owner: Owner, entry: Weights, workspace: Workspace) -> Path:
    """Where it is noted what an entry's file was made from."""
    return folder(owner, workspace) / f"{entry.name}.json"


def informed(owner: Owner, entry: Weights, workspace: Workspace) -> Weights:
    """An entry with the licence and address of the variant, where they differ between variants.

    They were noted when the file came; before that, the entry's own command says them.

    Raises:
        InputError: there is no such variant.
        RunError: the command failed.
    """
    if not entry.about or not owner.variant:
        return entry
    note = read_note(note_path(owner, entry, workspace))
    if note and state(owner, entry, workspace) != "missing":
        return entry.model_copy(update={"licence": note.licence, "address": note.address})
    return metadata.told(owner, entry, workspace)


def licence(backbone: BackboneFacts, init: Init, workspace: Workspace) -> str:
    """What a row says of a run's licence: that of the published weights that it starts from, else that of the code."""
    used = backbone.published if init == "published" else ()
    licences = dict.fromkeys(informed(backbone, entry, workspace).licence for entry in used)
    return "; ".join(licences) or backbone.licence


def by_hand(owner: Owner, entry: Weights) -> str:
    """How to get weights in a browser, or, where only a command gets them, on another machine."""
    name = entry.file if entry.fetch else "FILE"
    take = f"`patternbench weights import {owner.label} {entry.name} {name}`"
    if entry.fetch:
        return (
            f"in a checkout on a machine that reaches {entry.address}, run "
            f"`{metadata.shown(entry.fetch, owner, name)}`; with that file here, {take}"
        )
    return f"open {entry.address}, download {entry.file}, and run {take}"


def read_note(path: Path) -> Note | None:
    """A note; None where there is none that can be read, and the file beside it is of unknown origin."""
    try:
        return Note.model_validate_json(path.read_bytes())
    except (OSError, ValueError):
        return None


def state(owner: Owner, entry: Weights, workspace: Workspace) -> State:
    """Whether an entry's file is here, as far as the sha256 of the published one is known.

    Returns:
        `own` = imported though it is another, as its owner said; `outdated` = another, and nobody said so.
    """
    path = place(owner, entry, workspace)
    if not path.is_file():
        return "missing"
    if not entry.sha256:
        return "here"
    note = read_note(note_path(owner, entry, workspace))
    found = file_digest(path) if owner.keeps_files else note and note.sha256
    if found == entry.sha256.lower():
        return "here"
    return "own" if note and note.way == "imported" and not owner.keeps_files else "outdated"


def find(owner: Owner, name: str) -> Weights:
    """One of the weights of an owner.

    Raises:
        InputError: it has none of this name; says which it has.
    """
    entries = {entry.name: entry for entry in owner.own_weights}
    if name in entries:
        return entries[name]
    close = difflib.get_close_matches(name, entries, n=1)
    hint = f" Did you mean {close[0]!r}?" if close else ""
    for variant in [variant for other in owner.weights if other.name == name for variant in other.variants][:1]:
        hint = f" Those are for {owner.model_copy(update={'variant': variant}).label}."
    raise InputError(f"{owner.label} has no published weights {name!r}; it has: {', '.join(entries) or 'none'}.{hint}")


def only(owner: Owner) -> Weights:
    """The weights of an owner that has one entry; InputError where one must be named."""
    if len(owner.own_weights) != 1:
        names = ", ".join(entry.name for entry in owner.own_weights) or "none"
        raise InputError(
            f"Say which of {owner.label}'s weights the file is; it has: {names}. For example: "
            f"`patternbench weights import {owner.label} NAME FILE`."
        )
    return owner.own_weights[0]


def of_all_variants(owner: Owner, workspace: Workspace) -> list[tuple[Owner, Weights]]:
    """All weights of an owner, each once, with the first variant that it is for.

    Where any text may be a variant, these are the variants whose weights were fetched or imported.
    """
    variants = ["", *(variant for variant in owner.variants if variant != ANY)]
    if ANY in owner.variants:
        notes = map(read_note, sorted((workspace.weights / owner.name).glob("*/*.json")))
        variants += [note.variant for note in notes if note]
    found: dict[Path, tuple[Owner, Weights]] = {}
    for variant in variants:
        facts = owner.model_copy(update={"variant": variant})
        for entry in facts.own_weights:
            found.setdefault(note_path(facts, entry, workspace), (facts, entry))
    return list(found.values())


def licence_warning(licence: str) -> str:
    """What to heed where commercial use is forbidden, or no licence is stated; else empty."""
    sentences = {
        "Not for commercial use.": forbids_commerce(licence),
        "No licence is stated for these weights: ask their authors what you may do with them.": is_unstated(licence),
    }
    return " ".join(text for text, applies in sentences.items() if applies)


def _variant_folder(variant: str) -> str:
    """The variant as the name of a folder; a digest tells apart those that would have the same."""
    name = re.sub(r"[^A-Za-z0-9_.]+", "-", variant).strip(".")
    return name if name == variant else f"{name}-{digest(variant)[:8]}"


def _absent(backbone: BackboneFacts, absent: list[Weights], outdated: list[str]) -> str:
    names = ", ".join(f"{entry.name!r} ({entry.licence or 'no licence stated'})" for entry in absent)
    other = (
        f" The files of {', '.join(outdated)} that are here do not come from the published ones." if outdated else ""
    )
    ways = {
        False: "INIT=random starts from random weights, and the row says so",
        True: 'perceptual = "none" in the protocol leaves out the terms of the loss that need them',
    }
    dispensable = [entry for entry in absent if backbone.starts_random or entry.role == "perceptual"]
    without = dict.fromkeys(ways[entry.role == "perceptual"] for entry in dispensable)
    take = f"from a file that you have, with `patternbench weights import {backbone.label} {absent[0].name} FILE`"
    return (
        f"{backbone.label} needs the published weights {names}, which are not here.{other} Get them with "
        f"`patternbench weights fetch {backbone.label}`, or, "
        f"{by_hand(backbone, absent[0]) if absent[0].fetch else take}."
        + (f" Or decide to go without: {'; '.join(without)}." if without else "")
    )
