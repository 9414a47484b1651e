"""Ranks of the rows of a section, shared by rows that cannot be told apart."""

import numpy as np

from benchmark.metrics.significance import shared_ranks
from benchmark.records.record import Record
from benchmark.vocabulary import Mode
from leaderboard.entries import Section

SEED = 0
"""Of the resampling: the same records always give the same ranks."""


def places(section: Section, mode: Mode) -> dict[str, str]:
    """The rank of each record by its test accuracy, by the record's key.

    Records whose test images are not those of most others have none, nor have records without answers.
    """
    able = [record for entry in section.entries if (record := entry.record).test_images and _answers(record, mode)]
    digests = [_images(record) for record in able]
    same = [record for record in able if _images(record) == max(sorted(set(digests)), key=digests.count)]
    if len(same) < 2:  # noqa: PLR2004 - of one there is no rank
        return {}
    first = same[0].test_images
    assert first is not None
    labels = np.array(first.labels)
    right = np.array([np.array(_answers(record, mode)) == labels for record in same])
    found = shared_ranks(right, np.array(first.groups), seed=SEED)
    return {record.key: str(rank) for record, rank in zip(same, found.rank, strict=True)}


def _answers(record: Record, mode: Mode) -> tuple[int, ...]:
    return record.classification[mode].answers if mode in record.classification else ()


def _images(record: Record) -> tuple[str, str]:
    return record.provenance.data, record.provenance.split
