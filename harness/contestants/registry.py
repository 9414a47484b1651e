"""The contestants: found by their folders, known by their backbone.toml."""

import difflib
import re
import tomllib
from fnmatch import fnmatchcase
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from benchmark.errors import InputError
from benchmark.protocol import Overrides, Positive, Rate
from benchmark.vocabulary import Init
from harness.contract import Capability, Weights
from harness.execution.store import tree_digest
from harness.workspace import Workspace

KIT = "kit"

ANY = "*"
"""Among a backbone's variants: any text is one, and one must be named."""


class Owner(BaseModel):
    """What published weights are of: a backbone, or a measure.

    Attributes:
        name: unique among both.
        weights: all of them.
        variants: that a user may choose as `name:variant`; `*` among them = any text.
        variant: that was chosen.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    weights: tuple[Weights, ...] = ()
    variants: tuple[str, ...] = ()
    variant: str = ""

    @property
    def label(self) -> str:
        """What a user calls it: `name`, or `name:variant`."""
        return f"{self.name}:{self.variant}" if self.variant else self.name

    @property
    def own_weights(self) -> tuple[Weights, ...]:
        """The weights of this variant."""
        return tuple(one for one in self.weights if not one.variants or self.variant in one.variants)

    @property
    def keeps_files(self) -> bool:
        """Whether weights stay in the files that they are published in, because nothing else can read them."""
        return False


class BackboneFacts(Owner):
    """The content of a backbone.toml, but for the variant.

    Attributes:
        name: the same as the folder's.
        title: its name in tables.
        paper: citation with a DOI or arXiv number.
        licence: of the code in the folder.
        capabilities: what it can do; `train:deep` needs an encoder with parameters.
        variants: that a user may choose as `name:variant`; `*` among them = any text.
        size_multiple: image sides must be a multiple of this.
        input: input convention in words, by topic.
        weights: published weights it can start from.
        published_only: variants, as patterns such as `hub:*`, whose network only their published files tell: they
            never start from random weights.
        command: how the process runner starts it, `{python}` standing for the Python that runs the harness; empty =
            through the kit.
        variant: that was chosen; not in the file.
    """

    title: str
    paper: str
    licence: str
    capabilities: tuple[Capability, ...]
    size_multiple: int = 1
    input: dict[str, str]
    published_only: tuple[str, ...] = ()
    learning_rate: dict[str, Rate] = {}
    init: dict[str, Init] = {}
    batch_size: dict[str, Positive] = {}
    command: tuple[str, ...] = ()

    def overrides(self, protocol: str, *, init: bool) -> Overrides:
        """Its own values in place of a protocol's.

        Args:
            protocol: name of the protocol.
            init: whether its own choice of initial weights is among them.
        """
        return Overrides(
            init=self.init.get(protocol) if init else None,
            batch_size=self.batch_size.get(protocol),
            learning_rate=self.learning_rate.get(protocol),
        )

    @property
    def keeps_files(self) -> bool:
        """Whether weights stay in the files that they are published in: only its own command can read them."""
        return bool(self.command)

    @property
    def slug(self) -> str:
        """Its label as the beginning of a file's name."""
        return re.sub(r"[^A-Za-z0-9_.]+", "-", self.label)

    @property
    def shown(self) -> str:
        """Its name in tables."""
        return f"{self.title} ({self.variant})" if self.variant else self.title

    @property
    def published(self) -> tuple[Weights, ...]:
        """The weights that `init = "published"` means: all that are not of a loss."""
        return tuple(weights for weights in self.own_weights if weights.role != "perceptual")

    @property
    def perceptual(self) -> tuple[Weights, ...]:
        """Weights of the perceptual networks in its loss."""
        return tuple(weights for weights in self.own_weights if weights.role == "perceptual")

    @property
    def starts_random(self) -> bool:
        """Whether it can start from random weights."""
        return not any(fnmatchcase(self.variant, pattern) for pattern in self.published_only)

    @property
    def inpaints(self) -> bool:
        """Whether it can learn to inpaint."""
        return "train:inpaint" in self.capabilities


def names(workspace: Workspace) -> list[str]:
    """The folders that hold a backbone.toml, sorted."""
    return sorted(path.parent.name for path in workspace.backbones.glob("*/backbone.toml"))


def runs_plain(name: str, workspace: Workspace) -> bool:
    """Whether a backbone can be run without a variant named: not where any text is one."""
    return ANY not in _read(name, workspace).variants


def find(label: str, workspace: Workspace) -> BackboneFacts:
    """One backbone's facts, by its name or as `name:variant`.

    Raises:
        InputError: there is no such backbone or variant, or its backbone.toml is wrong; says what is allowed.
    """
    name, _, variant = label.partition(":")
    facts = _read(name, workspace)
    if not variant and ANY in facts.variants:
        raise InputError(f"{name} needs to be told which: {name}:MODEL. See backbones/{name}/README.md.")
    if variant and variant not in facts.variants and ANY not in facts.variants:
        allowed = ", ".join(f"{name}:{one}" for one in facts.variants) or "none"
        raise InputError(f"{name} has no variant {variant!r}; it has: {allowed}.")
    return facts.model_copy(update={"variant": variant})


def _read(name: str, workspace: Workspace) -> BackboneFacts:
    known = names(workspace)
    if name not in known:
        close = difflib.get_close_matches(name, known, n=1)
        hint = f" Did you mean {close[0]!r}?" if close else ""
        raise InputError(
            f"Unknown backbone {name!r}; there are: {', '.join(known)}.{hint} "
            f"A new one is written by `patternbench backbone new {name}`."
        )
    path = workspace.backbones / name / "backbone.toml"
    try:
        facts = BackboneFacts.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path}: not TOML: {error}.") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise InputError(f"{path}: {where}: {first['msg']}. See docs/contract.md, `backbone.toml`.") from error
    if facts.name != name:
        raise InputError(f"{path}: name is {facts.name!r}, but the folder is {name!r}; make them the same.")
    return facts


def check_size(backbone: BackboneFacts, size: int, asked: str) -> None:
    """Refuse an image side that a backbone does not take.

    Args:
        backbone: whose `size_multiple` it must be a multiple of.
        size: the side.
        asked: who asks for it, as the beginning of a sentence that the side ends.

    Raises:
        InputError: names the next sides that it takes.
    """
    multiple = backbone.size_multiple
    if size % multiple:
        below, above = size // multiple * multiple, (size // multiple + 1) * multiple
        near = f"the next are {below} and {above}" if below else f"the least is {above}"
        raise InputError(f"{asked} {size}, but {backbone.label!r} takes multiples of {multiple}: {near}.")


def code_digest(name: str, workspace: Workspace) -> str:
    """sha256 over the backbone's folder and the kit: what an image of it is built from."""
    return tree_digest(*build_folders(name, workspace))


def build_folders(name: str, workspace: Workspace) -> tuple[Path, Path]:
    """The backbone's folder and the kit's."""
    return workspace.backbones / name, workspace.backbones / KIT
