"""The process runner on real children that misbehave: they end in time, with all that they started."""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent

import pytest

from benchmark.errors import RunError
from harness.contestants.registry import BackboneFacts, find
from harness.execution.runners.base import LONGEST_LINE, JobFolder, Limits, Log, Outcome, ending
from harness.execution.runners.process import Child, ProcessRunner
from harness.workspace import Workspace
from support.misbehaviour import GARBAGE, GARBAGE_LINES, flood, ignore
from support.paths import ROOT
from support.processes import alive, gone

LIMITS = Limits(seconds=60, memory_gib=1)
SLEEPER = "import subprocess, sys\nchild = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"


def facts(*command: str) -> BackboneFacts:
    return BackboneFacts(
        name="hostile", title="Hostile", paper="none", licence="none", capabilities=(), input={}, command=command
    )


def job(folder: Path, artifacts: dict[str, Path] | None = None) -> JobFolder:
    (folder / "pack").mkdir(parents=True)
    (folder / "job").mkdir()
    return JobFolder(folder / "job", folder / "pack", artifacts or {})


def write_backbone(root: Path, deed: str, *, forked: bool = False) -> BackboneFacts:
    """A backbone that runs a script: by a command of its own, or as one of the kit does, in a forked process."""
    script = root / "backbones" / "kit" / "__main__.py"
    script.parent.mkdir(parents=True, exist_ok=True)
    script.write_text(dedent(deed))
    return facts() if forked else facts("{python}", str(script), "hostile")


def perform(
    root: Path,
    deed: str,
    *,
    seconds: float = 60,
    artifacts: dict[str, Path] | None = None,
    forked: bool = False,
) -> tuple[Outcome, list[str]]:
    """How a script ended that is run as a backbone, and the lines of its standard output."""
    lines: list[str] = []
    backbone, folder = write_backbone(root, deed, forked=forked), job(root, artifacts)
    outcome = ProcessRunner(Workspace(root)).run(backbone, "train", folder, Limits(seconds, 1), lines.append)
    return outcome, lines


both_ways = pytest.mark.parametrize("forked", [False, True])


@both_ways
def test_a_job_finds_the_files_of_the_contract_and_its_links_go_again(tmp_path: Path, forked: bool) -> None:
    weights = tmp_path / "published.pt"
    weights.write_text("as published")
    outcome, lines = perform(
        tmp_path,
        """
        import os, sys
        from pathlib import Path
        name, verb, option, folder = sys.argv[1:]
        job = Path(folder)
        (job / "out" / "numbers").write_text("12")
        print(verb, option, sorted(os.listdir(job)), (job / "in" / "weights.pt").read_text(), os.listdir(job / "data"))
        print(os.getcwd(), repr(sys.stdin.read()))
        """,
        artifacts={"weights.pt": weights},
        forked=forked,
    )
    assert outcome.status == "ok"
    assert lines == ["train --job ['data', 'in', 'out'] as published []\n", f"{tmp_path} ''\n"]
    assert (tmp_path / "job" / "out" / "numbers").read_text() == "12"
    assert list((tmp_path / "job" / "in").iterdir()) == []
    assert list((tmp_path / "job" / "data").iterdir()) == []


@both_ways
def test_links_go_when_the_job_fails_too(tmp_path: Path, forked: bool) -> None:
    assert perform(tmp_path, "raise SystemExit(1)", forked=forked)[0].status == "crash"
    assert sorted(path.name for path in (tmp_path / "job").rglob("*")) == ["data", "in", "out"]


@both_ways
def test_a_child_sees_nothing_of_our_environment_but_what_it_needs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, forked: bool
) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "HTTPS_PROXY", "PYTHONSTARTUP", "PYTHONPATH", "OMP_WAIT_POLICY"):
        monkeypatch.setenv(name, "ours")
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3")
    monkeypatch.setenv("CUDA_DEVICE_ORDER", "PCI_BUS_ID")
    _, lines = perform(tmp_path, "import json, os\nprint(json.dumps(dict(os.environ)))", forked=forked)
    environ = json.loads(lines[0])
    needed = {"PATH", "HOME", "TMPDIR", "LANG", "LD_LIBRARY_PATH", "CUDA_VISIBLE_DEVICES", "CUDA_DEVICE_ORDER"}
    handed_on = needed & set(os.environ)
    assert {name: environ[name] for name in handed_on} == {name: os.environ[name] for name in handed_on}
    ours = {"PYTHONPATH", "PYTHONUNBUFFERED", "CUBLAS_WORKSPACE_CONFIG", "OMP_WAIT_POLICY"}
    assert set(environ) - {"LC_CTYPE"} == handed_on | ours  # Python itself sets LC_CTYPE where the language is C
    assert environ["PYTHONPATH"] == str(tmp_path)
    assert "ours" not in environ.values()


@both_ways
@pytest.mark.parametrize("end", ["import time\ntime.sleep(600)", "raise SystemExit(0)", "raise SystemExit(3)"])
def test_what_a_job_started_ends_with_it(end: str, tmp_path: Path, forked: bool) -> None:
    """A child that ignores signals, and a grandchild that would sleep on and holds the streams open."""
    ignore_signals = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
    start = time.monotonic()
    outcome, lines = perform(
        tmp_path, f"{ignore_signals}{SLEEPER}print(child.pid, flush=True)\n{end}", seconds=2, forked=forked
    )
    expected = "timeout" if "sleep(600)" in end else "ok" if "(0)" in end else "crash"
    assert outcome.status == expected
    assert time.monotonic() - start < 20
    assert gone(int(lines[0]))


@both_ways
def test_a_grandchild_in_a_session_of_its_own_holds_nobody_up_and_ends_with_the_job(
    tmp_path: Path, forked: bool
) -> None:
    start = time.monotonic()
    outcome, lines = perform(
        tmp_path, SLEEPER.replace("])", "], start_new_session=True)") + "print(child.pid)", forked=forked
    )
    assert outcome.status == "ok"
    assert time.monotonic() - start < 30
    assert gone(int(lines[0]))


@both_ways
def test_a_line_without_an_end_comes_in_pieces(tmp_path: Path, forked: bool) -> None:
    outcome, lines = perform(tmp_path, "import sys\nfor _ in range(8): sys.stdout.write('x' * 2**20)", forked=forked)
    assert "".join(lines) == "x" * 2**23
    assert max(map(len, lines)) <= LONGEST_LINE
    assert len(outcome.log) < 50_000


@both_ways
def test_the_cause_is_the_last_line_of_standard_error_though_output_comes_later(tmp_path: Path, forked: bool) -> None:
    deed = """
        import os, time
        os.write(2, b"what is this?\\n")
        time.sleep(0.3)
        os.write(1, b"late\\n")
        os._exit(3)
        """
    outcome, _ = perform(tmp_path, deed, forked=forked)
    assert (outcome.cause, outcome.log) == ("found the data unusable: what is this?", "what is this?\nlate")


@both_ways
def test_time_beyond_the_limit_is_a_timeout_with_its_log(tmp_path: Path, forked: bool) -> None:
    outcome, _ = perform(
        tmp_path, "import time\nprint('I stay', flush=True)\ntime.sleep(600)", seconds=2, forked=forked
    )
    assert outcome == Outcome("timeout", "stopped at its limit of 2 s", "I stay")


@both_ways
def test_cancel_stops_a_running_job_from_another_thread(tmp_path: Path, forked: bool) -> None:
    begun = threading.Event()
    numbers: list[int] = []

    def listen(line: str) -> None:
        numbers.append(int(line))
        begun.set()

    deed = f"{SLEEPER}import time\nprint(child.pid, flush=True)\ntime.sleep(600)"
    backbone = write_backbone(tmp_path, deed, forked=forked)
    runner = ProcessRunner(Workspace(tmp_path))
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(runner.run, backbone, "train", job(tmp_path), LIMITS, listen)
        assert begun.wait(30)
        runner.cancel()
        with pytest.raises(RunError, match="The job was stopped"):
            future.result(timeout=20)
    assert gone(numbers[0])


def test_cancel_stops_a_job_that_is_only_being_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runner = ProcessRunner(Workspace(tmp_path))
    started: list[int] = []

    start = runner._spawn

    def start_late(command: Sequence[str]) -> Child:
        """Ctrl-C comes when the child is there and the runner does not know of it yet."""
        child = start(command)
        started.append(child.pid)
        runner.cancel()
        return child

    monkeypatch.setattr(runner, "_spawn", start_late)
    sleeper = facts("{python}", "-c", "import time; time.sleep(600)")
    with pytest.raises(RunError, match="The job was stopped"):
        runner.run(sleeper, "train", job(tmp_path), Limits(20, 1), ignore)
    assert gone(started[0])
    with pytest.raises(RunError, match="The job was stopped"):
        runner.describe(sleeper, [])


TORCH = """
import os
def ones(count, *, device):
    assert device == "cuda"
    if os.environ.get("CUDA_VISIBLE_DEVICES") == "":
        raise RuntimeError("No CUDA GPUs are available.\\nAnd more of it.")
"""


def test_a_gpu_is_used_where_torch_reaches_it_with_what_a_job_sees(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner = ProcessRunner(Workspace(tmp_path))
    (tmp_path / "torch.py").write_text(TORCH)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    runner.use_gpu()
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    with pytest.raises(RunError, match=r"^torch cannot use the GPU here: .* code 1: No CUDA GPUs are available$"):
        runner.use_gpu()
    (tmp_path / "torch.py").write_text("import os\nos._exit(139)")
    with pytest.raises(RunError, match=r"^torch cannot use the GPU here: .*139: it printed nothing$"):
        runner.use_gpu()


HARNESS = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from harness.contestants import trust
from harness.contestants.registry import BackboneFacts
from harness.execution.runners.process import ProcessRunner
from harness.workspace import Workspace
trust.is_trusted = lambda *_: True
facts = BackboneFacts(name="x", title="T", paper="", licence="", capabilities=(), input={{}}, command={command!r})
ProcessRunner(Workspace(Path({folder!r}))).call(facts, [], 60, lambda line: print(line, end="", flush=True))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's death")
def test_a_child_goes_with_a_harness_that_is_killed(tmp_path: Path) -> None:
    deed = "import os, time; print(os.getpid(), flush=True); time.sleep(600)"
    program = HARNESS.format(root=str(ROOT), folder=str(tmp_path), command=("{python}", "-c", deed))
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as harness:
        assert harness.stdout is not None
        child = int(harness.stdout.readline())
        assert alive(child)
        harness.send_signal(signal.SIGKILL)
    assert gone(child)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux gives orphans to a supervisor")
@pytest.mark.parametrize("killed", ["harness", "job"])
def test_workers_of_a_contestant_end_with_a_harness_or_a_job_that_is_killed(killed: str, tmp_path: Path) -> None:
    workers = "".join(SLEEPER.replace("])", f"], start_new_session={own})\nprint(child.pid)") for own in (False, True))
    deed = f"import os, time\n{workers}print(os.getpid(), flush=True)\ntime.sleep(600)"
    (tmp_path / "deed.py").write_text(deed)
    program = HARNESS.format(root=str(ROOT), folder=str(tmp_path), command=("{python}", str(tmp_path / "deed.py")))
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True) as harness:
        assert harness.stdout is not None
        numbers = [int(harness.stdout.readline()) for _ in range(3)]
        assert all(map(alive, numbers))
        os.kill(harness.pid if killed == "harness" else numbers[-1], signal.SIGKILL)
    assert all(map(gone, numbers))


@both_ways
def test_a_flood_on_both_streams_is_read_to_its_end(tmp_path: Path, forked: bool) -> None:
    outcome, lines = perform(tmp_path, flood(20_000), forked=forked)
    assert outcome.status == "ok"
    assert lines == [f"{number}\n" for number in range(20_000)]
    assert len(outcome.log.splitlines()) == 40


@both_ways
def test_binary_garbage_is_survived(tmp_path: Path, forked: bool) -> None:
    outcome, lines = perform(tmp_path, GARBAGE, forked=forked)
    assert outcome.status == "ok"
    assert [line.strip("\n") for line in lines] == GARBAGE_LINES
    assert "event" not in outcome.log


@both_ways
@pytest.mark.parametrize(
    ("deed", "expected"),
    [
        ("print('all well')", Outcome("ok", "", "all well")),
        ("raise SystemExit('what is this?')", Outcome("crash", "ended with exit code 1: what is this?", "", 1)),
        ("import os\nos._exit(2)", Outcome("crash", "cannot do the job as asked: it printed nothing", "", 2)),
        ("import os\nos.write(2, b'torn\\n')\nos._exit(3)", Outcome("crash", "found the data unusable: torn", "", 3)),
        (
            "import os\nos.kill(os.getpid(), 11)",
            Outcome("crash", "ended with exit code -11: it printed nothing", "", -11),
        ),
        ("import os\nos.kill(os.getpid(), 9)", Outcome("oom_host", "was killed, which most often means")),
        ("bytearray(2**60)", Outcome("oom_host", "ran out of memory")),
        ("raise RuntimeError('CUDA out of memory')", Outcome("oom_gpu", "ran out of GPU memory")),
    ],
)
def test_an_outcome_follows_from_code_and_last_line(deed: str, expected: Outcome, tmp_path: Path, forked: bool) -> None:
    outcome, _ = perform(tmp_path, deed, forked=forked)
    assert (outcome.status, outcome.code) == (expected.status, expected.code)
    assert outcome.cause.startswith(expected.cause)
    assert expected.log in outcome.log


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.", "oom_gpu"),
        ("RuntimeError: CUDA error: out of memory", "oom_gpu"),
        ("RuntimeError: cuFFT error: CUFFT_ALLOC_FAILED", "oom_gpu"),
        ("RuntimeError: CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`", "oom_gpu"),
        ("RuntimeError: cuDNN error: CUDNN_STATUS_ALLOC_FAILED", "oom_gpu"),
        ("RuntimeError: DefaultCPUAllocator: can't allocate memory: you tried to allocate 8 bytes.", "oom_host"),
        ("RuntimeError: [enforce fail] data. DefaultCPUAllocator: not enough memory: you tried", "oom_host"),
        ("RuntimeError: not enough memory: you tried to allocate 8 bytes.", "oom_host"),
        ("terminate called after throwing an instance of 'std::bad_alloc'", "oom_host"),
        ("RuntimeError: CUDA error: device-side assert triggered", "crash"),
    ],
)
def test_what_ran_out_is_known_from_the_log(line: str, status: str) -> None:
    log = Log()
    log.add(line, error=True)
    log.add("(more of it)", error=True)
    assert ending(1, log).status == status
    assert ending(0, log).status == "ok"


def test_a_program_that_is_not_there_is_no_failure_of_the_job(tmp_path: Path) -> None:
    runner = ProcessRunner(Workspace(tmp_path))
    with pytest.raises(RunError, match=r"hostile: cannot start '/no/such/program': No such file or directory\."):
        runner.run(facts("/no/such/program"), "train", job(tmp_path), LIMITS, ignore)
    assert sorted(path.name for path in (tmp_path / "job").rglob("*")) == ["data", "in", "out"]


def test_a_description_is_what_was_printed(tmp_path: Path) -> None:
    runner = ProcessRunner(Workspace(tmp_path))
    command = facts("{python}", "-c", "import sys; print('one'); print(sys.argv[1:]); print('aside', file=sys.stderr)")
    outcome, text = runner.describe(command, ["--image-size", "64"])
    assert (outcome.status, text) == ("ok", "one\n['describe', '--image-size', '64']\n")


def test_a_contestant_of_the_kit_describes_itself() -> None:
    here = Workspace.here()
    outcome, text = ProcessRunner(here).describe(find("pixels", here), ["--image-size", "32"])
    assert outcome.status == "ok"
    assert json.loads(text)["shape"] == [3, 16, 16]


def test_the_digest_follows_the_code_of_backbone_and_kit_alone(tmp_path: Path) -> None:
    for name in ("kit", "hostile"):
        (tmp_path / "backbones" / name).mkdir(parents=True)
    (tmp_path / "backbones" / "kit" / "job.py").write_text("one")
    runner = ProcessRunner(Workspace(tmp_path))
    digests = [runner.prepare(facts(), ignore)]
    (tmp_path / "elsewhere.py").write_text("of no interest")
    assert runner.prepare(facts(), ignore) == digests[0]
    for path in ("kit/job.py", "hostile/model.py"):
        (tmp_path / "backbones" / path).write_text("two")
        digests.append(runner.prepare(facts(), ignore))
    assert len(set(digests)) == 3
