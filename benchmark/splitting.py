"""Fixed splits: which image is for what, as small files that are reviewed, committed and checked."""

import csv
import hashlib
import io
import json
import tomllib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, cast, get_args

from benchmark.catalogue import Catalogue
from benchmark.errors import InputError

Set = Literal["inpaint", "classify"]
Part = Literal["train", "val", "test"]

_HEADER = ("image_id", "sha256", "set", "part")
_INPAINT_SHARES = (80, 16, 4)
_CLASSIFY_SHARES = (80, 10, 10)
_FEWEST = 5
_INPAINT_FLOOR = 5
_KEPT_FOR_CLASSIFICATION = 3


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
    set: Set
    part: Part


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

    def ids(self, of: Set, part: Part | None = None) -> tuple[str, ...]:
        """The image ids of a set, or of one part of it, sorted."""
        return tuple(row.image_id for row in self.rows if row.set == of and part in {None, row.part})


def random_split(
    catalogue: Catalogue,
    digests: Mapping[str, str],
    seed: int,
    *,
    name: str | None = None,
    inpaint_percent: int = 20,
) -> Split:
    """The study's random split, drawn so that every machine draws the same.

    The inpainting set is drawn at random, stratified over identity: `inpaint_percent` of the images by
    largest remainders, but of each individual at least five as long as three stay for
    classification. Its originals are split 80:16:4; the study flipped first and split then, so that flips of
    one original lay on both sides, while here all four flips of an original follow it into one part. All
    other images are the classification set, split 80:10:10 within each individual, with at least one in val
    and in test. Images are put in order by the sha256 of `<seed>:<image_id>`, for the inpainting parts by
    that of `<seed>:parts:<image_id>`.

    Neighbouring frames of a video end up on both sides: accuracies on this split may be memory (the study's
    own weakness, kept so that its numbers can be compared).

    Args:
        catalogue: the data set.
        digests: content digest by image_id.
        seed: of the drawing.
        name: of the split; None = `random-<seed>`.
        inpaint_percent: share of the images that go to the inpainting set, 1 to 99.

    Raises:
        InputError: an individual has fewer than five images.
    """
    images = _by_identity(catalogue)
    wanted = (len(catalogue.rows) * inpaint_percent + 50) // 100
    quotas = apportion(wanted, [len(ids) for ids in images.values()])
    places: dict[str, tuple[Set, Part]] = {}
    originals: list[str] = []
    for ids, quota in zip(images.values(), quotas, strict=True):
        order = _shuffled(ids, f"{seed}")
        drawn = min(len(ids) - _KEPT_FOR_CLASSIFICATION, max(quota, _INPAINT_FLOOR))
        originals += order[:drawn]
        places |= {image_id: ("classify", part) for image_id, part in _parts(order[drawn:], _CLASSIFY_SHARES)}
    order = _shuffled(originals, f"{seed}:parts")
    places |= {image_id: ("inpaint", part) for image_id, part in _parts(order, _INPAINT_SHARES)}
    recipe = (
        f"Random, seed {seed}: {inpaint_percent} % of the images (at least {_INPAINT_FLOOR} an individual "
        "where three more remain) for inpainting, stratified over identity, split 80:16:4 by original; the "
        "others for classification, split 80:10:10 within each individual."
    )
    rows = tuple(SplitRow(image_id, digests[image_id], *places[image_id]) for image_id in sorted(places))
    return Split(catalogue.name, name or f"random-{seed}", seed, recipe, rows)


def apportion(total: int, weights: Sequence[int]) -> list[int]:
    """Whole numbers that add up to `total` in proportion to the weights (Hare's largest remainders).

    Ties go to the earlier weight.
    """
    whole = sum(weights)
    shares = [total * weight // whole for weight in weights]
    remainders = [total * weight % whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda index: -remainders[index])
    for index in by_remainder[: total - sum(shares)]:
        shares[index] += 1
    return shares


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
                f"images {fault}, the first is {wrong[0]!r}. Fetch the data set again unchanged, or draw a "
                "new split."
            )


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
    for of in get_args(Set):
        about += ["", f"[counts.{of}]", *(f"{part} = {counts[of, part]}" for part in get_args(Part))]
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
    if of not in get_args(Set) or part not in get_args(Part):
        raise ValueError(f"set {of!r}, part {part!r}")
    return SplitRow(line["image_id"], line["sha256"], cast("Set", of), cast("Part", part))


def _by_identity(catalogue: Catalogue) -> dict[str, list[str]]:
    images: defaultdict[str, list[str]] = defaultdict(list)
    for row in catalogue.rows:
        images[row.identity].append(row.image_id)
    few = sorted(identity for identity, ids in images.items() if len(ids) < _FEWEST)
    if few:
        raise InputError(
            f"{catalogue.name}: the individual {few[0]!r} has {len(images[few[0]])} images; {len(few)} in "
            f"all have fewer than {_FEWEST}. Leave them out (identity `unknown`), or add images."
        )
    return dict(sorted(images.items()))


def _shuffled(ids: Iterable[str], salt: str) -> list[str]:
    """A random order that is the same on every platform and in every version of Python."""
    return sorted(ids, key=lambda image_id: hashlib.sha256(f"{salt}:{image_id}".encode()).digest())


def _parts(order: Sequence[str], shares: tuple[int, int, int]) -> Iterable[tuple[str, Part]]:
    """Train, val and test in this order, none empty where there are three images."""
    train, val, test = apportion(len(order), shares)
    if len(order) >= 3:  # noqa: PLR2004 - one for each part
        val, test = max(val, 1), max(test, 1)
        train = len(order) - val - test
    sizes: dict[Part, int] = {"train": train, "val": val, "test": test}
    return zip(order, (part for part, size in sizes.items() for _ in range(size)), strict=True)
