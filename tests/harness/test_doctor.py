"""Each lack is explained, and only what the simplest bench needs fails the command."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from harness.cli.app import app
from harness.doctor import Finding, Machine, examine
from harness.workspace import Workspace

HERE = Workspace.here()
GOOD = Machine(
    python=(3, 12, 1),
    torch="2.7.0",
    torch_cuda="12.8",
    engine="28.0",
    engine_trouble="",
    engine_gpus=True,
    gpus=("NVIDIA H200",),
    memory_gib=128,
    cores=16,
    free_gib=100,
)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A checkout with data, protocols and one backbone without published weights."""
    (tmp_path / "benchmark" / "datasets" / "zebrafish-synth" / "images").mkdir(parents=True)
    (tmp_path / "benchmark" / "protocols").symlink_to(HERE.protocols)
    write_backbone(tmp_path)
    return Workspace(tmp_path)


def write_backbone(root: Path, *roles: str) -> None:
    folder = root / "backbones" / "mine"
    folder.mkdir(parents=True, exist_ok=True)
    facts = 'name = "mine"\ntitle = "Mine"\npaper = ""\nlicence = "MIT"\ncapabilities = []\ninput = {}\n'
    weights = (
        f'[[weights]]\nname = "{role}"\nrole = "{role}"\nlicence = "MIT"\naddress = "https://x"\nfile = "{role}.pt"\n'
        for role in roles
    )
    (folder / "backbone.toml").write_text(facts + "".join(weights))


def lacks(workspace: Workspace, machine: Machine) -> list[Finding]:
    return [finding for finding in examine(workspace, machine) if finding.status == "lack"]


def test_a_good_machine_lacks_nothing(workspace: Workspace) -> None:
    assert lacks(workspace, GOOD) == []


@pytest.mark.parametrize(
    ("changed", "what", "meaning", "needed"),
    [
        ({"python": (3, 10, 4)}, "Python 3.10.4", "3.11 or newer", True),
        ({"torch": ""}, "torch is not installed", "make setup", False),
        ({"torch_cuda": ""}, "built for the processor", "CUDA build", False),
        ({"free_gib": 0.5}, "0.5 GiB free", "2 GiB", True),
        ({"engine": "", "engine_trouble": "permission denied"}, "no Docker engine", "permission denied", False),
        ({"gpus": ()}, "no NVIDIA GPU", "days", False),
        ({"engine_gpus": False}, "no NVIDIA runtime", "RUNNER=process", False),
        ({"memory_gib": 16}, "16 GiB of memory", "paper (a stage may take 32 GiB)", False),
        ({"memory_gib": 4}, "4 GiB of memory", "quick (a stage may take 8 GiB) and paper", False),
        ({"programs": frozenset({"git"})}, "make is not installed", "patternbench run", False),
        ({"programs": frozenset({"make"})}, "git is not installed", "commit", False),
        ({"packages": frozenset()}, "kagglehub is not installed", "data fetch", False),
    ],
)
def test_a_lack_is_explained(
    changed: dict[str, Any], what: str, meaning: str, needed: bool, workspace: Workspace
) -> None:
    (finding,) = lacks(workspace, replace(GOOD, **changed))
    assert what in finding.what
    assert meaning in finding.meaning
    assert finding.needed is needed


def test_without_torch_and_engine_nothing_runs(workspace: Workspace) -> None:
    assert any(finding.needed for finding in lacks(workspace, replace(GOOD, torch="", engine="")))


def test_a_machine_without_gpu_may_have_any_torch(workspace: Workspace) -> None:
    findings = lacks(workspace, replace(GOOD, gpus=(), torch_cuda="", engine_gpus=False))
    assert [finding.what for finding in findings] == ["no NVIDIA GPU"]


def test_missing_data_is_needed(workspace: Workspace) -> None:
    (workspace.builtin_data / "zebrafish-synth" / "images").rmdir()
    (finding,) = lacks(workspace, GOOD)
    assert (finding.what, finding.needed) == ("built-in data set zebrafish-synth is missing", True)


def test_missing_weights_are_listed_with_the_possible_initialisation(workspace: Workspace) -> None:
    write_backbone(workspace.root, "generator", "perceptual")
    (finding,) = lacks(workspace, GOOD)
    assert "only INIT=random is possible" in finding.meaning
    assert "Missing: generator, perceptual. Get them: patternbench weights fetch mine" in finding.meaning
    (workspace.weights / "mine").mkdir(parents=True)
    (workspace.weights / "mine" / "generator.safetensors").touch()
    (finding,) = lacks(workspace, GOOD)
    assert "INIT=published, but no perceptual loss is possible" in finding.meaning
    (workspace.weights / "mine" / "perceptual.safetensors").touch()
    assert lacks(workspace, GOOD) == []


def test_a_backbone_that_needs_a_variant_is_no_lack(workspace: Workspace) -> None:
    facts = workspace.backbones / "mine" / "backbone.toml"
    facts.write_text(facts.read_text() + 'variants = ["*"]\n')
    (finding,) = (finding for finding in examine(workspace, GOOD) if "backbone mine" in finding.what)
    assert (finding.status, finding.what) == (
        "ok",
        "backbone mine: published weights depend on the variant, mine:MODEL",
    )


def test_a_broken_backbone_does_not_hide_the_others(workspace: Workspace) -> None:
    broken = workspace.backbones / "broken" / "backbone.toml"
    broken.parent.mkdir()
    broken.write_text("name = ")
    (finding,) = lacks(workspace, GOOD)
    assert finding.what == "backbone broken cannot be used"
    assert "not TOML" in finding.meaning


def test_the_command_leaves_with_1_only_for_what_is_needed(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["--root", str(workspace.root), "doctor"]
    monkeypatch.setattr(Machine, "here", lambda workspace: replace(GOOD, gpus=()))  # noqa: ARG005
    fine = CliRunner().invoke(app, arguments)
    assert fine.exit_code == 0
    assert "lack no NVIDIA GPU\n     the quick protocol" in fine.output
    monkeypatch.setattr(Machine, "here", lambda workspace: replace(GOOD, free_gib=0.1))  # noqa: ARG005
    assert CliRunner().invoke(app, arguments).exit_code == 1


def test_this_machine_can_be_looked_at() -> None:
    import torch

    machine = Machine.here(HERE)
    assert torch.__version__.startswith(machine.torch)
    assert machine.torch_cuda == (torch.version.cuda or "")
    assert machine.memory_gib > 0.1
