"""Building one image within limits, with its log in a file."""

import io
import shutil
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TextIO

from benchmark.errors import RunError
from benchmark.text import printable

if TYPE_CHECKING:
    from docker import DockerClient

CONTENT = "patternbench.content"
"""Label of an image with the digest of all that it was built from."""
SHOWN_LINES = 15
"""Lines of a failed build that its message shows."""
LONGEST_LINE = 1000
LARGEST_LOG = 64 * 2**20
"""Characters of a log; a build that prints more goes on without one."""
WATCH_SECONDS = 1.0


@dataclass(frozen=True)
class BuildLimits:
    """Limits of one build.

    Attributes:
        seconds: wall time.
        memory_gib: memory of each step.
        cpus: processors of each step; fewer if the engine has fewer.
        disk_gib: by which the free space of the engine's disk may shrink, and size of the image.
    """

    seconds: float = 3600
    memory_gib: float = 8
    cpus: int = 8
    disk_gib: float = 24


@dataclass(frozen=True)
class Build:
    """One image to build.

    Attributes:
        name: what is built, in messages.
        tag: name of the image for people; the image is found by its content.
        content: digest of all that the image is built from.
        dockerfile: path of the recipe in the context.
        context: tar of the files that the build sees.
        arguments: build arguments.
        network: whether the steps have the host's network, because an index may only be reachable from there.
    """

    name: str
    tag: str
    content: str
    dockerfile: str
    context: io.BytesIO
    arguments: Mapping[str, str]
    network: bool


def built_image(client: "DockerClient", tag: str, content: str) -> str | None:
    """Id of the image that was built from this content; None if there is none, or if the tag was given to another."""
    from docker.errors import ImageNotFound

    try:
        image = client.images.get(tag)
    except ImageNotFound:
        return None
    return str(image.id) if image.labels.get(CONTENT) == content else None


def build_image(client: "DockerClient", build: Build, limits: BuildLimits, log: Path) -> str:
    """Build an image; returns its id.

    Args:
        client: client of the engine.
        build: what to build.
        limits: what the build may take.
        log: file that receives its lines.

    Raises:
        RunError: the build failed or reached a limit; the message has the end of its log.
    """
    info = client.info()
    events: Any = client.api.build(
        fileobj=build.context,
        custom_context=True,
        dockerfile=build.dockerfile,
        tag=build.tag,
        buildargs=dict(build.arguments),
        labels={CONTENT: build.content},
        network_mode="host" if build.network else "none",
        container_limits={
            "memory": int(limits.memory_gib * 2**30),
            "memswap": int(limits.memory_gib * 2**30),
            "cpusetcpus": f"0-{min(limits.cpus, int(info['NCPU'])) - 1}",
        },
        use_config_proxy=False,
        rm=True,
        forcerm=True,
        decode=True,
    )
    log.parent.mkdir(parents=True, exist_ok=True)
    lines: list[str] = []
    with log.open("w", encoding="utf-8") as file, _watching(events, limits, Path(info["DockerRootDir"])) as reached:
        problem = _read(events, file, lines, reached)
    if problem or reached:
        end = "\n".join(lines[-SHOWN_LINES:])
        cause = f" ({reached[0]})" if reached else ""
        raise RunError(
            f"The image of {build.name!r} could not be built from {build.dockerfile}{cause}; log: {log}\n{end}"
        )
    image = client.images.get(build.tag)
    if image.labels.get(CONTENT) != build.content:
        raise RunError(f"The image {build.tag} is not the one that was built: something else gave it another content.")
    if (size := int(image.attrs["Size"])) > limits.disk_gib * 2**30:
        client.images.remove(build.tag, force=True)
        raise RunError(
            f"The image of {build.name!r} has {size / 2**30:.1f} GiB, at most {limits.disk_gib:g} are taken."
        )
    return str(image.id)


def _read(events: Any, file: TextIO, lines: list[str], reached: list[str]) -> bool:  # noqa: ANN401 - docker's generator
    """Write the lines of a build to its log; whether it failed."""
    written = 0
    try:
        for event in events:
            text = printable(str(event.get("stream") or event.get("error") or "").strip()[:LONGEST_LINE])
            if text:
                lines[:] = [*lines[-SHOWN_LINES:], text]
                written += len(text) + 1
                if written <= LARGEST_LOG:
                    file.write(f"{text}\n")
            if "error" in event:
                return True
    except Exception:
        if not reached:  # else the stream was shut because of a limit
            raise
    return False


@contextmanager
def _watching(events: Any, limits: BuildLimits, place: Path) -> Iterator[list[str]]:  # noqa: ANN401 - docker's generator
    """Ends a build that reaches a limit, by closing its connection; gives the reason, once there is one."""
    reached: list[str] = []
    over = threading.Event()
    free = _free(place)

    def watch() -> None:
        waited = 0.0
        while not over.wait(WATCH_SECONDS):
            waited += WATCH_SECONDS
            if waited >= limits.seconds:
                reached.append(f"stopped at its limit of {limits.seconds:g} s")
            elif free - _free(place) > limits.disk_gib * 2**30:
                reached.append(f"stopped at its limit of {limits.disk_gib:g} GiB of disk")
            if reached:
                _shut(events)
                return

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield reached
    finally:
        over.set()
        thread.join()


def _free(place: Path) -> int:
    """Free bytes of the engine's disk; 0 if it is another machine's."""
    try:
        return shutil.disk_usage(place).free
    except OSError:
        return 0


def _shut(events: Any) -> None:  # noqa: ANN401 - docker's generator
    """End a build: the engine stops it when nobody listens any more."""
    from docker.types.daemon import CancellableStream

    with suppress(Exception):  # it has just ended by itself
        CancellableStream(events, events.gi_frame.f_locals["response"]).close()
