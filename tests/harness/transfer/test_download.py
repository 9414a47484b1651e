"""Transfers against a small server: whole, broken off, gone on with, changed in between, refused."""

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
    """Serves one content under every path but /missing, in the ways that its attributes say."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.content = CONTENT
        self.headers: dict[str, str] = {"ETag": '"one"'}
        self.breaks_off_at: int | None = None
        self.silent = False
        self.asked: list[dict[str, str]] = []

    def handle_error(self, *_: object) -> None:
        """A client may hang up."""

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        self.server.asked.append(dict(self.headers))
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
        """Where to begin: at the range asked for, where it is asked of this version."""
        version = self.server.headers.get("ETag") or self.server.headers.get("Last-Modified")
        if "Range" not in self.headers or self.headers["If-Range"] != version:
            return 0
        return int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    made = Server()
    with running(made):
        yield made


def break_off(server: Server, path: Path, at: int = KEPT) -> str:
    """One transfer that ends early; returns what is said."""
    server.breaks_off_at = at
    with pytest.raises(RunError) as caught:
        download(f"{server.address}/a", path, lambda *_: None)
    server.breaks_off_at = None
    assert not path.exists()
    return str(caught.value)


def test_a_file_comes_whole_and_its_bytes_are_counted(server: Server, tmp_path: Path) -> None:
    moves: list[tuple[int, int | None]] = []
    download(f"{server.address}/a", tmp_path / "a.bin", lambda done, total: moves.append((done, total)))
    assert (tmp_path / "a.bin").read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]
    assert moves[-1] == (len(CONTENT), len(CONTENT))
    assert moves == sorted(moves)


@pytest.mark.parametrize("version", [{"ETag": '"one"'}, {"Last-Modified": "Wed, 21 Oct 2015 07:28:00 GMT"}])
def test_a_broken_off_transfer_goes_on_where_it_stopped(
    server: Server, tmp_path: Path, version: dict[str, str]
) -> None:
    server.headers = version
    said = break_off(server, tmp_path / "a.bin")
    assert f"broke off. The first {KEPT} bytes are kept, and the same command goes on from there." in said
    moves: list[tuple[int, int | None]] = []
    download(f"{server.address}/a", tmp_path / "a.bin", lambda done, total: moves.append((done, total)))
    assert server.asked[-1]["Range"] == f"bytes={KEPT}-"
    assert KEPT < moves[0][0] <= moves[-1][0] == len(CONTENT) == moves[-1][1]
    assert (tmp_path / "a.bin").read_bytes() == CONTENT
    assert [path.name for path in tmp_path.iterdir()] == ["a.bin"]


def test_a_transfer_may_break_off_again_and_again(server: Server, tmp_path: Path) -> None:
    for kept in (KEPT, 2 * KEPT):
        assert f"The first {kept} bytes" in break_off(server, tmp_path / "a.bin")
    assert "The first" not in break_off(server, tmp_path / "b.bin", 0)
    download(f"{server.address}/a", tmp_path / "a.bin", lambda *_: None)
    assert (tmp_path / "a.bin").read_bytes() == CONTENT


def test_parts_of_two_versions_are_never_joined(server: Server, tmp_path: Path) -> None:
    break_off(server, tmp_path / "a.bin")
    server.content, server.headers = CONTENT[::-1], {"ETag": '"two"'}
    download(f"{server.address}/a", tmp_path / "a.bin", lambda *_: None)
    assert server.asked[-1]["If-Range"] == '"one"'
    assert (tmp_path / "a.bin").read_bytes() == CONTENT[::-1]


@pytest.mark.parametrize("headers", [{}, {"ETag": 'W/"weak"'}])
def test_a_server_that_names_no_version_is_asked_for_the_whole_again(
    server: Server, tmp_path: Path, headers: dict[str, str]
) -> None:
    server.headers = headers
    assert "are kept" not in break_off(server, tmp_path / "a.bin")
    download(f"{server.address}/a", tmp_path / "a.bin", lambda *_: None)
    assert "Range" not in server.asked[-1]
    assert (tmp_path / "a.bin").read_bytes() == CONTENT


@pytest.mark.parametrize(("status", "place"), [(416, "bytes */700000"), (206, "bytes 5-699999/700000")])
def test_an_answer_that_does_not_go_on_where_the_part_ends_is_not_joined_to_it(
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


def test_a_refusal_is_told_and_leaves_nothing(server: Server, tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"Cannot get .*/missing: 127\.0\.0\.1:\d+ answers 404 \(Not Found\)\.$"):
        download(f"{server.address}/missing", tmp_path / "a.bin", lambda *_: None)
    assert list(tmp_path.iterdir()) == []


def test_a_web_page_is_no_file(server: Server, tmp_path: Path) -> None:
    server.headers = {"Content-Type": "text/html; charset=utf-8"}
    with pytest.raises(InputError, match="gives a web page, not a file"):
        download(f"{server.address}/folder", tmp_path / "a.bin", lambda *_: None)
    assert list(tmp_path.iterdir()) == []


def test_a_host_that_is_not_there_is_told(server: Server, tmp_path: Path) -> None:
    closed = server.address
    server.server_close()
    with pytest.raises(RunError, match="cannot be reached"):
        download(f"{closed}/a", tmp_path / "a.bin", lambda *_: None)


def test_a_silent_server_is_not_waited_for_without_end(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SILENT_SECONDS", 0.1)
    server.silent = True
    with pytest.raises(RunError, match="does not answer in time"):
        download(f"{server.address}/a", tmp_path / "a.bin", lambda *_: None)


def test_a_full_disk_is_told_before(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = module.shutil.disk_usage(tmp_path)
    monkeypatch.setattr(module.shutil, "disk_usage", lambda _: usage._replace(free=600_000))
    with pytest.raises(RunError, match="Make room"):
        download(f"{server.address}/a", tmp_path / "a.bin", lambda *_: None)
    assert list(tmp_path.iterdir()) == []


def test_a_proxy_of_the_environment_is_used(server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", server.address)
    download("http://weights.example/a", tmp_path / "a.bin", lambda *_: None)
    assert server.asked[-1]["Host"] == "weights.example"
    assert (tmp_path / "a.bin").read_bytes() == CONTENT
