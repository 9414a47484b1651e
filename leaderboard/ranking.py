"""Ranks of the records of a section; records that cannot be told apart share a rank."""

import numpy as np

from benchmark.metrics.resampling.significance import shared_ranks
from benchmark.vocabulary import Mode
from leaderboard.evidence import answered, has_few_units
from leaderboard.record_files import Section

SEED = 0
"""Seed of the bootstrap: the same records always get the same ranks."""


def ranks(section: Section, mode: Mode) -> dict[str, str]:
    """The rank of each record by its test accuracy, by the record's key.

    Records without answers have no rank, nor have records whose test images differ from those of most others. With
    fewer than six units no record has one.
    """
    table = answered(section, mode)
    if table is None or len(table.records) < 2 or has_few_units(table.images):  # noqa: PLR2004 - a rank needs two
        return {}
    shared = shared_ranks(table.correct, np.array(table.images.groups), seed=SEED)
    return {record.key: str(rank) for record, rank in zip(table.records, shared.rank, strict=True)}
