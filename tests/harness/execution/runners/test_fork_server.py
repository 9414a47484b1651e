"""A forked child finds what a new process finds, and leaves nothing for the next; children end with who wants them."""

import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

from harness.execution.runners.fork_server import CAN_FORK, ForkedChild, ForkServer
from harness.execution.runners.process import environment, spawn
from support.paths import ROOT
from support.processes import alive, gone

pytestmark = pytest.mark.skipif(not CAN_FORK, reason="no fork server on this system")

STATE = """
import faulthandler, gc, json, os, random, resource, signal, sys, threading, warnings
from pathlib import Path

state = {
    "environment": dict(os.environ), "folder": os.getcwd(), "arguments": sys.argv, "path": list(sys.path),
    "open": sorted(int(name) for name in os.listdir("/proc/self/fd") if int(name) < 100)[:-1],
    "threads": [len(os.listdir("/proc/self/task")), threading.active_count()],
    "umask": os.umask(0o22), "limits": resource.getrlimit(resource.RLIMIT_CORE),
    "blocked": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())),
    "signals": {number.name: str(signal.getsignal(number)) for number in signal.valid_signals() if number > 1
                and isinstance(number, signal.Signals)},
    "leads": [os.getsid(0) == os.getpid(), os.getpgid(0) == os.getpid()],
    "stdin": sys.stdin.read(), "name": __name__, "package": __package__,
    "silent": ("ignore", None, Warning, None, 0) in warnings.filters,
    "excepthook": sys.excepthook is sys.__excepthook__, "trace": [str(sys.gettrace()), str(sys.getprofile())],
    "recursion": sys.getrecursionlimit(), "gc": [gc.isenabled(), gc.get_threshold()],
}
"""
"""What a job can see of the process that it runs in."""

IMPORTED = """
import numpy, torch
import marked
state |= {
    "marks": [hasattr(module, "mark") for module in (os, numpy, torch, marked)],
    "threads_of_torch": torch.get_num_threads(), "deterministic": torch.are_deterministic_algorithms_enabled(),
    "type": str(torch.get_default_dtype()), "gradients": torch.is_grad_enabled(), "seed": torch.initial_seed(),
    "cuda": [torch.cuda.is_initialized(), torch.cuda._is_in_bad_fork()], "rows": numpy.get_printoptions()["threshold"],
}
draws = [random.random(), float(numpy.random.random())]
memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**10
"""
"""The state of libraries; the generators' next numbers; and the peak of memory in MiB."""

MARK = """
os.environ["MARK"] = "1"
os.chdir("/")
os.umask(0o77)
sys.path.append("/mark")
sys.setrecursionlimit(5000)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
signal.signal(signal.SIGTERM, signal.SIG_IGN)
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
warnings.simplefilter("ignore")
for module in (os, numpy, torch, marked):
    module.mark = True
numpy.set_printoptions(threshold=3)
random.seed(1), numpy.random.seed(1), torch.manual_seed(1)
torch.set_num_threads(1)
torch.use_deterministic_algorithms(True)
torch.set_default_dtype(torch.float64)
torch.set_grad_enabled(False)
gc.disable()
kept = open("kept", "w") if os.access(".", os.W_OK) else open(os.devnull)
threading.Thread(target=threading.Event().wait, daemon=True).start()
ballast = numpy.ones((1024, 2**17))
"""
"""Changes all of it."""

REPORT = "print(json.dumps([state, draws, memory]))\n"


def run(server: ForkServer, folder: Path, deed: str, *arguments: str) -> tuple[int, str, str]:
    """Exit code and streams of a module that a child runs."""
    child = start(server, folder, deed, *arguments)
    with child.stdout, child.stderr:
        return child.wait(60), child.stdout.read(), child.stderr.read()


def start(server: ForkServer, folder: Path, deed: str, *arguments: str) -> ForkedChild:
    (folder / "marked.py").touch()
    (folder / "deed.py").write_text(deed)
    return server.start(["deed", *arguments], folder, environment(folder))


def state_after(server: ForkServer, folder: Path, changes: str = "") -> tuple[dict[str, Any], list[float], float]:
    code, stdout, stderr = run(server, folder, STATE + IMPORTED + changes + REPORT, "train", "--job", "x")
    assert (code, stderr) == (0, "")
    state, draws, memory = json.loads(stdout)
    return state, draws, memory


def test_nothing_of_a_child_reaches_the_next(fork_server: ForkServer, tmp_path: Path) -> None:
    first, first_draws, first_memory = state_after(fork_server, tmp_path, MARK)
    second, second_draws, second_memory = state_after(fork_server, tmp_path)
    assert first == second
    assert (first["marks"], first["cuda"]) == ([False] * 4, [False, False])
    assert not set(first_draws) & set(second_draws)
    assert second_memory < first_memory + 600  # MiB; the first took 1024 more, and libraries may be imported between


def test_a_child_finds_what_a_new_process_finds(fork_server: ForkServer, tmp_path: Path) -> None:
    program = STATE + "print(json.dumps(state))"
    code, stdout, _ = run(fork_server, tmp_path, program, "train", "--job", "x")
    assert code == 0
    started = spawn([sys.executable, "-m", "deed", "train", "--job", "x"], tmp_path)
    assert started.stdout is not None
    assert started.stderr is not None
    with started.stdout, started.stderr:
        expected = json.loads(started.stdout.read())
    assert started.wait(60) == 0
    assert json.loads(stdout) == expected


@pytest.mark.parametrize(
    ("deed", "code", "stdout", "stderr"),
    [
        ("print('well')", 0, "well\n", ""),
        ("raise SystemExit", 0, "", ""),
        ("raise SystemExit(3)", 3, "", ""),
        ("raise SystemExit('what is this?')", 1, "", "what is this?\n"),
        ("raise RuntimeError('torn')", 1, "", "RuntimeError: torn\n"),
        ("raise KeyboardInterrupt", 1, "", "KeyboardInterrupt\n"),
        ("import os\nos._exit(9)", 9, "", ""),
        ("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)", -11, "", ""),
        ("import atexit\natexit.register(print, 'last')\nprint('first')", 0, "first\nlast\n", ""),
        ("import threading, time\nthreading.Timer(0.2, print, ['late']).start()", 0, "late\n", ""),
        ("import sys\nsys.stdout.close()", 0, "", ""),
        ("import nothing_of_this_name", 1, "", "ModuleNotFoundError: No module named 'nothing_of_this_name'\n"),
    ],
)
def test_a_child_ends_as_a_new_process_would(
    deed: str, code: int, stdout: str, stderr: str, fork_server: ForkServer, tmp_path: Path
) -> None:
    outcome = run(fork_server, tmp_path, deed)
    assert outcome[:2] == (code, stdout)
    assert outcome[2].endswith(stderr)
    assert bool(outcome[2]) == bool(stderr)


def test_children_run_beside_each_other(fork_server: ForkServer, tmp_path: Path) -> None:
    folders = [tmp_path / str(number) for number in range(6)]
    for folder in folders:
        folder.mkdir()

    def count(folder: Path) -> tuple[int, str, str]:
        return run(fork_server, folder, f"import time\ntime.sleep(0.1)\nprint({folder.name})\nexit({folder.name})")

    with ThreadPoolExecutor(6) as pool:
        outcomes = list(pool.map(count, folders))
    assert outcomes == [(number, f"{number}\n", "") for number in range(6)]


def test_a_timeout_is_no_end(fork_server: ForkServer, tmp_path: Path) -> None:
    child = start(fork_server, tmp_path, "import time\ntime.sleep(600)")
    with child.stdout, child.stderr:
        with pytest.raises(subprocess.TimeoutExpired):
            child.wait(0.1)
        os.killpg(child.pid, signal.SIGKILL)
        assert child.wait(10) == child.wait() == -signal.SIGKILL


SLEEPERS = """
import os, subprocess, sys, time
below = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print(os.getpid(), below.pid, os.getppid(), flush=True)
time.sleep(600)
"""


def test_children_go_with_the_process_they_are_forked_from_and_another_takes_its_place(tmp_path: Path) -> None:
    server = ForkServer(environment(tmp_path), ["json"])
    child = start(server, tmp_path, SLEEPERS)
    number, below, parent = map(int, child.stdout.readline().split())
    os.kill(parent, signal.SIGKILL)
    assert child.wait(10) == -signal.SIGKILL
    assert gone(number)
    with suppress(ProcessLookupError):
        os.kill(below, signal.SIGKILL)
    for stream in (child.stdout, child.stderr):
        stream.close()
    child = start(server, tmp_path, SLEEPERS)
    numbers = [int(word) for word in child.stdout.readline().split()]
    assert all(map(alive, numbers))
    server.close()
    assert all(map(gone, numbers))
    for stream in (child.stdout, child.stderr):
        stream.close()


HARNESS = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from harness.execution.runners.fork_server import ForkServer
from harness.execution.runners.process import environment
folder = Path({folder!r})
server = ForkServer(environment(folder), ["json"])
child = server.start(["deed"], folder, environment(folder))
print(child.stdout.readline(), flush=True)
child.wait()
"""


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_all_goes_with_a_harness_that_is_killed(end: signal.Signals, tmp_path: Path) -> None:
    (tmp_path / "deed.py").write_text(dedent(SLEEPERS))
    program = HARNESS.format(root=str(ROOT), folder=str(tmp_path))
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as harness:
        assert harness.stdout is not None
        numbers = [int(word) for word in harness.stdout.readline().split()]
        assert len(numbers) == 3
        assert all(map(alive, numbers))
        harness.send_signal(end)
    assert all(map(gone, numbers))


def test_a_process_that_cannot_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "torn.py").write_text("raise SystemExit('no room for a process')")
    monkeypatch.setattr("harness.execution.runners.fork_parent.__file__", str(tmp_path / "torn.py"))
    server = ForkServer(environment(tmp_path), ["json"])
    with pytest.raises(OSError, match="the process that starts jobs ended: no room for a process"):
        start(server, tmp_path, "")
    server.close()
