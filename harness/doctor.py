"""What this machine has, and what it means for a run if something is not here."""

import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from importlib import metadata, util
from pathlib import Path
from typing import Literal

from benchmark.errors import PatternbenchError
from benchmark.protocol import read_protocol
from harness.contestants import registry as contestants
from harness.contestants.registry import BackboneFacts
from harness.machine import cores, gpus, memory_bytes
from harness.weights.local import state
from harness.workspace import Workspace

BUILT_IN = "zebrafish-synth"
DISK_GIB = 2.0
"""Free space in GiB that the simplest run needs: packed crops, and checkpoints of thirty small trainings."""

PYTHON = (3, 11)
"""The oldest version that works."""


@dataclass(frozen=True)
class Finding:
    """The state of one requirement.

    Attributes:
        status: `ok`; `optional`: not here, and most runs do without it; `missing`: even the simplest run needs it.
        what: the requirement and its state.
        meaning: what its absence means for a run, and how to get it; empty with `ok`.
    """

    status: Literal["ok", "optional", "missing"]
    what: str
    meaning: str = ""


@dataclass(frozen=True)
class Machine:
    """Facts about a machine; invented in tests.

    Attributes:
        python: version of Python.
        torch: version of torch; empty = not installed.
        torch_cuda: CUDA version that torch was built for; empty = for the processor alone.
        engine: version of the Docker engine; empty = none answers.
        engine_trouble: why none answers.
        engine_gpus: whether containers can use GPUs.
        gpus: names of the NVIDIA GPUs.
        memory_gib: physical memory in GiB.
        cores: number of logical cores.
        free_gib: free space in GiB on the disk of the store.
        programs: those of git and make that are installed.
        packages: those of kagglehub that are installed.
    """

    python: tuple[int, ...]
    torch: str
    torch_cuda: str
    engine: str
    engine_trouble: str
    engine_gpus: bool
    gpus: tuple[str, ...]
    memory_gib: float
    cores: int
    free_gib: float
    programs: frozenset[str] = field(default=frozenset({"git", "make"}))
    packages: frozenset[str] = field(default=frozenset({"kagglehub"}))

    @classmethod
    def here(cls, workspace: Workspace) -> "Machine":
        """The facts about this machine; torch is not imported."""
        torch, cuda = _torch()
        engine, trouble, engine_gpus = _engine()
        folder = next(path for path in (workspace.store, *workspace.store.parents) if path.exists())
        return cls(
            python=sys.version_info[:3],
            torch=torch,
            torch_cuda=cuda,
            engine=engine,
            engine_trouble=trouble,
            engine_gpus=engine_gpus,
            gpus=tuple(gpus()),
            memory_gib=memory_bytes() / 2**30,
            cores=cores(),
            free_gib=shutil.disk_usage(folder).free / 2**30,
            programs=frozenset(name for name in ("git", "make") if shutil.which(name)),
            packages=frozenset(name for name in ("kagglehub",) if util.find_spec(name)),
        )


def examine(workspace: Workspace, machine: Machine | None = None) -> list[Finding]:
    """The state of everything that a run depends on; what the simplest run needs comes first.

    Args:
        workspace: the checkout.
        machine: the facts to judge; None = those of this machine.
    """
    machine = machine or Machine.here(workspace)
    return [
        _python(machine),
        _torch_build(machine),
        _data(workspace),
        _disk(machine),
        _engine_answers(machine),
        *_gpu(machine),
        *_size(machine, workspace),
        *_programs(machine),
        *_weights(workspace),
    ]


def _python(machine: Machine) -> Finding:
    version = ".".join(map(str, machine.python))
    if machine.python >= PYTHON:
        return Finding("ok", f"Python {version}")
    oldest = ".".join(map(str, PYTHON))
    return Finding("missing", f"Python {version}", f"patternbench needs {oldest} or newer; install it first.")


def _torch_build(machine: Machine) -> Finding:
    if not machine.torch:
        meaning = "no backbone runs as a child process; `make setup` installs it."
        return Finding("optional" if machine.engine else "missing", "torch is not installed", meaning)
    build = f"for CUDA {machine.torch_cuda}" if machine.torch_cuda else "for the processor"
    what = f"torch {machine.torch}, built {build}"
    if machine.gpus and not machine.torch_cuda:
        return Finding("optional", what, "the GPU stays unused by RUNNER=process; install a CUDA build of torch.")
    return Finding("ok", what)


def _data(workspace: Workspace) -> Finding:
    folder = workspace.builtin_data / BUILT_IN
    if folder.is_dir() and any(folder.iterdir()):
        return Finding("ok", f"built-in data set {BUILT_IN}")
    meaning = "a run without DATA has nothing to run on; get the checkout's files again, or give a DATA of your own."
    return Finding("missing", f"no built-in data set {BUILT_IN}", meaning)


def _disk(machine: Machine) -> Finding:
    what = f"{machine.free_gib:.1f} GiB free on the disk of the store"
    if machine.free_gib >= DISK_GIB:
        return Finding("ok", what)
    meaning = f"the simplest run needs {DISK_GIB:.0f} GiB; `patternbench clean` shows what of the store can be removed."
    return Finding("missing", what, meaning)


def _engine_answers(machine: Machine) -> Finding:
    if machine.engine:
        return Finding("ok", f"Docker engine {machine.engine}")
    meaning = (
        "backbones run as child processes: with the same code, but perhaps other versions of libraries (records name "
        f"them), and without isolation, so run only code that you trust. The cause: {machine.engine_trouble}"
    )
    return Finding("optional", "no Docker engine answers", meaning)


def _gpu(machine: Machine) -> Iterator[Finding]:
    from harness.execution.runners.docker import NO_TOOLKIT

    if not machine.gpus:
        meaning = "the protocols field and quick need none; the paper protocol takes days on a processor."
        yield Finding("optional", "no NVIDIA GPU", meaning)
        return
    yield Finding("ok", f"GPU {', '.join(machine.gpus)}")
    if machine.engine and not machine.engine_gpus:
        yield Finding("optional", "no NVIDIA runtime in the Docker engine", f"{NO_TOOLKIT}.")


def _size(machine: Machine, workspace: Workspace) -> Iterator[Finding]:
    what = f"{machine.cores} cores, {machine.memory_gib:.0f} GiB of memory"
    limits = {name: read_protocol(name, workspace.protocols).limits.memory_gib for name in ("quick", "paper")}
    short = [f"{name} (up to {limit:.0f} GiB a stage)" for name, limit in limits.items() if limit > machine.memory_gib]
    if short:
        meaning = f"may be too little for the protocol {' and '.join(short)}; JOBS=1 needs less."
        yield Finding("optional", what, meaning)
    else:
        yield Finding("ok", f"{what}: enough for the protocols quick and paper")


def _programs(machine: Machine) -> Iterator[Finding]:
    meanings = {
        "git": "records cannot name their commit, and `patternbench leaderboard publish` does not work; install git.",
        "make": "the make targets do not work; use `patternbench run` and its other commands.",
        "kagglehub": "`patternbench data fetch` does not work; pip install 'patternbench[kaggle]' if you want it.",
    }
    for name, meaning in meanings.items():
        if name in machine.programs | machine.packages:
            yield Finding("ok", name)
        else:
            yield Finding("optional", f"{name} is not installed", meaning)


def _weights(workspace: Workspace) -> Iterator[Finding]:
    for name in contestants.names(workspace):
        try:
            if not contestants.runs_without_variant(name, workspace):
                yield Finding("ok", f"backbone {name}: published weights depend on the variant, {name}:MODEL")
                continue
            facts = contestants.find(name, workspace)
        except PatternbenchError as error:
            yield Finding("optional", f"backbone {name} cannot be used", str(error))
            continue
        yield _weights_of(facts, workspace)


def _weights_of(facts: BackboneFacts, workspace: Workspace) -> Finding:
    if not facts.weights:
        return Finding("ok", f"backbone {facts.name}: has no published weights, starts from random ones")
    files = [entry for entry in facts.own_weights if not entry.package]
    missing = [entry for entry in files if state(facts, entry, workspace) not in {"present", "own"}]
    if not missing:
        return Finding("ok", f"backbone {facts.name}: published weights are here")
    possible = "from random weights" if set(facts.published) & set(missing) else "without the perceptual loss"
    names = ", ".join(entry.name for entry in missing)
    meaning = f"it runs {possible}. To get {names}: patternbench weights fetch {facts.name}"
    return Finding("optional", f"backbone {facts.name}: published weights not fetched", meaning)


def _torch() -> tuple[str, str]:
    """Version of torch and CUDA version of its build, read from its files; both empty if it is not installed."""
    try:
        torch = metadata.distribution("torch")
        text = Path(str(torch.locate_file("torch/version.py"))).read_text(encoding="utf-8")
    except (metadata.PackageNotFoundError, OSError):
        return "", ""
    cuda = re.search(r"^cuda\b.*=\s*'([^']+)'", text, re.MULTILINE)
    return torch.version, cuda.group(1) if cuda else ""


def _engine() -> tuple[str, str, bool]:
    """Version of the Docker engine, why none answers, and whether it has the NVIDIA runtime."""
    from harness.execution.runners.docker import connect, reaches_gpus

    try:
        client = connect()
        return str(client.version()["Version"]), "", reaches_gpus(client)
    except PatternbenchError as error:
        return "", str(error.__cause__ or error).strip().splitlines()[0][:160], False
