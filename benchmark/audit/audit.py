"""The audit of a split: what of its test images was already seen in training, and what gives an identity away."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain, product
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from benchmark.audit.leakage import Evidence, Leak
from benchmark.audit.nesting import Nesting, nesting
from benchmark.data.catalogue import Catalogue, Row
from benchmark.errors import InputError
from benchmark.splitting.sequence import SEQUENCES
from benchmark.splitting.split import Split
from benchmark.vocabulary import SPLIT_PARTS, SPLIT_SETS, SplitPart, SplitSet

Place = tuple[SplitSet, SplitPart]
Pairing = Literal["test_train", "test_labelled", "test_val", "inpaint_test", "val_train"]

PAIRINGS: dict[Pairing, tuple[tuple[Place, ...], tuple[Place, ...]]] = {
    "test_train": ((("classify", "test"),), (("classify", "train"), ("inpaint", "train"))),
    "test_labelled": ((("classify", "test"),), (("classify", "train"),)),
    "test_val": ((("classify", "test"),), (("classify", "val"), ("inpaint", "val"))),
    "inpaint_test": ((("inpaint", "test"),), (("inpaint", "train"), ("inpaint", "val"))),
    "val_train": ((("classify", "val"), ("inpaint", "val")), (("classify", "train"), ("inpaint", "train"))),
}
"""Which images are looked up among which. The first is the headline: what either training has seen of the test."""

_ASKED_OF_A_CLEAN_SPLIT: dict[Pairing, tuple[str, str]] = {
    "test_train": ("test images", "in train"),
    "test_val": ("test images", "in val"),
    "inpaint_test": ("inpainting test images", "in the inpainting set's train or val"),
    "val_train": ("validation images", "in train"),
}

CLOSE = 2
"""No test image of a clean split has the same animal within so many frames: these are almost the same picture."""

TOLERATED = 0.01
"""Share of near duplicates that a clean split may have, for two pictures can look alike by chance."""

_RARE, _NEARLY_ALL, _MOST = 0.01, 0.99, 0.5


class Balance(BaseModel, frozen=True, extra="forbid"):
    """How a part is made up.

    Attributes:
        set: `inpaint` or `classify`.
        part: of it.
        images: how many.
        individuals: how many are seen.
        fewest: images of the individual with the fewest, 0 where one of the split's is not seen.
        most: images of the individual with the most.
        side: median of the boxes' longer sides in pixels; None where images have no boxes.
    """

    set: SplitSet
    part: SplitPart
    images: int
    individuals: int
    fewest: int
    most: int
    side: float | None


class Audit(BaseModel, frozen=True, extra="forbid"):
    """What was found out about a split.

    Attributes:
        dataset: its name.
        split: its name.
        individuals: in the split.
        tested: individuals in the classification test part.
        new: individuals among these that no training image of either set shows.
        repeated: images of the split whose content stands there more than once.
        contradictory: those of them that stand under different individuals.
        leaks: by pairing of parts.
        nesting: one a column whose values hold two images or more on average, frame numbers left aside.
        balance: one a set and part.
    """

    dataset: str
    split: str
    individuals: int
    tested: int
    new: int
    repeated: int
    contradictory: int
    leaks: dict[Pairing, Leak]
    nesting: tuple[Nesting, ...]
    balance: tuple[Balance, ...]


def audit(
    catalogue: Catalogue,
    split: Split,
    *,
    hashes: NDArray[np.uint64] | None = None,
    embeddings: NDArray[np.floating] | None = None,
) -> Audit:
    """Audit a split, whoever made it. Everything is sorted or grouped: 100 000 images take seconds.

    Args:
        catalogue: the data set.
        split: of it.
        hashes: (N,) `perceptual_hashes` of the catalogue's rows, where near duplicates are to be looked for.
        embeddings: (N, D) of the catalogue's rows, where similar ones are to be looked for.

    Raises:
        InputError: the split names an image that the catalogue lacks, a frame is not a number, an embedding is not
            finite, or there is another number of hashes or embeddings than of rows.
    """
    for name, given in (("hashes", hashes), ("embeddings", embeddings)):
        if given is not None and len(given) != len(catalogue.rows):
            raise InputError(f"There are {len(given)} {name} for the {len(catalogue.rows)} images of {catalogue.name}.")
    rows, places = catalogue.rows, _places(catalogue, split)
    members: dict[Place, list[Row]] = {place: [] for place in product(SPLIT_SETS, SPLIT_PARTS)}
    for row, place in zip(rows, places, strict=True):
        if place is not None:
            members[place].append(row)
    contents = {row.image_id: row.sha256 for row in split.rows}
    evidence = Evidence.of(rows, [contents.get(row.image_id, "") for row in rows], hashes, embeddings)
    individuals = _individuals(chain.from_iterable(members.values()))
    tested = _individuals(members["classify", "test"])
    owners: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in chain.from_iterable(members.values()):
        owners[contents[row.image_id]][row.identity] += 1
    return Audit(
        dataset=catalogue.name,
        split=split.name,
        individuals=len(individuals),
        tested=len(tested),
        new=len(tested - _individuals(members["classify", "train"]) - _individuals(members["inpaint", "train"])),
        repeated=sum(names.total() for names in owners.values() if names.total() > 1),
        contradictory=sum(names.total() for names in owners.values() if len(names) > 1),
        leaks={
            name: evidence.leak(_standing(places, asked), _standing(places, pool))
            for name, (asked, pool) in PAIRINGS.items()
        },
        nesting=nesting(*(members["classify", part] for part in SPLIT_PARTS)),
        balance=tuple(_balance(place, members[place], individuals) for place in members),
    )


def clean(audit: Audit) -> list[str]:
    """Why a split is not clean; empty where it is.

    It is not where images asked after (test images above all) are copies of training images, or have the same
    animal within two frames in train; or where more than one in a hundred look like a training image. That another
    animal of the same photo is in train, or the same animal in the same video at another time, is reported
    but is no fault: neither shows the answer. Nor are similar embeddings, which a good encoder gives to one animal.
    """
    reasons = []
    if not audit.leaks["test_train"].images:
        reasons.append("there are no test images")
    for pairing, (asked, where) in _ASKED_OF_A_CLEAN_SPLIT.items():
        leak = audit.leaks[pairing]
        faults = {
            f"have the same animal within {frames_said(CLOSE)} {where}": leak.within.get(CLOSE, 0),
            f"are copies of images {where}": leak.exact,
            f"look like an image {where}": leak.near if leak.near is not None and leak.near > TOLERATED else 0,
        }
        reasons += [f"{_share(share)} of {asked} {fault}" for fault, share in faults.items() if share]
    return reasons


def sentence(audit: Audit) -> str:
    """The audit in one line, to stand above a table: what a reader of the test scores must know first."""
    leak = audit.leaks["test_train"]
    if not leak.images:
        return f"{audit.split}: there are no test images"
    said = []
    if audit.new == audit.tested:
        said.append("no individual of test is in train")
    else:
        said.append(_kinship(leak))
        if audit.new:
            said.append(f"{audit.new} of {audit.tested} individuals of test are not in train")
    if leak.exact:
        said.append(f"{_share(leak.exact)} of test images are copies of training images")
    if leak.near is not None and leak.near > max(leak.exact, TOLERATED):
        said.append(f"{_share(leak.near)} of test images look like a training image")
    return f"{audit.split}: {'; '.join(said)}"


def _kinship(leak: Leak) -> str:
    """How near to test images the same animals are in train: in frames where that holds for most, else in groups."""
    column = next((column for column in SEQUENCES if column in leak.same_group), None)
    if column is None:
        return "nothing says which images were taken together"
    furthest = max(leak.within.values(), default=0)
    frames = next((frames for frames, share in leak.within.items() if share and 2 * share >= furthest), None)
    if frames is not None and furthest >= _MOST:
        near = f"{_share(leak.within[frames])} of test images have the same animal within {frames_said(frames)}"
        return f"{near} in train"
    if not leak.same_group[column]:
        return f"no test image has the same animal in the same {column} in train"
    said = f"{_share(leak.same_group[column])} of test images have the same animal in the same {column} in train"
    if frames is not None:
        said += f", {_share(leak.within[frames])} within {frames_said(frames)}"
    elif leak.nearest is not None:
        said += f", the nearest {leak.nearest} frames away"
    return said


def _share(share: float) -> str:
    """A share in words that never round to none or all."""
    if 0 < share < _RARE:
        return "under 1 %"
    if _NEARLY_ALL < share < 1:
        return "over 99 %"
    return f"{100 * share:.0f} %"


def frames_said(count: int) -> str:
    """A number of frames in words."""
    words = {1: "one frame", 2: "two frames"}
    return words.get(count, f"{count} frames")


def _places(catalogue: Catalogue, split: Split) -> list[Place | None]:
    """Where each row of the catalogue stands in the split."""
    places: dict[str, Place] = {row.image_id: (row.set, row.part) for row in split.rows}
    known = {row.image_id for row in catalogue.rows}
    missing = sorted(places.keys() - known)
    if missing:
        raise InputError(
            f"Split {split.name!r} names {len(missing)} images that {catalogue.name} lacks, the first is "
            f"{missing[0]!r}. It was made for another data set."
        )
    return [places.get(row.image_id) for row in catalogue.rows]


def _standing(places: Sequence[Place | None], wanted: Sequence[Place]) -> NDArray[np.bool_]:
    """(N,) which rows stand in one of the wanted places."""
    return np.array([place in wanted for place in places], dtype=bool)


def _individuals(rows: Iterable[Row]) -> set[str]:
    return {row.identity for row in rows}


def _balance(place: Place, rows: Sequence[Row], individuals: Iterable[str]) -> Balance:
    counts = Counter(row.identity for row in rows)
    sides = [max(row.box[2:]) for row in rows if row.box]
    return Balance(
        set=place[0],
        part=place[1],
        images=len(rows),
        individuals=len(counts),
        fewest=min((counts[identity] for identity in individuals), default=0),
        most=max(counts.values(), default=0),
        side=float(np.median(sides)) if sides else None,
    )
