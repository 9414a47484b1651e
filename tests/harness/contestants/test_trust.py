"""The code of a contestant that is not the project's runs unconfined only after consent, and in no listing."""

from pathlib import Path

import pytest

from benchmark.errors import InputError
from benchmark.records.confinement import SHIPPED
from harness.cli import backbone, weights
from harness.contestants import registry, scaffold
from harness.contestants.trust import is_trusted, require_trust, trust
from harness.execution.runners.base import describing
from harness.execution.runners.process import ProcessRunner
from harness.weights.fetch import fetch_weights
from harness.weights.importing import import_file
from harness.weights.local import with_metadata
from harness.workspace import Workspace
from support.commands import output_of
from support.misbehaviour import ignore

pytestmark = pytest.mark.strangers

FACTS = """
name = "guest"
title = "Guest"
paper = "none"
licence = "CC0-1.0"
capabilities = ["train:shallow"]
variants = ["large"]
command = ["sh", "backbones/guest/run.sh"]
input = {{ channels = "RGB" }}
[[weights]]
name = "places2"
role = "generator"
licence = "MIT"
address = "https://example.org/a.pt"
file = "a.pt"
about = {run}
fetch = {run}
"""


@pytest.fixture
def mark(workspace: Workspace) -> Path:
    """A contestant whose every program leaves this file."""
    folder, mark = workspace.backbones / "guest", workspace.root / "it-ran"
    folder.mkdir(parents=True)
    (folder / "run.sh").write_text(f"touch {mark}\n")
    (folder / "backbone.toml").write_text(FACTS.format(run='["sh", "backbones/guest/run.sh"]'))
    return mark


def test_the_project_s_contestants_are_trusted_whatever_their_folder_holds() -> None:
    here = Workspace.here()
    assert {*registry.names(here), registry.METRIC_WITH_WEIGHTS} == SHIPPED
    assert all(is_trusted(name, here) for name in SHIPPED)


def test_no_listing_runs_anything(workspace: Workspace, mark: Path) -> None:
    trust(["guest"], workspace)
    for app, command in ((weights.app, "list"), (backbone.app, "list")):
        assert "guest" in output_of(app, workspace, command)
    output_of(weights.app, workspace, "list", "guest:large")
    output_of(weights.app, workspace, "show", "guest:large")
    output_of(backbone.app, workspace, "show", "guest")
    assert not mark.exists()


def test_nothing_of_a_stranger_runs_on_this_machine_without_consent(workspace: Workspace, mark: Path) -> None:
    facts = registry.find("guest:large", workspace)
    (entry,) = facts.weights
    runner = ProcessRunner(workspace)
    attempts = [
        lambda: runner.prepare(facts, ignore),
        lambda: runner.describe(facts, describing(facts, 64)),
        lambda: with_metadata(facts, entry, workspace),
        lambda: fetch_weights(facts, entry, workspace, lambda *_: None),
    ]
    for attempt in attempts:
        with pytest.raises(InputError, match=r"guest is not shipped .* unconfined: its code can read.* --trust guest"):
            attempt()
    assert not mark.exists()


def test_consent_holds_until_the_folder_changes(workspace: Workspace, mark: Path) -> None:
    facts = registry.find("guest", workspace)
    trust(["guest:large"], workspace)
    said: list[str] = []
    ProcessRunner(workspace).prepare(facts, said.append)
    assert "guest is not shipped with the project and runs unconfined" in said[0]
    ProcessRunner(workspace).describe(facts, describing(facts, 64))
    assert mark.exists()
    (workspace.backbones / "guest" / "run.sh").write_text("true\n")
    with pytest.raises(InputError, match="backbones/guest as it is now"):
        require_trust("guest", workspace)


def test_a_contestant_that_one_just_made_is_trusted(workspace: Workspace) -> None:
    scaffold.write("mine", None, workspace)
    require_trust("mine", workspace)


@pytest.mark.parametrize("note", [b"", b"[]", b'{"guest": 1}', b"\xff"])
def test_a_damaged_note_is_no_consent(note: bytes, workspace: Workspace, mark: Path) -> None:
    workspace.trusted.parent.mkdir(parents=True)
    workspace.trusted.write_bytes(note)
    assert not is_trusted("guest", workspace)
    assert not mark.exists()


def test_trust_is_for_contestants_that_exist(workspace: Workspace, mark: Path) -> None:
    with pytest.raises(InputError, match=r"--trust: unknown backbone 'gest'.*'guest'"):
        trust(["gest"], workspace)
    assert not mark.exists()


def test_own_weights_pass_as_published_ones_nowhere(workspace: Workspace, mark: Path, tmp_path: Path) -> None:
    facts = registry.find("guest", workspace)
    (entry,) = facts.weights
    own = tmp_path / "mine.pt"
    own.write_bytes(b"anything")
    import_file(own, facts, entry, workspace)
    assert "own file" in output_of(weights.app, workspace, "list", "guest")
    assert not mark.exists()
