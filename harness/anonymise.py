"""Records without the names of individuals and of recordings."""

from collections.abc import Iterable, Sequence

from benchmark.errors import InputError
from benchmark.records.record import Record


def anonymised(records: Sequence[Record]) -> list[Record]:
    """The records of one data set with names replaced by numbers, such as `individual-001`, the same in each record.

    Recordings are renamed too, because people name them after individuals. Image ids and paths are in no record.

    Raises:
        InputError: a record is of a failed run, whose log may hold paths, or the data set is named after an individual.
    """
    individuals = _numbered("individual", (name for one in records for name in _identities(one)))
    recordings = _numbered("recording", (name for one in records for name in _recordings(one)))
    for record in records:
        if record.failure is not None:
            raise InputError(f"{record.key[:7]} is the record of a failed run; its log may hold paths and names.")
        if record.dataset.casefold() in {name.casefold() for name in individuals}:
            raise InputError(
                f"The data set {record.dataset!r} has the name of an individual, which its records and files carry. "
                "Import it under another name, run again, and publish that."
            )
    return [_renamed(record, individuals, recordings) for record in records]


def _identities(record: Record) -> tuple[str, ...]:
    return record.test_images.identities if record.test_images else ()


def _recordings(record: Record) -> tuple[str, ...]:
    return record.projected_images.recordings if record.projected_images else ()


def _numbered(kind: str, names: Iterable[str]) -> dict[str, str]:
    distinct = sorted(set(names))
    return {name: f"{kind}-{number:03}" for number, name in enumerate(distinct, start=1)}


def _renamed(record: Record, individuals: dict[str, str], recordings: dict[str, str]) -> Record:
    test_images = record.test_images and record.test_images.model_copy(
        update={"identities": tuple(individuals[name] for name in _identities(record))}
    )
    projected = record.projected_images and record.projected_images.model_copy(
        update={"recordings": tuple(recordings[name] for name in _recordings(record))}
    )
    return record.model_copy(update={"test_images": test_images, "projected_images": projected})
