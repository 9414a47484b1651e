"""Fakes of the interfaces that the harness uses: the Docker engine, and the listener of a run."""

from collections.abc import Mapping, Sequence
from typing import Any

from benchmark.vocabulary import StageEnd
from harness.execution.events import PlannedStage, ProgressListener


class FakeEngine:
    """As much of `docker.DockerClient` as a runner uses before a container starts.

    Attributes:
        created: settings of the containers that exist, by name.
    """

    def __init__(self, *runtimes: str) -> None:
        """Args: names of the runtimes that the engine has, such as `nvidia`."""
        self._runtimes = runtimes
        self.containers = self.images = self.api = self
        self.created: dict[str, dict[str, Any]] = {}

    def info(self) -> dict[str, Any]:
        """Facts about the engine."""
        return {"Runtimes": {name: {} for name in self._runtimes}, "NCPU": 4}

    def list(self, **_: Any) -> list[Any]:
        """The containers of earlier harnesses: none."""
        return []

    def get(self, _: str) -> "FakeImage":
        """An image that declares nothing."""
        return FakeImage()

    def create(self, image: str, command: Any, name: str, **settings: Any) -> None:
        """Create a container that cannot be started."""
        self.created[name] = {"image": image, "command": command, **settings}

    def remove_container(self, name: str, **_: Any) -> None:
        """Remove a container."""
        self.created.pop(name, None)


class FakeImage:
    """An image of the engine."""

    attrs: Mapping[str, Any] = {"Config": {}}


class RecordingListener(ProgressListener):
    """Keeps every event of a run in order, as (name of the method, its arguments)."""

    def __init__(self) -> None:
        self.events: list[tuple[str, object]] = []

    @property
    def reports(self) -> list[str]:
        """The messages for the user."""
        return [str(value) for name, value in self.events if name == "report"]

    def report(self, text: str) -> None:
        self.events.append(("report", text))

    def on_crops(self, done: int, total: int) -> None:
        self.events.append(("on_crops", (done, total)))

    def on_plan(self, stages: Sequence[PlannedStage]) -> None:
        self.events.append(("on_plan", [stage.name for stage in stages]))

    def on_cache_hit(self, stage: str) -> None:
        self.events.append(("on_cache_hit", stage))

    def on_stage_start(self, stage: str) -> None:
        self.events.append(("on_stage_start", stage))

    def on_progress(self, stage: str, event: Mapping[str, Any]) -> None:
        self.events.append(("on_progress", (stage, event)))

    def on_stage_end(self, stage: str, seconds: float, end: StageEnd) -> None:  # noqa: ARG002 - times differ from run to run
        self.events.append(("on_stage_end", (stage, end)))

    def on_skip(self, stages: Sequence[str], needed: str) -> None:
        self.events.append(("on_skip", (list(stages), needed)))
