"""The audit of a split: which test images training has already seen, and which columns give the identity away."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain, product
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from benchmark.audit.leakage import Leak, LeakIndex
from benchmark.audit.nesting import Nesting, nesting
from benchmark.data.catalogue import Catalogue, Row
from benchmark.errors import InputError
from benchmark.splitting.sequence import SEQUENCE_COLUMNS
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
"""Query parts and pool parts of each leak. The first is the headline: what both trainings have seen of the test."""

_CHECKED_FOR_FAULTS: dict[Pairing, tuple[str, str]] = {
    "test_train": ("test images", "in train"),
    "test_val": ("test images", "in val"),
    "inpaint_test": ("inpainting test images", "in the inpainting set's train or val"),
    "val_train": ("validation images", "in train"),
}

CLOSE = 2
"""In a clean split, no test image has the same animal within this number of frames: they are almost one picture."""

TOLERATED = 0.01
"""Share of near duplicates that a clean split may have, because two pictures can look alike by chance."""

_RARE, _NEARLY_ALL, _MOST = 0.01, 0.99, 0.5


class Balance(BaseModel, frozen=True, extra="forbid"):
    """Sizes of one part of the split.

    Attributes:
        set: `inpaint` or `classify`.
        part: of the set.
        images: number of images.
        individuals: number of individuals in the part.
        fewest: images of the individual with the fewest; 0 if the part lacks an individual of the split.
        most: images of the individual with the most.
        side: median of the boxes' longer sides in pixels; None without boxes.
    """

    set: SplitSet
    part: SplitPart
    images: int
    individuals: int
    fewest: int
    most: int
    side: float | None


class Audit(BaseModel, frozen=True, extra="forbid"):
    """The audit of one split.

    Attributes:
        dataset: name of the data set.
        split: name of the split.
        individuals: number of individuals in the split.
        tested: number of individuals in the classification test part.
        new: number of these that neither training set contains.
        repeated: number of images of the split whose content occurs more than once.
        contradictory: number of these whose content occurs under different individuals.
        leaks: by pairing of parts.
        nesting: of each metadata column with at least two images a value on average, except frame numbers.
        balance: of each part of each set.
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
    """Audit a split of any origin, by sorting and grouping: 100 000 images take seconds.

    Args:
        catalogue: the data set.
        split: of the data set.
        hashes: (N,) `perceptual_hashes` of the catalogue's rows; None = near duplicates are not searched.
        embeddings: (N, D) of the catalogue's rows; None = similar embeddings are not searched.

    Raises:
        InputError: the split names an image that the catalogue lacks, a frame is not a number, an embedding is not
            finite, or the number of hashes or embeddings differs from that of rows.
    """
    for name, array in (("hashes", hashes), ("embeddings", embeddings)):
        if array is not None and len(array) != len(catalogue.rows):
            raise InputError(
                f"There are {len(array)} {name} for the {len(catalogue.rows)} images of {catalogue.name}; one for each "
                "is needed, in the order of the catalogue."
            )
    rows, places = catalogue.rows, _places(catalogue, split)
    members: dict[Place, list[Row]] = {place: [] for place in product(SPLIT_SETS, SPLIT_PARTS)}
    for row, place in zip(rows, places, strict=True):
        if place is not None:
            members[place].append(row)
    digests = {row.image_id: row.sha256 for row in split.rows}
    index = LeakIndex.of(rows, [digests.get(row.image_id, "") for row in rows], hashes, embeddings)
    individuals = _individuals(chain.from_iterable(members.values()))
    tested = _individuals(members["classify", "test"])
    owners: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in chain.from_iterable(members.values()):
        owners[digests[row.image_id]][row.identity] += 1
    return Audit(
        dataset=catalogue.name,
        split=split.name,
        individuals=len(individuals),
        tested=len(tested),
        new=len(tested - _individuals(members["classify", "train"]) - _individuals(members["inpaint", "train"])),
        repeated=sum(names.total() for names in owners.values() if names.total() > 1),
        contradictory=sum(names.total() for names in owners.values() if len(names) > 1),
        leaks={
            name: index.leak(_in_places(places, query_places), _in_places(places, pool_places))
            for name, (query_places, pool_places) in PAIRINGS.items()
        },
        nesting=nesting(*(members["classify", part] for part in SPLIT_PARTS)),
        balance=tuple(_balance(place, members[place], individuals) for place in members),
    )


def find_faults(audit: Audit) -> list[str]:
    """The faults of a split, each as a clause; a clean split has none.

    A split has a fault if test or validation images are copies of training images or have the same animal within two
    frames in train, or if more than one in a hundred look like a training image. Three things are reported but are no
    fault, because they do not show the answer: another animal of the same photo in train, the same animal in the same
    video at another time, and similar embeddings, which a good encoder gives to one animal.
    """
    clauses = []
    if not audit.leaks["test_train"].images:
        clauses.append("there are no test images")
    for pairing, (queries, where) in _CHECKED_FOR_FAULTS.items():
        leak = audit.leaks[pairing]
        shares = {
            f"have the same animal within {frames_text(CLOSE)} {where}": leak.within.get(CLOSE, 0),
            f"are copies of images {where}": leak.exact,
            f"look like an image {where}": leak.near if leak.near is not None and leak.near > TOLERATED else 0,
        }
        clauses += [f"{_percent(share)} of {queries} {fault}" for fault, share in shares.items() if share]
    return clauses


def sentence(audit: Audit) -> str:
    """The audit in one line, for the head of a table: what a reader of the test scores must know first."""
    leak = audit.leaks["test_train"]
    if not leak.images:
        return f"{audit.split}: there are no test images"
    clauses = []
    if audit.new == audit.tested:
        clauses.append("no individual of test is in train")
    else:
        clauses.append(_proximity(leak))
        if audit.new:
            clauses.append(f"{audit.new} of {audit.tested} individuals of test are not in train")
    if leak.exact:
        clauses.append(f"{_percent(leak.exact)} of test images are copies of training images")
    if leak.near is not None and leak.near > max(leak.exact, TOLERATED):
        clauses.append(f"{_percent(leak.near)} of test images look like a training image")
    return f"{audit.split}: {'; '.join(clauses)}"


def _proximity(leak: Leak) -> str:
    """How near to the test images train has the same animal: in frames if most are that near, else by group."""
    column = next((column for column in SEQUENCE_COLUMNS if column in leak.same_group), None)
    if column is None:
        return "no metadata shows which images were taken together"
    furthest = max(leak.within.values(), default=0)
    frames = next((frames for frames, share in leak.within.items() if share and 2 * share >= furthest), None)
    if frames is not None and furthest >= _MOST:
        near = f"{_percent(leak.within[frames])} of test images have the same animal within {frames_text(frames)}"
        return f"{near} in train"
    if not leak.same_group[column]:
        return f"no test image has the same animal in the same {column} in train"
    clause = f"{_percent(leak.same_group[column])} of test images have the same animal in the same {column} in train"
    if frames is not None:
        clause += f", {_percent(leak.within[frames])} within {frames_text(frames)}"
    elif leak.nearest is not None:
        clause += f", the nearest {leak.nearest} frames away"
    return clause


def _percent(share: float) -> str:
    """A share in per cent that never rounds to none or all."""
    if 0 < share < _RARE:
        return "under 1 %"
    if _NEARLY_ALL < share < 1:
        return "over 99 %"
    return f"{100 * share:.0f} %"


def frames_text(count: int) -> str:
    """A number of frames in words.

    Example:
        >>> frames_text(2), frames_text(5)
        ('two frames', '5 frames')
    """
    words = {1: "one frame", 2: "two frames"}
    return words.get(count, f"{count} frames")


def _places(catalogue: Catalogue, split: Split) -> list[Place | None]:
    """Set and part of each row of the catalogue; None if the split leaves it out."""
    places: dict[str, Place] = {row.image_id: (row.set, row.part) for row in split.rows}
    known = {row.image_id for row in catalogue.rows}
    missing = sorted(places.keys() - known)
    if missing:
        raise InputError(
            f"Split {split.name!r} names {len(missing)} images that {catalogue.name} lacks, the first is "
            f"{missing[0]!r}. It was made for another data set; make a split of this one."
        )
    return [places.get(row.image_id) for row in catalogue.rows]


def _in_places(places: Sequence[Place | None], selection: Sequence[Place]) -> NDArray[np.bool_]:
    """(N,) whether each row is in one of the selected places."""
    return np.array([place in selection for place in places], dtype=bool)


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
