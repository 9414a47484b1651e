"""Licence and address of weights that differ between variants, which a command of the backbone prints."""

import shlex
from collections.abc import Sequence
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from benchmark.errors import InputError, RunError
from harness.contestants.registry import Owner
from harness.contract import Line, Weights
from harness.execution.runners.base import NOTHING, REFUSED, DescriptionText, Runner
from harness.execution.runners.program_runs import run_program
from harness.execution.runners.programs import Program, fill
from harness.workspace import Workspace

SECONDS = 300
INPUT = "{input}"


class About(BaseModel):
    """Output of an `about` command.

    Attributes:
        licence: of the variant's weights.
        address: of the page that they are published on.
    """

    model_config = ConfigDict(extra="forbid")

    licence: Line
    address: Line


def query_metadata(
    owner: Owner, entry: Weights, workspace: Workspace, file: Path | None = None, *, runner: Runner | None = None
) -> Weights:
    """The entry with the licence and address that its `about` command prints; unchanged without such a command.

    Args:
        owner: of the weights, with the variant.
        entry: one of the owner's.
        workspace: the checkout in which the command runs.
        file: a file that the user imports, from which the command may read more.
        runner: runs a stranger's command; None = here.

    Raises:
        InputError: there is no such variant; or the command would run here, and the user does not trust it.
        RunError: the command failed.
    """
    if not entry.about:
        return entry
    program = Program(
        command=entry.about,
        seconds=SECONDS,
        values={"{variant}": owner.variant} | ({} if file else {INPUT: ""}),
        inputs={INPUT: file} if file else {},
    )
    text = DescriptionText()
    outcome, printed = text.judge(run_program(program, owner, workspace, runner, text.add))
    reason = outcome.cause.partition(": ")[2]
    if outcome.code == REFUSED:
        raise InputError(f"There is no {owner.label}." if reason in {"", NOTHING} else reason)
    if outcome.status == "timeout":
        raise RunError(f"{owner.label}: the command that prints its licence took over {SECONDS} s.")
    try:
        about = About.model_validate_json(printed)
    except ValidationError as error:
        raise RunError(
            f"{owner.label}: the command for its licence printed no licence and address. {outcome.cause}".rstrip()
        ) from error
    return entry.model_copy(update=about.model_dump())


def command_line(command: Sequence[str], owner: Owner, output: str) -> str:
    """A command as a user types it, with its placeholders filled."""
    return shlex.join(fill(command, {"{python}": "python", "{variant}": owner.variant, "{output}": output}))
