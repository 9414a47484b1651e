"""Import of published weights: a file is checked, converted and moved into place."""

import shutil
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmark.errors import InputError, RunError
from benchmark.hashing import file_digest
from harness.contestants.registry import ANY, BackboneFacts, Owner
from harness.contract import Weights
from harness.disk import disk_errors, write_text
from harness.execution.runners.base import BAD_DATA, REFUSED, Runner
from harness.execution.runners.program_runs import run_program
from harness.execution.runners.programs import Program
from harness.machine import now
from harness.storage.trees import settle_file
from harness.transfer.archive import extract_zip
from harness.weights.local import Note, Origin, incoming_folder, note_path, weights_path
from harness.weights.lpips import convert_alexnet
from harness.workspace import Workspace

CONVERT_SECONDS = 1800
LISTED_MEMBERS = 8


def import_file(
    path: Path, owner: Owner, entry: Weights, workspace: Workspace, *, runner: Runner | None = None
) -> Path:
    """Puts the weights of a user's file in place; the file itself stays as it is.

    A file that fits its backbone's network is accepted even if it is not the published one: `local.state` is then
    `own`. If the fit cannot be checked, or the weights are a metric's, whose values must be comparable everywhere, the
    file must be the published one.

    Args:
        path: the file, or the .zip file that it is published in.
        owner: of the weights.
        entry: one of the owner's.
        workspace: the checkout.
        runner: runs a stranger's conversion; None = here.

    Returns:
        The path of the weights in place.

    Raises:
        InputError: the file cannot be read, does not fit, or is not the published one; or a stranger's conversion would
            run here, and the user does not trust it.
        RunError: the conversion failed, or the disk is full.
    """
    try:
        path.open("rb").close()
    except OSError as error:
        raise InputError(
            f"{path}: {error.strerror}. Give {entry.file}, or the .zip file with it, as published at {entry.address}."
        ) from error
    with disk_errors():
        return install(path.resolve(), "imported", owner, entry, workspace, runner=runner)


def install(
    source: Path, way: Origin, owner: Owner, entry: Weights, workspace: Workspace, *, runner: Runner | None = None
) -> Path:
    """Checks and converts a file and moves the result into place; a note and a file never disagree.

    Args:
        source: the file, or the .zip file that it is published in.
        way: how it came here.
        owner: of the weights.
        entry: one of the owner's.
        workspace: the checkout.
        runner: runs a stranger's conversion; None = here.

    Returns:
        The path of the weights in place.

    Raises:
        InputError: the file does not fit, or is not the published one.
        RunError: the conversion failed.
        OSError: the disk failed.
    """
    final, note_file = weights_path(owner, entry, workspace), note_path(owner, entry, workspace)
    fit_is_checked = isinstance(owner, BackboneFacts) and not owner.keeps_files
    note_file.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{entry.name}-", dir=note_file.parent) as folder:
        file = _unpacked(source, entry, Path(folder))
        sha256 = file_digest(file)
        if way == "fetched" or not fit_is_checked:
            _check_published(file, sha256, owner, entry)
        note = Note(
            backbone=owner.name,
            variant=owner.variant if ANY in owner.variants else "",
            file=entry.file if way == "fetched" else source.name,
            sha256=sha256,
            address=entry.address,
            licence=entry.licence,
            way=way,
            date=now(),
        )
        ready = Path(folder) / "ready.safetensors"
        if owner.keeps_files:
            shutil.copyfile(file, ready)
        elif isinstance(owner, BackboneFacts):
            _convert(file, ready, owner, entry, workspace, runner)
        else:
            convert_alexnet(file, ready)
        settle_file(ready)  # another user reads it in a container, and nobody writes to it
        note = note.model_copy(update={"stored": file_digest(ready)})
        final.parent.mkdir(parents=True, exist_ok=True)
        note_file.unlink(missing_ok=True)
        ready.replace(final)
        write_text(note_file, note.model_dump_json(indent=1) + "\n")
    shutil.rmtree(incoming_folder(owner, entry, workspace), ignore_errors=True)
    return final


def _unpacked(source: Path, entry: Weights, folder: Path) -> Path:
    """The published file: the source itself, or the member of that name if the source is a .zip file."""
    if source.suffix.lower() != ".zip" or entry.file.endswith(".zip"):
        return source
    unpacked = folder / "unpacked"
    extract_zip(source, unpacked)
    if not (unpacked / entry.file).is_file():
        members = sorted(path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file())
        more = ", ..." if len(members) > LISTED_MEMBERS else ""
        raise InputError(
            f"{source.name} holds no {entry.file}; it holds: {', '.join(members[:LISTED_MEMBERS]) or 'nothing'}{more}. "
            f"Give the file of {entry.address}, or, if one of these is {entry.file} under another name, that one alone."
        )
    return unpacked / entry.file


def _check_published(file: Path, sha256: str, owner: Owner, entry: Weights) -> None:
    if entry.sha256 and sha256 != entry.sha256.lower():
        raise InputError(
            f"{file.name} is not the published {entry.file} of {owner.label}: its sha256 is {sha256}, and that of the "
            f"published one {entry.sha256}. Get it again from {entry.address}."
        )


def _convert(
    file: Path, output: Path, backbone: BackboneFacts, entry: Weights, workspace: Workspace, runner: Runner | None
) -> None:
    """Writes a file's weights as safetensors; the backbone's own code reads it, in a process of its own."""
    program = Program(
        command=("convert", *(f"--{name}={{{name}}}" for name in ("variant", "entry", "input", "output"))),
        seconds=CONVERT_SECONDS,
        values={"{variant}": backbone.variant, "{entry}": entry.name},
        inputs={"{input}": file},
        output=output,
        is_verb=True,
    )
    outcome = run_program(program, backbone, workspace, runner, lambda _: None)
    if outcome.code in {REFUSED, BAD_DATA}:
        reason = outcome.cause.partition(": ")[2]
        raise InputError(
            f"{file.name} does not hold {backbone.label}'s weights {entry.name!r}. {reason} It should be {entry.file} "
            f"of {entry.address}."
        )
    if outcome.status != "ok":
        raise RunError(f"{backbone.label} cannot convert {file.name}: it {outcome.cause}.\n{outcome.log}".rstrip())
