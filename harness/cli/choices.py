"""Checks of option values: each becomes what a run needs, or an error that lists the allowed values."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, cast, get_args

from benchmark.data.catalogue import Catalogue
from benchmark.data.content_digests import content_digests, original_digests
from benchmark.errors import InputError, RunError
from benchmark.protocol import Protocol, read_protocol
from benchmark.records.confinement import SHIPPED
from benchmark.splitting.kinds import KINDS, draw_split
from benchmark.splitting.split import Split, read_split, write_split
from benchmark.vocabulary import Device, ExecutorName, Precision, RunnerName
from benchmark.vocabulary import Init as InitChoice
from harness.cli.options import ContestantOptions
from harness.contestants import registry as contestants
from harness.disk import check_writable, disk_errors
from harness.execution.events import ProgressListener
from harness.execution.runners.base import OnLine, Runner
from harness.machine import gpus
from harness.suggestions import did_you_mean
from harness.workspace import Workspace

SPLIT_SEED = 0
"""Seed of every split that is drawn at its first use."""
DEVICES = ("auto", *get_args(Device))
RUNNERS = ("auto", *sorted(get_args(RunnerName)))


def choose_runner(name: str, device: str, workspace: Workspace, listener: ProgressListener) -> tuple[Runner, Device]:
    """The runner and the device of a run. For `auto` the best that works here is taken and reported.

    Device `auto` is the GPU if the driver shows one and jobs can use it. Runner `auto` is Docker if an engine answers,
    unless only child processes can use the GPU.

    Args:
        name: `auto`, `docker` or `process`.
        device: `auto`, `cpu` or `cuda`.
        workspace: the checkout.
        listener: receives what `auto` was resolved to.

    Raises:
        InputError: there is no such runner or device.
        RunError: `docker` was asked for, but no engine answers; or `cuda`, but no job can use the GPU.
    """
    look_for_gpu = _looks_for_gpu(device)
    runners, reason = _runners(name, workspace, listener.report)
    gpu_runner, problems = _first_with_gpu(runners) if look_for_gpu else (None, [])
    if problems and not gpu_runner and device == "cuda":
        raise RunError(f"Device 'cuda' was asked for, but {'; '.join(problems)}. DEVICE=cpu needs no GPU.")
    runner = gpu_runner or runners[0]
    if name == "auto":
        listener.report(f"Runner: {runner.name} ({reason if runner is runners[0] else problems[0]}).")
    if problems and not gpu_runner:
        listener.report(f"Device: cpu ({'; '.join(problems)}).")
    return runner, "cuda" if gpu_runner else "cpu"


def choose_program_runner(name: str, owner: str, workspace: Workspace, listener: ProgressListener) -> Runner | None:
    """What runs programs of a contestant that do no job; None for the project's own, which run here.

    Args:
        name: `auto`, `docker` or `process`.
        owner: name of the contestant or the metric.
        workspace: the checkout.
        listener: receives a line when an image has to be built.

    Raises:
        InputError: there is no such runner.
        RunError: `docker` was asked for, but no engine answers.
    """
    if name in RUNNERS and owner in SHIPPED:
        return None
    runners, _ = _runners(name, workspace, listener.report)
    return runners[0]


def _looks_for_gpu(device: str) -> bool:
    """Whether to look for jobs that can use a GPU; device `auto` with TORCH=cpu does not."""
    if device not in {"auto", "cpu", "cuda"}:
        raise InputError(f"Unknown device {device!r}; there are: {', '.join(DEVICES)}.")
    if device == "cpu" or (device == "auto" and os.environ.get("TORCH") == "cpu"):
        return False
    has_gpu = bool(gpus())
    if device == "cuda" and not has_gpu:
        raise InputError("Device 'cuda' was asked for, but no NVIDIA driver shows a GPU; use cpu.")
    return has_gpu


def _runners(name: str, workspace: Workspace, report: OnLine) -> tuple[list[Runner], str]:
    """The runners that `name` allows, the preferred one first, and why it is preferred."""
    from harness.execution.runners.docker import DockerRunner
    from harness.execution.runners.process import ProcessRunner

    if name == "process":
        return [ProcessRunner(workspace)], ""
    if name == "docker":
        return [DockerRunner(workspace, report=report)], ""
    if name not in RUNNERS:
        raise InputError(f"Unknown runner {name!r}; there are: {', '.join(RUNNERS)}.")
    try:
        return [DockerRunner(workspace, report=report), ProcessRunner(workspace)], "an engine answers"
    except RunError:
        reason = "no Docker engine answers; same code, but library versions may differ: the record names them"
        return [ProcessRunner(workspace)], reason


def _first_with_gpu(runners: list[Runner]) -> tuple[Runner | None, list[str]]:
    """The first runner whose jobs can use the GPU, and why those before it cannot."""
    problems: list[str] = []
    for runner in runners:
        try:
            runner.use_gpu()
        except RunError as error:
            problems.append(str(error))
        else:
            return runner, problems
    return None, problems


def choose_precision(name: str) -> Precision:
    """The precision in which networks compute."""
    if name not in get_args(Precision):
        raise InputError(f"Unknown precision {name!r}; there are: {', '.join(get_args(Precision))}.")
    return cast("Precision", name)


def init_of(init: str | None) -> InitChoice | None:
    """The initial weights that the user named; None if none.

    Raises:
        InputError: there are no such.
    """
    if init is not None and init not in get_args(InitChoice):
        raise InputError(f"Unknown initialisation {init!r}; there are: {', '.join(get_args(InitChoice))}.")
    return cast("InitChoice | None", init)


def choose_init(protocol: Protocol, init: str | None) -> Protocol:
    """The protocol with the initial weights that the user named, or with its own for None."""
    chosen = init_of(init)
    return protocol if chosen is None else protocol.with_init(chosen)


def choose_protocol(name: str, workspace: Workspace, besides: Sequence[str] = ()) -> Protocol:
    """The shipped protocol of a name, or the user's own of a .toml file.

    Args:
        name: as the user gave it.
        workspace: the checkout.
        besides: see `read_protocol`.

    Raises:
        InputError: there is no such protocol, its file is wrong, or it has values for an unknown backbone.
    """
    protocol = read_protocol(name, workspace.protocols, besides)
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
    digest_of: Callable[[Path], str],
    read_photos: Callable[[], object] = lambda: None,
) -> Split:
    """The split of a data set. One of a known kind is drawn at its first use, and is fixed from then on.

    Args:
        name: of the split.
        catalogue: the data set.
        workspace: the checkout.
        listener: receives a message about a new split.
        digest_of: gives the sha256 of a file of the data set.
        read_photos: reads the whole data set before a split of it is fixed, and raises InputError if it cannot be used.

    Raises:
        InputError: there is no split of this name, or the data set does not allow one of this kind.
    """
    path = workspace.results(catalogue.name).splits / f"{name}.csv"
    if path.is_file():
        return read_split(path)
    if name not in KINDS:
        known = ", ".join(dict.fromkeys((*KINDS, *sorted(file.stem for file in path.parent.glob("*.csv")))))
        raise InputError(f"Unknown split {name!r} of {catalogue.name}; there are: {known}.")
    check_writable(path.parent)
    read_photos()
    digests = original_digests(catalogue.rows, content_digests(catalogue.rows, digest_of), digest_of)
    split = draw_split(name, catalogue, digests, SPLIT_SEED)
    with disk_errors():
        write_split(split, path.parent)
    file = path.relative_to(workspace.root) if path.is_relative_to(workspace.root) else path
    listener.report(f"Made the split {file}, seed {SPLIT_SEED}; it is fixed from now on. Keep it with your results.")
    return split


class Places(NamedTuple):
    """Where and how jobs are run.

    Attributes:
        runner: runs them.
        device: hardware to compute on.
        executor: where stages are done.
        workers: number of stages at the same time.
    """

    runner: Runner
    device: Device
    executor: ExecutorName
    workers: int


def choose_places(options: ContestantOptions, workspace: Workspace, listener: ProgressListener) -> Places:
    """The runner, the device and the executor of some runs.

    On a cluster the device is that of its machines; the one that shows the run needs no GPU.

    Args:
        options: as the user gave them.
        workspace: the checkout.
        listener: receives what was chosen.

    Raises:
        InputError: there is no such runner, device or executor, or Ray is not installed.
        RunError: as `choose_runner`; or no cluster answers, or its machines cannot work together.
    """
    if options.executor not in get_args(ExecutorName):
        raise InputError(f"Unknown executor {options.executor!r}; there are: {', '.join(get_args(ExecutorName))}.")
    if options.executor == "local":
        runner, device = choose_runner(options.runner, options.device, workspace, listener)
        return Places(runner, device, "local", options.jobs or choose_workers(device))
    from harness.execution.executors.cluster import check_machines, machines, stages_at_once

    if options.device not in DEVICES:
        raise InputError(f"Unknown device {options.device!r}; there are: {', '.join(DEVICES)}.")
    cluster = machines()
    cpus, gpus = sum(machine.cpus for machine in cluster), sum(machine.gpus for machine in cluster)
    if options.device == "cuda" and not gpus:
        raise InputError("Device 'cuda' was asked for, but no machine of the cluster has a GPU; use cpu.")
    check_machines(cluster, workspace.store)
    listener.report(f"Executor: ray ({len(cluster)} machines, {cpus} CPUs, {gpus} GPUs).")
    runner, device = choose_runner(options.runner, "cpu", workspace, listener)
    if gpus and options.device != "cpu":
        device = "cuda"
    return Places(runner, device, "ray", options.jobs or stages_at_once(cluster, device))


def choose_workers(device: str) -> int:
    """Number of stages at the same time on this machine: 2 on a processor, 1 on a GPU."""
    return 1 if device == "cuda" else min(2, os.cpu_count() or 1)
