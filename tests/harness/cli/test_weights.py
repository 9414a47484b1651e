"""`patternbench weights`: the licence is shown first, and weights that are here are not fetched again."""

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from benchmark.errors import InputError, RunError
from harness.cli import weights as cli_weights
from harness.workspace import Workspace
from support.commands import output_of
from support.servers import serving

HEAD = 'title = "Net"\npaper = ""\nlicence = "MIT"\ncapabilities = []\ninput = {}\ncommand = ["net"]\n'


@pytest.fixture
def site(tmp_path: Path) -> Iterator[str]:
    """Address of a local web server that has `net.bin`."""
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "net.bin").write_bytes(b"content")
    with serving(tmp_path / "site") as address:
        yield address


def write(workspace: Workspace, name: str, *entries: str, **settings: str) -> None:
    """Writes a contestant with a command of its own, so that nothing is converted."""
    folder = workspace.backbones / name
    folder.mkdir(parents=True)
    more = "".join(f"{key} = {value}\n" for key, value in settings.items())
    (folder / "backbone.toml").write_text(f'name = "{name}"\n{HEAD}{more}' + "".join(entries))


def entry(name: str, address: str, licence: str = "MIT", **settings: str) -> str:
    more = "".join(f"{key} = {value}\n" for key, value in settings.items())
    stated = f'address = "{address}"\nlicence = "{licence}"\nfile = "{name}.bin"\n'
    return f'[[weights]]\nname = "{name}"\nrole = "generator"\n{stated}{more}'


def run(workspace: Workspace, *arguments: object) -> str:
    return output_of(cli_weights.app, workspace, *arguments)


def line_of(workspace: Workspace, name: str, *arguments: str) -> str:
    """The line of the list about some weights."""
    (line,) = (line for line in run(workspace, "list", *arguments).splitlines() if name in line.split())
    return " ".join(line.split())


def test_the_list_shows_which_files_are_here(workspace: Workspace, tmp_path: Path) -> None:
    sha256 = hashlib.sha256(b"file").hexdigest()
    write(workspace, "net", entry("a", "https://weights.example/a", sha256=f'"{sha256}"'))
    assert line_of(workspace, "a") == "net a generator no MIT"
    (tmp_path / "file").write_bytes(b"file")
    run(workspace, "import", "net", "a", tmp_path / "file")
    assert line_of(workspace, "a") == "net a generator yes, 0.0 MB MIT"
    (workspace.weights / "net" / "a.bin").write_bytes(b"other")
    assert line_of(workspace, "a") == "net a generator damaged, 0.0 MB MIT"


def test_show_has_the_address_and_the_sha256_of_the_imported_file_if_none_is_published(
    workspace: Workspace, tmp_path: Path
) -> None:
    write(workspace, "net", entry("a", "https://weights.example/a"))
    assert "not published" in run(workspace, "show", "net")
    (tmp_path / "file").write_bytes(b"file")
    run(workspace, "import", "net", "a", tmp_path / "file")
    shown = run(workspace, "show", "net")
    assert "https://weights.example/a" in shown
    assert hashlib.sha256(b"file").hexdigest() in shown


def test_programs_read_the_list_as_json(workspace: Workspace) -> None:
    write(workspace, "net", entry("a", "https://weights.example/a"))
    write(workspace, "wrong", "name =")
    content = json.loads(run(workspace, "list", "--json"))
    assert ("net", "a", False) in [(one["of"], one["name"], one["here"]) for one in content["weights"]]
    assert "not TOML" in content["errors"]["wrong"]
    (one,) = json.loads(run(workspace, "list", "net", "--json"))["weights"]
    assert set(one) == {"of", "name", "role", "here", "status", "licence", "address", "sha256"}


def test_the_list_has_all_variants_or_one_and_packages(workspace: Workspace) -> None:
    entries = [entry("plain", "x", "", variants='[""]'), entry("edge", "x", "[MIT]", package='"netweights"')]
    write(workspace, "net", *entries, variants='["edge"]')
    assert line_of(workspace, "plain") == "net plain generator no not stated"
    assert line_of(workspace, "edge") == "net edge generator with package [MIT]"
    assert "with package netweights" in run(workspace, "show", "net")
    assert "plain" in run(workspace, "list", "net")
    assert "plain" not in run(workspace, "list", "net:edge")
    assert line_of(workspace, "edge", "net:edge").startswith("net:edge edge")


def test_a_broken_backbone_does_not_hide_the_others_from_the_list(workspace: Workspace) -> None:
    write(workspace, "net", entry("a", "x"))
    write(workspace, "wrong", "name =")
    table = run(workspace, "list")
    assert "not TOML" in table
    assert "net" in table
    with pytest.raises(InputError, match="not TOML"):
        run(workspace, "list", "wrong")


def test_the_licence_is_shown_before_the_download(workspace: Workspace) -> None:
    write(workspace, "net", entry("a", "http://127.0.0.1:1/a", "CC-BY-NC-4.0"))
    result = CliRunner().invoke(cli_weights.app, ["fetch", "net"], obj=workspace)
    assert isinstance(result.exception, RunError)
    assert result.output.splitlines() == [
        "a (generator of net)",
        "  published at http://127.0.0.1:1/a",
        "  licence: CC-BY-NC-4.0",
        "  Not for commercial use.",
    ]


def test_all_weights_of_a_backbone_are_fetched_and_only_once(workspace: Workspace, site: str) -> None:
    entries = [
        entry("a", f"{site}/net.bin"),
        entry("b", f"{site}/net.bin", ""),
        entry("c", "x", package='"netweights"'),
    ]
    write(workspace, "net", *entries)
    output = run(workspace, "fetch", "net")
    for name in ("a", "b"):
        path = workspace.weights / "net" / f"{name}.bin"
        assert path.read_bytes() == b"content"
        assert f"In place: {path} (0.0 MB)" in output
    assert "licence: not stated\n  No licence is stated for these weights" in output
    assert "c comes with the Python package netweights" in output
    again = run(workspace, "fetch", "net")
    assert f"a is here: {workspace.weights / 'net' / 'a.bin'}" in again
    assert "In place" not in again


def test_weights_can_be_fetched_by_name(workspace: Workspace, site: str) -> None:
    write(workspace, "net", entry("a", f"{site}/net.bin"), entry("b", f"{site}/net.bin"))
    run(workspace, "fetch", "net", "b")
    assert not (workspace.weights / "net" / "a.bin").exists()
    assert (workspace.weights / "net" / "b.bin").exists()


def test_weights_that_need_a_browser_are_listed_after_the_rest_was_fetched(workspace: Workspace, site: str) -> None:
    page = "https://drive.google.com/drive/folders/1"
    write(workspace, "net", entry("a", page, "CC-BY-NC-4.0"), entry("b", f"{site}/net.bin"), entry("c", page))
    result = CliRunner().invoke(cli_weights.app, ["fetch", "net"], obj=workspace)
    assert (workspace.weights / "net" / "b.bin").is_file()
    assert isinstance(result.exception, InputError)
    assert str(result.exception) == (
        "Only a browser can download these weights of net:"
        f"\n  a: open {page}, download a.bin, and run `patternbench weights import net a FILE`"
        f"\n  c: open {page}, download c.bin, and run `patternbench weights import net c FILE`"
    )
    assert "Not for commercial use." in result.output


def test_weights_that_need_a_browser_are_listed_even_if_the_rest_fails(workspace: Workspace, site: str) -> None:
    page = "https://drive.google.com/drive/folders/1"
    entries = [
        entry("a", "http://127.0.0.1:1/a"),
        entry("b", page, "CC-BY-NC-4.0"),
        entry("c", f"{site}/net.bin"),
    ]
    write(workspace, "net", *entries)
    result = CliRunner().invoke(cli_weights.app, ["fetch", "net"], obj=workspace)
    assert (workspace.weights / "net" / "c.bin").is_file()
    assert isinstance(result.exception, RunError)
    assert "http://127.0.0.1:1/a" in str(result.exception)
    assert f"Only a browser can download these weights of net:\n  b: open {page}" in str(result.exception)
    assert "licence: CC-BY-NC-4.0\n  Not for commercial use." in result.output


def test_the_licence_of_a_variant_is_shown_before_the_download_and_noted(workspace: Workspace, tmp_path: Path) -> None:
    program = "import json, sys; print(json.dumps({'licence': 'CC-BY-NC-4.0' + sys.argv[1], 'address': 'its page'}))"
    about = f"""['{{python}}', '-c', "{program}", '{{input}}']"""
    write(workspace, "net", entry("a", "http://127.0.0.1:1/a", "", about=about), variants='["*"]')
    announced = "  published at its page\n  licence: CC-BY-NC-4.0"
    result = CliRunner().invoke(cli_weights.app, ["fetch", "net:x"], obj=workspace)
    assert f"{announced}\n  Not for commercial use." in result.output
    assert line_of(workspace, "a", "net:x") == "net:x a generator no not stated"  # a listing runs no command
    (tmp_path / "file").write_bytes(b"file")
    assert f"{announced}{tmp_path / 'file'}\n" in run(workspace, "import", "net:x", "a", tmp_path / "file")
    assert line_of(workspace, "a", "net:x") == f"net:x a generator own file, 0.0 MB CC-BY-NC-4.0{tmp_path / 'file'}"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["fetch", "nett"], "Unknown backbone 'nett'; there are: net, plain. Did you mean 'net'?"),
        (["list", "nett"], "Unknown backbone 'nett'; there are: net, plain. Did you mean 'net'?"),
        (["import", "nett", "a", "f"], "Unknown backbone 'nett'; there are: net, plain. Did you mean 'net'?"),
        (["fetch", "net:x"], "net has no variant 'x'; it has: none."),
        (["fetch", "net", "x"], "net has no published weights 'x'; it has: a, c."),
        (["import", "net", "x", "f"], "net has no published weights 'x'; it has: a, c."),
        (["import", "net", "a", "f"], "f: No such file or directory. Give a.bin"),
        (["import", "net", "c", "f"], "net's weights 'c' come with the Python package netweights"),
        (["fetch", "plain"], "plain has no published weights: it starts from random ones."),
    ],
)
def test_a_wrong_value_is_one_message(workspace: Workspace, arguments: list[str], message: str) -> None:
    write(workspace, "net", entry("a", "x"), entry("c", "x", package='"netweights"'))
    write(workspace, "plain")
    with pytest.raises(InputError) as caught:
        run(workspace, *arguments)
    assert message in str(caught.value)


@pytest.mark.parametrize("command", ["list", "fetch", "import"])
def test_every_command_has_help_with_an_example(workspace: Workspace, command: str) -> None:
    output = run(workspace, command, "--help")
    assert "For example:" in output
    assert f"patternbench weights {command}" in output
