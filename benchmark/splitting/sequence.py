"""The sequence split: whole sequences, encounters, videos, cameras or days stay together."""

from collections.abc import Mapping

from benchmark.data.capture import TIME_COLUMNS, capture_periods, is_filled
from benchmark.data.catalogue import Catalogue
from benchmark.errors import InputError
from benchmark.splitting.group_assignment import assign_groups
from benchmark.splitting.parts import Parts, parts_by_id, require_all_parts, split_from_parts
from benchmark.splitting.sampling import by_identity
from benchmark.splitting.split import Split
from benchmark.vocabulary import SPLIT_PARTS

SEQUENCE_COLUMNS = ("sequence", "encounter", "cluster_id", "video", "camera")
"""Columns whose values can be kept together; the first one that supports the split is used, and after them the day."""


def sequence_split(catalogue: Catalogue, digests: Mapping[str, str], seed: int, *, name: str | None = None) -> Split:
    """Whole sequences go to train, val or test, so that the test shows an animal at another time or place.

    A sequence is a value of the first column of `SEQUENCE_COLUMNS` that is filled on every row and has at least three
    values for every individual. If there is none, it is a day of the column timestamp, datetime or date. A sequence
    goes whole, with every animal in it, to one part (see `group_assignment.assign_groups`).

    Args:
        catalogue: the data set.
        digests: content digest by image_id.
        seed: seed of the drawing.
        name: name of the split; None = `sequence-<seed>`.

    Raises:
        InputError: no column supports the split (the message gives the reason for each), or an individual has fewer
            than five images.
    """
    parts = sequence_parts(catalogue, seed)
    return split_from_parts(catalogue, digests, seed, parts, name or f"sequence-{seed}")


def sequence_parts(catalogue: Catalogue, seed: int) -> Parts:
    """The parts of the sequence split; raises `InputError` as `sequence_split`."""
    by_identity(catalogue)
    reasons = []
    for column, values in _candidates(catalogue).items():
        try:
            return _parts_by_column(catalogue, column, values, seed)
        except InputError as error:
            reasons.append(str(error))
    if not reasons:
        columns = ", ".join((*SEQUENCE_COLUMNS, *TIME_COLUMNS))
        reasons.append(
            f"{catalogue.name} does not support the split 'sequence': no column that groups images is filled on every "
            f"row. Add one of {columns}."
        )
    raise InputError(" ".join(reasons))


def _candidates(catalogue: Catalogue) -> dict[str, list[str]]:
    """The value of each row in every column that can be kept together."""
    rows = catalogue.rows
    candidates = {
        column: [row.groups[column] for row in rows] for column in SEQUENCE_COLUMNS if is_filled(rows, column)
    }
    if (found := capture_periods(rows)) is not None:
        candidates[found.precision] = found.periods
    return candidates


def _parts_by_column(catalogue: Catalogue, column: str, values: list[str], seed: int) -> Parts:
    identities = [row.identity for row in catalogue.rows]
    values_of: dict[str, set[str]] = {}
    for identity, value in zip(identities, values, strict=True):
        values_of.setdefault(identity, set()).add(value)
    rare = sorted(identity for identity, own_values in values_of.items() if len(own_values) < len(SPLIT_PARTS))
    if rare:
        distinct = len(set(values))
        is_nested = distinct > 1 and all(len(own_values) == 1 for own_values in values_of.values())
        nested = f" Identity is nested in {column}." if is_nested else ""
        raise InputError(
            f"{catalogue.name} does not support the split 'sequence' by {column}: {len(rare)} of {len(values_of)} "
            f"individuals are in fewer than {len(SPLIT_PARTS)} of its {distinct} values, {rare[0]!r} in "
            f"{len(values_of[rare[0]])}; each needs one in train, one in val and one in test.{nested}"
        )
    part_of = parts_by_id(catalogue, assign_groups(identities, values, seed, drop_images=lambda parts: parts))
    require_all_parts(catalogue, part_of, "sequence", f"because individuals share the values of {column}")
    recipe = (
        f"Sequences, seed {seed}: each value of {column} goes whole to train, val or test, near 80 : 11.2 : 8.8 of the "
        "images of each individual."
    )
    return Parts(part_of, recipe)
