"""Whether a record is of the data, split, rules, code and weights that this checkout has."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar, get_args

from benchmark.records.files import record_path
from benchmark.records.record import Record
from benchmark.verification.comparison import Check
from benchmark.vocabulary import Device
from harness.git import try_git
from harness.run import PreparedRun, RunIdentity

SHOWN = 12
"""Digits of a digest that are printed."""

LONGEST = 80
"""Characters of another value that are printed."""

File = TypeVar("File", bound=Path | str)


def check_path(record: Record, path: Path, folder: Path) -> Check:
    """Whether the file of a record has the name that its content gives it: a copy has another.

    Args:
        record: the record.
        path: of its file.
        folder: of all records.
    """
    expected = record_path(record, folder)
    same = path.resolve() == expected.resolve()
    return Check("file", "match" if same else "mismatch", str(path), str(expected))


def check_unique(record: Record, records: Mapping[Path, Record], path: Path) -> Check:
    """Whether no other file has the record's key, or a stage of its under the name of another contestant."""
    others = twins(records).get(path, [])
    names = ", ".join(map(str, others))[:200]
    return Check("key is unique", "mismatch" if others else "match", record.key[:SHOWN], names)


def twins(records: Mapping[File, Record]) -> dict[File, list[File]]:
    """The other files of the same run, by each file that is not the only one of its run.

    Two records are of one run if they have one key, or one stage under the names of two contestants: the key of a stage
    contains the contestant's code.

    Args:
        records: by file.
    """
    holders: defaultdict[tuple[str, ...], list[File]] = defaultdict(list)
    for file, record in records.items():
        holders["run", record.key, record.status].append(file)
        for key in {stage.key for stage in record.provenance.stages.values()}:
            holders["stage", key].append(file)
    same: dict[File, list[File]] = {}
    for (kind, *_), files in holders.items():
        for file in files:
            own = records[file].backbone
            others = [one for one in files if one != file and (kind == "run" or records[one].backbone != own)]
            if others:
                same[file] = list(dict.fromkeys([*same.get(file, []), *others]))
    return same


def check_origin(record: Record, prepared: PreparedRun) -> Iterator[Check]:
    """The digests of the record's origin beside those of the same run prepared here.

    Args:
        record: the record.
        prepared: a run of its spec in this checkout.
    """
    told, spec = record.provenance, prepared.spec
    yield _equal("provenance.data", told.data, prepared.crops.data_digest)
    yield _equal("provenance.split", told.split, prepared.crops.split_digest)
    yield _equal("provenance.rules", told.rules, spec.rules)
    yield _equal("provenance.protocol", told.protocol, prepared.protocol)
    for name in sorted({*told.weights, *prepared.weights}):
        yield _equal(f"provenance.weights.{name}", told.weights.get(name, "none"), prepared.weights.get(name, "none"))
    yield _code(record, prepared)
    yield _key(record, prepared)
    names = record.test_images.identities if record.test_images else spec.data.catalogue.identities
    yield _equal("test_images.identities", names, spec.data.catalogue.identities)
    if record.test_images:
        labels = prepared.crops.rows("test").labels.tolist()
        same = sorted(record.test_images.labels) == sorted(labels)
        yield Check("test_images.labels", "match" if same else "mismatch", "labels", "" if same else "others here")


def _code(record: Record, prepared: PreparedRun) -> Check:
    told = record.provenance.code
    if told == prepared.code:
        return Check("provenance.code", "match", told[:SHOWN], prepared.code[:SHOWN])
    return Check(
        "provenance.code",
        "unknown",
        "the code, the libraries or the image differ here from those of the record; only its own machine can compare",
        prepared.code[:SHOWN],
    )


def _key(record: Record, prepared: PreparedRun) -> Check:
    """Whether the key follows from its parts, which the record holds, but for the device."""
    told = record.provenance.model_dump(include={"scoring", "code", "data", "split", "protocol", "weights"})
    variant, init = prepared.spec.backbone.variant, prepared.spec.init
    keys = {RunIdentity(**told, variant=variant, init=init, device=one).key for one in get_args(Device)}
    if record.key in keys:
        return Check("key", "match", record.key[:SHOWN])
    if _fields_changed(record, prepared.workspace.root):
        return Check("key", "unknown", "the fields of records have changed since its commit, and are part of the key")
    return Check("key", "mismatch", record.key[:SHOWN], "another, by the record's own parts")


def _fields_changed(record: Record, root: Path) -> bool:
    """Whether git knows that the types of records differ from those of the record's commit."""
    commit = record.provenance.commit.removesuffix("+changes")
    return not commit or try_git(root, "diff", "--quiet", commit, "--", "benchmark/records").returncode != 0


def check_commit(record: Record, root: Path) -> Iterator[Check]:
    """Whether git has the commit that a record names, and the backbone at it.

    Args:
        record: the record.
        root: of the checkout.
    """
    told = record.provenance.commit
    commit = told.removesuffix("+changes")
    if not commit:
        yield Check("provenance.commit", "unknown", "the record names no commit")
        return
    if try_git(root, "cat-file", "-e", f"{commit}^{{commit}}").returncode:
        yield Check("provenance.commit", "unknown", f"{commit[:SHOWN]} is not in this repository")
        return
    if told != commit:
        yield Check("provenance.commit", "unknown", f"{commit[:SHOWN]} with changes that no commit holds")
        return
    folder = f"backbones/{record.backbone.partition(':')[0]}"
    there = not try_git(root, "cat-file", "-e", f"{commit}:{folder}").returncode
    yield Check("provenance.commit", "match" if there else "mismatch", commit[:SHOWN], "" if there else f"no {folder}")


def _equal(place: str, told: object, found: object) -> Check:
    first, second = (str(value)[: SHOWN if isinstance(value, str) else LONGEST] for value in (told, found))
    return Check(place, "match" if told == found else "mismatch", first, second)
