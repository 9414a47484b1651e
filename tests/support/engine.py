"""A Docker engine of a test's own, which it may kill: that of the machine has containers of others."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from contextlib import closing, suppress
from pathlib import Path

import docker
from docker.errors import DockerException
from requests.exceptions import RequestException

from harness.execution.runners.docker import connect
from support.processes import gone

BASE = "python:3.11-slim-bookworm"
START_SECONDS = 60
AS_ROOT = () if os.getuid() == 0 else ("sudo", "-n")
APART = ("unshare", "--net", "--")
"""Starts the engine with network interfaces of its own: else it removes the bridge of the machine's engine."""
OPTIONS = ("--bridge=none", "--iptables=false", "--shutdown-timeout=1", "--log-level=error")
"""The engine sets up no network. When it is shut down, it kills containers that have not ended after one second."""


def trouble() -> str:
    """Why no engine of one's own can be started; empty if one can."""
    if shutil.which("dockerd") is None:
        return "there is no dockerd here, which an engine of the test's own needs"
    if _privileged([*APART, "true"]) is None:
        return "an engine of the test's own needs root, or sudo without a password, and a network of its own"
    return ""


def _privileged(command: list[str]) -> subprocess.CompletedProcess[bytes] | None:
    """Run a command as root; None if that is not possible."""
    with suppress(OSError, subprocess.CalledProcessError):
        return subprocess.run([*AS_ROOT, *command], check=True, capture_output=True, timeout=60)
    return None


class OwnEngine:
    """An engine with the base image alone, whose data is removed with it.

    Attributes:
        address: of its socket, for DOCKER_HOST.
        client: of the running engine.
    """

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="pb"))  # a socket's path must be short
        self.address = f"unix://{self._folder}/s"
        self._process: subprocess.Popen[bytes] | None = None
        self.client = self._start()
        with closing(connect()) as machine:
            self.client.images.load(b"".join(machine.images.get(BASE).save(named=True)))

    def start(self) -> None:
        """Start it again, and wait until it answers."""
        self.client.close()
        self.client = self._start()

    def _start(self) -> docker.DockerClient:
        places = {"data-root": "d", "exec-root": "e", "pidfile": "p"}
        command = [
            *AS_ROOT,
            *APART,
            "dockerd",
            f"--host={self.address}",
            *(f"--{option}={self._folder / name}" for option, name in places.items()),
            *OPTIONS,
        ]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, start_new_session=True)
        end = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > end:
                raise AssertionError(f"no engine started: {(self._folder / 'log').read_text()[-2000:]}")
            time.sleep(0.1)
        return docker.DockerClient(base_url=self.address, timeout=60)

    def _answers(self) -> bool:
        with suppress(OSError), socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(self.address.removeprefix("unix://"))
            connection.sendall(b"GET /_ping HTTP/1.0\r\n\r\n")
            return b" 200 " in connection.recv(100)
        return False

    def end(self, how: signal.Signals) -> None:
        """End the daemon by a signal, and wait until it is gone."""
        assert self._process is not None
        with suppress(FileNotFoundError):
            pid = (self._folder / "p").read_text().strip()
            _privileged(["kill", f"-{how.value}", pid])
        self._process.wait(60)
        # what ends with a killed daemon is dying for a moment, which the next daemon would take for alive
        helper = self._folder / "e" / "containerd" / "containerd.pid"
        number = _privileged(["cat", str(helper)])
        assert number is None or gone(int(number.stdout))
        _privileged(["rm", "-f", str(self._folder / "p"), str(helper)])

    def close(self) -> None:
        """Remove its containers, end it, and remove its data, also after a test that failed while it was away."""
        with suppress(DockerException, RequestException):
            for container in self.client.containers.list(all=True):
                container.remove(force=True)
        self.client.close()
        self.end(signal.SIGTERM)
        mounts = [line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()]
        for mount in sorted((one for one in mounts if one.startswith(f"{self._folder}/")), reverse=True):
            _privileged(["umount", "--lazy", mount])
        _privileged(["rm", "-rf", str(self._folder)])
