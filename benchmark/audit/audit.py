"""The audit of a split: which test images training has already seen, and which columns give the identity away."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from itertools import chain, product
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel

from benchmark.audit.leakage import Leak, LeakIndex
from benchmark.audit.look_alikes import LookAlikes
from benchmark.audit.nesting import Nesting, nesting
from benchmark.data.capture import PLACE_COLUMNS, TIME_COLUMNS, is_filled
from benchmark.data.catalogue import Catalogue, Row
from benchmark.data.pairing import Pairing
from benchmark.errors import InputError
from benchmark.splitting.sequence import SEQUENCE_COLUMNS
from benchmark.splitting.split import Split
from benchmark.vocabulary import SPLIT_PARTS, SPLIT_SETS, SplitPart, SplitSet

Place = tuple[SplitSet, SplitPart]
Comparison = Literal["test_train", "test_labelled", "test_val", "inpaint_test", "val_train", "gallery"]

COMPARISONS: dict[Comparison, tuple[tuple[Place, ...], tuple[Place, ...]]] = {
    "test_train": ((("classify", "test"),), (("classify", "train"), ("inpaint", "train"))),
    "test_labelled": ((("classify", "test"),), (("classify", "train"),)),
    "test_val": ((("classify", "test"),), (("classify", "val"), ("inpaint", "val"))),
    "inpaint_test": ((("inpaint", "test"),), (("inpaint", "train"), ("inpaint", "val"))),
    "val_train": ((("classify", "val"), ("inpaint", "val")), (("classify", "train"), ("inpaint", "train"))),
    "gallery": ((("classify", "test"),), (("classify", "train"),)),
}
"""Query parts and pool parts of each leak. The first is the headline: what both trainings have seen of the test. The
last is re-identification; if no individual of test is in train, test images are the gallery too."""

_CHECKED_FOR_FAULTS: dict[Comparison, tuple[str, str]] = {
    "test_train": ("test images", "in train"),
    "test_val": ("test images", "in val"),
    "inpaint_test": ("inpainting test images", "in the inpainting set's train or val"),
    "val_train": ("validation images", "in train"),
    "gallery": ("queries", "in the gallery"),
}

CLOSE = 2
"""In a clean split, no test image has the same animal within this number of frames: they are almost one picture."""

TOLERATED = 0.01
"""A clean split may have so many more images that look like their own individual's than like another's."""

_MIN_RELATED = 2

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
        alone: number of test individuals of whose recordings no other test individual has an image, if test images
            search each other: the place alone finds them. None in other splits, and if no column names a place.
        place: the column that names the recordings of `alone`; empty without one.
        unknown: what could not be checked, because not every image has such a column, or pixels were not compared.
        leaks: by what is compared.
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
    alone: int | None
    place: str
    unknown: tuple[str, ...]
    leaks: dict[Comparison, Leak]
    nesting: tuple[Nesting, ...]
    balance: tuple[Balance, ...]


def audit(
    catalogue: Catalogue,
    split: Split,
    *,
    hashes: NDArray[np.uint64] | None = None,
    embeddings: NDArray[np.floating] | None = None,
) -> Audit:
    """Audit a split of any origin. Without hashes 100 000 images take seconds, with them minutes.

    Args:
        catalogue: the data set.
        split: of the data set.
        hashes: (N, 12) `view_hashes` of the catalogue's rows; None = look-alikes are not searched.
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
    new = tested - _individuals(members["classify", "train"]) - _individuals(members["inpaint", "train"])
    searches_itself = not tested & _individuals(members["classify", "train"])
    owners: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in chain.from_iterable(members.values()):
        owners[digests[row.image_id]][row.identity] += 1
    column = next((column for column in PLACE_COLUMNS if is_filled(rows, column)), "")

    def leak(name: Comparison) -> Leak:
        queries, pool = (_in_places(places, of) for of in COMPARISONS[name])
        if name != "gallery":
            return index.leak(queries, pool)
        pool = queries if searches_itself else pool
        pairs = Pairing(index.sightings.at(queries), index.sightings.at(pool), flank="same")
        return index.leak(queries, pool, pairs.hidden)

    return Audit(
        dataset=catalogue.name,
        split=split.name,
        individuals=len(individuals),
        tested=len(tested),
        new=len(new),
        repeated=sum(names.total() for names in owners.values() if names.total() > 1),
        contradictory=sum(names.total() for names in owners.values() if len(names) > 1),
        alone=_alone(members["classify", "test"], column) if column and searches_itself else None,
        place=column,
        unknown=_unknown(rows, hashes is not None),
        leaks={name: leak(name) for name in COMPARISONS},
        nesting=nesting(*(members["classify", part] for part in SPLIT_PARTS)),
        balance=tuple(_balance(place, members[place], individuals) for place in members),
    )


def _alone(rows: Sequence[Row], column: str) -> int:
    """Number of individuals that share no value of the column with another one."""
    identities_of: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        identities_of[row.groups[column]].add(row.identity)
    shared = chain.from_iterable(own for own in identities_of.values() if len(own) >= _MIN_RELATED)
    return len(_individuals(rows) - set(shared))


def _unknown(rows: Sequence[Row], compared: bool) -> tuple[str, ...]:
    """What cannot be checked of these rows: `compared` says whether their pixels were."""
    columns = {
        "dates": TIME_COLUMNS,
        "sequences": tuple(column for column in SEQUENCE_COLUMNS if column != "camera"),
        "cameras": ("camera",),
        "frames": ("frame",),
    }
    missing = [what for what, names in columns.items() if not any(is_filled(rows, column) for column in names)]
    return (*missing, *(() if compared else ("look-alikes",)))


def find_faults(audit: Audit) -> list[str]:
    """The faults of a split, each as a clause; a clean split has none.

    A split has a fault if test or validation images are copies of training images, if they have the same animal within
    two frames in train, or if they look like an image of their animal there clearly more often than like one of another
    animal (`LookAlikes.excess`). If test images search each other, they are compared with each other in the same way,
    but for the adjacent frames, which re-identification leaves out; and it is a fault if an individual has a place of
    its own. Three things are reported but are no fault, because they do not show the answer: another animal of the same
    photo in train, the same animal in the same video at another time, and similar embeddings, which a good encoder
    gives to one animal.
    """
    clauses = []
    if not audit.leaks["test_train"].images:
        clauses.append("there are no test images")
    for name, (queries, where) in _CHECKED_FOR_FAULTS.items():
        leak, is_gallery = audit.leaks[name], name == "gallery"
        if is_gallery and audit.new < audit.tested:
            continue  # the gallery is train, which is checked already
        shares = {
            f"have the same animal within {frames_text(CLOSE)} {where}": 0 if is_gallery else leak.within.get(CLOSE, 0),
            f"are copies of images {where}": leak.exact,
        }
        clauses += [f"{_percent(share)} of {queries} {fault}" for fault, share in shares.items() if share]
        if leak.near and leak.near.excess(TOLERATED):
            clauses.append(_likeness(leak.near, queries, where))
    if audit.alone:
        clauses.append(_aloneness(audit))
    return clauses


def nothing_found(audit: Audit) -> str:
    """What to say of a split without faults: an audit sees only what the columns of a data set show."""
    if not audit.unknown:
        return "Nothing suspicious found."
    return f"Nothing suspicious found (no {', no '.join(audit.unknown)} known)."


def sentence(audit: Audit) -> str:
    """The audit in one line, for the head of a table: what a reader of the test scores must know first."""
    leak = audit.leaks["test_train"]
    if not leak.images:
        return f"{audit.split}: there are no test images"
    clauses = []
    if audit.new == audit.tested:
        clauses.append("no individual of test is in train")
        if audit.alone is not None:
            clauses.append(_aloneness(audit))
    else:
        clauses.append(_proximity(leak))
        if audit.new:
            clauses.append(f"{audit.new} of {audit.tested} individuals of test are not in train")
    if leak.exact:
        clauses.append(f"{_percent(leak.exact)} of test images are copies of training images")
    if leak.near and leak.near.share > max(leak.exact, TOLERATED):
        clauses.append(_likeness(leak.near, "test images", "in train"))
    return f"{audit.split}: {'; '.join(clauses)}"


def _likeness(near: LookAlikes, queries: str, where: str) -> str:
    """How many queries look like their own animal, beside how many look like another one."""
    if near.own is None:
        return f"{_percent(near.share)} of {queries} look like an image of another animal {where}"
    if near.other is None:
        return f"{_percent(near.own)} of {queries} look like an image {where}"
    own = f"{_percent(near.own)} of {queries} look like an image of their animal {where}"
    rates = f"{own}, {_percent(near.other)} like one of another animal"
    return rates if near.excess(TOLERATED) else f"{rates}, which is no clear difference"


def _aloneness(audit: Audit) -> str:
    """Whether the place alone finds the individuals of a split in which test images search each other."""
    if not audit.alone:
        return f"each shares its {audit.place} with another one"
    return (
        f"{audit.alone} of {audit.tested} individuals of test share their {audit.place} with no other, so that the "
        f"{audit.place} alone finds them"
    )


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
