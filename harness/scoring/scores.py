"""All scores of a run, from the files that its stages wrote."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

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


def score(
    results: Results, crops: CropSet, data: DataBundle, protocol: ResolvedProtocol, lpips_file: Path | None
) -> RunScores:
    """Score a finished run. Labels are read here and nowhere in a contestant.

    Args:
        results: of all stages.
        crops: of the data set.
        data: the data set, its split, and the experiment.
        protocol: of the run.
        lpips_file: weights of the perceptual distance; None = it is not measured.
    """
    test_set = TestSet(crops, protocol.seed)
    searches = Searches(test_set)
    rankings = {
        state: Search(stage, results.references[state], searches, protocol.retrieval.backend)
        for state, stage in results.embeddings.items()
    }
    clusters = clustering.score(results.embeddings, test_set)
    can_name = data.identity_setting != "disjoint"
    classifiers = results.classifiers if can_name else {}
    masked = can_name and len(data.variants) > 1
    ablated = classification.ablated(test_set, protocol.ablation.images_per_individual) if masked else np.arange(0)
    return RunScores(
        test_images=test_set.images(ablated),
        group_baselines=test_set.group_baselines,
        validation_baselines=test_set.validation_baselines if can_name else {},
        retrieval_baselines=searches.baselines(),
        retrieval={state: search.retrieval() for state, search in rankings.items()},
        open_set={state: scores for state, search in rankings.items() if (scores := search.open_set())},
        clustering=clusters.clustering,
        cluster_validation=clusters.cluster_validation,
        projected_images=clusters.projected_images,
        projections=clusters.projections,
        inpainting=inpainting.score(results.inpainting, results.reconstruction, crops, protocol, lpips_file)
        if results.inpainting
        else None,
        fingerprints=fingerprints.score(results.embeddings),
        encoder=inpainting.encoder_size(results.embeddings["initial"], protocol.image_size),
        classification={
            mode: classification.score(variants["all"], test_set, protocol) for mode, variants in classifiers.items()
        },
        probes=probing.score(results, test_set) if can_name else {},
        untrained=classification.score(results.untrained, test_set, protocol)
        if results.untrained and can_name
        else None,
        ablation=classification.ablation(classifiers, test_set, ablated) if masked else {},
        validation=classification.validation(classifiers, test_set) if data.experiment else {},
        validation_images=test_set.validation_images() if can_name else None,
    )
