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
