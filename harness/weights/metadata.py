"""Commands of a backbone about its weights: one prints their licence and address, one fetches them."""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from benchmark.errors import InputError, RunError
from harness.contestants.registry import Owner
from harness.contestants.trust import require_trust
from harness.contract import Line, Weights
from harness.execution.runners.process import environment
from harness.workspace import Workspace

SECONDS = 300
NETWORK = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE")
"""Variables, in either case, without which some users reach no network."""

CACHES = ("HF_HOME", "HF_HUB_CACHE", "TORCH_HOME", "XDG_CACHE_HOME")
"""Variables that say where weights are that were fetched before."""

REFUSED = 2


class About(BaseModel):
    """Output of an `about` command.

    Attributes:
        licence: of the variant's weights.
        address: of the page that they are published on.
    """

    model_config = ConfigDict(extra="forbid")

    licence: Line
    address: Line


def query_metadata(owner: Owner, entry: Weights, workspace: Workspace, file: Path | None = None) -> Weights:
    """The entry with the licence and address that its `about` command prints; unchanged without such a command.

    Args:
        owner: of the weights, with the variant.
        entry: one of the owner's.
        workspace: the checkout in which the command runs.
        file: a file that the user imports, from which the command may read more.

    Raises:
        InputError: there is no such variant.
        RunError: the command failed.
    """
    if not entry.about:
        return entry
    values = {"{variant}": owner.variant, "{input}": str(file.resolve()) if file else ""}
    try:
        process = run_command(entry.about, values, owner, workspace, capture_output=True, text=True, timeout=SECONDS)
    except subprocess.TimeoutExpired as error:
        raise RunError(f"{owner.label}: the command that prints its licence took over {SECONDS} s.") from error
    last_line = process.stderr.strip().rpartition("\n")[2]
    if process.returncode == REFUSED:
        raise InputError(last_line or f"There is no {owner.label}.")
    try:
        about = About.model_validate_json(process.stdout)
    except ValidationError as error:
        raise RunError(
            f"{owner.label}: the command for its licence ended with exit code {process.returncode} and printed no "
            f"licence and address. {last_line}".rstrip()
        ) from error
    return entry.model_copy(update=about.model_dump())


def run_command(
    command: Sequence[str],
    values: Mapping[str, str],
    owner: Owner,
    workspace: Workspace,
    **options: Any,  # noqa: ANN401 - those of subprocess.run
) -> "subprocess.CompletedProcess[str]":
    """Runs a command of an entry in the checkout, with what it needs of the user's environment to reach the network.

    Args:
        command: program and arguments, with placeholders such as `{variant}`.
        values: of the placeholders; `{python}` is added.
        owner: named in the error.
        workspace: the checkout.
        **options: of `subprocess.run`.

    Raises:
        InputError: the owner is not the project's, and the user does not trust it.
        RunError: the command cannot start.
    """
    require_trust(owner.name, workspace)
    arguments = fill(command, {**values, "{python}": sys.executable})
    root = workspace.backbones.parent
    try:
        return subprocess.run(arguments, cwd=root, env=environment(root) | _network(), check=False, **options)
    except OSError as error:
        raise RunError(f"{owner.label}: cannot start {arguments[0]!r}: {error.strerror}.") from error


def _network() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.upper() in {*NETWORK, *CACHES}}


def command_line(command: Sequence[str], owner: Owner, output: str) -> str:
    """A command as a user types it, with its placeholders filled."""
    return shlex.join(fill(command, {"{python}": "python", "{variant}": owner.variant, "{output}": output}))


def fill(command: Sequence[str], values: Mapping[str, str]) -> list[str]:
    """A command with its placeholders replaced in one pass, since a value may look like a placeholder.

    >>> fill(["get", "{variant}", "--to={output}"], {"{variant}": "{output}", "{output}": "a.pt"})
    ['get', '{output}', '--to=a.pt']
    """
    placeholder = re.compile("|".join(map(re.escape, values)))
    return [placeholder.sub(lambda match: values[match[0]], part) for part in command]
