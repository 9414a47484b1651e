"""Trouble of the Docker engine, by a fake one: typed, worth waiting for or not, never a failure of the contestant."""

from http.client import IncompleteRead
from pathlib import Path
from typing import Any

import pytest
import requests
from docker.errors import APIError, DockerException, ImageNotFound, NotFound
from docker.utils.socket import SocketError
from urllib3.exceptions import ProtocolError

from benchmark.errors import RunError
from harness.contestants.registry import BackboneFacts
from harness.execution.runners import docker
from harness.execution.runners.base import Outcome
from harness.execution.runners.docker import DockerRunner
from harness.execution.runners.docker_images import PYTHON_IMAGE, _id_of
from harness.execution.trouble import ENGINE, REGISTRY, InfraError
from harness.workspace import Workspace
from support.fakes import FakeEngine, FakeImage

FACTS = BackboneFacts(name="guest", title="Guest", paper="none", licence="none", capabilities=(), input={})


class FailingEngine(FakeEngine):
    """Fails with an error whenever an image is asked for or pulled."""

    def __init__(self, on_get: Exception, on_pull: Exception | None = None) -> None:
        super().__init__()
        self._on_get, self._on_pull = on_get, on_pull

    def get(self, _: str) -> FakeImage:
        raise self._on_get

    def pull(self, _: str) -> FakeImage:
        assert self._on_pull is not None
        raise self._on_pull


def api_error(status: int) -> APIError:
    response = requests.Response()
    response.status_code = status
    return APIError("planted", response, "planted")


def runner_on(engine: Any) -> DockerRunner:
    runner = DockerRunner(Workspace(Path("nowhere")), engine)
    runner._images[FACTS.name] = "sha256:1"
    return runner


@pytest.mark.parametrize(
    "error",
    [
        api_error(500),
        api_error(503),
        requests.ConnectionError("refused"),
        requests.ReadTimeout("late"),
        ConnectionResetError("reset"),
        BrokenPipeError("gone"),
        ProtocolError("broken", IncompleteRead(b"")),
        SocketError("Unexpected EOF while reading header"),
        DockerException("socket is gone"),
    ],
)
def test_an_engine_that_fails_or_goes_away_is_waited_for(error: Exception) -> None:
    with pytest.raises(InfraError, match=r"engine failed or went away .*use RUNNER=process") as raised:
        runner_on(FailingEngine(error)).describe(FACTS, [])
    assert (raised.value.awaits, raised.value.end) == (ENGINE, "infra")


@pytest.mark.parametrize("status", [400, 403, 409])
def test_an_engine_that_refuses_is_not_asked_again(status: int) -> None:
    with pytest.raises(InfraError, match="engine refused") as raised:
        runner_on(FailingEngine(api_error(status))).describe(FACTS, [])
    assert (raised.value.awaits, raised.value.end) == ("", "infra")


def test_an_image_that_is_gone_is_an_end_of_its_own() -> None:
    outcome, _ = runner_on(FailingEngine(ImageNotFound("gone"))).describe(FACTS, [])
    assert outcome.status == "image_missing"
    assert "sha256:1" in outcome.cause


@pytest.mark.parametrize(
    ("error", "awaits"), [(NotFound("no such tag", explanation="no such tag"), ""), (api_error(500), REGISTRY)]
)
def test_a_base_image_that_cannot_be_pulled_is_missing(error: Exception, awaits: str) -> None:
    engine: Any = FailingEngine(ImageNotFound("not here"), error)
    with pytest.raises(InfraError, match=f"base image {PYTHON_IMAGE} cannot be fetched") as raised:
        _id_of(engine, PYTHON_IMAGE)
    assert (raised.value.awaits, raised.value.end) == (awaits, "image_missing")


def test_other_errors_are_not_called_trouble_of_the_engine() -> None:
    with pytest.raises(RunError, match="stopped") as raised:
        runner_on(FailingEngine(RunError("stopped"))).describe(FACTS, [])
    assert not isinstance(raised.value, InfraError)


class KilledContainer:
    """A container that ended with a code; of its state the engine learns little by little.

    Attributes:
        code: that it ended with; an exception is raised in its place.
        looks: what the engine knows, each time that it is asked: whether memory ran out, or an error.
    """

    def __init__(self, code: int | Exception, *looks: bool | Exception) -> None:
        self.code, self.looks = code, list(looks)
        self.attrs: dict[str, Any] = {}

    def attach(self, **_: bool) -> "Attachment":
        return Attachment()

    def start(self) -> None: ...

    def wait(self) -> dict[str, int]:
        if isinstance(self.code, Exception):
            raise self.code
        return {"StatusCode": self.code}

    def reload(self) -> None:
        look = self.looks.pop(0) if self.looks else False
        if isinstance(look, Exception):
            raise look
        self.attrs = {"State": {"OOMKilled": look}}

    def kill(self) -> None: ...


class Attachment(list[tuple[bytes, bytes]]):
    """The output of a container that printed nothing."""

    _response = property(lambda self: self)

    def close(self) -> None: ...


class KillingEngine(FakeEngine):
    """An engine whose containers end as given, and that removes none."""

    def __init__(self, container: KilledContainer) -> None:
        super().__init__()
        self._container = container
        self.answers = False

    def create(self, *arguments: Any, **settings: Any) -> Any:
        super().create(*arguments, **settings)
        return self._container

    def remove_container(self, name: str, **settings: Any) -> None:
        if not self.answers:
            raise requests.ConnectionError("refused")
        super().remove_container(name, **settings)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(docker, "GRACE", (0.0, 0.0, 0.0))


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize(
    "container",
    [
        KilledContainer(137),
        KilledContainer(143),
        KilledContainer(137, False, requests.ConnectionError("refused")),  # shut down a moment after its containers
        KilledContainer(1, requests.ConnectionError("refused")),
        KilledContainer(requests.ConnectionError("refused")),
        KilledContainer(NotFound("No such container")),
        KilledContainer(137, NotFound("No such container")),
    ],
)
def test_a_container_that_is_killed_from_outside_is_tried_again(container: KilledContainer) -> None:
    with pytest.raises(InfraError) as raised:
        runner_on(KillingEngine(container)).describe(FACTS, [])
    assert (raised.value.awaits, raised.value.end) == (ENGINE, "infra")


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("looks", [[True], [False, True], [False, False, True]])
def test_a_memory_limit_is_charged_even_if_the_engine_learns_of_it_late(looks: list[bool]) -> None:
    outcome, _ = runner_on(KillingEngine(KilledContainer(137, *looks))).describe(FACTS, [])
    assert outcome.status == "oom_host"


def test_a_job_that_fails_by_itself_is_charged() -> None:
    outcome, _ = runner_on(KillingEngine(KilledContainer(1))).describe(FACTS, [])
    assert outcome == Outcome("crash", "ended with exit code 1: it printed nothing", "", 1)


@pytest.mark.usefixtures("quick")
def test_what_an_engine_that_was_away_kept_is_removed_before_the_next_job() -> None:
    engine = KillingEngine(KilledContainer(137))
    runner = runner_on(engine)
    with pytest.raises(InfraError):
        runner.describe(FACTS, [])
    assert len(engine.created) == 1
    engine.answers = True
    with pytest.raises(InfraError):
        runner.describe(FACTS, [])
    assert engine.created == {}
