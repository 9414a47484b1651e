"""Jobs in containers: no network, a read-only root, an unprivileged user, no capabilities, hard limits."""

import os
import re
import shutil
import signal
import socket
import stat
import threading
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import replace
from itertools import takewhile
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from benchmark.errors import RunError
from harness.contestants.registry import BackboneFacts, Owner
from harness.execution import job_files
from harness.execution.runners.base import (
    LONGEST_LINE,
    DescriptionText,
    JobFolder,
    Limits,
    Log,
    OnLine,
    Outcome,
    Runner,
    ending,
    is_event,
)
from harness.execution.runners.docker_images import image_of
from harness.execution.runners.output_watch import excess, watching_output
from harness.execution.runners.programs import Program
from harness.execution.trouble import ENGINE, InfraError
from harness.storage.copies import copy_private
from harness.workspace import Workspace

if TYPE_CHECKING:
    from docker import DockerClient
    from docker.models.containers import Container
    from docker.types import DeviceRequest

LABEL = "patternbench.harness"
"""Label of a container with the process that started it: machine, process namespace, process number (`place`)."""
HARMFUL = re.compile(r"LD_.*|GLIBC_TUNABLES|BASH_ENV|ENV|NVIDIA_.*|.*_proxy", re.IGNORECASE)
"""Variables of an image that the loader, shells, the engine's hooks on the host, or clients of proxies obey."""
OPEN_FILES = 4096
UNPRIVILEGED = 1000
"""User and group of containers if the harness runs as root."""
DESCRIBE = Limits(seconds=300, memory_gib=4)
PROGRAM = Limits(seconds=0, memory_gib=16, out_bytes=64 * 2**30)
"""Limits of a program that does no job, but for its time."""
CACHE = "XDG_CACHE_HOME=/job/out/cache"
"""Where libraries keep what they download: on the disk, because `/tmp` is small; only the program's file is taken."""
START_ENGINE = "Start the engine, or use RUNNER=process."
SERVER_ERROR = 500
"""Least HTTP status by which the engine says that it failed, and not what was asked of it."""
KILLED = (128 + signal.SIGKILL, 128 + signal.SIGTERM)
"""Exit codes of a container that was killed: at its memory limit, by a person, or by an engine that shuts down."""
GRACE = (0.0, 0.5, 1.0)
"""Seconds before each look at a killed container: the engine may learn of its death before it learns why."""
NO_TOOLKIT = "containers cannot see the GPU; install the NVIDIA Container Toolkit, or use RUNNER=process"


class DockerRunner(Runner):
    """Runs each job in a fresh container of the backbone's own image."""

    name = "docker"

    def __init__(
        self, workspace: Workspace, client: "DockerClient | None" = None, report: OnLine = lambda _: None
    ) -> None:
        """Connect to the engine, and remove the containers of harnesses that were killed.

        Args:
            workspace: the checkout with the backbones.
            client: client of the engine; None = connect to the engine that the environment names.
            report: receives a line when a program that does no job needs an image that has to be built.

        Raises:
            RunError: no engine answers.
        """
        self._workspace = workspace
        self._client, self._report = client or connect(), report
        self._gpus: list[DeviceRequest] = []
        self._visible = "void"
        self._images: dict[str, str] = {}
        self._running: set[str] = set()
        self._left: set[str] = set()
        self._cancelled = threading.Event()
        self._sweep()

    def use_gpu(self) -> None:
        """Give containers the GPUs that CUDA_VISIBLE_DEVICES names, or all; images with TORCH=cpu cannot use one."""
        from docker.types import DeviceRequest

        visible = _visible_gpus()
        if os.environ.get("TORCH") == "cpu":
            raise RunError("the images have torch for the processor (TORCH=cpu)")
        if visible == []:
            raise RunError("CUDA_VISIBLE_DEVICES hides every GPU")
        with _engine_errors():
            if not reaches_gpus(self._client):
                raise RunError(NO_TOOLKIT)
        selection: dict[str, Any] = {"count": -1} if visible is None else {"device_ids": visible}
        self._visible = "all" if visible is None else ",".join(visible)
        self._gpus = [DeviceRequest(capabilities=[["gpu"]], **selection)]

    def prepare(self, backbone: Owner, on_line: OnLine) -> str:
        """Build the image unless the engine has it; returns its digest."""
        with _engine_errors():
            self._images[backbone.name] = image_of(self._client, backbone.name, self._workspace, on_line)
        return self._images[backbone.name]

    def describe(self, backbone: BackboneFacts, arguments: list[str]) -> tuple[Outcome, str]:
        """Run `describe`."""
        text = DescriptionText()
        return text.judge(self._run(backbone, ["describe", *arguments], {}, DESCRIBE, text.add))

    def run(self, backbone: BackboneFacts, verb: str, job: JobFolder, limits: Limits, on_line: OnLine) -> Outcome:
        """Run a job; only `out/` can be written to.

        The job gets copies of its inputs: file locks, leases and notices of access to one file would let jobs that run
        at once talk, through read-only mounts too, and one of them knows labels that the other must not learn.
        """
        out = job.path / job_files.OUT
        out.mkdir(exist_ok=True)
        user = os.getuid() or UNPRIVILEGED
        if os.getuid() == 0:
            os.chown(out, user, user)
        packed = ((name, job.data / name) for name in job_files.PACK)
        inputs = {f"{job_files.DATA}/{name}": path for name, path in packed if path.exists()}
        inputs |= {f"{job_files.ARTIFACTS}/{name}": path for name, path in job.artifacts.items()}
        with TemporaryDirectory(prefix="inputs-", dir=job.path) as folder:
            mounts = {job_files.JOB: job.path / job_files.JOB}
            for number, (name, path) in enumerate(inputs.items()):
                mounts[name] = Path(folder, str(number))
                copy_private(path, mounts[name])
            volumes = {str(path.resolve()): {"bind": f"/job/{name}", "mode": "ro"} for name, path in mounts.items()}
            volumes[str(out.resolve())] = {"bind": "/job/out", "mode": "rw"}
            return self._run(backbone, [verb, "--job", "/job"], volumes, limits, on_line, out)

    def run_program(self, owner: Owner, program: Program, on_line: OnLine) -> Outcome:
        """Run a program that does no job, confined as a job is; the image is built first unless the engine has it.

        It sees copies of its inputs, and an empty folder to write to. Of that folder one plain file is taken, of the
        name that was asked for. Only a program that fetches weights has a network; it has no inputs.
        """
        assert not (program.network and program.inputs), "what can send must not read"
        if owner.name not in self._images:
            self.prepare(owner, self._report)
        limits = replace(PROGRAM, seconds=program.seconds)
        self._workspace.store.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix="program-", dir=self._workspace.store) as folder:
            given, out = Path(folder, "in"), Path(folder, "out")
            inputs = {}
            for number, (placeholder, path) in enumerate(program.inputs.items()):
                name = f"{number}/{re.sub(r'[^A-Za-z0-9_.+-]', '-', path.name)}"
                (given / name).parent.mkdir(parents=True)
                copy_private(path, given / name)
                inputs[placeholder] = f"/job/in/{name}"
            out.mkdir()
            if os.getuid() == 0:
                os.chown(out, UNPRIVILEGED, UNPRIVILEGED)
            volumes = {str(out.resolve()): {"bind": "/job/out", "mode": "rw"}}
            if inputs:
                volumes[str(given.resolve())] = {"bind": "/job/in", "mode": "ro"}
            written = out / (program.output.name if program.output else "")
            command = program.filled("python", inputs, f"/job/out/{written.name}")
            outcome = self._run(owner, command, volumes, limits, on_line, out, program)
            if outcome.status != "ok" or program.output is None:
                return outcome
            if problem := excess(out, limits) or _not_a_file(written):
                return Outcome("bad_output", problem, outcome.log)
            shutil.copyfile(written, program.output)
            return outcome

    def cancel(self) -> None:
        """Remove all our running containers."""
        self._cancelled.set()
        for name in list(self._running):
            self._remove(name)

    def _run(
        self,
        backbone: Owner,
        command: list[str],
        volumes: dict[str, dict[str, str]],
        limits: Limits,
        on_line: OnLine,
        out: Path | None = None,
        program: Program | None = None,
    ) -> Outcome:
        from docker.errors import ImageNotFound

        for earlier in list(self._left):  # when they ended, no engine answered
            self._remove(earlier)
        name = f"patternbench-{backbone.name}-{uuid.uuid4().hex[:12]}"
        self._running.add(name)
        try:
            with _engine_errors():
                image = self._images[backbone.name]
                settings = self._confinement(limits)
                try:
                    config = self._client.images.get(image).attrs["Config"]
                except ImageNotFound:
                    return Outcome("image_missing", f"has no image any more: the engine does not know {image}")
                settings |= image_overrides(config, settings["tmpfs"], self._visible)
                if program and program.network:
                    settings["network_mode"] = "bridge"  # not the host's, which would reach services of this machine
                    settings["environment"].append(CACHE)
                if program and not program.is_verb:
                    settings["entrypoint"], command = command[:1], command[1:]
                container = self._client.containers.create(image, command, name=name, volumes=volumes, **settings)
                self._refuse_cancelled()  # cancel() may have run before the container existed
                outcome = _follow(container, limits, on_line, out)
        except InfraError:
            self._refuse_cancelled()  # cancel() removed the container
            raise
        else:
            self._refuse_cancelled()
            return outcome
        finally:
            self._remove(name)
            self._running.discard(name)

    def _refuse_cancelled(self) -> None:
        if self._cancelled.is_set():
            raise RunError("The job was stopped.")

    def _confinement(self, limits: Limits) -> dict[str, Any]:
        from docker.types import LogConfig, Ulimit

        user = os.getuid() or UNPRIVILEGED
        memory = int(limits.memory_gib * 2**30)
        return {
            "network_mode": "none",
            "read_only": True,
            "user": f"{user}:{os.getgid() or UNPRIVILEGED}",
            "cap_drop": ["ALL"],
            "security_opt": ["no-new-privileges"],
            "mem_limit": memory,
            "memswap_limit": memory,
            "stop_signal": "SIGKILL",  # an engine that shuts down would wait ten seconds for a job that ignores another
            "pids_limit": limits.processes,
            "nano_cpus": self._nano_cpus(limits),
            "ulimits": [
                Ulimit(name=name, soft=most, hard=most)
                for name, most in (("nofile", OPEN_FILES), ("fsize", limits.out_bytes), ("core", 0))
            ],
            "tmpfs": {"/tmp": "size=1g,mode=1777"},  # noqa: S108 - the container's own
            "log_config": LogConfig(type=LogConfig.types.NONE),  # output is read here; no copy of it fills the disk
            "labels": {LABEL: f"{place()} {os.getpid()}"},
            "device_requests": self._gpus,
            "use_config_proxy": False,  # the user's proxies, with their passwords
            "healthcheck": {"test": ["NONE"]},
        }

    def _nano_cpus(self, limits: Limits) -> int:
        """Processors of a job in billionths; the engine refuses more than it has."""
        most = int(self._client.info()["NCPU"])
        return min(limits.cpus or most, most) * 10**9

    def _remove(self, name: str) -> None:
        """Remove a container that may be gone already; if no engine answers, it is removed before the next job."""
        from docker.errors import DockerException, NotFound

        self._left.add(name)
        with suppress(DockerException, OSError):
            with suppress(NotFound):
                self._client.api.remove_container(name, force=True, v=True)
            self._left.discard(name)

    def _sweep(self) -> None:
        """Remove containers whose harness was killed; those of other machines and namespaces stay."""
        if not Path("/proc/self").exists():
            return
        with _engine_errors():
            for container in self._client.containers.list(all=True, filters={"label": LABEL}, ignore_removed=True):
                home, _, pid = container.labels[LABEL].rpartition(" ")
                if home == place() and not Path("/proc", pid).exists():
                    self._remove(str(container.name))


def _not_a_file(path: Path) -> str:
    """Why a file that a program should have written cannot be taken; empty if it can.

    Args:
        path: of the file; what it is below was written by the program too.
    """
    try:
        facts = path.lstat()
    except OSError:
        return f"wrote no {path.name}"
    return "" if stat.S_ISREG(facts.st_mode) else f"wrote {path.name} as something else than a plain file"


def image_overrides(config: Mapping[str, Any], tmpfs: Mapping[str, str], visible: str) -> dict[str, Any]:
    """Settings that take from a container what its image may declare against its confinement.

    Variables that the loader, the engine's hooks or NVIDIA's runtime obey are removed or pinned. A declared volume
    would be a writable folder on the disk of the engine; it is an empty, read-only one instead.

    Args:
        config: `Config` of the image.
        tmpfs: file systems in memory that the container gets anyway.
        visible: the GPUs that the container sees, as NVIDIA's runtime names them; `void` = none.
    """
    pinned = {"NVIDIA_VISIBLE_DEVICES": visible, "NVIDIA_DRIVER_CAPABILITIES": "compute,utility"}
    declared = (entry.partition("=")[0] for entry in config.get("Env") or ())
    # a name without a value removes the variable
    environment = [name for name in declared if name not in pinned and HARMFUL.fullmatch(name)]
    environment += [f"{name}={value}" for name, value in pinned.items()]
    volumes = {path: "ro,size=4k" for path in config.get("Volumes") or () if not path.rstrip("/").startswith("/job")}
    return {
        "environment": sorted(environment),
        "tmpfs": {**volumes, **tmpfs},
        "entrypoint": config.get("Entrypoint"),
    }


def place() -> str:
    """Where our process number is unique: the machine, and its process namespace if there is /proc."""
    namespace = Path("/proc/self/ns/pid")
    return f"{socket.gethostname()} {namespace.readlink() if namespace.is_symlink() else '-'}"


def connect() -> "DockerClient":
    """A client of the engine that the environment names.

    Raises:
        RunError: no engine answers.
    """
    from docker.errors import DockerException

    try:
        client = _client()
        client.ping()
        client.api.timeout = None  # type: ignore[assignment] # a job may be silent for hours; its own limit ends it
    except (DockerException, OSError) as error:
        raise RunError(f"No Docker engine answers ({_first_line(error)}). {START_ENGINE}") from error
    return client


def reaches_gpus(client: "DockerClient") -> bool:
    """Whether containers can see NVIDIA GPUs: the engine has the toolkit's runtime, or its hook is installed."""
    return "nvidia" in client.info().get("Runtimes", {}) or bool(shutil.which("nvidia-container-runtime-hook"))


def _visible_gpus() -> list[str] | None:
    """The GPUs that CUDA_VISIBLE_DEVICES names, up to the first that cannot be one, as CUDA reads it; None = all."""
    names = os.environ.get("CUDA_VISIBLE_DEVICES")
    if names is None:
        return None
    return list(takewhile(lambda name: name and not name.startswith("-"), map(str.strip, names.split(","))))


def _client() -> "DockerClient":
    """A client of the engine of DOCKER_HOST, else of the active context as `docker` finds it, else of the usual socket.

    Raises:
        OSError: the engine's socket refuses a connection.
        DockerException: the engine cannot be reached, or there is no context of the name.
    """
    import docker
    from docker.context import ContextAPI
    from docker.errors import DockerException

    if host := os.environ.get("DOCKER_HOST"):
        _check_socket(host)
        return docker.from_env(timeout=30)
    name = os.environ.get("DOCKER_CONTEXT") or None
    context = ContextAPI.get_context(name)
    if context is None or not context.Host:
        raise DockerException(f"the Docker context {name or 'that is active'!r} names no engine")
    _check_socket(context.Host)
    return docker.DockerClient(base_url=context.Host, tls=context.TLSConfig or False, timeout=30)


def _check_socket(host: str) -> None:
    """Raise OSError if the engine's socket refuses a connection: the docker library would leave its own open."""
    if host.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as connection:
            connection.connect(host.removeprefix("unix://"))


def _follow(container: "Container", limits: Limits, on_line: OnLine, out: Path | None = None) -> Outcome:
    """Start a container, pass on its output, and wait until it ends or reaches its limit.

    Raises:
        InfraError: it was killed or removed, and neither by us nor at its memory limit.
    """
    from docker.errors import APIError

    log = Log()
    timed_out: list[float] = []
    too_much: list[str] = []

    def stop() -> None:
        with suppress(APIError):  # it has just ended by itself
            container.kill()
            timed_out.append(limits.seconds)

    def stop_writing(problem: str) -> None:
        too_much.append(problem)
        with suppress(APIError):
            container.kill()

    streams: Any = container.attach(stdout=True, stderr=True, stream=True, demux=True)
    timer = threading.Timer(limits.seconds, stop)
    with closing(streams._response):  # noqa: SLF001 - the stream's own close() leaves the socket open
        container.start()
        timer.start()
        try:
            watch = watching_output(out, limits, stop_writing) if out is not None else nullcontext()
            with watch:
                for is_output, line in _lines(streams):
                    if is_output:
                        on_line(line)
                    if not is_event(line):
                        log.add(line, error=not is_output)
                with _removal():
                    code = int(container.wait()["StatusCode"])
        finally:
            timer.cancel()
            timer.join()
    if too_much:
        return Outcome("bad_output", too_much[0], str(log))
    killed = code in KILLED and not timed_out
    oom = _reached_memory_limit(container, GRACE if killed else GRACE[:1])
    if killed and not oom:
        raise _killed_from_outside()
    return ending(code, log, oom=oom, timed_out=timed_out[0] if timed_out else None)


def _reached_memory_limit(container: "Container", waits: Iterable[float]) -> bool:
    """Whether the engine says that the memory limit ended a container; an error if no engine answers any more.

    Args:
        container: has ended.
        waits: seconds before each time that the engine is asked.
    """
    for seconds in waits:
        time.sleep(seconds)
        with _removal():
            container.reload()
        if container.attrs["State"].get("OOMKilled"):
            return True
    return False


@contextmanager
def _removal() -> Iterator[None]:
    """Raises InfraError if the container that the block asks for is gone."""
    from docker.errors import NotFound

    try:
        yield
    except NotFound as error:
        raise _killed_from_outside() from error


def _killed_from_outside() -> InfraError:
    return InfraError(
        "The container of the job was killed or removed from outside, and not at its memory limit.",
        ENGINE,
        "If no engine was shut down and nobody removed it, the machine ran out of memory: JOBS=1 needs less.",
    )


def _lines(streams: Any) -> Iterator[tuple[bool, str]]:  # noqa: ANN401 - docker's generator is untyped
    """Lines of a demultiplexed attachment, an endless one in pieces: (is standard output, line)."""
    rest = {True: b"", False: b""}
    for output, error in streams:
        for is_output, chunk in ((True, output), (False, error)):
            *lines, rest[is_output] = (rest[is_output] + (chunk or b"")).split(b"\n")
            for line in lines:
                yield is_output, line.decode(errors="replace") + "\n"
            if len(rest[is_output]) >= LONGEST_LINE:
                yield is_output, rest[is_output].decode(errors="replace") + "\n"
                rest[is_output] = b""
    for is_output, line in rest.items():
        if line:
            yield is_output, line.decode(errors="replace") + "\n"


@contextmanager
def _engine_errors() -> Iterator[None]:
    """Raises InfraError for an error of the engine in the block; a backbone's failure is an outcome, not an error.

    Waiting helps if the engine went away or failed (5xx), not if it refuses what it was asked.
    """
    from docker.errors import APIError, DockerException
    from docker.utils.socket import SocketError
    from requests.exceptions import RequestException
    from urllib3.exceptions import HTTPError

    try:
        yield
    except (DockerException, RequestException, HTTPError, SocketError, ConnectionError) as error:
        refused = isinstance(error, APIError) and (error.status_code or SERVER_ERROR) < SERVER_ERROR
        message = f"The Docker engine {'refused' if refused else 'failed or went away'} ({_first_line(error)})."
        raise InfraError(message, "" if refused else ENGINE, START_ENGINE) from error


def _first_line(error: BaseException) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0][:300]
