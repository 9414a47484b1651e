"""Commands, called in this process."""

from typer import Typer
from typer.testing import CliRunner

from harness.workspace import Workspace


def output_of(app: Typer, workspace: Workspace, *arguments: object) -> str:
    """What a command of a group prints in a checkout; its error is raised, its exit code is not looked at."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], obj=workspace)
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return str(result.output)
