"""The paper's random split: each image is assigned on its own."""

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

_MIN_INPAINT = 5
_MIN_CLASSIFY = 3


def random_split(catalogue: Catalogue, digests: Mapping[str, str], seed: int, *, name: str | None = None) -> Split:
    """The paper's random split; every machine draws the same.

    The inpainting set is drawn at random, stratified over identity: 20 % of the images by largest remainders, and at
    least five images of each individual as long as three stay for classification. Its originals are split 80:16:4. (The
    paper first flipped the images and then split them, so flips of one original were in different parts. Here all four
    flips of an original are in its part.) All other images are the classification set, split 80:10:10 within each
    individual, with at least one image in val and in test. Images are ordered by the sha256 of `<seed>:<image_id>`, and
    for the inpainting parts by that of `<seed>:parts:<image_id>`.

    Neighbouring frames of a video are in different parts, so a classifier can score by memory. This weakness is the
    paper's; it is kept so that its numbers can be compared.

    Args:
        catalogue: the data set.
        digests: content digest by image_id.
        seed: seed of the drawing.
        name: name of the split; None = `random-<seed>`.

    Raises:
        InputError: an individual has fewer than five images.
    """
    images = by_identity(catalogue)
    target = (len(catalogue.rows) * INPAINT_PERCENT + 50) // 100
    quotas = apportion(target, [len(ids) for ids in images.values()])
    places: dict[str, tuple[SplitSet, SplitPart]] = {}
    originals: list[str] = []
    for ids, quota in zip(images.values(), quotas, strict=True):
        order = shuffled(ids, f"{seed}")
        count = min(len(ids) - _MIN_CLASSIFY, max(quota, _MIN_INPAINT))
        originals += order[:count]
        places |= {image_id: ("classify", part) for image_id, part in _parts(order[count:], CLASSIFY_SHARES)}
    order = shuffled(originals, f"{seed}:parts")
    places |= {image_id: ("inpaint", part) for image_id, part in _parts(order, INPAINT_SHARES)}
    recipe = (
        f"Random, seed {seed}: {INPAINT_PERCENT} % of the images (at least {_MIN_INPAINT} an individual "
        "where three more remain) for inpainting, stratified over identity, split 80:16:4 by original; the "
        "others for classification, split 80:10:10 within each individual."
    )
    rows = tuple(SplitRow(image_id, digests[image_id], *places[image_id]) for image_id in sorted(places))
    return Split(catalogue.name, name or f"random-{seed}", seed, recipe, rows)


def _parts(order: Sequence[str], shares: tuple[int, int, int]) -> Iterable[tuple[str, SplitPart]]:
    """The images with their parts: train, val and test in this order; from three images on, none is empty."""
    sizes = zip(SPLIT_PARTS, part_sizes(len(order), shares), strict=True)
    return zip(order, (part for part, size in sizes for _ in range(size)), strict=True)
