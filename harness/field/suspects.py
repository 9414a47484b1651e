"""Photos to look at again: they may have the wrong name, or show what another photo shows."""

import numpy as np
from numpy.typing import NDArray

from benchmark.audit.leakage import NEAR_BITS
from benchmark.audit.near_duplicates import is_near
from benchmark.cross_validation.answers import OutOfFoldAnswers, settled
from benchmark.cross_validation.schemes import Scheme
from benchmark.records.field import Suspect

CONFIDENT = 0.7
"""Probability from which an answer against the photo's name counts."""

NEAR = 0.995
"""Cosine from which two photos are near-copies."""

VOTES = 3
"""Nearest photos that must show the other individual."""

MOST = 12
"""Photos that a person is asked to look at."""


def find_suspects(
    embeddings: NDArray[np.float32],
    hashes: NDArray[np.uint64],
    labels: NDArray[np.int64],
    scheme: Scheme,
    answers: OutOfFoldAnswers,
) -> tuple[Suspect, ...]:
    """Near-copies under two names, then photos that probe and neighbours give to another individual; the surest first.

    Nothing is proven: an encoder that reads the place calls an animal in another's place by the other's name.

    Args:
        embeddings: (N, D) of unit length.
        hashes: (N, 12) perceptual hashes of views (`near_duplicates.view_hashes`): an encoder may find different photos
            almost equal, so both must agree.
        labels: (N,) class numbers.
        scheme: of the answers.
        answers: of random folds.
    """
    similarity = embeddings @ embeddings.T
    np.fill_diagonal(similarity, -1)
    others = labels[:, None] != labels[None, :]
    copies = [
        Suspect(
            photo=photo,
            kind="near_copy",
            other=int(labels[twin]),
            confidence=float(similarity[photo, twin]),
            neighbours=(twin,),
        )
        for photo, twin in _pairs((similarity >= NEAR) & others & is_near(hashes, hashes, NEAR_BITS))
    ]
    known = {suspect.photo for suspect in copies} | {suspect.neighbours[0] for suspect in copies}
    called, confidence = settled(answers.linear, answers.confidence)
    wrong = [
        Suspect(
            photo=photo,
            kind="other_individual",
            other=int(called[photo]),
            confidence=float(confidence[photo]),
            neighbours=nearest,
        )
        for photo in np.flatnonzero((called != labels) & (np.nan_to_num(confidence) >= CONFIDENT)).tolist()
        if photo not in known
        for nearest in [_nearest(photo, similarity, scheme)]
        if (labels[list(nearest)] == called[photo]).all()
    ]
    surest = sorted(copies, key=lambda one: -one.confidence) + sorted(wrong, key=lambda one: -one.confidence)
    return tuple(surest[:MOST])


def _nearest(photo: int, similarity: NDArray[np.float32], scheme: Scheme) -> tuple[int, ...]:
    """The photo's nearest photos of other groups, which must all share a suspicion against it."""
    of_other_groups = np.where(scheme.groups == scheme.groups[photo], -1, similarity[photo])
    return tuple(np.argsort(-of_other_groups, kind="stable")[:VOTES].tolist())


def _pairs(mask: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Each pair of a symmetric mask once."""
    return [(int(one), int(two)) for one, two in zip(*np.nonzero(np.triu(mask)), strict=True)]
