"""The shortcut experiment: its strengths, and the data set of each, generated once and kept in the store."""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path

from benchmark.data.content_digests import content_digests
from benchmark.errors import InputError
from benchmark.records.provenance import Experiment
from benchmark.splitting.split import read_split, write_split
from benchmark.synth.settings import VERSION
from benchmark.synth.shortcut import SPLIT, Calibration, draw_split, generate, open_calibration_set
from harness.execution.spec import DataBundle
from harness.execution.store import Store, digest
from harness.workspace import Workspace

STRENGTHS = (0.0, 0.5, 1.0)
"""Strengths of the shortcut by default."""


def check_strengths(strengths: Sequence[float]) -> list[float]:
    """The strengths in ascending order.

    Raises:
        InputError: a strength is not in [0, 1], or is given twice.
    """
    for strength in strengths:
        if not 0 <= strength <= 1:  # false for NaN too
            raise InputError(f"The strength {strength} is not a number from 0 (no shortcut) to 1 (always).")
        if strengths.count(strength) > 1:
            raise InputError(f"The strength {strength:g} is given {strengths.count(strength)} times. Name each once.")
    return sorted(map(abs, strengths))  # abs makes -0 the same as 0


def shortcut_data(
    design: Calibration, strength: float, workspace: Workspace, progress: Callable[[int, int], None]
) -> DataBundle:
    """The data set of one strength, generated unless the store has it.

    Args:
        design: of the experiment.
        strength: in [0, 1].
        workspace: where it is kept.
        progress: called after each frame with (frames done, frames in all).

    Raises:
        InputError: the design is too small for a split.
        RunError: the disk is full or cannot be written to.
    """
    name = f"shortcut-{strength:g}"
    folder = _folder(name, design, strength, Store(workspace.store), progress)
    return DataBundle(
        catalogue=open_calibration_set(design, folder, name),
        split=read_split(folder / name / f"{SPLIT}.csv"),
        experiment=Experiment(name="shortcut", strength=strength, frames=design.frames, seed=design.seed),
    )


def _folder(
    name: str, design: Calibration, strength: float, store: Store, progress: Callable[[int, int], None]
) -> Path:
    """Folder of the data set of one strength, with its split."""

    def write(folder: Path) -> None:
        generate(design, strength, folder, progress)
        catalogue = open_calibration_set(design, folder, name)
        write_split(draw_split(design, catalogue, content_digests(catalogue.rows)), folder / name)

    key = digest([VERSION, asdict(design), strength])
    return store.find_or_build("shortcut", key, {"dataset": name, **asdict(design)}, write).path
