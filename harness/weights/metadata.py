"""What a backbone's own commands do about its weights: say whose they are before they come, and get them."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from benchmark.errors import InputError, RunError
from harness.contestants.registry import Owner
from harness.contract import Weights
from harness.workspace import Workspace

SECONDS = 300
REFUSED = 2


class About(BaseModel):
    """What an `about` command prints.

    Attributes:
        licence: of the variant's weights.
        address: of the page that they are published on.
    """

    model_config = ConfigDict(extra="forbid")

    licence: str
    address: str


def told(owner: Owner, entry: Weights, workspace: Workspace, file: Path | None = None) -> Weights:
    """An entry with the licence and address that its `about` command says; without such a command, as it is.

    Args:
        owner: whose weights they are, with the variant.
        entry: which.
        workspace: whose checkout has the command.
        file: that the weights are to come from, if it is here; it may say more.

    Raises:
        InputError: there is no such variant.
        RunError: the command failed.
    """
    if not entry.about:
        return entry
    values = {"{variant}": owner.variant, "{input}": str(file.resolve()) if file else ""}
    try:
        done = run(entry.about, values, owner, workspace, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired as error:
        raise RunError(f"{owner.label}: the command that says its licence took over {SECONDS} s.") from error
    said = done.stderr.strip().rpartition("\n")[2]
    if done.returncode == REFUSED:
        raise InputError(said or f"There is no {owner.label}.")
    try:
        found = About.model_validate_json(done.stdout)
    except ValidationError as error:
        raise RunError(
            f"{owner.label}: the command that says its licence ended with exit code {done.returncode} and printed no "
            f"licence and address. {said}".rstrip()
        ) from error
    return entry.model_copy(update=found.model_dump())


def run(
    command: tuple[str, ...],
    values: dict[str, str],
    owner: Owner,
    workspace: Workspace,
    **options: Any,  # noqa: ANN401 - those of subprocess.run
) -> "subprocess.CompletedProcess[str]":
    """Run a command of an entry in the checkout, with the user's environment; RunError where it cannot start."""
    filled = _fill(command, values | {"{python}": sys.executable})
    root = workspace.backbones.parent
    try:
        return subprocess.run(filled, cwd=root, env=os.environ | {"PYTHONPATH": str(root)}, check=False, **options)
    except OSError as error:
        raise RunError(f"{owner.label}: cannot start {filled[0]!r}: {error.strerror}.") from error


def shown(command: tuple[str, ...], owner: Owner, output: str) -> str:
    """A command as a user types it."""
    return shlex.join(_fill(command, {"{python}": "python", "{variant}": owner.variant, "{output}": output}))


def _fill(command: tuple[str, ...], values: dict[str, str]) -> list[str]:
    """All at once: a value may look like a place to fill."""
    holder = re.compile("|".join(map(re.escape, values)))
    return [holder.sub(lambda found: values[found[0]], part) for part in command]
