"""The contestants: one per folder below `backbones/`, described by its backbone.toml."""

import re
import tomllib
from collections.abc import Collection
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from benchmark.errors import InputError, first_problem
from benchmark.hashing import tree_digest
from benchmark.protocol import Overrides, Positive
from benchmark.text import printable
from benchmark.vocabulary import Init
from harness.contract import VERSION, Capability, Command, Line, Topics, Version, Weights, Word
from harness.suggestions import did_you_mean
from harness.workspace import Workspace

KIT = "kit"
"""The folder of what the contestants share."""

METRIC_WITH_WEIGHTS = "lpips"
"""Name of the metric that has published weights, as a backbone has; no backbone may take it."""

LONGEST = 40
"""Characters of a name or a title at most: both are table cells."""

LONGEST_VARIANT = 200
"""Characters of the name of a variant at most: it is a cell, and part of a file's name."""

ANY = "*"
"""An entry of `variants`: every text is a variant, and a run must name one."""


class Owner(BaseModel):
    """An owner of published weights: a backbone, or a metric.

    Attributes:
        name: unique among backbones and metrics.
        weights: published weights of all variants.
        variants: variants that a user may choose as `name:variant`; `*` among them = any text.
        variant: the chosen variant; empty = the plain one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(max_length=LONGEST, pattern=r"^[a-z][a-z0-9_]*$")]
    weights: tuple[Weights, ...] = ()
    variants: tuple[Line, ...] = ()
    variant: Line = ""

    @property
    def label(self) -> str:
        """The name on the command line: `name`, or `name:variant`."""
        return f"{self.name}:{self.variant}" if self.variant else self.name

    @property
    def own_weights(self) -> tuple[Weights, ...]:
        """Published weights of the chosen variant."""
        return tuple(entry for entry in self.weights if not entry.variants or self.variant in entry.variants)

    @property
    def keeps_files(self) -> bool:
        """Whether weights stay in their published files, because only the owner can read them."""
        return False


class BackboneFacts(Owner):
    """The content of a backbone.toml, and the chosen variant.

    Attributes:
        name: the folder's name.
        title: name in tables.
        paper: citation with a DOI or arXiv number.
        licence: licence of the code in the folder.
        capabilities: what the backbone can do; `train:deep` needs an encoder with parameters.
        variants: variants that a user may choose as `name:variant`; `*` among them = any text.
        size_multiple: image sides must be a multiple of this.
        image_size: side in pixels of the images that it was made for; None = any.
        input: input convention in words, by topic.
        weights: published weights that it can start from.
        published_only: variants, as patterns such as `hub:*`, whose architecture is known from their published files
            alone: they never start from random weights.
        command: how the process runner starts the backbone; `{python}` stands for the Python of the harness. Empty =
            through the kit.
        bfloat16: whether its embeddings in bfloat16 have a cosine of at least 0.999 to those in float32, for every
            image and all weights; `auto` then takes bfloat16 where there are units for it.
        contract: version of the contract that the program of `command` reads.
        init: initial weights by protocol name, in place of the protocol's own.
        batch_size: batch size of inpainting training by protocol name, in place of the protocol's own.
        variant: the chosen variant; not in the file.
    """

    title: Annotated[Line, Field(min_length=1, max_length=LONGEST)]
    paper: Line
    licence: Line
    capabilities: tuple[Capability, ...]
    size_multiple: Positive = 1
    image_size: Positive | None = None
    input: Topics
    published_only: tuple[Line, ...] = ()
    command: Command = ()
    bfloat16: bool = False
    contract: Version = "1"
    init: dict[Word, Init] = {}
    batch_size: dict[Word, Positive] = {}

    def overrides(self, protocol: str, *, init: bool) -> Overrides:
        """The backbone's own values in place of a protocol's.

        Args:
            protocol: name of the protocol.
            init: whether the backbone's own initial weights are among them.
        """
        return Overrides(
            init=self.init.get(protocol) if init else None,
            batch_size=self.batch_size.get(protocol),
        )

    @property
    def keeps_files(self) -> bool:
        """Whether weights stay in their published files: those of a backbone with its own command do."""
        return bool(self.command)

    @property
    def reads(self) -> Version:
        """Version of the contract that its jobs are written in; the kit reads the newest."""
        return self.contract if self.command else VERSION

    @property
    def slug(self) -> str:
        """The label as the beginning of a file name.

        Examples:
            >>> facts = BackboneFacts(name="timm", title="timm", paper="", licence="", capabilities=(), input={})
            >>> facts.model_copy(update={"variant": "hf-hub:org/net"}).slug
            'timm-hf-hub-org-net'
        """
        return re.sub(r"[^A-Za-z0-9_.]+", "-", self.label)

    @property
    def display_name(self) -> str:
        """Name in tables: `title`, or `title (variant)`."""
        return f"{self.title} ({self.variant})" if self.variant else self.title

    @property
    def published(self) -> tuple[Weights, ...]:
        """The weights that `init = "published"` loads: all but those of perceptual networks."""
        return tuple(entry for entry in self.own_weights if entry.role != "perceptual")

    def init_label(self, init: Init, own_files: Collection[str]) -> str:
        """What a run starts from, for tables: names of published weights, `random`, or `none` without parameters.

        Args:
            init: of the run.
            own_files: names of the weights that come from a file of the user's own instead of the published one.
        """
        if init == "published":
            names = (one.name for one in self.published if one.role != "discriminator")
            return "+".join(f"{name} (own file)" if name in own_files else name for name in names)
        return "random" if "train:deep" in self.capabilities else "none"

    @property
    def perceptual(self) -> tuple[Weights, ...]:
        """Weights of the perceptual networks in the backbone's loss."""
        return tuple(entry for entry in self.own_weights if entry.role == "perceptual")

    @property
    def starts_random(self) -> bool:
        """Whether the chosen variant can start from random weights."""
        return not any(fnmatchcase(self.variant, pattern) for pattern in self.published_only)

    @property
    def inpaints(self) -> bool:
        """Whether the backbone can be trained to inpaint."""
        return "train:inpaint" in self.capabilities


def names(workspace: Workspace) -> list[str]:
    """Names of the folders that contain a backbone.toml, sorted."""
    return sorted(path.parent.name for path in workspace.backbones.glob("*/backbone.toml"))


def runs_without_variant(name: str, workspace: Workspace) -> bool:
    """Whether a backbone has a plain variant; false if any text is a variant.

    Raises:
        InputError: there is no such backbone, or its backbone.toml is wrong.
    """
    return ANY not in read_facts(name, workspace).variants


def find(label: str, workspace: Workspace) -> BackboneFacts:
    """Facts of the backbone `name` or `name:variant`.

    Raises:
        InputError: there is no such backbone or variant, or its backbone.toml is wrong.
    """
    name, _, variant = label.partition(":")
    facts = read_facts(name, workspace)
    if not variant and ANY in facts.variants:
        raise InputError(f"{name} needs a variant: {name}:MODEL. See backbones/{name}/README.md.")
    if len(variant) > LONGEST_VARIANT or printable(variant) != variant:
        raise InputError(
            f"{printable(variant[:LONGEST_VARIANT])!r} cannot be a variant: use at most {LONGEST_VARIANT} printable "
            "characters."
        )
    if variant and variant not in facts.variants and ANY not in facts.variants:
        allowed = ", ".join(f"{name}:{known}" for known in facts.variants) or "none"
        raise InputError(f"{name} has no variant {variant!r}; it has: {allowed}.")
    return facts.model_copy(update={"variant": variant})


def read_facts(name: str, workspace: Workspace) -> BackboneFacts:
    """Facts of a backbone's folder, without a variant even if its runs need one.

    Raises:
        InputError: there is no such backbone, or its backbone.toml is wrong.
    """
    known = names(workspace)
    if name not in known:
        raise InputError(
            f"Unknown backbone {name!r}; there are: {', '.join(known)}.{did_you_mean(name, known)} "
            f"`patternbench backbone new {name}` creates a new one."
        )
    path = workspace.backbones / name / "backbone.toml"
    try:
        facts = BackboneFacts.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not TOML: {error}.") from error
    except ValidationError as error:
        raise InputError(f"{path}: {first_problem(error)}. See docs/contract.md, `backbone.toml`.") from error
    if facts.name != name:
        raise InputError(f"{path}: name is {facts.name!r}, but the folder is {name!r}; make them the same.")
    return facts


def check_size(backbone: BackboneFacts, size: int, subject: str) -> None:
    """Refuse an image side that a backbone does not take.

    Args:
        backbone: the side must be a multiple of its `size_multiple`.
        size: the side in pixels.
        subject: beginning of the message, before the side, such as `--image-size is`.

    Raises:
        InputError: the side is no multiple; names the nearest sides that are.
    """
    multiple = backbone.size_multiple
    if size % multiple:
        below, above = size // multiple * multiple, (size // multiple + 1) * multiple
        nearest = f"the nearest are {below} and {above}" if below else f"the least is {above}"
        raise InputError(f"{subject} {size}, but {backbone.label!r} takes multiples of {multiple}: {nearest}.")


def code_digest(name: str, workspace: Workspace) -> str:
    """sha256 of the backbone's folder and the kit, from which its image is built."""
    return tree_digest(*build_folders(name, workspace))


def build_folders(name: str, workspace: Workspace) -> tuple[Path, Path]:
    """The folders of the backbone and of the kit."""
    return workspace.backbones / name, workspace.backbones / KIT
