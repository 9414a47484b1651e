"""Options as data: a field of the class is an option of the command."""

from dataclasses import dataclass
from typing import Annotated

import typer
from typer.testing import CliRunner

from harness.cli.options import ContestantOptions, RunOptions, with_options


@dataclass(frozen=True, kw_only=True)
class Options(ContestantOptions):
    depth: Annotated[int, typer.Option(min=1, help="How deep.")] = 3


def test_a_command_has_its_own_parameters_and_those_of_the_class() -> None:
    app, received = typer.Typer(), []

    @app.command()
    @with_options(Options)
    def dig(
        context: typer.Context, options: Options, place: Annotated[str, typer.Option(help="Where.")] = "here"
    ) -> None:
        """Dig."""
        received.append((context.info_name, options, place))

    done = CliRunner().invoke(app, ["lama", "--depth", "7", "--place", "there", "--seeds", "2"])
    assert done.exit_code == 0, done.output
    ((_, options, place),) = received
    assert (options, place) == (Options(backbones=["lama"], depth=7, seeds=2), "there")
    wrong = CliRunner().invoke(app, ["--depth", "0"])
    assert wrong.exit_code == 2
    assert "How deep." in CliRunner().invoke(app, ["--help"]).output


def test_the_defaults_of_run_are_those_of_the_class() -> None:
    options = RunOptions(backbones=["lama"])
    assert (options.protocol, options.data, options.seeds, options.rehash) == ("", "zebrafish-synth", 1, False)
