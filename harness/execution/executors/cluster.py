"""A Ray cluster: connecting to it, what its machines have, and whether they can work together."""

import fcntl
import signal
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmark.errors import InputError, RunError
from harness.execution.executors.node import code_here, probe

PROBE_SECONDS = 120
"""How long a machine may take to answer."""


@dataclass(frozen=True)
class Machine:
    """What Ray may use of a machine.

    Attributes:
        node: its number in the cluster.
        address: for people.
        cpus: processors.
        gpus: GPUs.
        memory: bytes.
    """

    node: str
    address: str
    cpus: int
    gpus: int
    memory: int


def connect() -> Any:  # noqa: ANN401 - Ray is untyped here
    """Ray, connected: to the cluster of RAY_ADDRESS, else to one that runs on this machine, else to one of this alone.

    Raises:
        InputError: Ray is not installed.
        RunError: no cluster answers.
    """
    try:
        import ray
    except ImportError as error:
        raise InputError("EXECUTOR=ray needs Ray: pip install 'patternbench[ray]'") from error
    if ray.is_initialized():
        return ray
    try:
        with _own_signals():
            ray.init(log_to_driver=False, logging_level="warning", include_dashboard=None)
    except (ConnectionError, RuntimeError, ValueError, TimeoutError) as error:
        raise RunError(
            f"No Ray cluster answers ({str(error).splitlines()[0]}). Start one (ray start --head), name it in "
            "RAY_ADDRESS, or use EXECUTOR=local."
        ) from error
    return ray


def machines() -> list[Machine]:
    """Those of the cluster that have processors."""
    ray = connect()
    found = []
    for node in ray.nodes():
        has = node["Resources"]
        if node["Alive"] and has.get("CPU", 0) >= 1:
            address = f"{node['NodeManagerAddress']} ({node['NodeID'][:8]})"
            numbers = int(has["CPU"]), int(has.get("GPU", 0)), int(has.get("memory", 0))
            found.append(Machine(node["NodeID"], address, *numbers))
    if not found:
        raise RunError("The Ray cluster has no machine with a processor. Start one: ray start --address=HEAD:6379")
    return found


def stages_at_once(cluster: Sequence[Machine], device: str) -> int:
    """Number of stages that a cluster does at the same time: one a GPU, or two a machine on processors."""
    if device == "cuda":
        return max(1, sum(machine.gpus for machine in cluster))
    return sum(min(2, machine.cpus) for machine in cluster)


def threads_of(cluster: Sequence[Machine], workers: int) -> int:
    """Processor threads of a stage if all workers are busy; never more than the smallest machine has."""
    return max(1, min(sum(machine.cpus for machine in cluster) // workers, *(machine.cpus for machine in cluster)))


def check_machines(cluster: Sequence[Machine], store: Path) -> None:
    """Check that every machine sees the store and its locks, and has this version of the project.

    Args:
        cluster: the machines.
        store: folder of the store, which they share.

    Raises:
        RunError: some do not; all faults are listed.
    """
    ray = connect()
    task = ray.remote(max_retries=0)(probe)
    store.mkdir(parents=True, exist_ok=True)
    with _locked_token(store) as (token, written):
        content = f"{written} {code_here()}"
        answers = {machine: _on(task, machine).remote(token, content) for machine in cluster}
        faults = [f"{machine.address} {fault}" for machine, answer in answers.items() for fault in _faults(answer)]
    if faults:
        raise RunError("\n".join(["The machines of the cluster cannot work together:", *faults]))


def _on(task: Any, machine: Machine) -> Any:  # noqa: ANN401 - Ray is untyped here
    from ray.util.scheduling_strategies import NodeAffinitySchedulingStrategy

    return task.options(num_cpus=0, scheduling_strategy=NodeAffinitySchedulingStrategy(machine.node, soft=False))


def _faults(answer: Any) -> list[str]:  # noqa: ANN401 - Ray is untyped here
    import ray
    from ray.exceptions import RayError

    try:
        found: list[str] = ray.get(answer, timeout=PROBE_SECONDS)
    except RayError as error:
        found = [f"does not answer ({str(error).strip().splitlines()[-1]})"]
    return found


@contextmanager
def _locked_token(store: Path) -> Iterator[tuple[Path, str]]:
    """A file with a random content, whose lock is held."""
    token, written = store / f"cluster-{uuid.uuid4().hex}", uuid.uuid4().hex
    try:
        with token.open("w") as file:
            file.write(written)
            file.flush()
            fcntl.flock(file, fcntl.LOCK_EX)
            yield token, written
    finally:
        token.unlink(missing_ok=True)


@contextmanager
def _own_signals() -> Iterator[None]:
    """Keeps our handler of SIGTERM, which Ray would replace."""
    before = signal.getsignal(signal.SIGTERM)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
