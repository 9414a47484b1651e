"""Splits by individual: `open` keeps some individuals for the test, `disjoint` keeps those of all parts apart."""

from collections import Counter, defaultdict
from collections.abc import Mapping

from benchmark.data.capture import PLACE_COLUMNS, is_filled
from benchmark.data.catalogue import Catalogue
from benchmark.errors import InputError
from benchmark.splitting.block import block_parts
from benchmark.splitting.parts import PART_SHARES, PartOf, Parts, split_from_parts
from benchmark.splitting.sampling import apportion, by_identity, part_sizes, shuffled
from benchmark.splitting.sequence import sequence_parts
from benchmark.splitting.split import Split
from benchmark.vocabulary import SPLIT_PARTS

INDIVIDUALS_PER_UNKNOWN = 5
"""An open split has one unknown individual in so many, rounded up."""

DISJOINT_SHARES = (3, 1, 2)
"""Shares of the individuals in train, val and test of a disjoint split."""

_MIN_OPEN = 3
_MIN_DISJOINT = 5
_PAIR = 2
_ENOUGH_FOR_PAIRS = 8
"""With this many images of an individual, val and test get two each: one for either set."""


def open_split(catalogue: Catalogue, digests: Mapping[str, str], seed: int, *, name: str | None = None) -> Split:
    """A fifth of the individuals, rounded up, occur only in the test: the unknown individuals.

    The images are divided by the strictest rule that the data set supports: `sequence`, else `block`, else at
    random within each individual. Then the unknown individuals are removed from train and val of both sets. So no
    training shows their pattern and, unless the rule is random, no training shows their photos of the test. The
    unknown individuals come from as many recordings as possible, so that the recording alone does not mark them.

    Args:
        catalogue: the data set.
        digests: content digest by image_id.
        seed: seed of the drawing.
        name: name of the split; None = `open-<seed>`.

    Raises:
        InputError: there are fewer than three individuals, or one has fewer than five images.
    """
    images = by_identity(catalogue)
    if len(images) < _MIN_OPEN:
        raise InputError(
            f"{catalogue.name} does not support the split 'open': it has {len(images)} individuals; two known ones and "
            "an unknown one are needed."
        )
    base = strictest_parts(catalogue, seed)
    unknown = sorted(_mixed_by_recording(catalogue, seed)[: -(-len(images) // INDIVIDUALS_PER_UNKNOWN)])
    removed = {
        image_id for identity in unknown for image_id in images[identity] if base.part_of.get(image_id) != "test"
    }
    part_of = {image_id: part for image_id, part in base.part_of.items() if image_id not in removed}
    recipe = (
        f"Open, seed {seed}: {', '.join(unknown)} ({len(unknown)} of {len(images)} individuals) in test alone. "
        f"{base.recipe}"
    )
    return split_from_parts(catalogue, digests, seed, Parts(part_of, recipe), name or f"open-{seed}")


def disjoint_split(catalogue: Catalogue, digests: Mapping[str, str], seed: int, *, name: str | None = None) -> Split:
    """Each individual is in one part: half of them in train, a sixth in val, a third (at least two) in test.

    Every image is used. The split tests whether embeddings separate individuals that no training shows: gallery and
    queries are both test images, and no classifier can be right.

    The test individuals are taken from one recording if one has enough of them, else in groups of at least two from as
    few recordings as possible. Otherwise light and background would name them: two animals in two tanks are told apart
    without a look at the animal. So there may be fewer of them than a third. A recording is a value of the first column
    of `capture.PLACE_COLUMNS` that is filled on every row. If no two individuals share one, the recipe says so, and the
    audit reports it as a fault. Train and val have individuals of as many recordings as possible. Individuals of two
    parts may share a photo, so light and background are not new in the test.

    Args:
        catalogue: the data set.
        digests: content digest by image_id.
        seed: seed of the drawing.
        name: name of the split; None = `disjoint-<seed>`.

    Raises:
        InputError: there are fewer than five individuals, or one has fewer than five images.
    """
    images = by_identity(catalogue)
    if len(images) < _MIN_DISJOINT:
        raise InputError(
            f"{catalogue.name} does not support the split 'disjoint': it has {len(images)} individuals; two in train, "
            "one in val and two in test are needed."
        )
    _, val, test = apportion(len(images), DISJOINT_SHARES)
    val, test = max(val, 1), max(test, 2)
    column = _place_column(catalogue)
    order = _mixed_by_recording(catalogue, seed)
    together = _together(catalogue, column, test, seed) if column else []
    tested = together or order[:test]
    rest = [identity for identity in order if identity not in set(tested)]
    members = {"test": tested, "val": rest[:val], "train": rest[val:]}
    part_of: PartOf = {
        image_id: part for part in SPLIT_PARTS for identity in members[part] for image_id in images[identity]
    }
    names = "; ".join(f"{part}: {', '.join(sorted(members[part]))}" for part in SPLIT_PARTS)
    if together:
        place = f"Each test individual shares its {column} with another one."
    elif column:
        place = f"No two individuals have the same {column}, so the {column} alone can name the test individuals."
    else:
        place = "No column says which images were taken together, so the place may name the test individuals."
    recipe = f"Disjoint, seed {seed}: each individual is in one part ({names}). {place}"
    return split_from_parts(catalogue, digests, seed, Parts(part_of, recipe), name or f"disjoint-{seed}")


def strictest_parts(catalogue: Catalogue, seed: int) -> Parts:
    """The parts by sequence; if the data set does not support that, by block; else at random within individuals."""
    for divide in (sequence_parts, block_parts):
        try:
            return divide(catalogue, seed)
        except InputError:
            continue
    part_of: PartOf = {}
    for ids in by_identity(catalogue).values():
        _, val, test = part_sizes(len(ids), PART_SHARES)
        if len(ids) >= _ENOUGH_FOR_PAIRS:
            val, test = max(val, 2), max(test, 2)
        order = shuffled(ids, f"{seed}")
        part_of |= dict.fromkeys(order, "train")
        part_of |= dict.fromkeys(order[:val], "val")
        part_of |= dict.fromkeys(order[val : val + test], "test")
    recipe = f"Random, seed {seed}: each image on its own, near 80 : 11.2 : 8.8 within each individual."
    return Parts(part_of, recipe)


def _together(catalogue: Catalogue, column: str, count: int, seed: int) -> list[str]:
    """At most `count` individuals, each of which shares a recording with another one; empty if no two share one.

    Recordings are taken in order until `count` is reached: first those with the most individuals, of which no more are
    counted than are wanted; among these, those that hold the largest share of the images of their individuals; among
    equals at random. Of each, the individuals with the largest shares of their images in it are taken, if two are left.

    Args:
        catalogue: the data set.
        column: a metadata column that is filled on every row.
        count: how many individuals are wanted, at least two.
        seed: of the order among equals.
    """
    images_in = _images_in(catalogue, column)
    share_in: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for identity in shuffled(images_in, f"{seed}:individuals"):
        for recording, images in images_in[identity].items():
            share_in[recording][identity] = images / images_in[identity].total()

    def crowding(recording: str) -> tuple[int, float]:
        shares = sorted(share_in[recording].values(), reverse=True)[:count]
        return len(shares), sum(shares)

    chosen: dict[str, str] = {}
    for recording in sorted(shuffled(share_in, f"{seed}:recordings"), key=crowding, reverse=True):
        if count - len(chosen) < _PAIR:
            break
        shares = {identity: share for identity, share in share_in[recording].items() if identity not in chosen}
        taken = sorted(shares, key=shares.__getitem__, reverse=True)[: count - len(chosen)]
        if len(taken) >= _PAIR:
            chosen |= dict.fromkeys(taken, recording)
    return list(chosen)


def _place_column(catalogue: Catalogue) -> str | None:
    return next((column for column in PLACE_COLUMNS if is_filled(catalogue.rows, column)), None)


def _images_in(catalogue: Catalogue, column: str | None) -> dict[str, Counter[str]]:
    """Images of each individual in each recording; without a column all are in one."""
    images_in: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for row in catalogue.rows:
        images_in[row.identity][row.groups[column] if column else ""] += 1
    return dict(images_in)


def _mixed_by_recording(catalogue: Catalogue, seed: int) -> list[str]:
    """The individuals in random order, in which those of different recordings alternate."""
    images_in = _images_in(catalogue, _place_column(catalogue))
    count: Counter[str] = Counter()
    rank = {}
    for identity in shuffled(images_in, f"{seed}:individuals"):
        main_recording = max(sorted(images_in[identity]), key=images_in[identity].__getitem__)
        rank[identity] = count[main_recording]
        count[main_recording] += 1
    return sorted(rank, key=lambda identity: rank[identity])
