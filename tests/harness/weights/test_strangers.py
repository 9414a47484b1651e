"""Programs of a stranger about its weights run in its container where there is an engine, trusted or not."""

import hashlib
import json
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from benchmark.errors import InputError, RunError
from harness.cli import backbone, weights
from harness.contestants.registry import BackboneFacts, find
from harness.contestants.trust import trust
from harness.execution.runners import docker as docker_runner
from harness.execution.runners.base import OnLine, Outcome
from harness.execution.runners.docker import DockerRunner, connect
from harness.execution.runners.programs import Program
from harness.weights.fetch import fetch_weights
from harness.weights.importing import import_file
from harness.weights.local import run_licence
from harness.weights.metadata import query_metadata
from harness.weights.requirements import starting_files
from harness.workspace import Workspace
from support.commands import output_of
from support.servers import running
from support.stub_stages import StubRunner

pytestmark = pytest.mark.strangers

BASE = "FROM python:3.11-slim-bookworm"
FILE = b"as published"
MAIN = """
import json, os, pathlib, sys, urllib.request

def around():
    given = sorted(str(path) for path in pathlib.Path("/job").rglob("*") if path.is_file())
    hidden = not os.path.exists({secret!r})
    return json.dumps([sorted(os.listdir("/sys/class/net")), given, hidden, os.getuid() != 0])

verb, *rest = sys.argv[1:]
if verb == "about":
    print(json.dumps({{"licence": around(), "address": "for " + rest[0]}}))
elif verb == "fetch":
    variant, output = rest
    print(around(), flush=True)
    routes = [line.split() for line in open("/proc/net/route")][1:]
    gateway = next(bytes.fromhex(route[2])[::-1] for route in routes if route[1] == "00000000")
    host = ".".join(map(str, gateway))
    data = urllib.request.urlopen(f"http://{{host}}:{{variant}}/own.bin", timeout=20).read()
    pathlib.Path(output).write_bytes(data)
else:
    options = dict(argument.removeprefix("--").split("=", 1) for argument in rest)
    source = pathlib.Path(options["input"])
    pathlib.Path(options["output"]).write_text(json.dumps([verb, source.read_text(), source.name, around()]))
"""
FACTS = """
name = "{name}"
title = "Stranger"
paper = "none"
licence = "MIT"
capabilities = []
variants = ["*"]
input = {{ channels = "RGB" }}
{command}
[[weights]]
name = "own"
role = "encoder"
licence = "MIT"
address = "https://weights.example/own.bin"
file = "own.bin"
sha256 = "{sha256}"
about = ["{{python}}", "/main.py", "about", "{{variant}}", "{{input}}"]
fetch = ["{{python}}", "/main.py", {fetch}, "{{variant}}", "{{output}}"]
"""


class RecordingRunner(StubRunner):
    """Keeps the programs that it is given, and prints a licence for each."""

    def __init__(self) -> None:
        self.programs: list[Program] = []

    def run_program(self, owner: Any, program: Program, on_line: OnLine) -> Outcome:  # noqa: ARG002
        self.programs.append(program)
        if program.output:
            program.output.write_bytes(FILE)
        on_line('{"licence": "CC0-1.0", "address": "https://example.org"}\n')
        return Outcome("ok")


def write_stranger(
    root: Path, name: str, *, on_kit: bool = False, fetch: str = '"fetch"', sha256: str = ""
) -> Workspace:
    """A checkout with a stranger's contestant, whose image is that of Python alone."""
    folder = root / "backbones" / name
    folder.mkdir(parents=True)
    (root / "backbones" / "__init__.py").touch()
    (root / "backbones" / "kit").mkdir()
    (root / "backbones" / "kit" / "Dockerfile").write_text(f"{BASE}\n# {uuid.uuid4()}\n")
    secret = root / "secret.txt"
    secret.write_text("answers")
    (folder / "main.py").write_text(MAIN.format(secret=str(secret)))
    (folder / "Dockerfile").write_text(f'{BASE}\nCOPY {name}/main.py /main.py\nENTRYPOINT ["python3", "/main.py"]\n')
    command = "" if on_kit else 'command = ["false"]'
    (folder / "backbone.toml").write_text(FACTS.format(name=name, command=command, fetch=fetch, sha256=sha256))
    return Workspace(root)


@pytest.mark.parametrize("on_kit", [True, False])
def test_the_runner_gets_every_program_of_a_stranger(on_kit: bool, tmp_path: Path) -> None:
    workspace = write_stranger(tmp_path, "guest", on_kit=on_kit)
    trust(["guest"], workspace)  # which changes nothing: where there is an engine, it is not asked for
    facts, runner = find("guest:large", workspace), RecordingRunner()
    (entry,) = facts.weights
    own = tmp_path / "mine.bin"
    own.write_bytes(FILE)
    described = query_metadata(facts, entry, workspace, own, runner=runner)
    assert (described.licence, described.address) == ("CC0-1.0", "https://example.org")
    assert run_licence(facts, "published", workspace, runner=runner) == "CC0-1.0"
    with pytest.raises(InputError, match=r"'own' \(CC0-1\.0\), which are not here"):
        starting_files(facts, "published", workspace, runner=runner)
    fetch_weights(facts, entry, workspace, lambda *_: None, runner=runner)
    import_file(own, facts, entry, workspace, runner=runner)
    verbs = [program.command[0 if program.is_verb else 2] for program in runner.programs]
    converted = ["convert"] if on_kit else []
    assert verbs == ["about", "about", "about", "fetch", *converted, *converted]
    assert [program.network for program in runner.programs] == [verb == "fetch" for verb in verbs]


def test_programs_of_the_project_run_here_by_any_runner(workspace: Workspace) -> None:
    program = ["{python}", "-c", """print('{"licence": "MIT", "address": "here"}')"""]
    entry = {"name": "own", "role": "encoder", "licence": "", "address": "", "file": "own.bin", "about": program}
    facts = BackboneFacts.model_validate(
        {"name": "timm", "title": "T", "paper": "", "licence": "", "capabilities": [], "input": {}, "weights": [entry]}
    )
    workspace.backbones.mkdir(parents=True)
    runner = RecordingRunner()
    assert query_metadata(facts, facts.weights[0], workspace, runner=runner).address == "here"
    assert runner.programs == []


@pytest.mark.parametrize("option", ["auto", "process"])
def test_without_an_engine_a_stranger_needs_consent(option: str, tmp_path: Path) -> None:
    workspace = write_stranger(tmp_path, "guest", on_kit=True)
    file = tmp_path / "any.npz"
    file.touch()
    parts = ["--part=p", f"--state={file}", f"--input={file}", f"--output={tmp_path / 'out.npz'}"]
    for app, command in (
        (weights.app, ["fetch", "guest:x"]),
        (weights.app, ["import", "guest:x", "own", file]),
        (backbone.app, ["forward", "guest:x", *parts]),
    ):
        with pytest.raises(InputError, match=r"guest is not shipped .* unconfined.* --trust guest"):
            output_of(app, workspace, *command, "--runner", option)


def test_an_unknown_runner_is_refused(workspace: Workspace) -> None:
    with pytest.raises(InputError, match=r"Unknown runner 'podman'; there are: auto, docker, process\."):
        output_of(weights.app, workspace, "fetch", "lpips", "--runner", "podman")


# --- on a real engine


def on_engine(test: Callable[..., None]) -> Callable[..., None]:
    """Mark a test of real containers; such tests run one after the other."""
    return pytest.mark.docker(pytest.mark.xdist_group("docker")(pytest.mark.timeout(300)(test)))


@pytest.fixture
def name() -> Iterator[str]:
    """Name of the contestant, which tells its images; they are removed."""
    own = f"guest{uuid.uuid4().hex[:8]}"
    yield own
    engine = connect()
    for image in engine.images.list():
        if any(tag.startswith(f"patternbench/{own}:") for tag in image.tags):
            engine.images.remove(image.tags[0])
    assert engine.containers.list(all=True, filters={"name": f"-{own}-"}) == []
    engine.close()


@pytest.fixture
def port(tmp_path: Path) -> Iterator[str]:
    """Port of a server of the published file, which containers reach too."""
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "own.bin").write_bytes(FILE)
    server = ThreadingHTTPServer(("0.0.0.0", 0), partial(SimpleHTTPRequestHandler, directory=str(folder)))  # noqa: S104
    with running(server):
        yield str(server.server_port)


@pytest.fixture
def confined() -> Iterator[Callable[[Workspace], DockerRunner]]:
    """Makes a runner of containers."""
    runners: list[DockerRunner] = []

    def make(workspace: Workspace) -> DockerRunner:
        runners.append(DockerRunner(workspace))
        return runners[-1]

    yield make
    for runner in runners:
        runner._client.close()


def parts_of(text: str) -> tuple[list[str], list[str], bool, bool]:
    """Network interfaces, files below /job, whether the host's files are hidden, and whether the user is nobody."""
    interfaces, given, hidden, is_nobody = json.loads(text)
    return interfaces, given, hidden, is_nobody


@on_engine
def test_a_stranger_tells_fetches_and_converts_in_its_container_without_consent(
    name: str,
    port: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    confined: Callable[[Workspace], DockerRunner],
) -> None:
    workspace = write_stranger(tmp_path / "checkout", name, on_kit=True)
    facts, runner = find(f"{name}:{port}", workspace), confined(workspace)
    (entry,) = facts.weights
    own = tmp_path / "my weights.bin"
    own.write_bytes(FILE)

    described = query_metadata(facts, entry, workspace, own, runner=runner)
    assert described.address == f"for {port}"
    assert parts_of(described.licence) == (["lo"], ["/job/in/0/my-weights.bin"], True, True)

    path = fetch_weights(facts, entry, workspace, lambda *_: None, runner=runner)
    interfaces, given, hidden, is_nobody = parts_of(capsys.readouterr().out)
    assert "eth0" in interfaces
    assert (given, hidden, is_nobody) == ([], True, True)
    verb, content, source, seen = json.loads(path.read_text())
    assert (verb, content, source) == ("convert", FILE.decode(), "own.bin")
    assert parts_of(seen) == (["lo"], ["/job/in/0/own.bin"], True, True)
    assert list(workspace.store.glob("program-*")) == []


HOSTILE_FETCHES = {
    "link": ("os.symlink('/etc/passwd', sys.argv[2])", r"wrote own\.bin as something else than a plain file"),
    "pipe": ("os.mkfifo(sys.argv[2])", r"wrote own\.bin as something else than a plain file"),
    "other": ("open(sys.argv[2] + '.txt', 'w').close()", r"wrote no own\.bin"),
    "many": ("[open(f'/job/out/{n}', 'w').close() for n in range(2000)]", "more than 1000 files and folders"),
    "large": ("open(sys.argv[2], 'wb').write(bytes(2**21))", "File too large|takes more than"),
    "failed": ("sys.exit('no luck')", "ended with exit code 1: no luck"),
}
"""What a command does in place of fetching its file, and what is said of it."""


@on_engine
def test_what_a_command_writes_is_checked_before_it_is_taken(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, confined: Callable[[Workspace], DockerRunner]
) -> None:
    limits = replace(docker_runner.PROGRAM, out_bytes=2**20)
    monkeypatch.setattr(docker_runner, "PROGRAM", limits)
    workspace = write_stranger(tmp_path / "checkout", name)
    runner = confined(workspace)
    facts = find(f"{name}:x", workspace)
    for deed, message in HOSTILE_FETCHES.values():
        fetch = ("{python}", "-c", f"import os, sys; {deed}", "{variant}", "{output}")
        entry = facts.weights[0].model_copy(update={"fetch": fetch})
        with pytest.raises(RunError, match=f"The command that fetches .* {message}"):
            fetch_weights(facts, entry, workspace, lambda *_: None, runner=runner)
    wrong = ("{python}", "-c", "import sys; open(sys.argv[1], 'w').write('other')", "{output}")
    entry = facts.weights[0].model_copy(update={"fetch": wrong, "sha256": hashlib.sha256(FILE).hexdigest()})
    with pytest.raises(InputError, match=r"own\.bin is not the published own\.bin"):
        fetch_weights(facts, entry, workspace, lambda *_: None, runner=runner)
    assert [path for path in workspace.weights.rglob("*") if path.is_file()] == []


@on_engine
def test_the_commands_take_the_container_where_an_engine_answers(
    name: str, port: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    workspace = write_stranger(tmp_path / "checkout", name, on_kit=True)
    printed = output_of(weights.app, workspace, "fetch", f"{name}:{port}")
    assert "In place: " in printed
    for file in ("s.npz", "i.npz"):
        (tmp_path / file).write_text(file)
    parts = ["--part=p", "--state=s.npz", "--input=i.npz", "--output=o.npz"]
    assert "Wrote o.npz" in output_of(backbone.app, workspace, "forward", name + ":x", *parts)
    verb, content, *_ = json.loads((tmp_path / "o.npz").read_text())
    assert (verb, content) == ("forward", "i.npz")
