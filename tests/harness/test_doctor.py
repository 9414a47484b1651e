"""What is not here is explained, and only what the simplest run needs is missing and fails the command."""

import json
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


def absences(workspace: Workspace, machine: Machine) -> list[Finding]:
    return [finding for finding in examine(workspace, machine) if finding.status != "ok"]


def test_a_good_machine_lacks_nothing(workspace: Workspace) -> None:
    assert absences(workspace, GOOD) == []


@pytest.mark.parametrize(
    ("changed", "what", "meaning", "status"),
    [
        ({"python": (3, 10, 4)}, "Python 3.10.4", "3.11 or newer", "missing"),
        ({"torch": ""}, "torch is not installed", "make setup", "optional"),
        ({"torch_cuda": ""}, "built for the processor", "CUDA build", "optional"),
        ({"free_gib": 0.5}, "0.5 GiB free", "2 GiB", "missing"),
        ({"engine": "", "engine_trouble": "permission denied"}, "no Docker engine", "permission denied", "optional"),
        ({"gpus": ()}, "no NVIDIA GPU", "days", "optional"),
        ({"engine_gpus": False}, "no NVIDIA runtime", "RUNNER=process", "optional"),
        ({"memory_gib": 16}, "16 GiB of memory", "paper (up to 32 GiB a stage)", "optional"),
        ({"memory_gib": 4}, "4 GiB of memory", "quick (up to 8 GiB a stage) and paper", "optional"),
        ({"programs": frozenset({"git"})}, "make is not installed", "patternbench run", "optional"),
        ({"programs": frozenset({"make"})}, "git is not installed", "commit", "optional"),
        ({"packages": frozenset()}, "kagglehub is not installed", "data fetch", "optional"),
    ],
)
def test_a_lack_is_explained(
    changed: dict[str, Any], what: str, meaning: str, status: str, workspace: Workspace
) -> None:
    (finding,) = absences(workspace, replace(GOOD, **changed))
    assert what in finding.what
    assert meaning in finding.meaning
    assert finding.status == status


def test_without_torch_and_engine_nothing_runs(workspace: Workspace) -> None:
    assert any(finding.status == "missing" for finding in absences(workspace, replace(GOOD, torch="", engine="")))


def test_a_machine_without_gpu_may_have_any_torch(workspace: Workspace) -> None:
    findings = absences(workspace, replace(GOOD, gpus=(), torch_cuda="", engine_gpus=False))
    assert [finding.what for finding in findings] == ["no NVIDIA GPU"]


def test_missing_data_is_needed(workspace: Workspace) -> None:
    (workspace.builtin_data / "zebrafish-synth" / "images").rmdir()
    (finding,) = absences(workspace, GOOD)
    assert (finding.what, finding.status) == ("no built-in data set zebrafish-synth", "missing")


def test_missing_weights_are_listed_with_the_possible_initialisation(workspace: Workspace) -> None:
    write_backbone(workspace.root, "generator", "perceptual")
    (finding,) = absences(workspace, GOOD)
    assert "it runs from random weights" in finding.meaning
    assert "To get generator, perceptual: patternbench weights fetch mine" in finding.meaning
    (workspace.weights / "mine").mkdir(parents=True)
    (workspace.weights / "mine" / "generator.safetensors").touch()
    (finding,) = absences(workspace, GOOD)
    assert "it runs without the perceptual loss" in finding.meaning
    (workspace.weights / "mine" / "perceptual.safetensors").touch()
    assert absences(workspace, GOOD) == []


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
    (finding,) = absences(workspace, GOOD)
    assert finding.what == "backbone broken cannot be used"
    assert "not TOML" in finding.meaning


def test_the_command_leaves_with_1_only_for_what_is_needed(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["--root", str(workspace.root), "doctor"]
    monkeypatch.setattr(Machine, "here", lambda workspace: replace(GOOD, gpus=()))  # noqa: ARG005
    fine = CliRunner().invoke(app, arguments)
    assert fine.exit_code == 0
    assert "optional no NVIDIA GPU\n         the protocols field and quick" in fine.output
    assert fine.output.splitlines()[-1] == "Runs work here."
    monkeypatch.setattr(Machine, "here", lambda workspace: replace(GOOD, free_gib=0.1))  # noqa: ARG005
    assert CliRunner().invoke(app, arguments).exit_code == 1
    content = json.loads(CliRunner().invoke(app, [*arguments, "--json"]).output)
    assert content["ready"] is False
    assert [one["what"] for one in content["findings"] if one["status"] == "missing"] == [
        "0.1 GiB free on the disk of the store"
    ]


def test_this_machine_can_be_looked_at() -> None:
    import torch

    machine = Machine.here(HERE)
    assert torch.__version__.startswith(machine.torch)
    assert machine.torch_cuda == (torch.version.cuda or "")
    assert machine.memory_gib > 0.1
