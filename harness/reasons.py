"""Why a stage was made again: which part of its key differs from that of the nearest stage before it."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, NamedTuple

from harness.execution import job_files
from harness.execution.journal import StageNote

Part = Literal["code", "image", "data", "protocol", "weights", "device", "settings"]

PROTOCOL = (
    *("image_size", "precision", "batch_size", "epochs", "patience", "keep", "perceptual"),
    *("learning_rate", "pooling", "explain", "dtype"),
)
"""Fields of a job that a protocol gives; the others are settings of the run."""


class Reason(NamedTuple):
    """A part of the key that differs, and how."""

    part: Part
    text: str


def nearest(note: StageNote, notes: Iterable[StageNote]) -> StageNote | None:
    """The noted stage of the same contestant and name with another key that differs least; of equals, the newest.

    Args:
        note: the stage.
        notes: all, the newest first.
    """
    others = [one for one in notes if (one.backbone, one.stage) == (note.backbone, note.stage) and one.key != note.key]
    return min(others, key=lambda one: len(reasons(note, one)), default=None)


def reasons(note: StageNote, before: StageNote) -> list[Reason]:
    """The parts of the key in which a stage differs from another one."""
    return list(_reasons(note, before))


def _reasons(note: StageNote, before: StageNote) -> Iterator[Reason]:
    now, then = note.inputs, before.inputs
    if now.get("code") != then.get("code"):
        if note.runner != before.runner:
            yield Reason("settings", f"runner {note.runner}, before {before.runner}")
        elif note.runner == "docker":
            yield Reason("image", "the image of the backbone was built from other files")
        else:
            yield Reason("code", "the code of the backbone or of the kit changed, or the version of a library")
    if note.dataset != before.dataset:
        yield Reason("data", f"data set {note.dataset}, before {before.dataset}")
    elif now.get("data") != then.get("data"):
        yield Reason("data", "the images, the labels or the split changed")
    for name in _changed(now.get("artifacts", {}), then.get("artifacts", {})):
        if name == job_files.CHECKPOINT:
            start = f": patternbench why {note.backbone}/{note.after}" if note.after else ""
            yield Reason("weights", f"the stage that it starts from gave another checkpoint{start}")
        else:
            yield Reason("weights", f"the published weights {name} are other ones")
    if now.get("device") != then.get("device"):
        yield Reason("device", f"{now.get('device')}, before {then.get('device')}")
    job, earlier = now.get("job", {}), then.get("job", {})
    for name in _changed(job, earlier):
        part: Part = "protocol" if name in PROTOCOL else "settings"
        yield Reason(part, f"{name} {_text(job.get(name))}, before {_text(earlier.get(name))}")


def _changed(now: Mapping[str, Any], then: Mapping[str, Any]) -> list[str]:
    """The keys whose values differ."""
    return [name for name in dict.fromkeys((*now, *then)) if now.get(name) != then.get(name)]


def _text(value: object) -> str:
    if isinstance(value, dict | list | tuple):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)
