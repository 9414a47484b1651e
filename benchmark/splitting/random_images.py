"""The paper's split: every image on its own."""

from collections.abc import Iterable, Mapping, Sequence

from benchmark.data.catalogue import Catalogue
from benchmark.splitting.sampling import (
    CLASSIFY_SHARES,
    INPAINT_PERCENT,
    INPAINT_SHARES,
    apportion,
    by_identity,
    part_sizes,
    shuffled,
)
from benchmark.splitting.split import Split, SplitRow
from benchmark.vocabulary import SPLIT_PARTS, SplitPart, SplitSet

_INPAINT_FLOOR = 5
_KEPT_FOR_CLASSIFICATION = 3


def random_split(
    catalogue: Catalogue,
    digests: Mapping[str, str],
    seed: int,
    *,
    name: str | None = None,
    inpaint_percent: int = INPAINT_PERCENT,
) -> Split:
    """The paper's random split, drawn so that every machine draws the same.

    The inpainting set is drawn at random, stratified over identity: `inpaint_percent` of the images by
    largest remainders, but of each individual at least five as long as three stay for
    classification. Its originals are split 80:16:4; the paper flipped first and split then, so that flips of
    one original lay on both sides, while here all four flips of an original follow it into one part. All
    other images are the classification set, split 80:10:10 within each individual, with at least one in val
    and in test. Images are put in order by the sha256 of `<seed>:<image_id>`, for the inpainting parts by
    that of `<seed>:parts:<image_id>`.

    Neighbouring frames of a video end up on both sides: accuracies on this split may be memory (the paper's
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
    images = by_identity(catalogue)
    wanted = (len(catalogue.rows) * inpaint_percent + 50) // 100
    quotas = apportion(wanted, [len(ids) for ids in images.values()])
    places: dict[str, tuple[SplitSet, SplitPart]] = {}
    originals: list[str] = []
    for ids, quota in zip(images.values(), quotas, strict=True):
        order = shuffled(ids, f"{seed}")
        drawn = min(len(ids) - _KEPT_FOR_CLASSIFICATION, max(quota, _INPAINT_FLOOR))
        originals += order[:drawn]
        places |= {image_id: ("classify", part) for image_id, part in _parts(order[drawn:], CLASSIFY_SHARES)}
    order = shuffled(originals, f"{seed}:parts")
    places |= {image_id: ("inpaint", part) for image_id, part in _parts(order, INPAINT_SHARES)}
    recipe = (
        f"Random, seed {seed}: {inpaint_percent} % of the images (at least {_INPAINT_FLOOR} an individual "
        "where three more remain) for inpainting, stratified over identity, split 80:16:4 by original; the "
        "others for classification, split 80:10:10 within each individual."
    )
    rows = tuple(SplitRow(image_id, digests[image_id], *places[image_id]) for image_id in sorted(places))
    return Split(catalogue.name, name or f"random-{seed}", seed, recipe, rows)


def _parts(order: Sequence[str], shares: tuple[int, int, int]) -> Iterable[tuple[str, SplitPart]]:
    """Train, val and test in this order, none empty where there are three images."""
    sizes = zip(SPLIT_PARTS, part_sizes(len(order), shares), strict=True)
    return zip(order, (part for part, size in sizes for _ in range(size)), strict=True)
