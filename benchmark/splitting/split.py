"""Fixed splits: which image is for what, as small files that are reviewed, committed and checked."""

import csv
import hashlib
import io
import json
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmark.data.catalogue import Catalogue
from benchmark.errors import InputError
from benchmark.vocabulary import SPLIT_PARTS, SPLIT_SETS, SplitPart, SplitSet

LEAK_FREE = ("sequence", "block", "time")
"""Names of the splits that ask what `random` asks without its leak, the strictest first."""

_HEADER = ("image_id", "sha256", "set", "part")


@dataclass(frozen=True)
class SplitRow:
    """One image's place.

    Attributes:
        image_id: in the catalogue.
        sha256: its content digest.
        set: what it is for.
        part: train, val or test within its set.
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
        name: of the split.
        seed: of its drawing.
        recipe: how it was drawn, in words.
        rows: sorted by image_id.
    """

    dataset: str
    name: str
    seed: int
    recipe: str
    rows: tuple[SplitRow, ...]

    def ids(self, of: SplitSet, part: SplitPart | None = None) -> tuple[str, ...]:
        """The image ids of a set, or of one part of it, sorted."""
        return tuple(row.image_id for row in self.rows if row.set == of and part in {None, row.part})


def check_split(split: Split, catalogue: Catalogue, digests: Mapping[str, str]) -> None:
    """Refuse a split that was made for other images; images that it does not name are left aside.

    Raises:
        InputError: images of the split are missing from the data set, or have changed.
    """
    missing = [row.image_id for row in split.rows if row.image_id not in digests]
    changed = [row.image_id for row in split.rows if digests.get(row.image_id, row.sha256) != row.sha256]
    for wrong, fault in (
        (missing, "are not in the data set"),
        (changed, "have other pixels, boxes or masks"),
    ):
        if wrong:
            raise InputError(
                f"Split {split.name!r} does not fit {catalogue.root}: {len(wrong)} of its {len(split.rows)} "
                f"images {fault}, the first is {wrong[0]!r}. Fetch the data set again unchanged. If the data are your "
                f"own and were changed on purpose, delete {split.name}.csv and {split.name}.toml in "
                f"benchmark/splits/{split.dataset}: the next run draws a new split."
            )


def contents(split: Split, catalogue: Catalogue) -> str:
    """How many images and individuals a split holds, and how many images of the data set it leaves aside, in words."""
    inside = {row.image_id for row in split.rows}
    held = {row.identity for row in catalogue.rows if row.image_id in inside}
    without = len(catalogue.identities) - len(held)
    said = f"{len(inside)} crops of {len(held)} individuals, split {split.name}"
    if len(inside) == len(catalogue.rows):
        return said
    wholly = f", among them all of {without} individual{'s' * (without > 1)}" if without else ""
    return f"{said} ({len(catalogue.rows) - len(inside)} crops are not in it{wholly})"


def write_split(split: Split, folder: Path) -> Path:
    """Write `<folder>/<dataset>/<name>.csv` and the .toml beside it; returns the path of the .csv."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_HEADER)
    writer.writerows((row.image_id, row.sha256, row.set, row.part) for row in split.rows)
    table = text.getvalue().encode()
    counts = Counter((row.set, row.part) for row in split.rows)
    about = [
        f"dataset = {json.dumps(split.dataset, ensure_ascii=False)}",
        f"name = {json.dumps(split.name, ensure_ascii=False)}",
        f"seed = {split.seed}",
        f"recipe = {json.dumps(split.recipe, ensure_ascii=False)}",
        f'sha256 = "{hashlib.sha256(table).hexdigest()}"',
    ]
    for of in SPLIT_SETS:
        about += ["", f"[counts.{of}]", *(f"{part} = {counts[of, part]}" for part in SPLIT_PARTS)]
    path = folder / split.dataset / f"{split.name}.csv"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(table)
    path.with_suffix(".toml").write_text("\n".join(about) + "\n", encoding="utf-8", newline="\n")
    return path


def read_split(path: Path) -> Split:
    """Read a split by the path of its .csv.

    Raises:
        InputError: one of the two files is missing or cannot be read, or the .csv is not the one that the
            .toml was written for.
    """
    try:
        table = path.read_bytes()
        about = tomllib.loads(path.with_suffix(".toml").read_text(encoding="utf-8"))
        if hashlib.sha256(table).hexdigest() != about["sha256"]:
            raise InputError(
                f"{path} is not as it was written: its sha256 differs from the one in {path.stem}.toml. "
                "Restore it with git; to change a split, draw a new one under another name."
            )
        rows = tuple(_row(line) for line in csv.DictReader(io.StringIO(table.decode(), newline="")))
        return Split(about["dataset"], about["name"], about["seed"], about["recipe"], rows)
    except (OSError, KeyError, ValueError) as error:
        raise InputError(
            f"{path}: not a split ({error!r}). A split is a .csv with the columns {', '.join(_HEADER)} and a .toml "
            "beside it."
        ) from error


def _row(line: dict[str, str]) -> SplitRow:
    of, part = line["set"], line["part"]
    if of not in SPLIT_SETS or part not in SPLIT_PARTS:
        raise ValueError(f"set {of!r}, part {part!r}")
    return SplitRow(line["image_id"], line["sha256"], of, part)
