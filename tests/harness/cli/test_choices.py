from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmark.errors import InputError, RunError
from harness.cli.choices import choose_places, choose_precision, choose_protocol, choose_runner
from harness.cli.options import ContestantOptions
from harness.execution.executors import cluster
from harness.execution.executors.cluster import Machine
from harness.execution.runners.process import ProcessRunner
from harness.workspace import Workspace
from support.fakes import FakeEngine, RecordingListener

HERE = Workspace.here()
NO_TOOLKIT = "containers cannot see the GPU; install the NVIDIA Container Toolkit, or use RUNNER=process"
NO_TORCH = "torch cannot use the GPU here: it ended with exit code 1: Torch not compiled with CUDA enabled"


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Makes this a machine with these GPUs, an engine with these runtimes or none, and a torch for them or not."""
    for name in ("CUDA_VISIBLE_DEVICES", "TORCH"):
        monkeypatch.delenv(name, raising=False)

    def pretend(*, gpus: int = 1, engine: tuple[str, ...] = ("runc", "nvidia"), torch: bool = True) -> None:
        def connect() -> FakeEngine:
            if not engine:
                raise RunError("No Docker engine answers.")
            return FakeEngine(*engine)

        def use_gpu(runner: ProcessRunner) -> None:  # noqa: ARG001 - a method
            if not torch:
                raise RunError(NO_TORCH)

        monkeypatch.setattr("harness.cli.choices.gpus", lambda: ["NVIDIA H200"] * gpus)
        monkeypatch.setattr("harness.execution.runners.docker.connect", connect)
        monkeypatch.setattr("harness.execution.runners.docker.shutil.which", lambda _: None)
        monkeypatch.setattr(ProcessRunner, "use_gpu", use_gpu)

    return pretend


NO_ENGINE = "no Docker engine answers; same code, but library versions may differ: the record names them"


@pytest.mark.parametrize(
    ("machine_facts", "options", "choice", "reports"),
    [
        ({}, ("auto", "auto"), ("docker", "cuda"), ["Runner: docker (an engine answers)."]),
        ({}, ("docker", "cuda"), ("docker", "cuda"), []),
        ({}, ("process", "auto"), ("process", "cuda"), []),
        ({}, ("auto", "cpu"), ("docker", "cpu"), ["Runner: docker (an engine answers)."]),
        ({"gpus": 0}, ("auto", "auto"), ("docker", "cpu"), ["Runner: docker (an engine answers)."]),
        ({"engine": ()}, ("auto", "auto"), ("process", "cuda"), [f"Runner: process ({NO_ENGINE})."]),
        ({"engine": ("runc",)}, ("auto", "auto"), ("process", "cuda"), [f"Runner: process ({NO_TOOLKIT})."]),
        ({"engine": ("runc",)}, ("auto", "cuda"), ("process", "cuda"), [f"Runner: process ({NO_TOOLKIT})."]),
        ({"engine": ("runc",)}, ("docker", "auto"), ("docker", "cpu"), [f"Device: cpu ({NO_TOOLKIT})."]),
        ({"torch": False}, ("auto", "auto"), ("docker", "cuda"), ["Runner: docker (an engine answers)."]),
        ({"torch": False}, ("process", "auto"), ("process", "cpu"), [f"Device: cpu ({NO_TORCH})."]),
        (
            {"torch": False, "engine": ("runc",)},
            ("auto", "auto"),
            ("docker", "cpu"),
            ["Runner: docker (an engine answers).", f"Device: cpu ({NO_TOOLKIT}; {NO_TORCH})."],
        ),
    ],
)
def test_auto_takes_what_works_and_reports_it(
    machine_facts: dict[str, Any],
    options: tuple[str, str],
    choice: tuple[str, str],
    reports: list[str],
    machine: Callable[..., None],
) -> None:
    machine(**machine_facts)
    listener = RecordingListener()
    runner, device = choose_runner(*options, HERE, listener)
    assert (runner.name, device) == choice
    assert listener.reports == reports


def test_torch_for_the_processor_wants_no_gpu(machine: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    machine()
    monkeypatch.setenv("TORCH", "cpu")
    runner, device = choose_runner("auto", "auto", HERE, RecordingListener())
    assert (runner.name, device) == ("docker", "cpu")


@pytest.mark.parametrize(
    ("machine_facts", "runner", "reason"),
    [
        ({"engine": ("runc",)}, "docker", NO_TOOLKIT),
        ({"torch": False}, "process", NO_TORCH),
        ({"torch": False, "engine": ("runc",)}, "auto", f"{NO_TOOLKIT}; {NO_TORCH}"),
    ],
)
def test_a_gpu_that_jobs_cannot_use_is_one_message_with_the_fix(
    machine_facts: dict[str, Any], runner: str, reason: str, machine: Callable[..., None]
) -> None:
    machine(**machine_facts)
    with pytest.raises(RunError, match=f"^Device 'cuda' was asked for, but {reason}\\. DEVICE=cpu needs no GPU\\.$"):
        choose_runner(runner, "cuda", HERE, RecordingListener())


@pytest.mark.parametrize(
    ("runner", "device", "message"),
    [
        ("podman", "auto", "Unknown runner 'podman'; there are: auto, docker, process."),
        ("process", "gpu", "Unknown device 'gpu'; there are: auto, cpu, cuda."),
        ("process", "cuda", "Device 'cuda' was asked for, but no NVIDIA driver shows a GPU; use cpu."),
    ],
)
def test_a_runner_or_device_that_there_is_not_is_the_user_s_error(
    runner: str, device: str, message: str, machine: Callable[..., None]
) -> None:
    machine(gpus=0)
    with pytest.raises(InputError) as raised:
        choose_runner(runner, device, HERE, RecordingListener())
    assert str(raised.value) == message


def test_a_precision_is_one_of_the_contract_s() -> None:
    assert choose_precision("bfloat16") == "bfloat16"
    with pytest.raises(InputError, match=r"^Unknown precision 'float16'; there are: auto, float32, bfloat16\.$"):
        choose_precision("float16")


@pytest.mark.parametrize(
    ("written", "hint"), [("colur", r"there are: aotgan, .*\. Did you mean 'colour'\?"), ("xyz", "there are: aotgan, ")]
)
def test_a_backbone_that_there_is_not_is_no_name_for_a_value(tmp_path: Path, written: str, hint: str) -> None:
    quick = (HERE.protocols / "quick.toml").read_text(encoding="utf-8")
    path = tmp_path / "mine.toml"
    path.write_text(f"{quick}\n[backbones.{written}]\nbatch_size = 3\n", encoding="utf-8")
    with pytest.raises(InputError, match=rf"mine\.toml: .* the backbone '{written}', which does not exist; {hint}"):
        choose_protocol(str(path), HERE)
    path.write_text(f"{quick}\n[backbones.colour]\nbatch_size = 3\n", encoding="utf-8")
    assert set(choose_protocol(str(path), HERE).backbones) == {"colour"}


def test_a_checkout_with_fewer_backbones_has_the_shipped_protocols_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "benchmark").mkdir()
    (tmp_path / "benchmark" / "protocols").symlink_to(HERE.protocols)
    (tmp_path / "backbones").mkdir()
    assert choose_protocol("quick", Workspace(tmp_path)).name == "quick"


def test_without_a_word_stages_are_done_here() -> None:
    places = choose_places(ContestantOptions(runner="process", device="cpu"), HERE, RecordingListener())
    assert (places.executor, places.device) == ("local", "cpu")
    options = ContestantOptions(runner="process", device="cpu", jobs=7)
    assert choose_places(options, HERE, RecordingListener()).workers == 7


def test_an_unknown_executor_is_refused_with_those_there_are() -> None:
    with pytest.raises(InputError, match=r"Unknown executor 'slurm'; there are: local, ray\."):
        choose_places(ContestantOptions(executor="slurm"), HERE, RecordingListener())


@pytest.mark.parametrize(
    ("gpus", "device", "chosen", "workers"), [(0, "auto", "cpu", 4), (3, "auto", "cuda", 3), (3, "cpu", "cpu", 4)]
)
def test_the_device_of_a_cluster_is_that_of_its_machines(
    gpus: int, device: str, chosen: str, workers: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    machines = [Machine("1", "one", 8, 0, 1), Machine("2", "two", 8, gpus, 1)]
    monkeypatch.setattr(cluster, "machines", lambda: machines)
    monkeypatch.setattr(cluster, "check_machines", lambda *_: None)
    listener = RecordingListener()
    places = choose_places(ContestantOptions(executor="ray", runner="process", device=device), HERE, listener)
    assert (places.executor, places.device, places.workers) == ("ray", chosen, workers)
    assert f"Executor: ray (2 machines, 16 CPUs, {gpus} GPUs)." in listener.reports


def test_a_gpu_that_no_machine_of_the_cluster_has_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "machines", lambda: [Machine("1", "one", 8, 0, 1)])
    with pytest.raises(InputError, match="no machine of the cluster has a GPU"):
        choose_places(ContestantOptions(executor="ray", device="cuda"), HERE, RecordingListener())
