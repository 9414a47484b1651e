"""The sequence split: whole sequences, encounters, videos, cameras or days apart."""

from collections.abc import Mapping

from benchmark.data.capture import TIMES, filled, times
from benchmark.data.catalogue import Catalogue
from benchmark.errors import InputError
from benchmark.splitting.group_assignment import assign
from benchmark.splitting.sampling import by_identity
from benchmark.splitting.split import Split
from benchmark.splitting.zones import Zoning, named, refuse_absence, split_of
from benchmark.vocabulary import SPLIT_PARTS

SEQUENCES = ("sequence", "encounter", "cluster_id", "video", "camera")
"""Columns whose values may be kept apart, the first that can carry the split is taken; after them, the day."""


def sequence_split(catalogue: Catalogue, digests: Mapping[str, str], seed: int, *, name: str | None = None) -> Split:
    """Whole sequences go to train, val or test, so that a test asks for an animal met at another time or place.

    What a sequence is, the catalogue decides: the first of the columns sequence, encounter, cluster_id, video,
    camera that is on every row and of which every individual has three values or more; where there is none, the
    day of the columns timestamp, datetime or date. Each goes whole, with every animal in it
    (`groups.assign`).

    Raises:
        InputError: no column can carry the split; says of each why. Or an individual has fewer than five images.
    """
    return split_of(catalogue, digests, seed, by_sequence(catalogue, seed), name or f"sequence-{seed}")


def by_sequence(catalogue: Catalogue, seed: int) -> Zoning:
    """The zones of the sequence split."""
    by_identity(catalogue)
    reasons = []
    for column, values in _candidates(catalogue).items():
        try:
            return _apart(catalogue, column, values, seed)
        except InputError as error:
            reasons.append(str(error))
    if not reasons:
        columns = ", ".join((*SEQUENCES, *TIMES))
        reasons.append(
            f"{catalogue.name} cannot carry the split 'sequence': no column says on every row which images belong "
            f"together. Add one of {columns}."
        )
    raise InputError(" ".join(reasons))


def _candidates(catalogue: Catalogue) -> dict[str, list[str]]:
    """The value of each row in every column that may be kept apart."""
    rows = catalogue.rows
    found = {column: [row.groups[column] for row in rows] for column in SEQUENCES if filled(rows, column)}
    taken = times(rows)
    if taken is not None:
        found["day"] = [time.date().isoformat() for time in taken]
    return found


def _apart(catalogue: Catalogue, column: str, values: list[str], seed: int) -> Zoning:
    identities = [row.identity for row in catalogue.rows]
    seen: dict[str, set[str]] = {}
    for identity, value in zip(identities, values, strict=True):
        seen.setdefault(identity, set()).add(value)
    rare = sorted(identity for identity, found in seen.items() if len(found) < len(SPLIT_PARTS))
    if rare:
        values_seen = len(set(values))
        alone = values_seen > 1 and all(len(found) == 1 for found in seen.values())
        nested = f" Identity is nested in {column}." if alone else ""
        raise InputError(
            f"{catalogue.name} cannot carry the split 'sequence' by {column}: {len(rare)} of {len(seen)} individuals "
            f"are in fewer than {len(SPLIT_PARTS)} of its {values_seen} values, {rare[0]!r} in {len(seen[rare[0]])}; "
            f"each needs one in train, one in val and one in test.{nested}"
        )
    zones = named(catalogue, assign(identities, values, seed, settle=lambda zones: zones))
    refuse_absence(catalogue, zones, "sequence", f"for individuals share the values of {column}")
    recipe = (
        f"Sequences, seed {seed}: each value of {column} goes whole to train, val or test, near 80 : 11.2 : 8.8 of the "
        "images of each individual."
    )
    return Zoning(zones, recipe)
