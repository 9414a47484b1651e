"""Fixed splits: the set and part of each image, as small files that are reviewed and committed."""

import csv
import hashlib
import io
import tomllib
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import tomli_w

from benchmark.data.catalogue import Catalogue
from benchmark.data.faults import SHOWN
from benchmark.errors import InputError
from benchmark.files import atomic_write
from benchmark.hashing import file_digest
from benchmark.vocabulary import SPLIT_PARTS, SPLIT_SETS, SplitPart, SplitSet

LEAK_FREE = ("sequence", "block", "time")
"""Kinds of split with the task of `random` but without its leak, the strictest first."""

CLOSED = ("random", *LEAK_FREE)
"""Kinds of split in which training shows every individual."""

_HEADER = ("image_id", "sha256", "set", "part")


@dataclass(frozen=True)
class SplitRow:
    """The set and part of one image.

    Attributes:
        image_id: its id in the catalogue.
        sha256: its content digest.
        set: inpaint or classify.
        part: train, val or test.
    """

    image_id: str
    sha256: str
    set: SplitSet
    part: SplitPart


@dataclass(frozen=True)
class Split:
    """A fixed split of one data set.

    Attributes:
        dataset: name of the data set.
        name: name of the split.
        seed: seed of its drawing.
        recipe: how it was drawn, in words.
        rows: sorted by image_id.
        left_out: image ids of the data set that were in no part when the split was drawn, sorted; empty in files that
            do not tell them.
    """

    dataset: str
    name: str
    seed: int
    recipe: str
    rows: tuple[SplitRow, ...]
    left_out: tuple[str, ...] = ()

    def ids(self, set_name: SplitSet, part: SplitPart | None = None) -> tuple[str, ...]:
        """The image ids of a set, or of one part of it, sorted."""
        return tuple(row.image_id for row in self.rows if row.set == set_name and part in {None, row.part})


def check_split(split: Split, catalogue: Catalogue, digests: Mapping[str, str]) -> None:
    """Refuse a split that was drawn for other images; images of the catalogue that are not in the split are ignored.

    Args:
        split: the split.
        catalogue: the data set, for the message.
        digests: content digest of the data set by image_id.

    Raises:
        InputError: images of the split are missing from the data set, their content has changed, or their individuals
            were corrected in such a way that the split is no longer of its kind.
    """
    missing = [row.image_id for row in split.rows if row.image_id not in digests]
    changed = [row.image_id for row in split.rows if digests.get(row.image_id, row.sha256) != row.sha256]
    for image_ids, fault in (
        (missing, "are not in the data set"),
        (changed, "have other pixels, boxes or masks"),
    ):
        if image_ids:
            raise InputError(
                f"Split {split.name!r} does not fit {catalogue.root}: {len(image_ids)} of its {len(split.rows)} "
                f"images {fault}, the first is {image_ids[0]!r}. If these are other data of the same name, rename "
                "their folder: tables tell data sets apart by it. If files are damaged, download the data set again. "
                f"If the data are your own and were changed on purpose, delete {split.name}.csv and {split.name}.toml "
                f"in results/{split.dataset}/splits: the next run draws a new split."
            )
    check_individuals_of(split, catalogue)


def check_individuals_of(split: Split, catalogue: Catalogue) -> None:
    """Refuse a split that corrected names of individuals have broken.

    In `disjoint` every individual is in one part. In `open` an individual without training images is in test alone. In
    the other kinds every individual has training images.

    Args:
        split: the split.
        catalogue: the data set as it is now.

    Raises:
        InputError: an individual is where it may not be.
    """
    identity = {row.image_id: row.identity for row in catalogue.rows}
    parts: defaultdict[str, set[SplitPart]] = defaultdict(set)
    for row in split.rows:
        if row.set == "classify" and row.image_id in identity:
            parts[identity[row.image_id]].add(row.part)
    if split.name == "disjoint":
        wrong, fault = [name for name, own in parts.items() if len(own) > 1], "in more than one part"
    elif split.name == "open":
        wrong = [name for name, own in parts.items() if "train" not in own and own != {"test"}]
        fault = "neither in train nor in test alone"
    elif split.name in CLOSED:
        wrong, fault = [name for name, own in parts.items() if "train" not in own], "without training images"
    else:
        return
    if wrong:
        more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
        raise InputError(
            f"Split {split.name!r} of {split.dataset} no longer fits its individuals: "
            f"{', '.join(map(repr, sorted(wrong)[:SHOWN]))}{more} {'is' if len(wrong) == 1 else 'are'} {fault}. "
            "Names were corrected after it was drawn. Draw it anew; older results keep their own split: "
            f"patternbench data split {split.dataset} --split {split.name} --redraw"
        )


def describe_split(split: Split, catalogue: Catalogue) -> str:
    """The numbers of images and individuals in a split, and of those of the data set that are not in it, in words."""
    inside = {row.image_id for row in split.rows}
    identities = {row.identity for row in catalogue.rows if row.image_id in inside}
    absent = len(catalogue.identities) - len(identities)
    text = f"{len(inside)} crops of {len(identities)} individuals, split {split.name}"
    if len(inside) == len(catalogue.rows):
        return text
    whole = f", among them all of {absent} individual{'s' * (absent > 1)}" if absent else ""
    return f"{text} ({len(catalogue.rows) - len(inside)} crops are not in it{whole})"


def write_split(split: Split, folder: Path) -> Path:
    """Write `<folder>/<name>.csv` and the .toml beside it; returns the path of the .csv."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    quoting_writer = csv.writer(text, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerow(_HEADER)
    for row in split.rows:  # csv.writer leaves a lone carriage return unquoted
        chosen = quoting_writer if "\r" in row.image_id else writer
        chosen.writerow((row.image_id, row.sha256, row.set, row.part))
    path = folder / f"{split.name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    content = text.getvalue().encode()
    counts = Counter((row.set, row.part) for row in split.rows)
    facts: dict[str, object] = {
        "dataset": split.dataset,
        "name": split.name,
        "seed": split.seed,
        "recipe": split.recipe,
        "sha256": hashlib.sha256(content).hexdigest(),
        "counts": {name: {part: counts[name, part] for part in SPLIT_PARTS} for name in SPLIT_SETS},
    }
    if split.left_out:
        facts["left_out"] = list(split.left_out)
    # the .csv is what makes it a split: it comes last, after both files are on the disk
    with atomic_write(path) as table, atomic_write(path.with_suffix(".toml")) as note:
        table.write_bytes(content)
        note.write_text(tomli_w.dumps(facts), encoding="utf-8", newline="\n")
    return path


def read_split(path: Path) -> Split:
    """Read a split by the path of its .csv.

    Raises:
        InputError: one of the two files is missing or cannot be read, or the .csv has another digest than the one in
            the .toml.
    """
    try:
        table = path.read_bytes().decode()
        facts = tomllib.loads(path.with_suffix(".toml").read_text(encoding="utf-8"))
        if file_digest(path) != facts["sha256"]:
            raise InputError(
                f"{path} was changed: its sha256 differs from the one in {path.stem}.toml. {_way_out(path, facts)}"
            )
        rows = tuple(_row(line) for line in csv.DictReader(io.StringIO(table, newline="")))
        left_out = tuple(facts.get("left_out", ()))
        return Split(facts["dataset"], facts["name"], facts["seed"], facts["recipe"], rows, left_out)
    except (OSError, KeyError, ValueError) as error:
        raise InputError(
            f"{path}: not a split ({error!r}). A split is a .csv with the columns {', '.join(_HEADER)} and a .toml "
            f"beside it. {_way_out(path, {})}"
        ) from error


def _way_out(path: Path, facts: Mapping[str, object]) -> str:
    """What to do about a damaged split."""
    dataset = facts.get("dataset", "DATASET")
    return (
        "Restore both files with git or from a copy. A split of data of your own can be drawn anew, which older "
        f"results do not follow: patternbench data split {dataset} --split {path.stem} --redraw"
    )


def _row(line: dict[str, str]) -> SplitRow:
    set_name, part = line["set"], line["part"]
    if set_name not in SPLIT_SETS or part not in SPLIT_PARTS:
        raise ValueError(f"set {set_name!r}, part {part!r}")
    return SplitRow(line["image_id"], line["sha256"], set_name, part)
