"""Stand-ins for what the harness talks to: the Docker engine."""

from typing import Any


class FakeEngine:
    """As much of `docker.DockerClient` as a runner uses before a container starts.

    Attributes:
        created: settings of the containers that exist, by name.
    """

    def __init__(self, *runtimes: str) -> None:
        """Args: names of the runtimes that the engine has, such as `nvidia`."""
        self._runtimes = runtimes
        self.containers = self.api = self
        self.created: dict[str, dict[str, Any]] = {}

    def info(self) -> dict[str, Any]:
        """Facts about the engine."""
        return {"Runtimes": {name: {} for name in self._runtimes}}

    def list(self, **_: Any) -> list[Any]:
        """The containers of earlier harnesses: none."""
        return []

    def create(self, image: str, command: Any, name: str, **settings: Any) -> None:
        """Create a container that cannot be started."""
        self.created[name] = {"image": image, "command": command, **settings}

    def remove_container(self, name: str, **_: Any) -> None:
        """Remove a container."""
        del self.created[name]
