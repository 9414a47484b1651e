"""Downloads from a small server: whole, broken off, continued, changed in between, refused."""

import shutil
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest

from benchmark.errors import InputError, RunError
from harness.transfer import download as module
from harness.transfer.download import download
from support.servers import running

CONTENT = np.random.default_rng(0).bytes(10 * module.CHUNK + 7)
KEPT = 4 * module.CHUNK


class Server(ThreadingHTTPServer):
    """Serves one content under every path but /missing, as its attributes tell."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = CONTENT
        self.headers: dict[str, str] = {"ETag": '"one"'}
        self.breaks_off_at: int | None = None
        self.silent = False
        self.requests: list[dict[str, str]] = []

    def handle_error(self, *_: object) -> None:
        """A client may hang up."""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.requests.append(dict(self.headers))
        if self.server.silent:
            time.sleep(0.5)
            return
        if self.path == "/missing":
            self.send_error(404)
            return
        begin = self._begin()
        self.send_response(206 if begin else 200)
        if begin:
            size = len(self.server.content)
            self.send_header("Content-Range", f"bytes {begin}-{size - 1}/{size}")
        body = self.server.content[begin:]
        self.send_header("Content-Length", str(len(body)))
        for name, value in self.server.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: self.server.breaks_off_at])

    def _begin(self) -> int:
        """The first byte to send: that of the requested range if the request names this version, else 0."""
        version = self.server.headers.get("ETag") or self.server.headers.get("Last-Modified")
        if "Range" not in self.headers or self.headers["If-Range"] != version:
            return 0
        return int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))

    def log_message(self, *_: object) -> None:
        """Prints nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    with running(server):
        yield server


def break_off(server: Server, path: Path, at: int = KEPT) -> str:
    """Starts a download that ends early; returns the error's message."""
    server.breaks_off_at = at
    with pytest.raises(RunError) as caught:
        download(f"{server.address}/a", path, lambda *_: None)
    server.breaks_off_at = None
    assert not path.exists()
    return str(caught.value)


def test_a_file_is_downloaded_and_its_bytes_are_counted(server: Server, tmp_path: Path) -> None:
    moves: list[tuple[int, int | None]] = []
    download(f"{server.address}/a", tmp_path / "a.bin", lambda done, total: moves.append((done, total)))
    assert (tmp_path / "a.bin").read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]
    assert moves[-1] == (len(CONTENT), len(CONTENT))
    assert moves == sorted(moves)


@pytest.mark.parametrize("version", [{"ETag": '"one"'}, {"Last-Modified": "Wed, 21 Oct 2015 07:28:00 GMT"}])
def test_a_broken_off_download_continues_where_it_stopped(
    server: Server, tmp_path: Path, version: dict[str, str]
) -> None:
    server.headers = version
    message = break_off(server, tmp_path / "a.bin")
    assert f"broke off. The first {KEPT} bytes are kept; the same command continues from there." in message
    moves: list[tuple[int, int | None]] = []
    download(f"{server.address}/a", tmp_path / "a.bin", lambda done, total: moves.append((done, total)))
    assert server.requests[-1]["Range"] == f"bytes={KEPT}-"
    assert KEPT < moves[0][0] <= moves[-1][0] == len(CONTENT) == moves[-1][1]
    assert (tmp_path / "a.bin").read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


def test_a_download_may_break_off_several_times(server: Server, tmp_path: Path) -> None:
    for kept in (KEPT, 2 * KEPT):
        assert f"The first {kept} bytes" in break_off(server, tmp_path / "a.bin")
    assert "The first" not in break_off(server, tmp_path / "b.bin", 0)
    download(f"{server.address}/a", tmp_path / "a.bin", lambda *_: None)
    assert (tmp_path / "a.bin").read_bytes() == CONTENT


def test_parts_of_two_versions_are_never_joined(server: Server, tmp_path: Path) -> None:
    break_off(server, tmp_path / "a.bin")
    server.content, server.headers = CONTENT[::-1], {"ETag": '"two"'}
    download(f"{server.address}/a", tmp_path / "a.bin", lambda *_: None)
    assert server.requests[-1]["If-Range"] == '"one"'
    assert (tmp_path / "a.bin").read_bytes() == CONTENT[::-1]


@pytest.mark.parametrize("headers", [{}, {"ETag": 'W/"weak"'}])
def test_without_a_version_the_whole_file_is_requested_again(
    server: Server, tmp_path: Path, headers: dict[str, str]
) -> None:
    server.headers = headers
    assert "are kept" not in break_off(server, tmp_path / "a.bin")
    download(f"{server.address}/a", tmp_path / "a.bin", lambda *_: None)
    assert "Range" not in server.requests[-1]
    assert (tmp_path / "a.bin").read_bytes() == CONTENT


@pytest.mark.parametrize(("status", "place"), [(416, "bytes */700000"), (206, "bytes 5-699999/700000")])
def test_a_response_that_does_not_continue_the_part_is_not_joined_to_it(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, place: str
) -> None:
    break_off(server, tmp_path / "a.bin")
    plain = Handler.do_GET

    def confused(self: Handler) -> None:
        if "Range" not in self.headers:
            plain(self)
            return
        self.send_response(status)
        self.send_header("Content-Range", place)
        self.send_header("Content-Length", "3")
        self.end_headers()
        self.wfile.write(b"abc")

    monkeypatch.setattr(Handler, "do_GET", confused)
    download(f"{server.address}/a", tmp_path / "a.bin", lambda *_: None)
    assert (tmp_path / "a.bin").read_bytes() == CONTENT


def test_a_refusal_is_reported_and_leaves_nothing(server: Server, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"Cannot get .*/missing: 127\.0\.0\.1:\d+ answers 404 \(Not Found\)\.$"):
        download(f"{server.address}/missing", tmp_path / "a.bin", lambda *_: None)
    assert list(tmp_path.iterdir()) == []


def test_a_web_page_is_refused(server: Server, tmp_path: Path) -> None:
    server.headers = {"Content-Type": "text/html; charset=utf-8"}
    with pytest.raises(InputError, match="gives a web page, not a file"):
        download(f"{server.address}/folder", tmp_path / "a.bin", lambda *_: None)
    assert list(tmp_path.iterdir()) == []


def test_an_unreachable_host_is_reported(server: Server, tmp_path: Path) -> None:
    closed = server.address
    server.server_close()
    with pytest.raises(RunError, match="cannot be reached"):
        download(f"{closed}/a", tmp_path / "a.bin", lambda *_: None)


def test_a_silent_server_is_given_up(server: Server, tmp_path: Path) -> None:
    server.silent = True
    with pytest.raises(RunError, match="does not answer in time"):
        download(f"{server.address}/a", tmp_path / "a.bin", lambda *_: None, silent_seconds=0.1)


def test_a_full_disk_is_reported_at_once(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr("shutil.disk_usage", lambda _: usage._replace(free=600_000))
    with pytest.raises(RunError, match="Make room"):
        download(f"{server.address}/a", tmp_path / "a.bin", lambda *_: None)
    assert list(tmp_path.iterdir()) == []


def test_a_proxy_of_the_environment_is_used(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.address)
    download("http://weights.example/a", tmp_path / "a.bin", lambda *_: None)
    assert server.requests[-1]["Host"] == "weights.example"
    assert (tmp_path / "a.bin").read_bytes() == CONTENT
