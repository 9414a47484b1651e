"""Docker images of backbones, built from their folders and found by the digest of what they were built from.

Only two builds have the network, and no contestant writes their steps: the kit's, and the one that installs a
contestant's lock. The contestant's own Dockerfile is built from their image without a network.
"""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from harness.contestants.registry import KIT, code_digest
from harness.execution.runners.base import OnLine
from harness.execution.runners.build_context import LOCK, check_lock, check_recipe, check_sources, write_context
from harness.execution.runners.image_builds import Build, BuildLimits, build_image, built_image
from harness.execution.store import digest, file_digest, tree_digest
from harness.execution.trouble import REGISTRY, InfraError
from harness.workspace import Workspace

if TYPE_CHECKING:
    from docker import DockerClient

PREFIX = "patternbench"
PYTHON_IMAGE = "python:3.11-slim-bookworm"
"""The image that the kit's is built from; the build names it by its digest."""
RECIPE = "Dockerfile"
LOCK_RECIPE = f"{KIT}/lock.Dockerfile"
"""Recipe of the image with a contestant's lock, the same for all."""
CERTIFICATES = ("PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
"""Environment variables that may name a file of certificate authorities; builds with the network get the first."""
KIT_SIZES = {"cpu": "2 GB"}
DEFAULT_SIZE = "7 GB, most of it CUDA (TORCH=cpu: 2 GB)"
"""Sizes of the kit's image, by TORCH."""


def image_of(client: "DockerClient", name: str, workspace: Workspace, on_line: OnLine) -> str:
    """The id of the backbone's image, which is built if it does not exist.

    Args:
        client: client of the engine.
        name: the backbone's folder.
        workspace: the checkout.
        on_line: receives a line when a build starts.

    Raises:
        InputError: the folder has a link, or its recipe or its lock asks for what a build does not get.
        RunError: a build failed or reached a limit; the message holds the end of its output.
    """
    return _Images(client, name, workspace, on_line).own()


class _Images:
    """The images that one backbone's is made of."""

    def __init__(self, client: "DockerClient", name: str, workspace: Workspace, on_line: OnLine) -> None:
        self._client, self._name, self._workspace, self._on_line = client, name, workspace, on_line
        self._backbones = workspace.backbones
        self._torch = os.environ.get("TORCH", "default")

    def own(self) -> str:
        """The image that runs the backbone's jobs."""
        folder = self._backbones / self._name
        for one in (self._backbones / KIT, folder):
            check_sources(one)
        check_recipe(folder / RECIPE)
        base = self._with_lock(self._kit(), folder / LOCK) if (folder / LOCK).exists() else self._kit()
        content = digest([code_digest(self._name, self._workspace), base])
        folders = sorted({self._name, KIT})
        return self._ensure(self._name, content, f"{self._name}/{RECIPE}", folders, {"KIT": base})

    def _kit(self) -> str:
        base = _id_of(self._client, PYTHON_IMAGE)
        content = digest([tree_digest(self._backbones / KIT), self._torch, base])
        arguments = {"TORCH": self._torch, "PYTHON_IMAGE": base}
        size = f"all backbones share it, about {KIT_SIZES.get(self._torch, DEFAULT_SIZE)}"
        return self._ensure(KIT, content, f"{KIT}/{RECIPE}", [KIT], arguments, network=True, size=size)

    def _with_lock(self, kit: str, lock: Path) -> str:
        check_lock(lock)
        content = digest([file_digest(lock), kit])
        arguments = {"KIT": kit, "NAME": self._name}
        folders = sorted({self._name, KIT})
        return self._ensure(f"{self._name}-lock", content, LOCK_RECIPE, folders, arguments, network=True)

    def _ensure(
        self,
        name: str,
        content: str,
        dockerfile: str,
        folders: list[str],
        arguments: dict[str, str],
        *,
        network: bool = False,
        size: str = "small",
    ) -> str:
        tag = f"{PREFIX}/{name}:{content[:16]}"
        if (image := built_image(self._client, tag, content)) is not None:
            return image
        log = self._workspace.store / "builds" / f"{name}-{content[:16]}.log"
        self._on_line(f"An image is built once ({size}); its log is {log}.")
        self._on_line(f"building the image {tag}")
        context = write_context(self._backbones, folders, _certificates() if network else {})
        build = Build(name, tag, content, dockerfile, context, arguments, network)
        return build_image(self._client, build, BuildLimits(), log)


def _id_of(client: "DockerClient", name: str) -> str:
    """Id of an image, which is fetched if the engine lacks it: builds name their base by content, not by a tag.

    Raises:
        InfraError: it cannot be fetched.
    """
    from docker.errors import APIError, ImageNotFound, NotFound

    try:
        return str(client.images.get(name).id)
    except ImageNotFound:
        pass
    try:
        return str(client.images.pull(name).id)
    except APIError as error:
        awaits = "" if isinstance(error, NotFound) else REGISTRY  # whose failures the engine passes on
        message = f"The base image {name} cannot be fetched: {error.explanation}."
        advice = f"Once it is there (docker pull {name}), run again."
        raise InfraError(message, awaits, advice, "image_missing") from error


def _certificates() -> dict[str, Path]:
    """The machine's own certificate authorities by their name in the context, if it names any."""
    bundle = next((Path(os.environ[name]) for name in CERTIFICATES if os.environ.get(name)), None)
    return {"ca-bundle.crt": bundle} if bundle is not None and bundle.is_file() else {}
