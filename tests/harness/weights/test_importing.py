"""Weights come into place whole and checked, or not at all; what a file holds is never executed."""

import hashlib
import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

from benchmark.errors import InputError, PatternbenchError, RunError
from harness.cli import weights as cli_weights
from harness.contestants import registry as contestants
from harness.contestants.registry import BackboneFacts
from harness.contract import Weights
from harness.weights.importing import can_fetch, fetch, import_file
from harness.weights.local import Note, note_path, place, read_note, state
from harness.workspace import Workspace
from support.checkout import link
from support.commands import output_of
from support.servers import serving

torch.set_num_threads(1)

ADDRESS = "https://weights.example/own.pt"
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
            raise ValueError("The weights should stand under 'model'.")
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


def raw(**changed: Any) -> tuple[BackboneFacts, Weights]:
    """A contestant with a command of its own, whose files are kept as they are: no conversion, no child process."""
    entry = {"name": "own", "role": "encoder", "licence": "MIT", "address": ADDRESS, "file": "own.bin"} | changed
    plain = {"name": "raw", "title": "Raw", "paper": "", "licence": "MIT", "input": {}, "capabilities": []}
    facts = BackboneFacts.model_validate(plain | {"command": ["raw"], "weights": [entry]})
    return facts, facts.weights[0]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """Address and folder of a local web server."""
    folder = tmp_path / "site"
    folder.mkdir()
    with serving(folder) as address:
        yield address, folder


def kept(workspace: Workspace) -> list[str]:
    """Everything below the weights' folder."""
    return sorted(path.relative_to(workspace.weights).as_posix() for path in workspace.weights.glob("*/*"))


def test_a_good_file_is_converted_and_its_origin_noted(workspace: Workspace, tmp_path: Path) -> None:
    given = tmp_path / "my download.pt"
    torch.save({"model": GOOD, "epoch": 3}, given)
    sha256 = hashlib.sha256(given.read_bytes()).hexdigest()
    facts, own = tiny(workspace, sha256=sha256.upper())
    path = import_file(given, facts, own, workspace)
    assert path == workspace.weights / "tiny" / "own.safetensors" == place(facts, own, workspace)
    converted = load_file(path)
    assert converted.keys() == GOOD.keys()
    assert all(torch.equal(converted[key], GOOD[key]) for key in GOOD)
    note = json.loads((workspace.weights / "tiny" / "own.json").read_text())
    assert note.pop("date").startswith("20")
    assert note == {
        "backbone": "tiny",
        "variant": "",
        "file": "my download.pt",
        "sha256": sha256,
        "address": ADDRESS,
        "licence": "MIT",
        "way": "imported",
    }
    assert state(facts, own, workspace) == "here"
    assert kept(workspace) == ["tiny/own.json", "tiny/own.safetensors"]
    assert path.stat().st_mode & 0o777 == 0o644  # the user of a container can read it
    assert given.is_file()


def test_a_file_that_does_not_fit_the_network_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    facts, own = tiny(workspace)
    torch.save({"model": {"weight": torch.ones(5, 3, 1, 1), "scale": torch.ones(1)}}, tmp_path / "given.pt")
    with pytest.raises(InputError) as caught:
        import_file(tmp_path / "given.pt", facts, own, workspace)
    assert str(caught.value) == (
        "given.pt does not give tiny's weights 'own'. The file does not fit the network (1 missing: bias; 1 unknown: "
        "scale; 1 of another shape: weight is (5, 3, 1, 1), not (4, 3, 1, 1)). Is it the file named here? It should be own.pt "
        f"of {ADDRESS}."
    )
    assert kept(workspace) == []


def test_a_truncated_file_is_refused_and_what_was_there_stays(workspace: Workspace, tmp_path: Path) -> None:
    facts, own = tiny(workspace)
    whole = tmp_path / "whole.pt"
    torch.save({"model": GOOD}, whole)
    place(facts, own, workspace).parent.mkdir(parents=True)
    place(facts, own, workspace).write_bytes(b"of an earlier import")
    given = tmp_path / "given.pt"
    given.write_bytes(whole.read_bytes()[:-300])
    with pytest.raises(InputError, match=r"given\.pt: cannot be read as weights .* is truncated"):
        import_file(given, facts, own, workspace)
    assert place(facts, own, workspace).read_bytes() == b"of an earlier import"


class Touch:
    """Unpickled, it makes a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return (Path.touch, (self._path,))


def test_a_program_in_a_file_is_not_executed(workspace: Workspace, tmp_path: Path) -> None:
    facts, own = tiny(workspace)
    given, mark = tmp_path / "given.pt", tmp_path / "it ran"
    torch.save({"model": GOOD, "extra": Touch(mark)}, given)
    with pytest.raises(InputError, match=r"cannot be read as weights .* holds more than tensors"):
        import_file(given, facts, own, workspace)
    assert not mark.exists()
    torch.load(given, weights_only=False)
    assert mark.exists()  # so it was a program


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
    path = fetch(wide, own, workspace, lambda *_: None)
    assert load_file(path)["weight"].shape == (5, 3, 1, 1)
    note = read_note(note_path(wide, own, workspace))
    assert note is not None
    assert (note.file, note.way) == ("models/best.ckpt", "fetched")
    assert note.sha256 == hashlib.sha256((tmp_path / "best.ckpt").read_bytes()).hexdigest()
    assert kept(workspace) == ["tiny/own.json", "tiny/own.safetensors"]


def test_a_conversion_that_breaks_is_no_fault_of_the_file(workspace: Workspace, tmp_path: Path) -> None:
    facts, own = tiny(workspace)
    (workspace.backbones / "kit").unlink()
    (workspace.backbones / "kit").mkdir()
    (workspace.backbones / "kit" / "__main__.py").write_text("raise RuntimeError('planted')")
    (tmp_path / "given.pt").touch()
    with pytest.raises(RunError, match=r"^tiny cannot convert given\.pt: it ended with exit code 1: .*planted"):
        import_file(tmp_path / "given.pt", facts, own, workspace)
    assert kept(workspace) == []


@pytest.mark.parametrize(("name", "said"), [("no.pt", "No such file"), ("", "Is a directory")])
def test_what_is_no_file_is_told(workspace: Workspace, tmp_path: Path, name: str, said: str) -> None:
    facts, own = raw()
    with pytest.raises(InputError, match=f"{said}.*Give own.bin, or the .zip file with it, as published at {ADDRESS}"):
        import_file(tmp_path / name, facts, own, workspace)


def test_another_file_than_the_published_one_is_refused(workspace: Workspace, tmp_path: Path) -> None:
    facts, own = raw(sha256="ab" * 32)
    (tmp_path / "given.bin").write_bytes(b"given")
    with pytest.raises(InputError) as caught:
        import_file(tmp_path / "given.bin", facts, own, workspace)
    found = hashlib.sha256(b"given").hexdigest()
    assert f"its sha256 is {found}, and that of the published one {'ab' * 32}." in str(caught.value)
    assert kept(workspace) == []


def test_another_file_that_fits_is_taken_as_the_users_own(workspace: Workspace, tmp_path: Path) -> None:
    facts, own = tiny(workspace, sha256="ab" * 32)
    torch.save({"model": GOOD}, tmp_path / "given.pt")
    path = import_file(tmp_path / "given.pt", facts, own, workspace)
    assert state(facts, own, workspace) == "own"
    assert load_file(path).keys() == GOOD.keys()
    note_path(facts, own, workspace).unlink()
    assert state(facts, own, workspace) == "outdated"  # nobody says whose it is


def test_who_imports_another_file_is_told_so(workspace: Workspace, tmp_path: Path) -> None:
    described = workspace.backbones / "tiny" / "backbone.toml"
    described.write_text(TOML + f'sha256 = "{"ab" * 32}"\n')
    torch.save({"model": GOOD}, tmp_path / "given.pt")
    found = hashlib.sha256((tmp_path / "given.pt").read_bytes()).hexdigest()
    said = output_of(cli_weights.app, workspace, "import", "tiny", tmp_path / "given.pt")
    assert f"Not the published file: its sha256 is {found}, and that of the published one {'ab' * 32}." in said
    assert "rows that start from it say `own file`" in said
    listed = output_of(cli_weights.app, workspace, "list", "tiny")
    assert "own file, 0.0 MB" in listed
    assert found[:12] in listed


def test_a_contestant_with_a_command_gets_the_file_itself(workspace: Workspace, tmp_path: Path) -> None:
    facts, own = raw(file="nets/own.bin")
    (tmp_path / "given.bin").write_bytes(b"given")
    path = import_file(tmp_path / "given.bin", facts, own, workspace)
    assert path == workspace.weights / "raw" / "nets" / "own.bin"
    assert path.read_bytes() == b"given"
    assert kept(workspace) == ["raw/nets", "raw/own.json"]


def test_a_zip_file_without_the_published_one_is_told_with_what_it_holds(workspace: Workspace, tmp_path: Path) -> None:
    facts, own = raw(file="nets/own.bin")
    with zipfile.ZipFile(tmp_path / "given.zip", "w") as packed:
        packed.writestr("own.bin", "x")
        packed.writestr("a/b.txt", "x")
    with pytest.raises(InputError, match=r"given\.zip holds no nets/own\.bin; it holds: a/b\.txt, own\.bin\. Give the"):
        import_file(tmp_path / "given.zip", facts, own, workspace)
    assert kept(workspace) == []


def test_a_zip_file_that_is_published_as_such_is_not_unpacked(workspace: Workspace, tmp_path: Path) -> None:
    facts, own = raw(file="own.zip")
    (tmp_path / "given.zip").write_bytes(b"any")
    assert import_file(tmp_path / "given.zip", facts, own, workspace).read_bytes() == b"any"


def test_a_fetched_file_is_checked_and_noted(workspace: Workspace, site: tuple[str, Path]) -> None:
    address, folder = site
    (folder / "x.bin").write_bytes(b"content")
    sha256 = hashlib.sha256(b"content").hexdigest()
    facts, own = raw(address=f"{address}/x.bin?download=1", sha256=sha256)
    moves: list[tuple[int, int | None]] = []
    path = fetch(facts, own, workspace, lambda done, total: moves.append((done, total)))
    assert path.read_bytes() == b"content"
    assert moves == [(7, 7)]
    note = read_note(note_path(facts, own, workspace))
    assert isinstance(note, Note)
    assert (note.file, note.sha256, note.address, note.way) == ("own.bin", sha256, own.address, "fetched")
    assert kept(workspace) == ["raw/own.bin", "raw/own.json"]


def test_a_fetched_file_with_a_wrong_sha256_is_deleted(workspace: Workspace, site: tuple[str, Path]) -> None:
    address, folder = site
    (folder / "x.bin").write_bytes(b"content")
    facts, own = raw(address=f"{address}/x.bin", sha256="cd" * 32)
    with pytest.raises(InputError, match=r"own\.bin is not the published own\.bin of raw: its sha256 is"):
        fetch(facts, own, workspace, lambda *_: None)
    assert kept(workspace) == []


def test_a_download_outlives_a_conversion_that_fails(workspace: Workspace, site: tuple[str, Path]) -> None:
    address, folder = site
    (folder / "x.bin").write_bytes(b"content")
    facts, own = raw(address=f"{address}/x.bin", file="a/own.bin")
    (workspace.weights / "raw").mkdir(parents=True)
    (workspace.weights / "raw" / "a").touch()  # a file where a folder must be
    with pytest.raises(RunError, match="File exists"):
        fetch(facts, own, workspace, lambda *_: None)
    (workspace.weights / "raw" / "a").unlink()
    (folder / "x.bin").unlink()
    assert fetch(facts, own, workspace, lambda *_: None).read_bytes() == b"content"


@pytest.mark.parametrize(
    ("path", "kind", "said"), [("gone.bin", RunError, "answers 404"), ("", InputError, "a web page")]
)
def test_what_cannot_be_fetched_is_told_with_the_way_by_hand(
    workspace: Workspace, site: tuple[str, Path], path: str, kind: type[PatternbenchError], said: str
) -> None:
    address, _ = site
    facts, own = raw(address=f"{address}/{path}")
    with pytest.raises(kind) as caught:
        fetch(facts, own, workspace, lambda *_: None)
    assert said in str(caught.value)
    by_hand = f"By hand: open {own.address}, download own.bin, and run `patternbench weights import raw own FILE`."
    assert str(caught.value).endswith(by_hand)


def test_a_command_fetches_what_an_address_does_not(workspace: Workspace) -> None:
    program = (
        "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text(sys.argv[2] + __import__('backbones').__name__)"
    )
    facts, own = raw(fetch=["{python}", "-c", program, "{output}", "of {variant}: "])
    variant = facts.model_copy(update={"variant": "{output}; $(x)"})
    path = fetch(variant, own, workspace, lambda *_: None)
    assert path.read_text() == "of {output}; $(x): backbones"
    assert kept(workspace) == ["raw/own.bin", "raw/own.json"]


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (["{python}", "-c", "print('asked in vain'); raise SystemExit(4)"], "ended with exit code 4"),
        (["{python}", "-c", "print('asked in vain')"], r"wrote no own\.bin"),
        (["no-such-program"], "raw: cannot start 'no-such-program': No such file"),
    ],
)
def test_a_command_that_fails_is_told_and_its_output_shown(
    workspace: Workspace, capfd: pytest.CaptureFixture[str], command: list[str], said: str
) -> None:
    facts, own = raw(fetch=command)
    with pytest.raises(RunError, match=f"{said}.* By hand: in a checkout .* reaches {ADDRESS}, run `.*`; with"):
        fetch(facts, own, workspace, lambda *_: None)
    assert ("asked in vain" in capfd.readouterr().out) == (command[0] == "{python}")


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("https://weights.example/a.pt", True),
        ("http://weights.example/a.zip", True),
        ("https://drive.google.com/uc?export=download&id=1", True),
        ("https://drive.google.com/drive/folders/1", False),
        ("https://drive.google.com/file/d/1", False),
        ("see the paper", False),
        ("", False),
    ],
)
def test_only_an_address_of_a_file_is_fetched(address: str, expected: bool) -> None:
    assert can_fetch(raw(address=address)[1]) is expected
    assert can_fetch(raw(address=address, fetch=[sys.executable])[1])
