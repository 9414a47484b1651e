"""Docker images of backbones, built from their folders; a tag holds the digest of what the image was built from."""

import io
import os
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmark.errors import RunError
from harness.contestants.registry import KIT, code_digest
from harness.execution.runners.base import OnLine
from harness.execution.store import digest, tree_digest
from harness.workspace import Workspace

if TYPE_CHECKING:
    from docker import DockerClient

PREFIX = "patternbench"
SHOWN_LINES = 15
"""Lines of a failed build that its message shows."""
CERTIFICATES = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
"""Environment variables that may name a file of certificate authorities; the build uses the first."""


def image_of(client: "DockerClient", name: str, workspace: Workspace, on_line: OnLine) -> str:
    """The id of the backbone's image, which is built if it does not exist.

    Args:
        client: client of the engine.
        name: the backbone's folder.
        workspace: the checkout.
        on_line: receives the lines of the build.

    Raises:
        RunError: a build failed; the message holds the end of its output.
    """
    torch = os.environ.get("TORCH", "default")
    kit = f"{PREFIX}/{KIT}:{digest([tree_digest(workspace.backbones / KIT), torch])[:16]}"
    own = f"{PREFIX}/{name}:{digest([code_digest(name, workspace), torch])[:16]}"
    _ensure(client, kit, KIT, workspace, {"TORCH": torch}, on_line)
    return _ensure(client, own, name, workspace, {"KIT": kit}, on_line)


def _ensure(
    client: "DockerClient", tag: str, name: str, workspace: Workspace, arguments: dict[str, str], on_line: OnLine
) -> str:
    from docker.errors import ImageNotFound

    try:
        return str(client.images.get(tag).id)
    except ImageNotFound:
        on_line(f"building the image {tag}")
    context = _context(workspace.backbones, sorted({name, KIT}))
    # The host's network: an index may only be reachable through a proxy or VPN of the host. Jobs never have a network.
    events: Any = client.api.build(
        fileobj=context,
        custom_context=True,
        dockerfile=f"{name}/Dockerfile",
        tag=tag,
        buildargs=arguments,
        network_mode="host",
        rm=True,
        forcerm=True,
        decode=True,
    )
    lines: list[str] = []
    for event in events:
        text = str(event.get("stream") or event.get("error") or "").strip()
        if text:
            lines.append(text)
            on_line(text)
        if "error" in event:
            end = "\n".join(lines[-SHOWN_LINES:])
            raise RunError(f"The image of {name!r} could not be built from {name}/Dockerfile:\n{end}")
    return str(client.images.get(tag).id)


def _context(backbones: Path, folders: list[str]) -> io.BytesIO:
    """The build context as a tar: the folders' files, and the host's own certificate authorities, if any."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", dereference=True) as archive:
        archive.add(backbones / "__init__.py", "__init__.py")
        for folder in folders:
            archive.add(backbones / folder, folder, filter=_source)
        bundle = next((Path(os.environ[name]) for name in CERTIFICATES if os.environ.get(name)), None)
        if bundle is not None and bundle.is_file():
            archive.add(bundle, "ca-bundle.crt")
    buffer.seek(0)
    return buffer


def _source(member: tarfile.TarInfo) -> tarfile.TarInfo | None:
    if "__pycache__" in member.name:
        return None
    member.uid = member.gid = 0
    member.uname = member.gname = ""
    return member
