"""The published weights that a run needs."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from benchmark.errors import InputError
from benchmark.protocol import ResolvedProtocol
from benchmark.vocabulary import Init
from harness.contestants.registry import BackboneFacts
from harness.contract import Weights
from harness.execution.runners.base import Runner
from harness.weights.entries import manual_steps
from harness.weights.local import State, state, weights_path, with_metadata
from harness.workspace import Workspace


def required_files(
    backbone: BackboneFacts, protocol: ResolvedProtocol, workspace: Workspace, *, runner: Runner | None = None
) -> dict[str, Path]:
    """The files of published weights that a run needs, by entry name; weights in Python packages are left out.

    Args:
        backbone: with its variant.
        protocol: resolved for the backbone; its `init` and perceptual loss decide which weights are needed.
        workspace: the checkout.
        runner: runs a stranger's command about its weights; None = here.

    Raises:
        InputError: a file is missing or not known to be the published one (the message gives the ways to get it and to
            go without), the variant does not exist, or the backbone cannot start from random weights.
    """
    perceptual = protocol.inpaint.perceptual == "published" and backbone.inpaints
    return starting_files(backbone, protocol.init, workspace, perceptual=perceptual, runner=runner)


def starting_files(
    backbone: BackboneFacts,
    init: Init,
    workspace: Workspace,
    *,
    perceptual: bool = False,
    runner: Runner | None = None,
) -> dict[str, Path]:
    """The files of published weights that a backbone starts from, by entry name. Errors as `required_files`.

    Args:
        backbone: with its variant.
        init: what it starts from.
        workspace: the checkout.
        perceptual: whether its perceptual networks are needed too.
        runner: runs a stranger's command about its weights; None = here.
    """
    published = init == "published"
    if not published and not backbone.starts_random:
        raise InputError(
            f"{backbone.label} cannot start from random weights: only its published files define the network. "
            "INIT=published starts from them."
        )
    # also refuses an unknown variant
    entries = tuple(with_metadata(backbone, entry, workspace, runner=runner) for entry in backbone.weights)
    backbone = backbone.model_copy(update={"weights": entries})
    required = backbone.published if published else ()
    if perceptual:
        required += backbone.perceptual
    files = [entry for entry in required if not entry.package]
    states = {entry.name: state(backbone, entry, workspace) for entry in files}
    absent = [entry for entry in files if states[entry.name] in {"missing", "unverified", "damaged"}]
    if absent:
        raise InputError(_absent(backbone, absent, states))
    return {entry.name: weights_path(backbone, entry, workspace) for entry in files}


def _absent(backbone: BackboneFacts, absent: Sequence[Weights], states: Mapping[str, State]) -> str:
    """Message about weights that are missing: their licences, how to get them, how to go without."""
    names = ", ".join(f"{entry.name!r} ({entry.licence or 'no licence stated'})" for entry in absent)
    faults: dict[State, str] = {
        "unverified": "were not made from the published ones",
        "damaged": "have changed since they were put in place; the next fetch or import replaces them",
    }
    other_files = "".join(
        f" The files of {', '.join(name for name, one in states.items() if one == state)} that are here {fault}."
        for state, fault in faults.items()
        if state in states.values()
    )
    alternatives = {
        False: "INIT=random starts from random weights, and the row shows it",
        True: 'perceptual = "none" in the protocol leaves out the terms of the loss that need them',
    }
    dispensable = [entry for entry in absent if backbone.starts_random or entry.role == "perceptual"]
    without = dict.fromkeys(alternatives[entry.role == "perceptual"] for entry in dispensable)
    first = absent[0]
    by_import = f"from a file that you have, with `patternbench weights import {backbone.label} {first.name} FILE`"
    return (
        f"{backbone.label} needs the published weights {names}, which are not here.{other_files} Get them with "
        f"`patternbench weights fetch {backbone.label}`, or, "
        f"{manual_steps(backbone, first) if first.fetch else by_import}."
        + (f" Or go without: {'; '.join(without)}." if without else "")
    )
