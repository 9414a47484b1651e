"""Published weights are downloaded and checked, or the error gives the manual steps."""

import hashlib
import sys
from pathlib import Path

import pytest

from benchmark.errors import InputError, PatternbenchError, RunError
from harness.weights.fetch import can_fetch, fetch_weights
from harness.weights.local import Note, read_note
from harness.workspace import Workspace
from support.weights import ADDRESS, command_backbone, installed_files


def test_a_fetched_file_is_checked_and_noted(workspace: Workspace, site: tuple[str, Path]) -> None:
    address, folder = site
    (folder / "x.bin").write_bytes(b"content")
    sha256 = hashlib.sha256(b"content").hexdigest()
    facts, own = command_backbone(address=f"{address}/x.bin?download=1", sha256=sha256)
    progress: list[tuple[int, int | None]] = []
    path = fetch_weights(facts, own, workspace, lambda done, total: progress.append((done, total)))
    assert path.read_bytes() == b"content"
    assert progress == [(7, 7)]
    note = read_note(facts, own, workspace)
    assert isinstance(note, Note)
    assert (note.file, note.sha256, note.address, note.way) == ("own.bin", sha256, own.address, "fetched")
    assert installed_files(workspace) == ["raw/own.bin", "raw/own.json"]


def test_a_fetched_file_with_a_wrong_sha256_is_deleted(workspace: Workspace, site: tuple[str, Path]) -> None:
    address, folder = site
    (folder / "x.bin").write_bytes(b"content")
    facts, own = command_backbone(address=f"{address}/x.bin", sha256="cd" * 32)
    with pytest.raises(InputError, match=r"own\.bin is not the published own\.bin of raw: its sha256 is"):
        fetch_weights(facts, own, workspace, lambda *_: None)
    assert installed_files(workspace) == []


def test_a_download_is_kept_if_its_conversion_fails(workspace: Workspace, site: tuple[str, Path]) -> None:
    address, folder = site
    (folder / "x.bin").write_bytes(b"content")
    facts, own = command_backbone(address=f"{address}/x.bin", file="a/own.bin")
    (workspace.weights / "raw").mkdir(parents=True)
    (workspace.weights / "raw" / "a").touch()  # a file where a folder must be
    with pytest.raises(RunError, match="File exists"):
        fetch_weights(facts, own, workspace, lambda *_: None)
    (workspace.weights / "raw" / "a").unlink()
    (folder / "x.bin").unlink()
    assert fetch_weights(facts, own, workspace, lambda *_: None).read_bytes() == b"content"


@pytest.mark.parametrize(
    ("path", "kind", "message"), [("gone.bin", RunError, "answers 404"), ("", InputError, "a web page")]
)
def test_a_failed_download_is_reported_with_the_manual_steps(
    workspace: Workspace, site: tuple[str, Path], path: str, kind: type[PatternbenchError], message: str
) -> None:
    address, _ = site
    facts, own = command_backbone(address=f"{address}/{path}")
    with pytest.raises(kind) as caught:
        fetch_weights(facts, own, workspace, lambda *_: None)
    assert message in str(caught.value)
    steps = f"By hand: open {own.address}, download own.bin, and run `patternbench weights import raw own FILE`."
    assert str(caught.value).endswith(steps)


def test_a_command_fetches_weights_without_an_address(workspace: Workspace) -> None:
    program = (
        "import pathlib, sys; pathlib.Path(sys.argv[1]).write_text(sys.argv[2] + __import__('backbones').__name__)"
    )
    facts, own = command_backbone(fetch=["{python}", "-c", program, "{output}", "of {variant}: "])
    variant = facts.model_copy(update={"variant": "{output}; $(x)"})
    path = fetch_weights(variant, own, workspace, lambda *_: None)
    assert path.read_text() == "of {output}; $(x): backbones"
    assert installed_files(workspace) == ["raw/own.bin", "raw/own.json"]


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (["{python}", "-c", "print('no luck'); raise SystemExit(4)"], "ended with exit code 4"),
        (["{python}", "-c", "print('no luck')"], r"wrote no own\.bin"),
        (["no-such-program"], "raw: cannot start 'no-such-program': No such file"),
    ],
)
def test_a_failed_command_is_reported_and_its_output_shown(
    workspace: Workspace, capfd: pytest.CaptureFixture[str], command: list[str], message: str
) -> None:
    facts, own = command_backbone(fetch=command)
    with pytest.raises(RunError, match=f"{message}.* By hand: in a checkout .* reaches {ADDRESS}, run `.*`; with"):
        fetch_weights(facts, own, workspace, lambda *_: None)
    assert ("no luck" in capfd.readouterr().out) == (command[0] == "{python}")


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
def test_only_the_address_of_a_file_can_be_fetched(address: str, expected: bool) -> None:
    assert can_fetch(command_backbone(address=address)[1]) is expected
    assert can_fetch(command_backbone(address=address, fetch=[sys.executable])[1])
