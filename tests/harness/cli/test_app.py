from importlib.metadata import version

from typer.testing import CliRunner

from harness.cli.app import app


def test_the_version_is_that_of_the_installation() -> None:
    result = CliRunner().invoke(app, ["--version"])
    assert (result.exit_code, result.output.strip()) == (0, f"patternbench {version('patternbench')}")


def test_shells_can_complete_commands() -> None:
    assert "--install-completion" in CliRunner().invoke(app, ["--help"]).output


def test_the_help_of_run_begins_with_own_photos() -> None:
    output = CliRunner().invoke(app, ["run", "--help"]).output
    assert "field survey" in output
    assert "run efficientnet_lite0 --data" in output
