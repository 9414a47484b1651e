"""From the encoded test images to the parts of a record that tell how they lie: clusterings, partitions and maps."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics import projections
from benchmark.metrics.cluster_validation import partitions
from benchmark.metrics.clustering import cluster, reduce
from benchmark.records.clustering import Clustering, ClusterValidation, Plane, ProjectedImages, Projections
from benchmark.vocabulary import EmbeddingView, EncoderState
from harness.execution.stages import Done
from harness.scoring.test_set import Examination

MAPPED: tuple[EncoderState, ...] = ("initial", "finetuned")
"""Whose embeddings are drawn: before any label was seen, and after."""

DIGITS = 4
"""Significant digits of a coordinate: more than a figure shows."""


def evaluate(embeddings: Mapping[EncoderState, Done], examination: Examination) -> dict[str, object]:
    """The record's `clustering`, `partitions`, `maps` and `mapped`; each file is reduced once for them all."""
    labels, seed = examination.labels, examination.seed
    rows = projections.draw(len(labels), seed)
    clusterings: dict[EncoderState, Clustering] = {}
    parted: dict[EncoderState, dict[EmbeddingView, ClusterValidation]] = {}
    maps: dict[EncoderState, Projections] = {}
    for name, done in embeddings.items():
        reduced = reduce(np.load(done.file("embeddings.npy"), mmap_mode="r"), len(labels))
        clusterings[name] = cluster(reduced, labels, seed)
        parted[name] = partitions(reduced, labels, seed)
        if name in MAPPED:
            maps[name] = _maps(projections.maps(reduced.points[rows], seed))
    recordings = examination.recordings(examination.positions[rows])
    mapped = ProjectedImages(
        rows=tuple(rows.tolist()), recordings=() if recordings is None else tuple(recordings.tolist())
    )
    return {"clustering": clusterings, "cluster_validation": parted, "projections": maps, "projected_images": mapped}


def _maps(found: projections.Maps) -> Projections:
    tsne, umap = (None if flat is None else _plane(flat) for flat in (found.tsne, found.umap))
    planes = {"pca": _plane(found.pca), "tsne": tsne, "umap": umap}
    return Projections.model_validate(found._asdict() | planes)


def _plane(flat: NDArray[np.float64]) -> Plane:
    x, y = (tuple(float(f"{value:.{DIGITS}g}") for value in column) for column in flat.T)
    return Plane(x=x, y=y)
