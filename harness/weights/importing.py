"""How published weights come to lie on the user's disk: downloaded or given, checked, converted, renamed into place."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Literal
from urllib.parse import urlsplit

from benchmark.errors import InputError, RunError
from harness import machine
from harness.contestants.registry import ANY, BackboneFacts, Owner
from harness.contract import Weights
from harness.execution.runners.process import ProcessRunner
from harness.execution.store import file_digest
from harness.transfer.archive import extract_zip
from harness.transfer.download import Moved, download
from harness.weights import local as local_weights
from harness.weights import lpips as lpips_weights
from harness.weights import metadata
from harness.workspace import Workspace

PAGES = ("https://drive.google.com/drive/", "https://drive.google.com/file/")
"""Addresses that begin so open in a browser alone."""

CONVERT_SECONDS = 1800
SHOWN = 8


def can_fetch(entry: Weights) -> bool:
    """Whether weights can be fetched without a browser, as far as their address tells."""
    web = entry.address.startswith(("https://", "http://"))
    return bool(entry.fetch) or (web and not entry.address.startswith(PAGES))


def fetch(owner: Owner, entry: Weights, workspace: Workspace, moved: Moved) -> Path:
    """Download the published file, or run the command that gets it, and put its weights in place.

    Args:
        owner: whose weights they are.
        entry: which; `can_fetch` holds.
        workspace: where they come.
        moved: called as bytes arrive.

    Returns:
        The file in place.

    Raises:
        InputError: it cannot be fetched without a browser; or what came is not the published file, and is deleted.
        RunError: the transfer, the command or the conversion failed; what came is kept.
    """
    incoming = _incoming(owner, entry, workspace)
    file = incoming / _incoming_name(entry)
    with _disk_troubles():
        incoming.mkdir(parents=True, exist_ok=True)
        try:
            if entry.fetch:
                _run_command(owner, entry, file, workspace)
            elif not file.is_file():
                download(entry.address, file, moved)
        except (InputError, RunError) as error:
            raise type(error)(f"{error} By hand: {local_weights.by_hand(owner, entry)}.") from error
        try:
            return _settle(file, "fetched", owner, entry, workspace)
        except InputError:
            shutil.rmtree(incoming)
            raise


def import_file(path: Path, owner: Owner, entry: Weights, workspace: Workspace) -> Path:
    """Put the weights of a file that the user has in place; the file itself stays as it is.

    A file that is seen to fit its backbone is taken, of a training of the user's own too: `weights.state` then says
    `own`. Where none is seen to fit, and for a measure, whose values must mean the same everywhere, it must be the
    published one.

    Args:
        path: the file, or the .zip file that it is published in.
        owner: whose weights they are.
        entry: which.
        workspace: where they come.

    Returns:
        The file in place.

    Raises:
        InputError: it cannot be read, does not fit, or has to be the published one and is not.
        RunError: the conversion failed, or the disk has no room.
    """
    try:
        path.open("rb").close()
    except OSError as error:
        raise InputError(
            f"{path}: {error.strerror}. Give {entry.file}, or the .zip file with it, as published at {entry.address}."
        ) from error
    with _disk_troubles():
        return _settle(path.resolve(), "imported", owner, entry, workspace)


def _settle(
    source: Path, way: Literal["fetched", "imported"], owner: Owner, entry: Weights, workspace: Workspace
) -> Path:
    """Check, convert, rename into place; a note never lies beside a file that it is not about."""
    final, remembered = local_weights.place(owner, entry, workspace), local_weights.note_path(owner, entry, workspace)
    tried = isinstance(owner, BackboneFacts) and not owner.keeps_files
    remembered.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(prefix=f".{entry.name}-", dir=remembered.parent) as folder:
        file = _published(source, entry, Path(folder))
        note = local_weights.Note(
            backbone=owner.name,
            variant=owner.variant if ANY in owner.variants else "",
            file=entry.file if way == "fetched" else source.name,
            sha256=_checked_digest(file, owner, entry, strict=way == "fetched" or not tried),
            address=entry.address,
            licence=entry.licence,
            way=way,
            date=machine.now(),
        )
        ready = Path(folder) / "ready.safetensors"
        if owner.keeps_files:
            shutil.copyfile(file, ready)
        elif isinstance(owner, BackboneFacts):
            _convert(file, ready, owner, entry, workspace)
        else:
            lpips_weights.convert(file, ready)
        ready.chmod(0o644)  # in a container another user reads it
        final.parent.mkdir(parents=True, exist_ok=True)
        remembered.unlink(missing_ok=True)
        ready.replace(final)
        remembered.write_text(note.model_dump_json(indent=1) + "\n", encoding="utf-8")
    shutil.rmtree(_incoming(owner, entry, workspace), ignore_errors=True)
    return final


def _published(source: Path, entry: Weights, folder: Path) -> Path:
    """The published file: the one given, or out of it where that is a .zip file."""
    if source.suffix.lower() != ".zip" or entry.file.endswith(".zip"):
        return source
    unpacked = folder / "unpacked"
    extract_zip(source, unpacked)
    if not (unpacked / entry.file).is_file():
        members = sorted(path.relative_to(unpacked).as_posix() for path in unpacked.rglob("*") if path.is_file())
        more = ", ..." if len(members) > SHOWN else ""
        raise InputError(
            f"{source.name} holds no {entry.file}; it holds: {', '.join(members[:SHOWN]) or 'nothing'}{more}. Give the "
            f"file of {entry.address}, or, where one of these is {entry.file} by another name, that one by itself."
        )
    return unpacked / entry.file


def _checked_digest(file: Path, owner: Owner, entry: Weights, *, strict: bool) -> str:
    found = file_digest(file)
    if strict and entry.sha256 and found != entry.sha256.lower():
        raise InputError(
            f"{file.name} is not the published {entry.file} of {owner.label}: its sha256 is {found}, and that of the "
            f"published one {entry.sha256}. Get it again from {entry.address}."
        )
    return found


def _convert(file: Path, output: Path, backbone: BackboneFacts, entry: Weights, workspace: Workspace) -> None:
    """The backbone's own code reads the file, in a process of its own, and writes safetensors."""
    options = {"variant": backbone.variant, "entry": entry.name, "input": file, "output": output}
    arguments = ["convert", *(f"--{name}={value}" for name, value in options.items())]
    outcome = ProcessRunner(workspace).call(backbone, arguments, CONVERT_SECONDS, lambda _: None)
    if outcome.code in {2, 3}:
        said = outcome.cause.partition(": ")[2]
        raise InputError(
            f"{file.name} does not give {backbone.label}'s weights {entry.name!r}. {said} It should be {entry.file} of "
            f"{entry.address}."
        )
    if outcome.status != "ok":
        raise RunError(f"{backbone.label} cannot convert {file.name}: it {outcome.cause}.\n{outcome.log}".rstrip())


def _run_command(owner: Owner, entry: Weights, output: Path, workspace: Workspace) -> None:
    """Run the entry's own command with the user's environment; what it says is shown."""
    output.unlink(missing_ok=True)
    values = {"{variant}": owner.variant, "{output}": str(output)}
    done = metadata.run(entry.fetch, values, owner, workspace)
    if done.returncode or not output.is_file():
        fault = f"ended with exit code {done.returncode}" if done.returncode else f"wrote no {output.name}"
        raise RunError(f"The command that fetches {owner.label}'s weights {entry.name!r} {fault}.")


def _incoming(owner: Owner, entry: Weights, workspace: Workspace) -> Path:
    """Holds what came of a download until its weights are in place."""
    return local_weights.folder(owner, workspace) / f"{entry.name}.incoming"


def _incoming_name(entry: Weights) -> str:
    """Of the file that comes, with the ending that says what it is."""
    name = PurePosixPath(entry.file).name
    packed = not entry.fetch and urlsplit(entry.address).path.lower().endswith(".zip") and not name.endswith(".zip")
    return f"{name}.zip" if packed else name


@contextmanager
def _disk_troubles() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RunError(f"{error.filename}: {error.strerror or error}. Mend that, and try again.") from error
