"""From what the user typed to what is run: every wrong value is refused here, with what is allowed."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import cast, get_args

from benchmark.data.catalogue import Catalogue
from benchmark.data.content_digests import content_digests, original_digests
from benchmark.errors import InputError, RunError
from benchmark.hashing import file_digest
from benchmark.protocol import Protocol, read_protocol
from benchmark.splitting.kinds import KINDS, draw_split
from benchmark.splitting.split import Split, read_split, write_split
from benchmark.vocabulary import Device, Precision
from benchmark.vocabulary import Init as InitChoice
from harness.contestants import registry as contestants
from harness.execution.events import ProgressListener
from harness.execution.runners.base import Runner
from harness.machine import gpus
from harness.suggestions import did_you_mean
from harness.workspace import Workspace

SPLIT_SEED = 0


def choose_runner(name: str, device: str, workspace: Workspace, listener: ProgressListener) -> tuple[Runner, Device]:
    """The runner and the device that were asked for; `auto` takes what works, and says what it took.

    A device `auto` is the GPU where the driver shows one and jobs can use it. A runner `auto` is Docker where an engine
    answers, unless a GPU that is wanted can be used by child processes alone.

    Raises:
        InputError: there is no such runner or device.
        RunError: Docker was asked for by name, but no engine answers; or the GPU, but no job could use it.
    """
    wants_gpu = _wants_gpu(device)
    runners, why = _runners(name, workspace)
    able, lacks = _able(runners) if wants_gpu else (None, [])
    if lacks and not able and device == "cuda":
        raise RunError(f"Device 'cuda' was asked for, but {'; '.join(lacks)}. DEVICE=cpu needs no GPU.")
    chosen = able or runners[0]
    if name == "auto":
        listener.report(f"Runner: {chosen.name} ({why if chosen is runners[0] else lacks[0]}).")
    if lacks and not able:
        listener.report(f"Device: cpu ({'; '.join(lacks)}).")
    return chosen, "cuda" if able else "cpu"


def _wants_gpu(device: str) -> bool:
    """Whether to look for jobs that can use a GPU; TORCH=cpu says that none is wanted."""
    if device not in {"auto", "cpu", "cuda"}:
        raise InputError(f"Unknown device {device!r}; there are: auto, cpu, cuda.")
    if device == "cpu" or (device == "auto" and os.environ.get("TORCH") == "cpu"):
        return False
    shown = bool(gpus())
    if device == "cuda" and not shown:
        raise InputError("Device 'cuda' was asked for, but no NVIDIA driver shows a GPU; use cpu.")
    return shown


def _runners(name: str, workspace: Workspace) -> tuple[list[Runner], str]:
    """The runners that will do, the best first, and why it is the best."""
    from harness.execution.runners.docker import DockerRunner
    from harness.execution.runners.process import ProcessRunner

    if name == "process":
        return [ProcessRunner(workspace)], ""
    if name == "docker":
        return [DockerRunner(workspace)], ""
    if name != "auto":
        raise InputError(f"Unknown runner {name!r}; there are: auto, docker, process.")
    try:
        return [DockerRunner(workspace), ProcessRunner(workspace)], "an engine answers"
    except RunError:
        why = "no Docker engine answers; same code, but library versions may differ: the record names them"
        return [ProcessRunner(workspace)], why


def _able(runners: list[Runner]) -> tuple[Runner | None, list[str]]:
    """The first runner whose jobs can use the GPU, and why those before it cannot."""
    lacks: list[str] = []
    for runner in runners:
        try:
            runner.use_gpu()
        except RunError as lack:
            lacks.append(str(lack))
        else:
            return runner, lacks
    return None, lacks


def choose_precision(name: str) -> Precision:
    """The precision in which networks compute."""
    if name not in get_args(Precision):
        raise InputError(f"Unknown precision {name!r}; there are: {', '.join(get_args(Precision))}.")
    return cast("Precision", name)


def choose_init(protocol: Protocol, init: str | None) -> Protocol:
    """The protocol with its initialisation replaced, where the user gave one."""
    if init is None:
        return protocol
    if init not in {"random", "published"}:
        raise InputError(f"Unknown initialisation {init!r}; there are: random, published.")
    return protocol.with_init(cast("InitChoice", init))


def choose_protocol(name: str, workspace: Workspace) -> Protocol:
    """A shipped protocol by name, or one of the user's by its file.

    Raises:
        InputError: there is none, its file is wrong, or the user's has values for a backbone that there is not.
    """
    protocol = read_protocol(name, workspace.protocols)
    known = contestants.names(workspace)
    unknown = sorted(set(protocol.backbones) - set(known))
    if unknown and name.endswith(".toml"):
        raise InputError(
            f"{name}: it has values for the backbone {unknown[0]!r}, which does not exist; there are: "
            f"{', '.join(known)}.{did_you_mean(unknown[0], known)}"
        )
    return protocol


def choose_split(
    name: str,
    catalogue: Catalogue,
    workspace: Workspace,
    listener: ProgressListener,
    digest_of: Callable[[Path], str] = file_digest,
) -> Split:
    """The fixed split of a data set; one of a known kind is drawn at its first use, and is fixed from then on.

    Args:
        name: of the split.
        catalogue: the data set.
        workspace: where splits are kept.
        listener: receives a message about a new split.
        digest_of: gives the sha256 of a file of the data set.

    Raises:
        InputError: there is no split of this name, or the data set cannot carry one of this kind.
    """
    path = workspace.splits / catalogue.name / f"{name}.csv"
    if path.is_file():
        return read_split(path)
    if name not in KINDS:
        known = ", ".join(dict.fromkeys((*KINDS, *sorted(file.stem for file in path.parent.glob("*.csv")))))
        raise InputError(f"Unknown split {name!r} of {catalogue.name}; there are: {known}.")
    digests = original_digests(catalogue.rows, content_digests(catalogue.rows, digest_of), digest_of)
    split = draw_split(name, catalogue, digests, SPLIT_SEED)
    write_split(split, workspace.splits)
    shown = path.relative_to(workspace.root) if path.is_relative_to(workspace.root) else path
    listener.report(f"Made the split {shown}, seed {SPLIT_SEED}; it is fixed from now on. Keep it with your results.")
    return split


def choose_workers(jobs: int | None, device: str) -> int:
    """Stages at the same time."""
    if jobs is not None:
        return jobs
    return 1 if device == "cuda" else min(2, os.cpu_count() or 1)
