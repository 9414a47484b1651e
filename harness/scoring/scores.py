"""All scores of a run, from the files that its stages wrote."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmark.protocol import ResolvedProtocol
from benchmark.records.classification import (
    Classification,
    GroupBaseline,
    Probes,
    ScoredImages,
    TestImages,
    VariantScores,
)
from benchmark.records.clustering import Clustering, ClusterValidation, ProjectedImages, Projections
from benchmark.records.fingerprint import Fingerprint
from benchmark.records.inpainting import Encoder, Inpainting
from benchmark.records.retrieval import OpenSet, Retrieval, RetrievalBaseline
from benchmark.vocabulary import Distance, EmbeddingView, EncoderState, Mode, RegionVariant
from harness.execution.crops import CropSet
from harness.execution.results import Results
from harness.execution.spec import DataBundle
from harness.scoring import classification, clustering, fingerprints, inpainting, probing
from harness.scoring.retrieval import Search, Searches
from harness.scoring.test_set import TestSet


@dataclass(frozen=True, kw_only=True)
class RunScores:
    """The scores of a run; each field is the field of `benchmark.records.record.Record` of the same name.

    The default of each field is what an unscored run has.
    """

    test_images: TestImages | None = None
    group_baselines: dict[str, GroupBaseline] = field(default_factory=dict)
    validation_baselines: dict[str, GroupBaseline] = field(default_factory=dict)
    retrieval_baselines: dict[str, RetrievalBaseline] = field(default_factory=dict)
    retrieval: dict[EncoderState, dict[Distance, Retrieval]] = field(default_factory=dict)
    open_set: dict[EncoderState, OpenSet] = field(default_factory=dict)
    clustering: dict[EncoderState, Clustering] = field(default_factory=dict)
    cluster_validation: dict[EncoderState, dict[EmbeddingView, ClusterValidation]] = field(default_factory=dict)
    projected_images: ProjectedImages | None = None
    projections: dict[EncoderState, Projections] = field(default_factory=dict)
    inpainting: Inpainting | None = None
    fingerprints: dict[EncoderState, Fingerprint] = field(default_factory=dict)
    encoder: Encoder | None = None
    classification: dict[Mode, Classification] = field(default_factory=dict)
    probes: dict[EncoderState, Probes] = field(default_factory=dict)
    untrained: Classification | None = None
    ablation: dict[Mode, dict[RegionVariant, VariantScores]] = field(default_factory=dict)
    validation: dict[Mode, dict[RegionVariant, VariantScores]] = field(default_factory=dict)
    validation_images: ScoredImages | None = None


@dataclass(frozen=True)
class Scoring:
    """The parts of scoring a run, each of which takes its time. Labels are read here and nowhere in a contestant.

    Attributes:
        results: of all stages.
        crops: of the data set.
        data: the data set, its split, and the experiment.
        protocol: of the run.
        lpips_file: weights of the perceptual distance; None = it is not measured.
    """

    results: Results
    crops: CropSet
    data: DataBundle
    protocol: ResolvedProtocol
    lpips_file: Path | None

    def images(self) -> RunScores:
        """The images that are scored, what is known of them without looking, and the encoder."""
        return RunScores(
            test_images=self._test_set.images(self._ablated),
            group_baselines=self._test_set.group_baselines,
            validation_baselines=self._test_set.validation_baselines if self._can_name else {},
            validation_images=self._test_set.validation_images() if self._can_name else None,
            fingerprints=fingerprints.score(self.results.embeddings),
            encoder=inpainting.encoder_size(self.results.embeddings["initial"], self.protocol.image_size),
        )

    def retrieval(self) -> RunScores:
        """How far the nearest embedding finds an individual again."""
        searches = Searches(self._test_set)
        rankings = {
            state: Search(stage, self.results.references[state], searches, self.protocol.retrieval.backend)
            for state, stage in self.results.embeddings.items()
        }
        return RunScores(
            retrieval_baselines=searches.baselines(),
            retrieval={state: search.retrieval() for state, search in rankings.items()},
            open_set={state: found for state, search in rankings.items() if (found := search.open_set())},
        )

    def clusters(self) -> RunScores:
        """Clusterings and projections of the test images."""
        clusters = clustering.score(self.results.embeddings, self._test_set)
        return RunScores(
            clustering=clusters.clustering,
            cluster_validation=clusters.cluster_validation,
            projected_images=clusters.projected_images,
            projections=clusters.projections,
        )

    def inpainting(self) -> RunScores:
        """The filled holes and the errors of validation."""
        results = self.results
        if not results.inpainting:
            return RunScores()
        return RunScores(
            inpainting=inpainting.score(
                results.inpainting, results.reconstruction, self.crops, self.protocol, self.lpips_file
            )
        )

    def probes(self) -> RunScores:
        """The classifiers that the harness fits."""
        return RunScores(probes=probing.score(self.results, self._test_set) if self._can_name else {})

    def classifiers(self) -> RunScores:
        """The classifiers that the contestant trained."""
        if not self._can_name:
            return RunScores()
        trained, untrained = self.results.classifiers, self.results.untrained
        return RunScores(
            classification={
                mode: classification.score(variants["all"], self._test_set, self.protocol)
                for mode, variants in trained.items()
            },
            untrained=classification.score(untrained, self._test_set, self.protocol) if untrained else None,
            ablation=classification.ablation(trained, self._test_set, self._ablated) if self._masked else {},
            validation=classification.validation(trained, self._test_set) if self.data.experiment else {},
        )

    @cached_property
    def _test_set(self) -> TestSet:
        return TestSet(self.crops, self.protocol.seed)

    @property
    def _can_name(self) -> bool:
        """Whether individuals of the test images are known from training."""
        return self.data.identity_setting != "disjoint"

    @property
    def _masked(self) -> bool:
        return self._can_name and len(self.data.variants) > 1

    @cached_property
    def _ablated(self) -> NDArray[np.int64]:
        """Indices of the test images of the ablation."""
        images = self.protocol.ablation.images_per_individual
        return classification.ablated(self._test_set, images) if self._masked else np.arange(0)


PARTS: Mapping[str, Callable[[Scoring], RunScores]] = {
    "images": Scoring.images,
    "inpainting": Scoring.inpainting,
    "classifiers": Scoring.classifiers,
    "retrieval": Scoring.retrieval,
    "probes": Scoring.probes,
    "clusters": Scoring.clusters,
}
"""By name; the quick ones come first."""


def score(scoring: Scoring) -> RunScores:
    """All scores of a run."""
    return merged(part(scoring) for part in PARTS.values())


def merged(parts: Iterable[RunScores]) -> RunScores:
    """All scores of parts that have no field in common."""
    unscored = RunScores()
    return replace(
        unscored,
        **{
            one.name: getattr(part, one.name)
            for part in parts
            for one in fields(RunScores)
            if getattr(part, one.name) != getattr(unscored, one.name)
        },
    )
