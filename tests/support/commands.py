"""Commands of the command line, called in this process."""

from typer import Typer
from typer.testing import CliRunner

from harness.workspace import Workspace


def output_of(app: Typer, workspace: Workspace, *arguments: object) -> str:
    """The output of a command; an error is raised, an exit code is ignored.

    Args:
        app: the command group.
        workspace: the checkout in which the command runs.
        *arguments: the command and its arguments.
    """
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], obj=workspace)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return str(result.output)
