"""Download of published weights."""

import shutil
import sys
from pathlib import Path, PurePosixPath
from urllib.parse import urlsplit

from benchmark.errors import InputError, RunError
from benchmark.text import printable
from harness.contestants.registry import Owner
from harness.contract import Weights
from harness.disk import disk_errors
from harness.execution.runners.base import Runner
from harness.execution.runners.program_runs import run_program
from harness.execution.runners.programs import Program
from harness.transfer.download import OnBytes, download
from harness.weights.entries import manual_steps
from harness.weights.importing import install
from harness.weights.local import incoming_folder
from harness.workspace import Workspace

FETCH_SECONDS = 24 * 3600
BROWSER_PAGES = ("https://drive.google.com/drive/", "https://drive.google.com/file/")
"""Beginnings of addresses that only a browser can open."""


def can_fetch(entry: Weights) -> bool:
    """Whether weights can be fetched without a browser, as far as their address shows."""
    web = entry.address.startswith(("https://", "http://"))
    return bool(entry.fetch) or (web and not entry.address.startswith(BROWSER_PAGES))


def fetch_weights(
    owner: Owner, entry: Weights, workspace: Workspace, on_bytes: OnBytes, *, runner: Runner | None = None
) -> Path:
    """Downloads the published file, or runs the command that gets it, and puts its weights in place.

    Args:
        owner: of the weights.
        entry: one of the owner's, for which `can_fetch` is true.
        workspace: the checkout.
        on_bytes: called as bytes arrive.
        runner: runs a stranger's programs; None = here.

    Returns:
        The path of the weights in place.

    Raises:
        InputError: only a browser can fetch the file; or the file is not the published one and was deleted; or a
            program would run here, and the user does not trust it.
        RunError: the transfer, the command or the conversion failed; what has arrived is kept.
    """
    incoming = incoming_folder(owner, entry, workspace)
    file = incoming / _incoming_name(entry)
    with disk_errors():
        incoming.mkdir(parents=True, exist_ok=True)
        try:
            if entry.fetch:
                _run_fetch(owner, entry, file, workspace, runner)
            elif not file.is_file():
                download(entry.address, file, on_bytes)
        except (InputError, RunError) as error:
            raise type(error)(f"{error} By hand: {manual_steps(owner, entry)}.") from error
        try:
            return install(file, "fetched", owner, entry, workspace, runner=runner)
        except InputError:
            shutil.rmtree(incoming)
            raise


def _run_fetch(owner: Owner, entry: Weights, output: Path, workspace: Workspace, runner: Runner | None) -> None:
    """Runs the entry's `fetch` command; what it prints is shown."""
    output.unlink(missing_ok=True)
    values = {"{variant}": owner.variant}
    program = Program(entry.fetch, FETCH_SECONDS, values=values, output=output, network=True)
    outcome = run_program(program, owner, workspace, runner, _show)
    if outcome.status != "ok" or not output.is_file():
        failure = outcome.cause.rstrip(".") or f"wrote no {output.name}"
        raise RunError(f"The command that fetches {owner.label}'s weights {entry.name!r} {failure}.")


def _show(line: str) -> None:
    sys.stdout.write(f"{printable(line.rstrip())}\n")


def _incoming_name(entry: Weights) -> str:
    """Name of the file that arrives, with the ending that tells its format."""
    name = PurePosixPath(entry.file).name
    packed = not entry.fetch and urlsplit(entry.address).path.lower().endswith(".zip") and not name.endswith(".zip")
    return f"{name}.zip" if packed else name
