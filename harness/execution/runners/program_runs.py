"""Where a program of a contestant runs: a stranger's as its jobs do, one of the project's here."""

from benchmark.records.confinement import SHIPPED
from harness.contestants.registry import Owner
from harness.execution.runners.base import OnLine, Outcome, Runner
from harness.execution.runners.process import ProcessRunner
from harness.execution.runners.programs import Program
from harness.workspace import Workspace


def run_program(
    program: Program, owner: Owner, workspace: Workspace, runner: Runner | None, on_line: OnLine
) -> Outcome:
    """Run a program of a contestant.

    The project's own run here by any runner: their code is reviewed, needs no image, and reaches the network as the
    user does.

    Args:
        program: what to run.
        owner: whose it is.
        workspace: the checkout.
        runner: runs a stranger's; None = here.
        on_line: receives each line of its standard output.

    Raises:
        InputError: it would run here, is not the project's, and the user does not trust it.
        RunError: it cannot be started, or the engine failed.
    """
    chosen = ProcessRunner(workspace) if runner is None or owner.name in SHIPPED else runner
    return chosen.run_program(owner, program, on_line)
