"""From what the user typed to what is run: every wrong value is refused here, with what is allowed."""

import difflib
import os
from typing import Literal

from benchmark.catalogue import Catalogue
from benchmark.digests import content_digests, given_digests
from benchmark.errors import InputError, RunError
from benchmark.protocol import DEFAULT, Protocol, read_protocol
from benchmark.splitters import KINDS, draw_split
from benchmark.splitting import Split, read_split, write_split
from harness import backbones
from harness.bench import Screen
from harness.provenance import gpus
from harness.runners.base import Runner
from harness.workspace import Workspace

SPLIT_SEED = 0


def choose_runner(name: str, device: str, workspace: Workspace, screen: Screen) -> Runner:
    """The runner that was asked for; `auto` takes Docker when an engine answers, and says which it took.

    Raises:
        InputError: there is no such runner.
        RunError: Docker was asked for by name, but no engine answers.
    """
    from harness.runners.docker import DockerRunner
    from harness.runners.process import ProcessRunner

    if name == "process":
        return ProcessRunner(workspace)
    if name == "docker":
        return DockerRunner(workspace, gpu=device == "cuda")
    if name != "auto":
        raise InputError(f"Unknown runner {name!r}; there are: auto, docker, process.")
    try:
        found: Runner = DockerRunner(workspace, gpu=device == "cuda")
        screen.say("Runner: docker (an engine answers).")
    except RunError:
        found = ProcessRunner(workspace)
        screen.say("Runner: process (no Docker engine answers; the results are the same).")
    return found


def choose_device(name: str) -> Literal["cpu", "cuda"]:
    """`auto` takes a GPU where the driver shows one."""
    if name == "auto":
        return "cuda" if gpus() else "cpu"
    if name == "cpu":
        return "cpu"
    if name == "cuda":
        if not gpus():
            raise InputError("Device 'cuda' was asked for, but no NVIDIA driver shows a GPU; use cpu.")
        return "cuda"
    raise InputError(f"Unknown device {name!r}; there are: auto, cpu, cuda.")


def choose_init(protocol: Protocol, init: str | None) -> Protocol:
    """The protocol with its initialisation replaced, where the user gave one."""
    if init is None:
        return protocol
    if init not in {"random", "published"}:
        raise InputError(f"Unknown initialisation {init!r}; there are: random, published.")
    return protocol.model_copy(update={"init": {DEFAULT: init}})


def choose_protocol(name: str, workspace: Workspace) -> Protocol:
    """A shipped protocol by name, or one of the user's by its file.

    Raises:
        InputError: there is none, its file is wrong, or the user's has values for a backbone that there is not.
    """
    protocol = read_protocol(name, workspace.protocols)
    known = backbones.names(workspace)
    unknown = sorted(protocol.named - set(known))
    if unknown and name.endswith(".toml"):
        near = difflib.get_close_matches(unknown[0], known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there are: {', '.join(known)}."
        raise InputError(f"{name}: it has a value for the backbone {unknown[0]!r}, which there is not; {hint}")
    return protocol


def choose_split(name: str, catalogue: Catalogue, workspace: Workspace, screen: Screen) -> Split:
    """The fixed split of a data set; one of a known kind is drawn when it is first asked for, and fixed from then on.

    Raises:
        InputError: there is no split of this name, or the data set cannot carry one of this kind.
    """
    path = workspace.splits / catalogue.name / f"{name}.csv"
    if path.is_file():
        return read_split(path)
    if name not in KINDS:
        known = ", ".join(dict.fromkeys((*KINDS, *sorted(file.stem for file in path.parent.glob("*.csv")))))
        raise InputError(f"Unknown split {name!r} of {catalogue.name}; there are: {known}.")
    digests = given_digests(catalogue.rows, content_digests(catalogue.rows))
    split = draw_split(name, catalogue, digests, SPLIT_SEED)
    write_split(split, workspace.splits)
    shown = path.relative_to(workspace.root) if path.is_relative_to(workspace.root) else path
    screen.say(f"Made the split {shown}, seed {SPLIT_SEED}; it is fixed from now on. Keep it with your results.")
    return split


def choose_workers(jobs: int | None, device: str) -> int:
    """Stages at the same time."""
    if jobs is not None:
        return jobs
    return 1 if device == "cuda" else min(2, os.cpu_count() or 1)
