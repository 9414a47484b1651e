"""`install.sh` with a Python that only notes what it is asked to install."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from support.paths import ROOT

PYTHON = """#!/bin/sh
case "$1 $2" in
"-m venv") mkdir -p "$3/bin" && cp "$0" "$3/bin/python" ;;
"-m pip") echo "$@" >>"{notes}"; echo "WARNING: noise"; [ ! -e "{notes}.broken" ] ;;
*) exec {python} "$@" ;;
esac
"""

no_gpu = pytest.mark.skipif(Path("/dev/nvidia0").exists() or sys.platform != "linux", reason="CPU builds of Linux")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def index(tmp_path: Path) -> Iterator[str]:
    """Address of an index that has torch."""
    (tmp_path / "index" / "torch").mkdir(parents=True)
    with ThreadingHTTPServer(("localhost", 0), partial(Quiet, directory=tmp_path / "index")) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://localhost:{server.server_port}"
        server.shutdown()
        thread.join()


def install(
    folder: Path, wanted: str, index: str, *, gpu: bool = False
) -> tuple[subprocess.CompletedProcess[str], str]:
    """How it ended, and what pip was asked for."""
    programs, notes = folder / "programs", folder / "notes"
    programs.mkdir(exist_ok=True)
    notes.touch()
    for name, text in {
        "python": PYTHON.format(notes=notes, python=sys.executable),
        "nvidia-smi": f"#!/bin/sh\nexit {int(not gpu)}\n",
    }.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    environment = {"PATH": f"{programs}:{os.environ['PATH']}", "TORCH_CPU_INDEX": index}
    command = [str(ROOT / "install.sh"), str(programs / "python"), str(folder / "venv"), wanted]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    return done, notes.read_text()


@no_gpu
def test_without_a_gpu_the_cpu_builds_are_taken_where_they_can_be_reached(tmp_path: Path, index: str) -> None:
    done, asked = install(tmp_path, "auto", index)
    assert (done.returncode, done.stderr) == (0, "")
    assert "CPU builds (this machine has no NVIDIA GPU): about 2 GB" in done.stdout
    assert f"--index-url {index} torch==" in asked
    assert (tmp_path / "venv" / "installed").read_text() == "cpu\n"


@no_gpu
def test_without_their_index_the_default_builds_are_taken(tmp_path: Path) -> None:
    done, asked = install(tmp_path, "auto", "http://localhost:9")
    assert done.returncode == 0
    assert "default builds (this machine has no NVIDIA GPU, but the index" in done.stdout
    assert "--index-url" not in asked


def test_with_a_gpu_the_default_builds_are_taken(tmp_path: Path, index: str) -> None:
    done, asked = install(tmp_path, "auto", index, gpu=True)
    assert "default builds (this machine has an NVIDIA GPU): about 7 GB" in done.stdout
    assert "--index-url" not in asked
    assert (tmp_path / "venv" / "installed").read_text() == "default\n"


@pytest.mark.parametrize("wanted", ["default", "cpu"])
def test_what_the_user_names_is_taken(wanted: str, tmp_path: Path, index: str) -> None:
    done, _ = install(tmp_path, wanted, index)
    assert f"(as TORCH={wanted} says)" in done.stdout
    assert "noise" not in done.stdout + done.stderr
    assert "noise" in (tmp_path / "venv" / "install.log").read_text()


def test_another_build_is_refused(tmp_path: Path, index: str) -> None:
    done, asked = install(tmp_path, "gpu", index)
    assert (done.returncode, done.stderr, asked) == (2, "TORCH is 'gpu'; allowed are: auto, default, cpu\n", "")


def test_a_failure_shows_the_end_of_the_log_and_its_file(tmp_path: Path, index: str) -> None:
    (tmp_path / "notes.broken").touch()
    done, _ = install(tmp_path, "default", index)
    assert done.returncode == 1
    assert f"The end of {tmp_path / 'venv' / 'install.log'}:\nWARNING: noise" in done.stderr
    assert not (tmp_path / "venv" / "installed").exists()


def test_what_tests_need_is_no_part_of_what_a_bench_needs() -> None:
    bench, tests = ((ROOT / name).read_text().splitlines() for name in ("requirements.lock", "requirements-dev.lock"))
    bench_names, test_names = (
        {line.split("==")[0] for line in lines if line[:1].isalnum()} for lines in (bench, tests)
    )
    assert {"pytest", "mypy", "ruff"} <= test_names
    assert {"torch", "numpy", "typer"} <= bench_names
    assert not bench_names & test_names
