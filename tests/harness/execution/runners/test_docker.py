"""The Docker runner on containers that misbehave: whatever a job tries, it is confined and its outcome is reported."""

import gc
import hashlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import uuid
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent
from typing import Any

import docker
import pytest
from docker.errors import APIError
from docker.models.containers import ContainerCollection

from benchmark.errors import RunError
from harness.contestants.registry import BackboneFacts
from harness.contract import Encode
from harness.execution.output_checks import BadOutputError, check
from harness.execution.runners.base import LONGEST_LINE, JobFolder, Limits, Outcome
from harness.execution.runners.docker import LABEL, DockerRunner, _follow, connect, place
from harness.execution.trouble import ENGINE, InfraError
from harness.workspace import Workspace
from support.fakes import FakeEngine
from support.misbehaviour import GARBAGE, GARBAGE_LINES, flood, ignore
from support.paths import ROOT

BASE = "FROM python:3.11-slim-bookworm"
NAME = f"hostile{uuid.uuid4().hex[:8]}"
"""Its containers and images are told from those of other sessions by this name."""

FACTS = BackboneFacts(name=NAME, title="Hostile", paper="none", licence="none", capabilities=(), input={})
MAIN = """
import runpy, sys
if sys.argv[1] == "describe":
    print(sys.argv[1:])
else:
    runpy.run_path("/job/data/table.csv", run_name="__main__")
"""


def on_engine(test: Callable[..., None]) -> Callable[..., None]:
    """Mark a test of real containers; such tests run one after the other, because they watch all containers."""
    return pytest.mark.docker(pytest.mark.xdist_group("docker")(test))


def workspace(root: Path, *steps: str) -> Workspace:
    """A workspace whose one backbone runs the script that comes as its data; its images are like no others."""
    mark = f"# {uuid.uuid4()}"
    for name in ("kit", NAME):
        (root / "backbones" / name).mkdir(parents=True)
    (root / "backbones" / "__init__.py").touch()
    (root / "backbones" / "kit" / "Dockerfile").write_text(f"{BASE}\n{mark}\n")
    (root / "backbones" / NAME / "main.py").write_text(f"{MAIN}{mark}\n")
    entry = [f"COPY {NAME}/main.py /main.py", 'ENTRYPOINT ["python3", "/main.py"]']
    (root / "backbones" / NAME / "Dockerfile").write_text("\n".join([BASE, *steps, *entry]))
    return Workspace(root)


@pytest.fixture(scope="module")
def engine() -> Iterator[docker.DockerClient]:
    client = connect()
    yield client
    client.close()


@pytest.fixture
def prepared(engine: docker.DockerClient) -> Iterator[Callable[..., list[str]]]:
    """Prepares a runner; what was built is removed again."""
    built: list[str] = []

    def prepare(runner: DockerRunner) -> list[str]:
        lines: list[str] = []
        try:
            runner.prepare(FACTS, lines.append)
        finally:
            built.extend(line.split()[-1] for line in lines if line.startswith("building the image"))
        return lines

    yield prepare
    remove_images(engine, built)


def remove_images(engine: docker.DockerClient, tags: list[str]) -> None:
    for tag in tags:
        if engine.images.list(tag):
            engine.images.remove(tag)


@pytest.fixture(scope="module")
def runner(engine: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DockerRunner]:
    docker_runner = DockerRunner(workspace(tmp_path_factory.mktemp("workspace")))
    lines: list[str] = []
    assert docker_runner.prepare(FACTS, lines.append).startswith("sha256:")
    yield docker_runner
    remove_images(engine, [line.split()[-1] for line in lines if line.startswith("building the image")])
    docker_runner._client.close()


@pytest.fixture
def cancelled(runner: DockerRunner) -> Iterator[DockerRunner]:
    """A runner for a test that cancels it: it does no job after that."""
    docker_runner = DockerRunner(runner._workspace)
    docker_runner.prepare(FACTS, ignore)
    yield docker_runner
    docker_runner._client.close()


def job(folder: Path, deed: str, artifacts: dict[str, Path] | None = None) -> JobFolder:
    """A job whose data is the script that will be run; only the runner keeps anyone from writing to what is given."""
    (folder / "data").mkdir(parents=True)
    (folder / "job.json").write_text("{}")
    (folder / "data" / "table.csv").write_text(dedent(deed))
    job_folder = JobFolder(folder, folder / "data", artifacts or {})
    for path in (folder / "job.json", job_folder.data, job_folder.data / "table.csv", *job_folder.artifacts.values()):
        path.chmod(0o777)
    return job_folder


def limits(*, seconds: float = 60, memory_gib: float = 0.5, processes: int = 64) -> Limits:
    return Limits(seconds, memory_gib, processes)


def perform(
    runner: DockerRunner,
    folder: Path,
    deed: str,
    allowed: Limits | None = None,
    artifacts: dict[str, Path] | None = None,
) -> tuple[Outcome, list[str]]:
    """How a deed ended, and the lines of its standard output."""
    lines: list[str] = []
    outcome = runner.run(FACTS, "train", job(folder, deed, artifacts), allowed or limits(), lines.append)
    return outcome, lines


def ours(engine: docker.DockerClient) -> list[str]:
    """Names of the containers of this file, running or not."""
    return [str(container.name) for container in engine.containers.list(all=True, filters={"name": f"-{NAME}-"})]


@on_engine
def test_a_job_is_nobody_and_may_nothing(runner: DockerRunner, tmp_path: Path) -> None:
    outcome, lines = perform(
        runner,
        tmp_path,
        """
        import json, os
        facts = dict(line.split(":", 1) for line in open("/proc/self/status"))
        try:
            os.setuid(0)
        except PermissionError:
            facts["became root"] = "no"
        print(json.dumps({name: value.strip() for name, value in facts.items()}))
        """,
    )
    assert outcome.status == "ok"
    facts = json.loads(lines[0])
    own = os.getuid() or 1000
    assert facts["Uid"].split() == [str(own)] * 4
    assert "0" not in [*facts["Gid"].split(), *facts["Groups"].split()]
    assert {int(facts[f"Cap{kind}"], 16) for kind in ("Inh", "Prm", "Eff", "Bnd", "Amb")} == {0}
    assert (facts["NoNewPrivs"], facts["became root"]) == ("1", "no")


@on_engine
def test_a_job_has_no_network(runner: DockerRunner, tmp_path: Path) -> None:
    outcome, lines = perform(
        runner,
        tmp_path,
        """
        import os, socket
        print(os.listdir("/sys/class/net"))
        for address in (("1.1.1.1", 53), ("172.17.0.1", 80)):
            try:
                socket.create_connection(address, timeout=5)
            except OSError as error:
                print(error.strerror)
        try:
            socket.getaddrinfo("example.org", 80)
        except socket.gaierror:
            print("no names")
        """,
    )
    assert outcome.status == "ok"
    assert lines == ["['lo']\n", "Network is unreachable\n", "Network is unreachable\n", "no names\n"]


@on_engine
def test_a_job_writes_to_out_and_to_memory_alone(runner: DockerRunner, tmp_path: Path) -> None:
    """Tried in every folder there is, and on every file that was handed in."""
    weights = tmp_path / "published.pt"
    weights.write_bytes(b"as published")
    outcome, lines = perform(
        runner,
        tmp_path / "job",
        """
        import json, os
        given = ["/job/job.json", "/job/data/table.csv", "/job/in/weights.pt", "/main.py", "/etc/passwd"]
        def writes(path):
            try:
                open(path, "ab").close()
                return True
            except OSError:
                return False
        folders = [folder for folder, *_ in os.walk("/") if not folder.startswith("/proc/")]
        writable = [folder for folder in folders if writes(folder + "/probe")]
        room = os.statvfs("/tmp")
        print(json.dumps({
            "folders": len(folders), "writable": writable, "given": [path for path in given if writes(path)],
            "weights": open("/job/in/weights.pt").read(), "room": room.f_blocks * room.f_frsize,
        }))
        """,
        artifacts={"weights.pt": weights},
    )
    assert outcome.status == "ok"
    facts = json.loads(lines[0])
    assert facts["folders"] > 100
    assert set(facts["writable"]) == {"/job/out", "/tmp", "/dev/shm", "/dev/mqueue"}  # noqa: S108 - the container's
    assert (facts["given"], facts["weights"], facts["room"]) == ([], "as published", 2**30)
    assert [path.name for path in (tmp_path / "job" / "data").iterdir()] == ["table.csv"]


@on_engine
def test_what_a_job_writes_to_out_arrives(runner: DockerRunner, tmp_path: Path) -> None:
    outcome, _ = perform(
        runner,
        tmp_path,
        """
        import os
        os.mkdir("/job/out/deep")
        open("/job/out/deep/numbers.bin", "wb").write(bytes(range(256)) * 1000)
        """,
    )
    assert outcome == Outcome("ok")
    arrived = tmp_path / "out" / "deep" / "numbers.bin"
    assert arrived.read_bytes() == bytes(range(256)) * 1000
    assert arrived.stat().st_uid == (os.getuid() or 1000)


@on_engine
def test_a_link_out_of_out_is_refused(runner: DockerRunner, tmp_path: Path) -> None:
    outcome, _ = perform(runner, tmp_path, "import os\nos.symlink('/etc/passwd', '/job/out/embeddings.npy')")
    assert outcome.status == "ok"
    encode_job = Encode(image_size=8, seed=0, batch_size=2, init="random", pooling="flatten")
    with pytest.raises(BadOutputError, match=r"embeddings\.npy is a link; only plain files are taken"):
        check(encode_job, tmp_path / "out", [{"id": "0"}])


@on_engine
def test_memory_beyond_the_limit_ends_a_job(runner: DockerRunner, tmp_path: Path) -> None:
    deed = "kept = []\nwhile not print(len(kept), flush=True): kept.append(b'x' * 2**20)"
    outcome, lines = perform(runner, tmp_path, deed, limits(memory_gib=0.0625))
    assert (outcome.status, outcome.cause) == ("oom_host", "was killed, which most often means that memory ran out")
    assert 32 < len(lines) < 64


@on_engine
def test_time_beyond_the_limit_ends_a_job_that_will_not_go(
    runner: DockerRunner, engine: docker.DockerClient, tmp_path: Path
) -> None:
    start = time.monotonic()
    outcome, _ = perform(
        runner,
        tmp_path,
        """
        import os, signal, time
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        print("I stay", flush=True)
        os.fork()
        time.sleep(600)
        """,
        limits(seconds=3),
    )
    assert outcome == Outcome("timeout", "stopped at its limit of 3 s", "I stay")
    assert time.monotonic() - start < 20
    assert ours(engine) == []


@on_engine
@pytest.mark.parametrize(
    ("deed", "cause"),
    [
        ("if os.fork() == 0: time.sleep(600)", "BlockingIOError"),
        ("threading.Thread(target=time.sleep, args=(600,), daemon=True).start()", "can't start new thread"),
    ],
    ids=["processes", "threads"],
)
def test_a_bomb_of_processes_ends_in_a_failure(runner: DockerRunner, tmp_path: Path, deed: str, cause: str) -> None:
    bomb = f"""
        import os, threading, time
        for count in range(100_000):
            open("/job/out/count", "w").write(str(count))
            {deed}
        """
    outcome, _ = perform(runner, tmp_path, bomb, limits(memory_gib=2, processes=24))
    assert outcome.status == "crash"
    assert cause in outcome.cause
    assert int((tmp_path / "out" / "count").read_text()) == 23


@on_engine
def test_a_flood_of_lines_is_read_to_its_end(runner: DockerRunner, tmp_path: Path) -> None:
    outcome, lines = perform(runner, tmp_path, flood(100_000))
    assert outcome.status == "ok"
    assert lines == [f"{number}\n" for number in range(100_000)]
    assert len(outcome.log.splitlines()) == 40


@on_engine
def test_a_line_without_an_end_comes_in_pieces(runner: DockerRunner, tmp_path: Path) -> None:
    deed = "import sys\nfor _ in range(32): sys.stdout.write('x' * 2**20)"
    outcome, lines = perform(runner, tmp_path, deed)
    assert outcome.status == "ok"
    assert sum(line.count("x") for line in lines) == 32 * 2**20
    assert max(map(len, lines)) < 3 * LONGEST_LINE
    assert len(outcome.log) < 50_000


@on_engine
def test_binary_garbage_is_survived(runner: DockerRunner, tmp_path: Path) -> None:
    outcome, lines = perform(runner, tmp_path, GARBAGE)
    assert outcome.status == "ok"
    assert [line.strip("\n") for line in lines] == GARBAGE_LINES
    assert "event" not in outcome.log


@on_engine
@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (2, "cannot do the job as asked: what is this?"),
        (3, "found the data unusable: what is this?"),
        (7, "ended with exit code 7: what is this?"),
    ],
)
def test_an_exit_code_is_a_crash_with_the_last_line_of_standard_error(
    runner: DockerRunner, tmp_path: Path, code: int, cause: str
) -> None:
    deed = f"import sys\nprint('late')\nsys.stderr.write('reading\\nwhat is this?\\n')\nsys.exit({code})"
    outcome, _ = perform(runner, tmp_path, deed)
    assert (outcome.status, outcome.cause, outcome.code) == ("crash", cause, code)
    assert sorted(outcome.log.splitlines()) == ["late", "reading", "what is this?"]


@on_engine
def test_a_job_that_closes_its_streams_is_waited_for(runner: DockerRunner, tmp_path: Path) -> None:
    deed = "import os, time\nos.close(1)\nos.close(2)\ntime.sleep(1)\nopen('/job/out/late', 'w').close()"
    outcome, _ = perform(runner, tmp_path, deed)
    assert outcome == Outcome("ok")
    assert (tmp_path / "out" / "late").is_file()


@on_engine
def test_jobs_beside_each_other_keep_to_their_own_folders(
    runner: DockerRunner, engine: docker.DockerClient, tmp_path: Path
) -> None:
    def write(number: int) -> tuple[Outcome, list[str]]:
        deed = f"print({number})\nopen('/job/out/number', 'w').write('{number}')"
        return perform(runner, tmp_path / str(number), deed)

    with ThreadPoolExecutor(4) as pool:
        ended = list(pool.map(write, range(4)))
    assert ended == [(Outcome("ok", "", str(number)), [f"{number}\n"]) for number in range(4)]
    assert [(tmp_path / str(number) / "out" / "number").read_text() for number in range(4)] == ["0", "1", "2", "3"]
    assert ours(engine) == []


SIGNALS = {
    "flock": (
        "fcntl.flock(file, fcntl.LOCK_EX)",
        "fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)",
    ),
    "record lock": (
        "fcntl.lockf(file, fcntl.LOCK_SH)",
        "assert fcntl.fcntl(file, fcntl.F_GETLK, struct.pack('h30x', fcntl.F_WRLCK))[:2] == bytes([fcntl.F_UNLCK, 0])",
    ),
    "inode": ("print(os.stat(PATH).st_ino)", "print(os.stat(PATH).st_ino)"),
}
"""How a job signals by a file that it can only read, and how another would notice, which raises an error."""

SIGNAL = """
import fcntl, os, pathlib, struct, time
PATH = "/job/{path}"
file = open(PATH)
{deed}
print("done", flush=True)
while {waits} and not pathlib.Path("/job/out/stop").exists():
    time.sleep(0.05)
"""


@on_engine
@pytest.mark.parametrize(
    ("kind", "path"),
    [
        *((kind, path) for kind in SIGNALS for path in ("data/images.npy", "in/weights.pt")),
        ("flock", "../main.py"),  # of the image, which both have
        ("record lock", "../main.py"),
    ],
)
def test_jobs_at_once_cannot_signal_by_what_both_read(
    runner: DockerRunner, tmp_path: Path, kind: str, path: str
) -> None:
    """One job holds a lock on a file of the pack, on an artifact or in the image, while another one looks."""
    pack, weights = tmp_path / "pack", tmp_path / "weights.pt"
    pack.mkdir()
    for file in (pack / "images.npy", weights):
        file.write_bytes(b"both read this")

    def start(name: str, deed: str, *, waits: bool, on_line: Callable[[str], None]) -> Outcome:
        folder = tmp_path / name
        folder.mkdir()
        (folder / "job.json").write_text("{}")
        data = tmp_path / f"{name}-data"
        data.mkdir()
        os.link(pack / "images.npy", data / "images.npy")
        (data / "table.csv").write_text(SIGNAL.format(path=path, deed=deed, waits=waits))
        return runner.run(FACTS, "encode", JobFolder(folder, data, {"weights.pt": weights}), limits(), on_line)

    holding, said = threading.Event(), dict[str, list[str]](first=[], second=[])

    def first_says(line: str) -> None:
        said["first"].append(line)
        if line == "done\n":
            holding.set()

    with ThreadPoolExecutor(1) as pool:
        first = pool.submit(start, "first", SIGNALS[kind][0], waits=True, on_line=first_says)
        assert holding.wait(60)
        second = start("second", SIGNALS[kind][1], waits=False, on_line=said["second"].append)
        (tmp_path / "first" / "out" / "stop").touch()
        assert first.result(timeout=60).status == "ok"
    assert second == Outcome("ok", "", second.log)
    assert kind != "inode" or said["first"][0] != said["second"][0]
    assert [entry.name for entry in (tmp_path / "second").iterdir() if entry.name.startswith("inputs-")] == []


@on_engine
def test_a_description_is_what_was_printed(runner: DockerRunner) -> None:
    outcome, text = runner.describe(FACTS, ["--image-size", "64", "--variant", "x y"])
    assert (outcome.status, text) == ("ok", "['describe', '--image-size', '64', '--variant', 'x y']\n")


@on_engine
def test_cancel_stops_a_running_job_from_another_thread(
    cancelled: DockerRunner, engine: docker.DockerClient, tmp_path: Path
) -> None:
    begun = threading.Event()
    deed = job(tmp_path, "import time\nprint('begun', flush=True)\ntime.sleep(600)")
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(cancelled.run, FACTS, "train", deed, limits(), lambda _: begun.set())
        assert begun.wait(30)
        cancelled.cancel()
        with pytest.raises(RunError):
            future.result(timeout=20)
    assert ours(engine) == []


@on_engine
def test_cancel_stops_a_job_whose_container_is_only_being_made(
    cancelled: DockerRunner, engine: docker.DockerClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create = ContainerCollection.create

    def create_late(self: ContainerCollection, *arguments: Any, **options: Any) -> Any:
        cancelled.cancel()
        return create(self, *arguments, **options)

    monkeypatch.setattr(ContainerCollection, "create", create_late)
    start = time.monotonic()
    with pytest.raises(RunError, match="The job was stopped"):
        perform(cancelled, tmp_path, "import time\ntime.sleep(600)")
    assert time.monotonic() - start < 30
    assert ours(engine) == []


@on_engine
@pytest.mark.parametrize("deed", ["kill", "stop", "remove"])
def test_a_container_that_somebody_ends_is_no_failure_of_the_job(
    runner: DockerRunner, engine: docker.DockerClient, tmp_path: Path, deed: str
) -> None:
    def end(_: str) -> None:
        container = engine.containers.get(ours(engine)[0])
        {
            "kill": container.kill,
            "stop": lambda: container.stop(timeout=0),
            "remove": lambda: container.remove(force=True),
        }[deed]()

    with pytest.raises(InfraError, match="killed or removed from outside") as raised:
        runner.run(FACTS, "train", job(tmp_path, "import time\nprint(1, flush=True)\ntime.sleep(60)"), limits(), end)
    assert raised.value.awaits == ENGINE
    assert ours(engine) == []


HARNESS = """
import sys
import tempfile
from pathlib import Path
sys.path.insert(0, {root!r})
from harness.contestants.registry import BackboneFacts
from harness.execution.runners.base import JobFolder, Limits
from harness.execution.runners.docker import DockerRunner
from harness.workspace import Workspace
runner = DockerRunner(Workspace(Path({workspace!r})))
facts = BackboneFacts(name={name!r}, title="T", paper="", licence="", capabilities=(), input={{}})
runner.prepare(facts, str)
folder = Path({folder!r})
runner.run(facts, "train", JobFolder(folder, folder / "data"), Limits(60, 0.5), lambda line: print(line, flush=True))
"""


@on_engine
def test_containers_of_a_killed_harness_are_swept_and_no_others(
    runner: DockerRunner, engine: docker.DockerClient, tmp_path: Path
) -> None:
    job(tmp_path, "import time\nprint('begun', flush=True)\ntime.sleep(600)")
    own = runner._workspace
    program = HARNESS.format(root=str(ROOT), name=NAME, workspace=str(own.root), folder=str(tmp_path))
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as harness:
        assert harness.stdout is not None
        assert harness.stdout.readline() == "begun\n"
        harness.send_signal(signal.SIGKILL)
    image = runner._images[FACTS.name]
    (orphan,) = ours(engine)
    never_started = engine.containers.create(
        image, name=f"test-{NAME}-{uuid.uuid4().hex}", labels={LABEL: f"{place()} {harness.pid}"}
    )
    living, elsewhere = (
        engine.containers.create(image, name=f"test-{NAME}-{uuid.uuid4().hex}", labels={LABEL: label})
        for label in (f"{place()} {os.getpid()}", f"another pid:[1] {harness.pid}")
    )
    try:
        assert engine.containers.get(orphan).status == "running"
        DockerRunner(own)._client.close()
        assert sorted(ours(engine)) == sorted([living.name, elsewhere.name])
    finally:
        for name in {orphan, never_started.name, living.name, elsewhere.name} & set(ours(engine)):
            engine.containers.get(str(name)).remove(force=True)


@on_engine
def test_an_image_is_built_once(tmp_path: Path, prepared: Callable[..., list[str]]) -> None:
    runner = DockerRunner(workspace(tmp_path))
    first, second = prepared(runner), prepared(runner)
    runner._client.close()
    assert [line.split(":")[0] for line in first if line.startswith("building")] == [
        "building the image patternbench/kit",
        f"building the image patternbench/{NAME}",
    ]
    assert second == []


@on_engine
def test_a_failed_build_is_one_message_with_the_end_of_its_log(
    tmp_path: Path, prepared: Callable[..., list[str]]
) -> None:
    runner = DockerRunner(workspace(tmp_path, "RUN echo no such wheel && false"))
    with pytest.raises(RunError, match=rf"(?s)'{NAME}' could not be built from {NAME}/Dockerfile.*no such wheel"):
        prepared(runner)
    runner._client.close()


class Door:
    """An engine's socket in front of the real one, that can be shut at any time."""

    def __init__(self, path: Path) -> None:
        self.address = f"unix://{path}"
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(str(path))
        self._listener.listen()
        self._ends: list[socket.socket] = [self._listener]
        self._threads = [threading.Thread(target=self._welcome)]
        self._threads[0].start()

    def _welcome(self) -> None:
        while True:
            try:
                guest, _ = self._listener.accept()
            except OSError:
                return
            engine = socket.socket(socket.AF_UNIX)
            engine.connect("/var/run/docker.sock")
            self._ends += [guest, engine]
            for source, sink in ((guest, engine), (engine, guest)):
                self._threads.append(threading.Thread(target=self._pass_on, args=(source, sink)))
                self._threads[-1].start()

    @staticmethod
    def _pass_on(source: socket.socket, sink: socket.socket) -> None:
        try:
            while chunk := source.recv(2**16):
                sink.sendall(chunk)
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            return

    def shut(self) -> None:
        for end in self._ends:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def close(self) -> None:
        self.shut()
        for thread in self._threads:
            thread.join()
        for end in self._ends:
            end.close()


@pytest.fixture
def refused_connections() -> Iterator[None]:
    """The docker library leaves the socket of a connection that was refused to the garbage collector."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


@on_engine
@pytest.mark.usefixtures("refused_connections")
@pytest.mark.skipif(bool(os.environ.get("DOCKER_HOST")), reason="the engine is not at its usual address")
def test_an_engine_that_goes_away_is_no_failure_of_the_job(
    runner: DockerRunner, engine: docker.DockerClient, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    door = Door(tmp_path / "engine.sock")
    monkeypatch.setenv("DOCKER_HOST", door.address)
    distant = DockerRunner(runner._workspace)
    distant.prepare(FACTS, ignore)
    try:
        with pytest.raises(RunError, match=r"engine failed or went away .*use RUNNER=process"):
            distant.run(
                FACTS,
                "train",
                job(tmp_path / "job", "import time\nprint('begun', flush=True)\ntime.sleep(600)"),
                limits(),
                lambda _: door.shut(),
            )
    finally:
        distant._client.close()
        door.close()
        for name in ours(engine):
            engine.containers.get(name).remove(force=True)


@pytest.mark.parametrize("address", ["unix:///no/such/engine.sock", "tcp://127.0.0.1:1", "carrier-pigeon://loft"])
def test_a_wrong_address_of_the_engine_is_one_message_with_the_fix(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DOCKER_HOST", address)
    with pytest.raises(
        RunError, match=r"^No Docker engine answers \(.+\)\. Start the engine, or use RUNNER=process\.$"
    ):
        DockerRunner(Workspace(tmp_path))


@pytest.fixture
def without_engine(monkeypatch: pytest.MonkeyPatch) -> Callable[..., DockerRunner]:
    """Makes a runner on a fake engine with the given runtimes, in an environment without GPU settings."""
    for name in ("CUDA_VISIBLE_DEVICES", "TORCH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("harness.execution.runners.docker.shutil.which", lambda _: None)

    def make(*runtimes: str) -> DockerRunner:
        engine: Any = FakeEngine(*runtimes)
        return DockerRunner(Workspace(Path("nowhere")), engine)

    return make


@pytest.mark.parametrize(
    ("visible", "count", "identifiers"),
    [
        (None, -1, []),
        ("1", 0, ["1"]),
        ("GPU-8932f937, 2", 0, ["GPU-8932f937", "2"]),
        ("0,-1,1", 0, ["0"]),
    ],
)
def test_containers_see_the_gpus_that_the_user_left_visible(
    visible: str | None,
    count: int,
    identifiers: list[str],
    without_engine: Callable[..., DockerRunner],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runner = without_engine("runc", "nvidia")
    assert runner._confinement(limits())["device_requests"] == []
    if visible is not None:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    runner.use_gpu()
    (request,) = runner._confinement(limits())["device_requests"]
    assert (request["Count"], request["DeviceIDs"], request["Capabilities"]) == (count, identifiers, [["gpu"]])


@pytest.mark.parametrize(
    ("runtime", "name", "value", "why"),
    [
        ("runc", "LANG", "C", "containers cannot see the GPU; install the NVIDIA Container Toolkit"),
        ("nvidia", "CUDA_VISIBLE_DEVICES", "", "CUDA_VISIBLE_DEVICES hides every GPU"),
        ("nvidia", "CUDA_VISIBLE_DEVICES", "-1", "CUDA_VISIBLE_DEVICES hides every GPU"),
        ("nvidia", "TORCH", "cpu", r"the images have torch for the processor \(TORCH=cpu\)"),
    ],
)
def test_a_gpu_that_containers_cannot_use_is_refused_before_any_is_made(
    runtime: str,
    name: str,
    value: str,
    why: str,
    without_engine: Callable[..., DockerRunner],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    runner = without_engine(runtime)
    monkeypatch.setenv(name, value)
    with pytest.raises(RunError, match=f"^{why}"):
        runner.use_gpu()


def test_the_toolkit_is_known_by_its_hook_too(
    without_engine: Callable[..., DockerRunner], monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = without_engine("runc")
    monkeypatch.setattr("harness.execution.runners.docker.shutil.which", lambda name: f"/usr/bin/{name}")
    runner.use_gpu()
    assert len(runner._confinement(limits())["device_requests"]) == 1


def test_a_job_that_comes_after_cancel_is_never_started(without_engine: Callable[..., DockerRunner]) -> None:
    """As one does whose thread saw no halt a moment before the Ctrl-C."""
    runner = without_engine("runc")
    runner._images[FACTS.name] = "sha256:1"
    runner.cancel()
    with pytest.raises(RunError, match="The job was stopped"):
        runner.describe(FACTS, [])
    assert runner._client.created == {}  # type: ignore[attr-defined]


class Stream(list[tuple[bytes | None, bytes | None]]):
    """What an attachment is to the runner: chunks, and a response to be closed."""

    def __init__(self, *chunks: tuple[bytes | None, bytes | None]) -> None:
        super().__init__(chunks)
        self.closed = False
        self._response = self

    def close(self) -> None:
        self.closed = True


class EndedContainer:
    """A container that is already over when its limit comes: the engine refuses to kill it."""

    def __init__(self, *chunks: tuple[bytes | None, bytes | None]) -> None:
        self.stream = Stream(*chunks)
        self.attrs = {"State": {"OOMKilled": False}}
        self._killed = threading.Event()

    def attach(self, **_: bool) -> Stream:
        return self.stream

    def start(self) -> None: ...

    def reload(self) -> None: ...

    def wait(self) -> dict[str, int]:
        assert self._killed.wait(20)
        return {"StatusCode": 0}

    def kill(self) -> None:
        self._killed.set()
        raise APIError("Container 1234 is not running")


def test_a_job_that_ended_as_its_limit_came_is_no_timeout() -> None:
    container: Any = EndedContainer()
    assert _follow(container, limits(seconds=0.01), ignore) == Outcome("ok")
    assert container.stream.closed


def test_lines_are_put_together_from_the_chunks_of_each_stream() -> None:
    lines: list[str] = []
    container: Any = EndedContainer(
        (b'{"event": 1}\nhalf of', None), (None, b"oh"), (b" a line\n\xc3", None), (b"\xa9", None), (None, b"!\n")
    )
    outcome = _follow(container, limits(seconds=0.01), lines.append)
    assert lines == ['{"event": 1}\n', "half of a line\n", "é\n"]
    assert outcome.log == "half of a line\noh!\né"


@pytest.fixture
def context(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home whose active Docker context names a socket; a server there answers nothing."""
    home = tmp_path / "home"
    name = hashlib.sha256(b"desktop").hexdigest()
    meta = home / ".docker" / "contexts" / "meta" / name
    meta.mkdir(parents=True)
    place = Path(tempfile.mkdtemp()) / "s.sock"  # a socket's path must be short
    (home / ".docker" / "config.json").write_text('{"currentContext": "desktop"}')
    endpoint = {"Host": f"unix://{place}", "SkipTLSVerify": False}
    (meta / "meta.json").write_text(json.dumps({"Name": "desktop", "Metadata": {}, "Endpoints": {"docker": endpoint}}))
    for variable in ("DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG"):
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv("HOME", str(home))
    yield place
    shutil.rmtree(place.parent)


def test_the_engine_of_the_active_context_is_asked(context: Path, tmp_path: Path) -> None:
    asked: list[bytes] = []

    def answer() -> None:
        for _ in range(2):  # the check of the socket, and the library's own connection
            connection, _ = server.accept()
            with connection:
                asked.append(connection.recv(1000))
                if asked[-1]:
                    connection.sendall(b"HTTP/1.1 500 No\r\nContent-Length: 2\r\n\r\nno")

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(context))
        server.listen()
        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        with pytest.raises(RunError, match="No Docker engine answers"):
            DockerRunner(Workspace(tmp_path))
        thread.join(5)
    assert any(line.startswith(b"GET ") for line in asked)


@pytest.mark.usefixtures("context")
def test_a_context_that_does_not_exist_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOCKER_CONTEXT", "elsewhere")
    with pytest.raises(RunError, match=r"No Docker engine answers \(the Docker context 'elsewhere' names no engine\)"):
        DockerRunner(Workspace(tmp_path))
