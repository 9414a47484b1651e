"""Download of a file over http or https; a second call continues an interrupted one."""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import requests

from benchmark.errors import InputError, RunError
from harness.disk import check_room, disk_errors

OnBytes = Callable[[int, int | None], object]
"""Called with the number of bytes that have arrived and the size of the file, None where that is unknown."""

CHUNK = 2**16
CONNECT_SECONDS, SILENT_SECONDS = 15, 60
PARTIAL, RANGE_IMPOSSIBLE = 206, 416

REASONS: dict[type[requests.RequestException], str] = {
    requests.exceptions.SSLError: "has a certificate that is not trusted (REQUESTS_CA_BUNDLE names authorities)",
    requests.exceptions.ProxyError: "is behind a proxy (HTTP_PROXY, HTTPS_PROXY) that cannot be reached or refuses",
    requests.exceptions.Timeout: "does not answer in time",
    requests.exceptions.ChunkedEncodingError: "broke off",
    requests.exceptions.ConnectionError: "cannot be reached, or broke off (is there a network?)",
}
"""What a host does that causes an error; the first class that fits counts."""


def download(address: str, path: Path, on_bytes: OnBytes, silent_seconds: float = SILENT_SECONDS) -> None:
    """Downloads a file, which appears complete or not at all.

    An interrupted transfer leaves `<name>.part` beside the file. The next call continues it if the server still has the
    same version of the file, and starts again otherwise. Proxies and certificate authorities are those of the
    environment (`HTTPS_PROXY`, `REQUESTS_CA_BUNDLE`).

    Args:
        address: http or https.
        path: file to write, in a folder that exists.
        on_bytes: called as bytes arrive.
        silent_seconds: after which a server that sends nothing is given up.

    Raises:
        InputError: the address gives a web page, to be opened in a browser.
        RunError: the server cannot be reached, refuses or breaks off, or the disk is full.
    """
    part = path.with_name(f"{path.name}.part")
    with disk_errors():
        try:
            _transfer(address, part, on_bytes, silent_seconds)
        except requests.RequestException as error:
            raise RunError(f"Cannot get {address}: {_reason(error, urlsplit(address).netloc)}{_kept(part)}") from error
        part.replace(path)
        _version_file(part).unlink(missing_ok=True)


def _transfer(address: str, part: Path, on_bytes: OnBytes, silent_seconds: float) -> None:
    start = part.stat().st_size if _resumable(part) else 0
    headers = {"Accept-Encoding": "identity"}  # sizes and ranges count the file's own bytes
    if start:
        headers |= {"Range": f"bytes={start}-", "If-Range": _version_file(part).read_text(encoding="utf-8")}
    timeout = (CONNECT_SECONDS, silent_seconds)
    with requests.get(address, headers=headers, stream=True, timeout=timeout) as response:
        if start and not _continues(response, start):
            start = 0
            if response.status_code in {PARTIAL, RANGE_IMPOSSIBLE}:
                part.unlink()
                return _transfer(address, part, on_bytes, silent_seconds)
        response.raise_for_status()
        if response.headers.get("Content-Type", "").lower().startswith("text/html"):
            raise InputError(f"{address} gives a web page, not a file.")
        return _receive(response, part, start, on_bytes)


def _continues(response: requests.Response, start: int) -> bool:
    """Whether a response begins at byte `start` of the file."""
    content_range = response.headers.get("Content-Range", "")
    return response.status_code == PARTIAL and content_range.startswith(f"bytes {start}-")


def _receive(response: requests.Response, part: Path, start: int, on_bytes: OnBytes) -> None:
    """Appends a response to the first `start` bytes of a part."""
    length = response.headers.get("Content-Length", "")
    total = start + int(length) if length.isdecimal() else None
    check_room(part.parent, (total or start) - start, "Make room and try again.")
    done = start
    with part.open("ab" if start else "wb") as file:
        if not start:
            _version_file(part).write_text(_strong_version(response), encoding="utf-8")
        for chunk in response.iter_content(CHUNK):
            file.write(chunk)
            done += len(chunk)
            on_bytes(done, total)
    if total not in {None, done}:
        raise requests.exceptions.ChunkedEncodingError(f"{done} of {total} bytes")


def _version_file(part: Path) -> Path:
    """Path of the file that holds the server's name of the part's version."""
    return part.with_name(f"{part.name}.version")


def _strong_version(response: requests.Response) -> str:
    """The validator by which a later request continues exactly this version; empty = none."""
    tag = response.headers.get("ETag", "")
    return tag if tag and not tag.startswith("W/") else response.headers.get("Last-Modified", "")


def _resumable(part: Path) -> bool:
    return all(file.is_file() and file.stat().st_size > 0 for file in (part, _version_file(part)))


def _kept(part: Path) -> str:
    if not _resumable(part):
        return ""
    return f" The first {part.stat().st_size} bytes are kept; the same command continues from there."


def _reason(error: requests.RequestException, host: str) -> str:
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"{host} answers {error.response.status_code} ({error.response.reason})."
    return next((f"{host} {text}." for kind, text in REASONS.items() if isinstance(error, kind)), f"{error}.")
