"""A file's weights are put in place whole and checked, or not at all; nothing in a file is ever executed."""

import hashlib
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from benchmark.errors import InputError, RunError
from harness.cli import weights as cli_weights
from harness.contestants import registry as contestants
from harness.contestants.registry import BackboneFacts
from harness.contract import Weights
from harness.weights.fetch import fetch_weights
from harness.weights.importing import import_file
from harness.weights.local import note_path, read_note, state, weights_path
from harness.workspace import Workspace
from support.checkout import link
from support.commands import output_of
from support.damage import change_byte
from support.networks import assert_equal_states
from support.weights import ADDRESS, command_backbone, installed_files

torch.set_num_threads(1)

TOML = f"""
name = "tiny"
title = "Tiny"
paper = ""
licence = "MIT"
capabilities = ["train:deep"]
variants = ["wide"]
input = {{}}
[[weights]]
name = "own"
role = "encoder"
licence = "MIT"
address = "{ADDRESS}"
file = "own.pt"
"""
MODEL = """
from torch import nn

from backbones.kit.api import Backbone
from backbones.kit.published.weights import strict_load


class Tiny(Backbone):
    def __init__(self, channels):
        self.encoder = self.network = nn.Conv2d(3, channels, 1)

    def unpack(self, name, checkpoint):
        if "model" not in checkpoint:
            raise ValueError("The weights should be under 'model'.")
        return dict(checkpoint["model"])

    def load(self, name, state):
        strict_load(self.network, state, "The file")


def build(variant=""):
    return Tiny(5 if variant == "wide" else 4)
"""
GOOD = {"weight": torch.arange(12.0).reshape(4, 3, 1, 1), "bias": torch.ones(4)}


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A checkout with the kit and one backbone, which is one convolution."""
    link(tmp_path / "checkout", "backbones/__init__.py", "backbones/kit")
    own = tmp_path / "checkout" / "backbones" / "tiny"
    own.mkdir()
    (own / "__init__.py").touch()
    (own / "backbone.toml").write_text(TOML)
    (own / "model.py").write_text(MODEL)
    return Workspace(tmp_path / "checkout")


def tiny(workspace: Workspace, **changed: Any) -> tuple[BackboneFacts, Weights]:
    """The backbone, and its entry with some fields changed."""
    facts = contestants.find("tiny", workspace)
    return facts, facts.weights[0].model_copy(update=changed)


def test_a_good_file_is_converted_and_its_origin_noted(workspace: Workspace, tmp_path: Path) -> None:
    source = tmp_path / "my download.pt"
    torch.save({"model": GOOD, "epoch": 3}, source)
    sha256 = hashlib.sha256(source.read_bytes()).hexdigest()
    facts, own = tiny(workspace, sha256=sha256.upper())
    path = import_file(source, facts, own, workspace)
    assert path == workspace.weights / "tiny" / "own.safetensors" == weights_path(facts, own, workspace)
    converted = load_file(path)
    assert_equal_states(converted, GOOD)
    note = json.loads((workspace.weights / "tiny" / "own.json").read_text())
    assert note.pop("date").startswith("20")
    assert note.pop("stored") == hashlib.sha256(path.read_bytes()).hexdigest()
    assert note == {
        "backbone": "tiny",
        "variant": "",
        "file": "my download.pt",
        "sha256": sha256,
        "address": ADDRESS,
        "licence": "MIT",
        "way": "imported",
    }
    assert state(facts, own, workspace) == "present"
    assert installed_files(workspace) == ["tiny/own.json", "tiny/own.safetensors"]
    assert path.stat().st_mode & 0o777 == 0o444  # the user of a container can read it
    assert source.is_file()


def test_a_file_that_does_not_fit_the_network_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    facts, own = tiny(workspace)
    torch.save({"model": {"weight": torch.ones(5, 3, 1, 1), "scale": torch.ones(1)}}, tmp_path / "file.pt")
    with pytest.raises(InputError) as caught:
        import_file(tmp_path / "file.pt", facts, own, workspace)
    assert str(caught.value) == (
        "file.pt does not hold tiny's weights 'own'. The file does not fit the network (1 missing: bias; 1 unknown: "
        "scale; 1 of another shape: weight is (5, 3, 1, 1), not (4, 3, 1, 1)). Is it the file named here? It should be "
        f"own.pt of {ADDRESS}."
    )
    assert installed_files(workspace) == []


def test_a_truncated_file_is_refused_and_what_was_there_stays(workspace: Workspace, tmp_path: Path) -> None:
    facts, own = tiny(workspace)
    whole = tmp_path / "whole.pt"
    torch.save({"model": GOOD}, whole)
    weights_path(facts, own, workspace).parent.mkdir(parents=True)
    weights_path(facts, own, workspace).write_bytes(b"of an earlier import")
    truncated = tmp_path / "file.pt"
    truncated.write_bytes(whole.read_bytes()[:-300])
    with pytest.raises(InputError, match=r"file\.pt: cannot be read as weights .* is truncated"):
        import_file(truncated, facts, own, workspace)
    assert weights_path(facts, own, workspace).read_bytes() == b"of an earlier import"


class Touch:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self._path,))


def test_a_program_in_a_file_is_not_executed(workspace: Workspace, tmp_path: Path) -> None:
    facts, own = tiny(workspace)
    hostile, mark = tmp_path / "file.pt", tmp_path / "it ran"
    torch.save({"model": GOOD, "extra": Touch(mark)}, hostile)
    with pytest.raises(InputError, match=r"cannot be read as weights .* holds more than tensors"):
        import_file(hostile, facts, own, workspace)
    assert not mark.exists()
    torch.load(hostile, weights_only=False)
    assert mark.exists()  # the file does hold a program


def test_a_variant_converts_with_its_own_network_out_of_a_fetched_zip_file(
    workspace: Workspace, tmp_path: Path, site: tuple[str, Path]
) -> None:
    address, folder = site
    torch.save({"model": {"weight": torch.ones(5, 3, 1, 1), "bias": torch.ones(5)}}, tmp_path / "best.ckpt")
    with zipfile.ZipFile(folder / "all.zip", "w") as packed:
        packed.write(tmp_path / "best.ckpt", "models/best.ckpt")
        packed.writestr("config.yaml", "a: 1")
    facts, own = tiny(workspace, address=f"{address}/all.zip", file="models/best.ckpt")
    wide = facts.model_copy(update={"variant": "wide"})
    path = fetch_weights(wide, own, workspace, lambda *_: None)
    assert load_file(path)["weight"].shape == (5, 3, 1, 1)
    note = read_note(wide, own, workspace)
    assert note is not None
    assert (note.file, note.way) == ("models/best.ckpt", "fetched")
    assert note.sha256 == hashlib.sha256((tmp_path / "best.ckpt").read_bytes()).hexdigest()
    assert installed_files(workspace) == ["tiny/own.json", "tiny/own.safetensors"]


def test_a_crash_of_the_conversion_is_a_run_error(workspace: Workspace, tmp_path: Path) -> None:
    facts, own = tiny(workspace)
    (workspace.backbones / "kit").unlink()
    (workspace.backbones / "kit").mkdir()
    (workspace.backbones / "kit" / "__main__.py").write_text("raise RuntimeError('planted')")
    (tmp_path / "file.pt").touch()
    with pytest.raises(RunError, match=r"^tiny cannot convert file\.pt: it ended with exit code 1: .*planted"):
        import_file(tmp_path / "file.pt", facts, own, workspace)
    assert installed_files(workspace) == []


@pytest.mark.parametrize(("name", "message"), [("no.pt", "No such file"), ("", "Is a directory")])
def test_an_unreadable_file_is_refused(workspace: Workspace, tmp_path: Path, name: str, message: str) -> None:
    facts, own = command_backbone()
    with pytest.raises(
        InputError, match=f"{message}.*Give own.bin, or the .zip file with it, as published at {ADDRESS}"
    ):
        import_file(tmp_path / name, facts, own, workspace)


def test_another_file_than_the_published_one_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    facts, own = command_backbone(sha256="ab" * 32)
    (tmp_path / "file.bin").write_bytes(b"file")
    with pytest.raises(InputError) as caught:
        import_file(tmp_path / "file.bin", facts, own, workspace)
    sha256 = hashlib.sha256(b"file").hexdigest()
    assert f"its sha256 is {sha256}, and that of the published one {'ab' * 32}." in str(caught.value)
    assert installed_files(workspace) == []


def test_another_file_that_fits_is_accepted_as_the_users_own(workspace: Workspace, tmp_path: Path) -> None:
    facts, own = tiny(workspace, sha256="ab" * 32)
    torch.save({"model": GOOD}, tmp_path / "file.pt")
    path = import_file(tmp_path / "file.pt", facts, own, workspace)
    assert state(facts, own, workspace) == "own"
    assert load_file(path).keys() == GOOD.keys()
    note_path(facts, own, workspace).unlink()
    assert state(facts, own, workspace) == "unverified"  # no note of its origin


def test_an_import_of_another_file_is_reported(workspace: Workspace, tmp_path: Path) -> None:
    described = workspace.backbones / "tiny" / "backbone.toml"
    described.write_text(TOML + f'sha256 = "{"ab" * 32}"\n')
    torch.save({"model": GOOD}, tmp_path / "file.pt")
    sha256 = hashlib.sha256((tmp_path / "file.pt").read_bytes()).hexdigest()
    output = output_of(cli_weights.app, workspace, "import", "tiny", tmp_path / "file.pt")
    assert f"Not the published file: its sha256 is {sha256}, and that of the published one {'ab' * 32}" in output
    assert "rows that start from it show `own file`" in output
    table = output_of(cli_weights.app, workspace, "list", "tiny")
    assert "own file, 0.0 MB" in table
    assert sha256 in output_of(cli_weights.app, workspace, "show", "tiny")


def test_a_contestant_with_a_command_gets_the_file_as_it_is(workspace: Workspace, tmp_path: Path) -> None:
    facts, own = command_backbone(file="nets/own.bin")
    (tmp_path / "file.bin").write_bytes(b"file")
    path = import_file(tmp_path / "file.bin", facts, own, workspace)
    assert path == workspace.weights / "raw" / "nets" / "own.bin"
    assert path.read_bytes() == b"file"
    assert installed_files(workspace) == ["raw/nets", "raw/own.json"]


def test_a_zip_file_without_the_published_one_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    facts, own = command_backbone(file="nets/own.bin")
    with zipfile.ZipFile(tmp_path / "file.zip", "w") as packed:
        packed.writestr("own.bin", "x")
        packed.writestr("a/b.txt", "x")
    with pytest.raises(InputError, match=r"file\.zip holds no nets/own\.bin; it holds: a/b\.txt, own\.bin\. Give the"):
        import_file(tmp_path / "file.zip", facts, own, workspace)
    assert installed_files(workspace) == []


def test_a_zip_file_that_is_published_as_such_is_not_unpacked(workspace: Workspace, tmp_path: Path) -> None:
    facts, own = command_backbone(file="own.zip")
    (tmp_path / "file.zip").write_bytes(b"any")
    assert import_file(tmp_path / "file.zip", facts, own, workspace).read_bytes() == b"any"


def test_a_converted_file_that_changes_is_damaged_until_it_is_imported_again(
    workspace: Workspace, tmp_path: Path
) -> None:
    facts, own = tiny(workspace)
    file = tmp_path / "my download.pt"
    torch.save({"model": GOOD, "epoch": 3}, file)
    path = import_file(file, facts, own, workspace)
    assert path.stat().st_mode & 0o222 == 0
    change_byte(path)
    assert state(facts, own, workspace) == "damaged"
    import_file(file, facts, own, workspace)
    assert state(facts, own, workspace) != "damaged"
