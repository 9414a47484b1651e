"""Getting a file over http or https; the next call goes on where an interrupted one stopped."""

import shutil
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import requests

from benchmark.errors import InputError, RunError

Moved = Callable[[int, int | None], object]
"""Told how many bytes are here, and of how many, where that is known."""

CHUNK = 2**16
CONNECT_SECONDS, SILENT_SECONDS = 15, 60
PARTIAL, RANGE_IMPOSSIBLE = 206, 416


def download(address: str, path: Path, moved: Moved) -> None:
    """Get a file; it appears complete or not at all.

    What an interrupted transfer left lies beside it as `<name>.part`. It is gone on with where the server still has
    the same version of the file, else begun anew. Proxies and authorities are those of the environment
    (`HTTPS_PROXY`, `REQUESTS_CA_BUNDLE`).

    Args:
        address: http or https.
        path: to write, in a folder that exists.
        moved: called as bytes arrive.

    Raises:
        InputError: the address gives a web page, to be opened in a browser.
        RunError: the server cannot be reached, refuses or breaks off, or the disk has no room.
    """
    part = path.with_name(f"{path.name}.part")
    try:
        _transfer(address, part, moved)
        part.replace(path)
        _version(part).unlink(missing_ok=True)
    except requests.RequestException as error:
        raise RunError(f"Cannot get {address}: {_reason(error, urlsplit(address).netloc)}{_kept(part)}") from error
    except OSError as error:
        raise RunError(f"{error.filename or part}: {error.strerror or error}. Make room, and try again.") from error


def _transfer(address: str, part: Path, moved: Moved) -> None:
    begun = part.stat().st_size if _resumable(part) else 0
    headers = {"Accept-Encoding": "identity"}  # the file's own bytes: sizes and ranges are of those
    if begun:
        headers |= {"Range": f"bytes={begun}-", "If-Range": _version(part).read_text(encoding="utf-8")}
    with requests.get(address, headers=headers, stream=True, timeout=(CONNECT_SECONDS, SILENT_SECONDS)) as answer:
        if begun and not _is_rest(answer, begun):
            begun = 0
            if answer.status_code in {PARTIAL, RANGE_IMPOSSIBLE}:
                part.unlink()
                return _transfer(address, part, moved)
        answer.raise_for_status()
        if answer.headers.get("Content-Type", "").lower().startswith("text/html"):
            raise InputError(f"{address} gives a web page, not a file.")
        return _receive(answer, part, begun, moved)


def _is_rest(answer: requests.Response, begun: int) -> bool:
    """Whether it goes on where the part ends."""
    place = answer.headers.get("Content-Range", "")
    return answer.status_code == PARTIAL and place.startswith(f"bytes {begun}-")


def _receive(answer: requests.Response, part: Path, begun: int, moved: Moved) -> None:
    length = answer.headers.get("Content-Length", "")
    total = begun + int(length) if length.isdecimal() else None
    _require_room(part.parent, (total or begun) - begun)
    done = begun
    with part.open("ab" if begun else "wb") as file:
        if not begun:
            _version(part).write_text(_strong_version(answer), encoding="utf-8")
        for chunk in answer.iter_content(CHUNK):
            file.write(chunk)
            done += len(chunk)
            moved(done, total)
    if total not in {None, done}:
        raise requests.exceptions.ChunkedEncodingError(f"{done} of {total} bytes")


def _version(part: Path) -> Path:
    """Holds what the server calls the version that the part is of."""
    return part.with_name(f"{part.name}.version")


def _strong_version(answer: requests.Response) -> str:
    """What a later request can ask the rest of the very same bytes by; empty = nothing."""
    tag = answer.headers.get("ETag", "")
    return tag if tag and not tag.startswith("W/") else answer.headers.get("Last-Modified", "")


def _resumable(part: Path) -> bool:
    return all(file.is_file() and file.stat().st_size > 0 for file in (part, _version(part)))


def _require_room(folder: Path, wanted: int) -> None:
    free = shutil.disk_usage(folder).free
    if wanted > free:
        raise RunError(
            f"{wanted / 2**30:.1f} GiB are to come, and {folder} has {free / 2**30:.1f}. Make room, and try again."
        )


def _kept(part: Path) -> str:
    if not _resumable(part):
        return ""
    return f" The first {part.stat().st_size} bytes are kept, and the same command goes on from there."


def _reason(error: requests.RequestException, host: str) -> str:
    if isinstance(error, requests.HTTPError) and error.response is not None:
        return f"{host} answers {error.response.status_code} ({error.response.reason})."
    reasons: dict[type[requests.RequestException], str] = {
        requests.exceptions.SSLError: "has a certificate that is not trusted (REQUESTS_CA_BUNDLE names authorities)",
        requests.exceptions.ProxyError: "is behind a proxy (HTTP_PROXY, HTTPS_PROXY) that cannot be reached or refuses",
        requests.exceptions.Timeout: "does not answer in time",
        requests.exceptions.ChunkedEncodingError: "broke off",
        requests.exceptions.ConnectionError: "cannot be reached, or broke off (is there a network?)",
    }
    return next((f"{host} {text}." for kind, text in reasons.items() if isinstance(error, kind)), f"{error}.")
