"""Who may import whom: a declared map of the packages, held by reading imports; and no circle of modules."""

import ast
from collections.abc import Iterator, Mapping
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from support.paths import ROOT

ROOMS = ("backbones", "benchmark", "harness", "leaderboard")
BACKBONES = sorted(path.parent.name for path in (ROOT / "backbones").glob("*/backbone.toml"))
MOST_MODULES = 16

MAY_IMPORT: Mapping[str, tuple[str, ...]] = {
    # the science: arrays in, numbers out
    "benchmark": ("benchmark",),
    "benchmark.records": ("benchmark.vocabulary", "benchmark.errors", "benchmark.files", "benchmark.text"),
    "benchmark.data": ("benchmark.vocabulary", "benchmark.errors", "benchmark.hashing", "benchmark.text"),
    "benchmark.data.adapters": ("benchmark.data", "benchmark.errors", "benchmark.text"),
    "benchmark.splitting": (
        "benchmark.data",
        "benchmark.vocabulary",
        "benchmark.errors",
        "benchmark.files",
        "benchmark.hashing",
    ),
    "benchmark.audit": ("benchmark.data", "benchmark.splitting", "benchmark.vocabulary", "benchmark.errors"),
    "benchmark.metrics": ("benchmark.data", "benchmark.records", "benchmark.vocabulary", "benchmark.errors"),
    "benchmark.verification": ("benchmark.metrics", "benchmark.records", "benchmark.vocabulary", "benchmark.errors"),
    "benchmark.probing": ("benchmark.metrics", "benchmark.errors"),
    "benchmark.metrics.cams": (
        "benchmark.data",
        "benchmark.metrics",
        "benchmark.records",
        "benchmark.vocabulary",
        "benchmark.errors",
    ),
    "benchmark.metrics.resampling": (
        "benchmark.data",
        "benchmark.metrics",
        "benchmark.records",
        "benchmark.vocabulary",
        "benchmark.errors",
    ),
    "benchmark.cross_validation": (
        "benchmark.data",
        "benchmark.probing",
        "benchmark.splitting",
        "benchmark.vocabulary",
    ),
    "benchmark.synth": (
        "benchmark.data",
        "benchmark.splitting",
        "benchmark.vocabulary",
        "benchmark.errors",
        "benchmark.hashing",
    ),
    # the contestants: what they share, and each for itself
    "backbones.kit": ("backbones.kit",),
    "backbones.kit.learning": ("backbones.kit",),
    "backbones.kit.published": ("backbones.kit",),
    **{f"backbones.{name}": ("backbones.kit",) for name in BACKBONES},
    # orchestration: `harness` alone are the modules beside the packages
    "harness": ("benchmark", "harness", "leaderboard.plots"),
    "harness.storage": ("harness.disk", "benchmark.files", "benchmark.hashing"),
    "harness.transfer": ("benchmark.errors", "harness.disk"),
    "harness.contestants": ("benchmark", "harness.contract", "harness.suggestions", "harness.workspace"),
    "harness.execution": ("benchmark", "harness.contestants", "harness.contract", "harness.disk", "harness.storage"),
    "harness.execution.executors": (
        "benchmark",
        "harness.contestants",
        "harness.contract",
        "harness.disk",
        "harness.execution",
        "harness.workspace",
    ),
    "harness.execution.outputs": ("benchmark.errors", "benchmark.text", "harness.contract"),
    "harness.execution.runners": (
        "benchmark",
        "harness.contestants",
        "harness.execution",
        "harness.storage",
        "harness.workspace",
    ),
    "harness.datasets": (
        "benchmark",
        "harness.disk",
        "harness.execution",
        "harness.storage",
        "harness.suggestions",
        "harness.transfer",
        "harness.workspace",
    ),
    "harness.weights": (
        "benchmark",
        "harness.contestants",
        "harness.contract",
        "harness.disk",
        "harness.execution",
        "harness.machine",
        "harness.storage",
        "harness.suggestions",
        "harness.transfer",
        "harness.workspace",
    ),
    "harness.scoring": ("benchmark", "harness.execution"),
    "harness.field": (
        "benchmark",
        "harness.contestants",
        "harness.contract",
        "harness.disk",
        "harness.execution",
        "harness.git",
        "harness.machine",
        "harness.scoring",
        "harness.storage",
        "harness.weights",
        "harness.workspace",
        "leaderboard.report",
    ),
    "harness.verification": (
        "benchmark",
        "harness.execution",
        "harness.git",
        "harness.run",
        "harness.scoring",
        "harness.workspace",
    ),
    "harness.conformance": ("benchmark", "harness.contestants", "harness.contract", "harness.execution"),
    "harness.cli": ("benchmark", "harness", "leaderboard"),
    "harness.cli.display": ("benchmark", "harness"),
    # presentation: records in, tables and figures out
    "leaderboard": ("benchmark", "leaderboard"),
    "leaderboard.pages": ("benchmark", "leaderboard"),
    "leaderboard.plots": ("benchmark", "leaderboard"),
    "leaderboard.reproduction": ("benchmark", "leaderboard"),
    "leaderboard.report": ("benchmark", "leaderboard"),
}
"""By package, the packages and modules that its modules may import beside their own package."""

SCIENCE_OF_TABLES = (
    "benchmark.vocabulary",
    "benchmark.records",
    "benchmark.errors",
    "benchmark.files",
    "benchmark.data.licences",
    "benchmark.metrics",
    "benchmark.splitting",
    "benchmark.text",
    "benchmark.verification",
)
"""All of the science that the leaderboard may import."""


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules() -> Mapping[str, Path]:
    """Every module of the four rooms by its name."""
    return {module_name(path): path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))}


def imports(path: Path) -> set[str]:
    """Every name of ours that a file imports, at its top or inside a function."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return {name for name in names if name.split(".")[0] in (*ROOMS, "support", "tests")}


def imported_modules(path: Path) -> set[str]:
    """The modules that a file imports."""
    return {name if name in modules() else name.rpartition(".")[0] for name in imports(path)}


def below(name: str, packages: tuple[str, ...]) -> bool:
    return any(name == package or name.startswith(f"{package}.") for package in packages)


def strangers() -> Iterator[str]:
    """Imports that the map does not allow."""
    for module, path in modules().items():
        package = module if path.name == "__init__.py" else module.rpartition(".")[0]
        if package == "backbones":
            continue
        for name in sorted(imported_modules(path)):
            if name.rpartition(".")[0] != package and not below(name, (*MAY_IMPORT[package], package)):
                yield f"{module} imports {name}"


def test_the_reader_sees_imports_at_every_depth(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text("import harness.cli\ndef f():\n    from benchmark import records\n", encoding="utf-8")
    assert imports(file) == {"harness.cli", "benchmark.records"}


def test_imports_are_those_of_the_map() -> None:
    assert list(strangers()) == []


def test_every_package_is_on_the_map() -> None:
    packages = {name for name, path in modules().items() if path.name == "__init__.py"}
    assert packages - {"backbones"} == set(MAY_IMPORT)


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {name: imported_modules(path) & modules().keys() - {name} for name, path in modules().items()}
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


@pytest.mark.parametrize("room", ROOMS)
def test_no_folder_has_more_modules_than_a_reader_can_hold(room: str) -> None:
    folders = {path.parent for path in (ROOT / room).rglob("*.py")}
    counts = {folder: sum(path.name != "__init__.py" for path in folder.glob("*.py")) for folder in folders}
    assert {folder.relative_to(ROOT): count for folder, count in counts.items() if count > MOST_MODULES} == {}


def test_the_leaderboard_knows_only_what_makes_tables_of_records() -> None:
    names = {
        name
        for module, path in modules().items()
        if module.startswith("leaderboard")
        for name in imported_modules(path)
        if name.startswith("benchmark")
    }
    assert [name for name in sorted(names) if not below(name, SCIENCE_OF_TABLES)] == []


def test_no_science_imports_an_engine_or_a_network_library() -> None:
    """torch is imported for the perceptual distance alone, which is a network."""
    heavy = {"docker", "requests", "torch", "torchvision", "typer", "rich"}
    users = {
        module
        for module, path in modules().items()
        if module.startswith("benchmark")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in ([alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""])
        if name.split(".")[0] in heavy
    }
    assert users <= {"benchmark.metrics.perceptual"}
