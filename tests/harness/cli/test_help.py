"""The help of every command, as a terminal of 80 columns shows it."""

import re
import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

from benchmark.splitting.kinds import KINDS
from harness.cli.app import app

CHOICES = {
    "--runner": ("auto", "docker", "process"),
    "--device": ("auto", "cpu", "cuda"),
    "--init": ("random", "published"),
    "--precision": ("float32", "bfloat16"),
    "--split": tuple(KINDS),
    "--protocol": ("quick", "longer", "paper", ".toml"),
}
"""The values that the help of an option must name, whichever command has it."""


def commands(command: Any, *names: str) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command and group with the words that call it."""
    yield names, command
    for name, below in getattr(command, "commands", {}).items():
        yield from commands(below, *names, name)


EVERY = dict(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("names", EVERY, ids=" ".join)
def test_help_fits_80_columns_and_names_every_option_and_choice(names: tuple[str, ...]) -> None:
    result = CliRunner().invoke(app, [*names, "--help"], env={"COLUMNS": "80", "TERMINAL_WIDTH": "80"})
    assert result.exit_code == 0
    assert [line for line in result.output.splitlines() if len(line) > 80] == []
    text = " ".join(re.sub(r"[│╭╮╰╯─]", " ", result.output).split())
    for parameter in EVERY[names].params:
        for option in (one for one in parameter.opts if one.startswith("--") and not parameter.hidden):
            assert option in text
            assert [value for value in CHOICES.get(option, ()) if value not in text] == [], option


def test_brackets_in_a_help_are_text() -> None:
    output = CliRunner().invoke(app, ["data", "fetch", "--help"], env={"COLUMNS": "80"}).output
    assert "pip install 'patternbench[kaggle]'" in output


def test_the_command_line_starts_without_heavy_libraries() -> None:
    code = "import sys, harness.cli.app; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert not {"numpy", "pydantic", "torch", "docker", "PIL", "sklearn", "matplotlib"} & set(done.stdout.split())
