"""What a build of an image may see and ask for: a contestant's files and its recipe are strangers'."""

import io
import os
import re
import stat
import tarfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmark.errors import InputError
from benchmark.text import printable

LOCK = "requirements.lock"
CACHE = "__pycache__"
LARGEST_CONTEXT = 2**30
"""Bytes of a contestant's folder; published weights do not belong into it."""
MOST_FILES = 10_000

PIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(\[[A-Za-z0-9,._-]+\])?==[A-Za-z0-9.!+_-]+( *;[^@#\\]*)?")
"""A requirement of one version from the configured index: no option, no address, no path."""
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")
ADD = re.compile(r"\s*(ONBUILD\s+)*ADD\b", re.IGNORECASE)
DIRECTIVE = re.compile(r"\s*#\s*(escape|syntax|check)\s*=", re.IGNORECASE)


def check_sources(folder: Path) -> None:
    """Refuse a folder that a build must not see: git carries links, and a link shows any file of the host.

    The folder itself may be a link, to a folder that is a contestant as well.

    Raises:
        InputError: something is a link, or neither a file nor a folder, or there is too much; all links are named.
    """
    faults: list[str] = []
    count = size = 0
    home = folder.resolve()
    for path in _walk(home):
        facts = path.lstat()
        place = f"{folder.name}/{path.relative_to(home).as_posix()}"
        if stat.S_ISLNK(facts.st_mode):
            faults.append(f"{printable(place)} is a link")
        elif not stat.S_ISREG(facts.st_mode) and not stat.S_ISDIR(facts.st_mode):
            faults.append(f"{printable(place)} is neither a file nor a folder")
        count, size = count + 1, size + (facts.st_size if stat.S_ISREG(facts.st_mode) else 0)
        if count > MOST_FILES or size > LARGEST_CONTEXT:
            faults.append(f"{folder.name} has more than {MOST_FILES} files or {LARGEST_CONTEXT / 2**30:.0f} GiB")
            break
    if faults:
        raise InputError(f"No image is built of {folder}: {'; '.join(faults)}. Put plain files in their place.")


def check_recipe(dockerfile: Path) -> None:
    """Refuse a contestant's Dockerfile that makes the engine itself fetch something: its build has no network.

    Raises:
        InputError: the file has ADD, or a directive that changes how it is read.
    """
    text = dockerfile.read_text(encoding="utf-8", errors="replace")
    place = f"{dockerfile.parent.name}/{dockerfile.name}"
    if any(DIRECTIVE.match(line) for line in text.splitlines()):
        raise InputError(f"{place}: directives such as `# syntax=` are not taken. Remove the line.")
    joined = re.sub(r"\\[ \t]*\n", "", text)
    if any(ADD.match(line) for line in [*text.splitlines(), *joined.splitlines()]):
        raise InputError(f"{place}: ADD can fetch what it adds from the network of the engine. Use COPY.")


def check_lock(lock: Path) -> None:
    """Refuse a lock that asks for anything but hashed versions from the configured index.

    Raises:
        InputError: a line has an option, an address or a path, or a requirement has no hash; names the first.
    """
    text = lock.read_text(encoding="utf-8", errors="replace")
    for line in re.sub(r"\\[ \t]*\n", " ", text).splitlines():
        requirement = line.partition(" #")[0].strip()
        if not requirement or requirement.startswith("#"):
            continue
        pin, *hashes = re.split(r"\s+(?=--)", requirement)
        if not PIN.fullmatch(pin) or not hashes or not all(map(HASH.fullmatch, hashes)):
            raise InputError(
                f"{lock.parent.name}/{lock.name}: {printable(requirement[:80])!r} is not taken; every line is "
                "NAME==VERSION with --hash=sha256:..., as `make lock` writes it."
            )


def write_context(backbones: Path, folders: list[str], extra: Mapping[str, Path]) -> io.BytesIO:
    """A build context as a tar: the same bytes for the same files.

    Args:
        backbones: the folder of all contestants.
        folders: names of the folders that the build sees, checked by `check_sources`.
        extra: further files by their names in the context.
    """
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("__init__.py"))
        for folder in folders:
            archive.add((backbones / folder).resolve(), folder, filter=_plain)
        for name, path in extra.items():
            archive.add(path.resolve(), name, filter=_plain)
    buffer.seek(0)
    return buffer


def _plain(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    if CACHE in Path(member.name).parts:
        return None
    if not member.isfile() and not member.isdir():  # it came after the check
        raise InputError(f"{printable(member.name)} is neither a file nor a folder. Put a plain file in its place.")
    member.uid = member.gid = member.mtime = 0
    member.uname = member.gname = ""
    member.mode = 0o755 if member.isdir() or member.mode & stat.S_IXUSR else 0o644
    return member


def _walk(folder: Path) -> Iterator[Path]:
    """Everything below a folder, not through links."""
    for root, folders, files in os.walk(folder, followlinks=False):
        folders[:] = sorted(set(folders) - {CACHE})
        yield from (Path(root, name) for name in sorted([*folders, *files]))
