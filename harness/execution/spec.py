"""What to run: the data, and one backbone on it."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from benchmark.data.catalogue import Catalogue
from benchmark.protocol import ResolvedProtocol
from benchmark.records.provenance import Experiment
from benchmark.splitting.split import Split
from benchmark.vocabulary import (
    MODES,
    REGION_VARIANTS,
    Device,
    ExecutorName,
    IdentitySetting,
    Init,
    Mode,
    RegionVariant,
)
from harness.contestants.registry import BackboneFacts


@dataclass(frozen=True)
class DataBundle:
    """The data that several backbones are run on.

    Attributes:
        catalogue: the data set.
        split: the fixed split of it.
        experiment: the experiment that the runs belong to; None for the leaderboards.
    """

    catalogue: Catalogue
    split: Split
    experiment: Experiment | None = None

    @cached_property
    def identity_setting(self) -> IdentitySetting:
        """Whether all, some or none of the test identities occur in the training set."""
        owners = {row.image_id: row.identity for row in self.catalogue.rows}
        train, test = ({owners.get(image) for image in self.split.ids("classify", part)} for part in ("train", "test"))
        if test <= train:
            return "closed"
        return "open" if test & train else "disjoint"

    @property
    def variants(self) -> tuple[RegionVariant, ...]:
        """The region variants that the data can carry; `all` comes first, because it is of interest soonest."""
        ablated = self.catalogue.has_regions and self.identity_setting != "disjoint"
        return tuple(sorted(REGION_VARIANTS, key=lambda variant: variant != "all")) if ablated else ("all",)


@dataclass(frozen=True)
class RunSpec:
    """One run of one backbone.

    Attributes:
        backbone: the contestant.
        data: what it is run on.
        protocol: every other value, resolved for this backbone.
        rules: digest of the protocol's values that hold for every backbone (`Protocol.rules`).
        weights: published weight files by their names in backbone.toml; empty with random initialisation and without
            perceptual networks.
        own_files: names of the weights that come from a file of the user's own instead of the published one.
        device: hardware to compute on.
        workers: number of stages that run at the same time.
        executor: where stages are done.
    """

    backbone: BackboneFacts
    data: DataBundle
    protocol: ResolvedProtocol
    rules: str
    weights: Mapping[str, Path]
    own_files: frozenset[str]
    device: Device
    workers: int
    executor: ExecutorName = "local"

    @property
    def init(self) -> Init:
        """What the backbone starts from; a backbone without published weights starts from random ones."""
        return self.protocol.init if self.backbone.published else "random"

    @property
    def init_label(self) -> str:
        """The same for tables (`BackboneFacts.init_label`)."""
        return self.backbone.init_label(self.init, self.own_files)

    @property
    def modes(self) -> tuple[Mode, ...]:
        """The classifiers to train: those of the protocol that the backbone can train, deep first as it takes longer.

        In a disjoint split no test individual can be named: only the mode that changes the embeddings is trained.
        """
        able = (mode for mode in reversed(MODES) if f"train:{mode}" in self.backbone.capabilities)
        modes = tuple(mode for mode in able if mode in self.protocol.classify.modes)
        return modes if self.data.identity_setting != "disjoint" else tuple(mode for mode in modes if mode == "deep")

    def modes_of(self, variant: RegionVariant) -> tuple[Mode, ...]:
        """The classifiers to train on one region variant."""
        ablated = self.protocol.ablation.modes
        return self.modes if variant == "all" or ablated is None else tuple(m for m in self.modes if m in ablated)
