"""What can be removed: what runs made and can make again, and what users made, which goes only if it is named."""

import fcntl
import shutil
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

from benchmark.errors import RunError
from harness.disk import disk_errors
from harness.workspace import Workspace

if TYPE_CHECKING:
    from docker import DockerClient

MadeAgain = Literal["stages", "unfinished", "images", "containers", "figures"]
UserMade = Literal["weights", "data", "masks"]
Kind = Literal[MadeAgain, UserMade]

WORDS: Mapping[Kind, str] = {
    "stages": "finished stages, crops, packs and scores in the store; a run makes again what it needs",
    "unfinished": "what killed runs left in the store, and damaged stages that were set aside",
    "images": "Docker images of backbones; a run builds again what it needs",
    "containers": "stopped or running containers of harnesses that are gone",
    "figures": "figures that no record of the leaderboard or of your own results has",
    "weights": "weights that you fetched or imported",
    "data": "data sets that you fetched or imported: unpacked files, and the notes of where the others are",
    "masks": "region masks that were proposed, and those that you corrected",
}
"""What each kind is."""

MADE_AGAIN: tuple[Kind, ...] = get_args(MadeAgain)
KINDS: tuple[Kind, ...] = (*get_args(MadeAgain), *get_args(UserMade))
DAY = 24 * 3600


@dataclass(frozen=True)
class Removable:
    """One thing that can be removed.

    Attributes:
        kind: what it is.
        name: for people.
        size: in bytes; of an image with the layers that it shares.
        remove: removes it.
    """

    kind: Kind
    name: str
    size: int
    remove: Callable[[], object]


def removables(
    kinds: Iterable[Kind], workspace: Workspace, figures: Iterable[Path], older_than: float = 0
) -> list[Removable]:
    """What there is of some kinds.

    Args:
        kinds: to look for.
        workspace: the checkout.
        figures: those that no record has.
        older_than: least age of a stage or a figure in days.
    """
    find: Mapping[Kind, Callable[[], Iterable[Removable]]] = {
        "stages": lambda: _files("stages", _older(_below(workspace.store / "stages"), older_than)),
        "unfinished": lambda: _files(
            "unfinished", _below(workspace.store / "flight") + _below(workspace.store / "damaged")
        ),
        "images": _images,
        "containers": _containers,
        "figures": lambda: _files("figures", _older(figures, older_than)),
        "weights": lambda: _files("weights", _below(workspace.weights)),
        "data": lambda: _files("data", _below(workspace.datasets)),
        "masks": lambda: _files("masks", _below(workspace.region_masks)),
    }
    return [found for kind in dict.fromkeys(kinds) for found in find[kind]()]


def remove(found: Iterable[Removable], workspace: Workspace) -> None:
    """Remove things while no run writes into the store.

    Raises:
        RunError: a run is going on, or the disk refuses.
    """
    with _quiet(workspace.store), disk_errors():
        for one in found:
            one.remove()


@contextmanager
def _quiet(store: Path) -> Iterator[None]:
    """Hold the lock of the store, which every run shares while it makes a stage."""
    if not store.is_dir():
        yield
        return
    with (store / "lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise RunError(
                "A run is going on in this checkout (`patternbench status`). Clean when it has ended."
            ) from error
        except OSError:  # a file system without locks
            pass
        yield


def _below(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _older(paths: Iterable[Path], days: float) -> list[Path]:
    limit = time.time() - days * DAY
    return [path for path in paths if _finished(path) <= limit]


def _finished(path: Path) -> float:
    """When a stage was finished, or a file written."""
    note = path / "stage.json"
    return (note if note.is_file() else path).lstat().st_mtime


def _files(kind: Kind, paths: Iterable[Path]) -> list[Removable]:
    return [Removable(kind, path.name, _size(path), partial(_delete, path)) for path in paths]


def _size(path: Path) -> int:
    if not path.is_dir() or path.is_symlink():
        return path.lstat().st_size
    return sum(file.lstat().st_size for file in path.rglob("*") if not file.is_dir())


def _delete(path: Path) -> None:
    """Remove a file or folder; of a link, the link alone."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _images() -> Iterator[Removable]:
    from harness.execution.runners.docker_images import PREFIX

    client = _engine()
    if client is None:
        return
    for image in client.images.list(filters={"reference": f"{PREFIX}/*"}):
        for tag in (tag for tag in image.tags if tag.startswith(f"{PREFIX}/")):
            yield Removable("images", tag, int(image.attrs["Size"]), partial(_ask_engine, client.images.remove, tag))


def _containers() -> Iterator[Removable]:
    from harness.execution.runners.docker import LABEL, place

    client = _engine()
    if client is None:
        return
    for container in client.containers.list(all=True, filters={"label": LABEL}, ignore_removed=True):
        home, _, pid = container.labels[LABEL].rpartition(" ")
        if home == place() and not Path("/proc", pid).exists():
            yield Removable(
                "containers", str(container.name), 0, partial(_ask_engine, container.remove, force=True, v=True)
            )


def _engine() -> "DockerClient | None":
    """The Docker engine; None if none answers, and so nothing of it can be removed."""
    from harness.execution.runners.docker import connect

    with suppress(RunError):
        return connect()
    return None


def _ask_engine(remove: Callable[..., object], *names: str, **options: bool) -> None:
    """Let the engine remove something.

    Raises:
        RunError: the engine refuses, as it does with an image that a container uses.
    """
    from docker.errors import DockerException

    try:
        remove(*names, **options)
    except DockerException as error:
        raise RunError(
            f"The Docker engine refuses ({str(error).splitlines()[0]}). The rest is kept; try again."
        ) from error
