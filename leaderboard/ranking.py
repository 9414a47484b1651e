"""Ranks of the records of a section; records that cannot be told apart share a rank."""

import numpy as np

from benchmark.metrics.resampling.significance import shared_ranks
from benchmark.records.record import Record
from benchmark.vocabulary import Mode
from leaderboard.record_files import Section

SEED = 0
"""Seed of the bootstrap: the same records always get the same ranks."""


def ranks(section: Section, mode: Mode) -> dict[str, str]:
    """The rank of each record by its test accuracy, by the record's key.

    Records without answers have no rank, nor have records whose test images differ from those of most others.
    """
    candidates = [record for record in section.records if record.test_images and _answers(record, mode)]
    digests = [_images(record) for record in candidates]
    ranked = [record for record in candidates if _images(record) == max(sorted(set(digests)), key=digests.count)]
    if len(ranked) < 2:  # noqa: PLR2004 - a rank needs two
        return {}
    images = ranked[0].test_images
    assert images is not None
    labels = np.array(images.labels)
    correct = np.array([np.array(_answers(record, mode)) == labels for record in ranked])
    shared = shared_ranks(correct, np.array(images.groups), seed=SEED)
    return {record.key: str(rank) for record, rank in zip(ranked, shared.rank, strict=True)}


def _answers(record: Record, mode: Mode) -> tuple[int, ...]:
    return record.classification[mode].answers if mode in record.classification else ()


def _images(record: Record) -> tuple[str, str]:
    return record.provenance.data, record.provenance.split
