"""Checks of `encode` with random weights: shape, determinism, independence of the other images, pooling and type."""

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from harness.conformance.check import check, require_passed
from harness.conformance.comparisons import (
    LEAST_CHANGE,
    TOLERANCE_FLOAT16,
    relative_difference,
    require_equal,
    require_same,
)
from harness.conformance.session import ConformanceSession, ContractViolation, Start
from harness.conformance.synthetic_packs import FEW, SHUFFLED, TWINS
from harness.execution import job_files


@check(
    "encode writes one embedding per image, of the size that describe states and in range",
    fix="Write embeddings.npy as (images, embedding_size) float32, all values finite. With random weights, set the "
    "running statistics of normalisation layers on data/calibration.npy; contestants of the kit need nothing.",
)
def embedding_has_described_size(session: ConformanceSession) -> None:
    """The length of an embedding is `embedding_size`, and the product of `shape`."""
    description = session.describe()
    length = session.encode("random").array(job_files.EMBEDDINGS).shape[1]
    require_equal("the length of an embedding", length, description.embedding_size)
    require_equal("the product of describe's shape", int(np.prod(description.shape)), description.embedding_size)


@check(
    "encode gives the same embeddings twice",
    fix="Seed every random generator with the job's seed, and leave dropout and augmentation out of encode.",
)
def encode_is_deterministic(session: ConformanceSession) -> None:
    """The same job gives the same embeddings, with random weights too: the seed determines them."""
    repeat = session.encode("random", repeat=2).array(job_files.EMBEDDINGS)
    require_same("the second run", embeddings(session), repeat, precision=session.precision)


@check(
    "encode keeps the order of the images",
    fix="Row i of every output belongs to row i of images.npy: do not shuffle, sort or group.",
)
def order_is_kept(session: ConformanceSession) -> None:
    """Equal images in another order have equal embeddings in that order."""
    require_passed(encode_is_deterministic, session)
    rows = embeddings(session)
    require_same("the same image in another row", rows[:TWINS][SHUFFLED], rows[TWINS:], precision=session.precision)


@check(
    "an embedding depends on its image alone",
    fix="Set the network to evaluation mode (batch norm!), and normalise nothing over the images of a job.",
)
def embedding_depends_on_image_alone(session: ConformanceSession) -> None:
    """Fewer images and another batch size leave an embedding the same."""
    require_passed(encode_is_deterministic, session)
    single = session.encode("random", pack="few", batch_size=1).array(job_files.EMBEDDINGS)
    require_same("in batches of one, with fewer images", embeddings(session)[:FEW], single, precision=session.precision)


@check(
    "different images have different embeddings",
    fix="Check that the images reach the network, and that its activations neither vanish nor overflow.",
)
def images_are_distinguished(session: ConformanceSession) -> None:
    """No two different images have the same embedding."""
    for first, second in combinations(embeddings(session)[:TWINS], 2):
        if relative_difference(first, second) <= LEAST_CHANGE:
            raise ContractViolation("two different images have the same embedding")


@check(
    "encode supports float16 and average pooling",
    fix="`flatten` is the feature map (C, h, w) as one vector, C slowest; `average` is its mean over h and w.",
)
def pooling_and_type_are_obeyed(session: ConformanceSession) -> None:
    """Averaged embeddings in float16 equal the mean of the flattened feature maps."""
    description = session.describe()
    averaged = session.encode("random", pooling="average", dtype="float16").array(job_files.EMBEDDINGS)
    feature_maps = embeddings(session).reshape(-1, *description.shape)
    require_same(
        "the average of the feature map",
        feature_maps.mean(axis=(2, 3)),
        averaged.astype(np.float32),
        precision=session.precision,
        least_tolerance=TOLERANCE_FLOAT16,
    )


def embeddings(session: ConformanceSession, start: Start = "random") -> NDArray[np.float32]:
    """Embeddings of the pack `twins`, (12, D) float32."""
    return session.encode(start).array(job_files.EMBEDDINGS).astype(np.float32)
