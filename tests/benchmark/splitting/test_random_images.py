import hashlib
from collections import Counter

import pytest

from benchmark.errors import InputError
from benchmark.splitting.random_images import random_split
from benchmark.splitting.split import Split
from support.catalogues import name_digests, pets


def _split(seed: int = 7, **images: int) -> Split:
    catalogue = pets(**images)
    return random_split(catalogue, name_digests(catalogue), seed)


def _counts(split: Split, identity: str) -> Counter[tuple[str, str]]:
    return Counter((row.set, row.part) for row in split.rows if row.image_id.startswith(identity))


def test_every_image_has_exactly_one_place() -> None:
    split = _split(fox=100, owl=50)
    ids = [row.image_id for row in split.rows]
    assert ids == sorted(row.image_id for row in pets(fox=100, owl=50).rows)
    assert len(set(ids)) == 150


def test_shares_of_the_sets_and_parts() -> None:
    split = _split(fox=100, owl=50)
    fox, owl = _counts(split, "fox"), _counts(split, "owl")
    assert [fox["classify", part] for part in ("train", "val", "test")] == [64, 8, 8]
    assert [owl["classify", part] for part in ("train", "val", "test")] == [32, 4, 4]
    both = fox + owl
    assert [both["inpaint", part] for part in ("train", "val", "test")] == [24, 5, 1]  # of 30: 24, 4.8, 1.2


@pytest.mark.parametrize(("images", "inpaint"), [(5, 2), (6, 3), (8, 5), (20, 5), (40, 8)])
def test_few_images_keep_three_for_classification_and_then_five_for_inpainting(images: int, inpaint: int) -> None:
    counts = _counts(_split(fox=images, owl=images), "fox")
    inpainting = sum(count for (name, _), count in counts.items() if name == "inpaint")
    assert inpainting == inpaint
    assert min(counts["classify", part] for part in ("train", "val", "test")) >= 1


def test_parts_are_drawn_at_random_and_by_the_seed() -> None:
    first, again, other = _split(1, fox=300), _split(1, fox=300), _split(2, fox=300)
    assert first == again
    assert first.ids("inpaint") != other.ids("inpaint")
    tested = [int(image_id[3:]) for image_id in first.ids("inpaint", "test") + first.ids("classify", "test")]
    assert 100 < sum(tested) / len(tested) < 200  # mean of 0..299 is 149.5


def test_the_draw_is_the_documented_one() -> None:
    order = sorted((f"fox{n:03}" for n in range(10)), key=lambda name: hashlib.sha256(f"3:{name}".encode()).hexdigest())
    split = _split(3, fox=10)
    assert split.ids("inpaint") == tuple(sorted(order[:5]))
    assert split.ids("classify", "train") == tuple(sorted(order[5:8]))
    assert split.ids("classify", "val") == (order[8],)
    assert split.ids("classify", "test") == (order[9],)


def test_the_inpainting_parts_are_drawn_anew() -> None:
    split = _split(3, fox=10)
    originals = split.ids("inpaint")
    order = sorted(originals, key=lambda name: hashlib.sha256(f"3:parts:{name}".encode()).hexdigest())
    assert split.ids("inpaint", "train") == tuple(sorted(order[:3]))
    assert (split.ids("inpaint", "val"), split.ids("inpaint", "test")) == ((order[3],), (order[4],))


def test_the_share_is_of_the_whole_set_and_rounded() -> None:
    assert len(_split(fox=31, owl=31, newt=31).ids("inpaint")) == 19  # a fifth of 93 is 18.6; of each 31, 6.2


def test_too_few_images_are_refused_by_name() -> None:
    with pytest.raises(InputError, match="the individual 'newt' has 4 images; 2 in all have fewer than 5"):
        _split(fox=9, owl=1, newt=4)
