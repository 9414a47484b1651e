"""Who may import whom, held by reading imports."""

import ast
from pathlib import Path

import pytest

from support.paths import ROOT

OURS = ("backbones", "benchmark", "harness", "leaderboard", "support", "tests")
BACKBONES = sorted(path.parent.name for path in (ROOT / "backbones").glob("*/backbone.toml"))


def imports(path: Path) -> set[str]:
    """Every module of ours that a file imports, at its top or inside a function."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in found if name.split(".")[0] in OURS}


def strangers(folder: str, allowed: tuple[str, ...]) -> list[str]:
    """Imports below a folder that start with none of the allowed names."""
    return [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for name in sorted(imports(path))
        if not name.startswith(allowed)
    ]


def test_the_reader_sees_imports_at_every_depth(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text("import harness.cli\ndef f():\n    from benchmark import records\n", encoding="utf-8")
    assert imports(file) == {"harness.cli", "benchmark.records"}


def test_benchmark_knows_only_itself() -> None:
    assert strangers("benchmark", ("benchmark.",)) == []


def test_records_know_only_the_choices_and_how_files_are_written() -> None:
    known = ("vocabulary.", "records.", "errors.", "files.")
    assert strangers("benchmark/records", tuple(f"benchmark.{name}" for name in known)) == []


def test_the_kit_knows_only_itself() -> None:
    assert strangers("backbones/kit", ("backbones.kit.",)) == []


@pytest.mark.parametrize("name", BACKBONES)
def test_a_backbone_knows_the_kit_and_itself(name: str) -> None:
    assert strangers(f"backbones/{name}", ("backbones.kit.", f"backbones.{name}.")) == []


def test_the_leaderboard_knows_only_what_makes_tables_of_records() -> None:
    known = (
        "vocabulary",
        "records",
        "errors",
        "files",
        "data.licences",
        "metrics.classification",
        "metrics.significance",
        "splitting",
    )
    allowed = ("leaderboard", *(f"benchmark.{name}" for name in known))
    assert strangers("leaderboard", allowed) == []


def test_the_harness_never_imports_a_contestant_or_the_kit() -> None:
    assert strangers("harness", ("harness.", "benchmark.", "leaderboard")) == []


def test_only_the_command_line_shows_tables() -> None:
    """Pictures that lie beside records are drawn when these are written."""
    pictures = ("leaderboard.plots.style", "leaderboard.plots.localisation")
    users = {
        path.relative_to(ROOT / "harness").as_posix()
        for path in (ROOT / "harness").rglob("*.py")
        if any(name.startswith("leaderboard") and not name.startswith(pictures) for name in imports(path))
    }
    assert all(name.startswith("cli/") for name in users)
