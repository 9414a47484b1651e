"""Scores of clustering: from the encoded test images to clusterings, cluster validation and projections."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from benchmark.metrics import projections
from benchmark.metrics.cluster_validation import validate_clusters
from benchmark.metrics.clustering import cluster, reduce
from benchmark.records.clustering import Clustering, ClusterValidation, ProjectedImages, Projections
from benchmark.vocabulary import EmbeddingView, EncoderState
from harness.execution import job_files
from harness.execution.results import StageResult
from harness.scoring.test_set import TestSet

PROJECTED: tuple[EncoderState, ...] = ("initial", "finetuned")
"""Encoder states whose embeddings are projected."""


@dataclass(frozen=True, kw_only=True)
class ClusterScores:
    """The record's fields of the same names."""

    clustering: dict[EncoderState, Clustering]
    cluster_validation: dict[EncoderState, dict[EmbeddingView, ClusterValidation]]
    projections: dict[EncoderState, Projections]
    projected_images: ProjectedImages


def score(
    embeddings: Mapping[EncoderState, StageResult], test_set: TestSet, most_projected: int = projections.MOST_IMAGES
) -> ClusterScores:
    """Clusterings and projections of the test images; the embeddings of a state are read and reduced once for all.

    Args:
        embeddings: the stages that encoded the test images, by encoder state.
        test_set: the test images.
        most_projected: largest number of images in a projection.
    """
    labels, seed = test_set.labels, test_set.seed
    rows = projections.sample_images(len(labels), seed, most_projected)
    clusterings: dict[EncoderState, Clustering] = {}
    validations: dict[EncoderState, dict[EmbeddingView, ClusterValidation]] = {}
    projected: dict[EncoderState, Projections] = {}
    for state, stage in embeddings.items():
        reduced = reduce(np.load(stage.file(job_files.EMBEDDINGS), mmap_mode="r"), len(labels))
        clusterings[state] = cluster(reduced, labels, seed)
        validations[state] = validate_clusters(reduced, labels, seed)
        if state in PROJECTED:
            projected[state] = projections.project(reduced.points[rows], seed)
    recordings = test_set.recordings(test_set.positions[rows])
    return ClusterScores(
        clustering=clusterings,
        cluster_validation=validations,
        projections=projected,
        projected_images=ProjectedImages(
            rows=tuple(rows.tolist()), recordings=() if recordings is None else tuple(recordings.tolist())
        ),
    )
