from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from benchmark.data.catalogue import Catalogue, Row
from benchmark.errors import InputError
from benchmark.splitting.parts import (
    PART_SHARES,
    PartOf,
    Parts,
    parts_by_id,
    require_all_parts,
    split_from_parts,
)
from benchmark.splitting.split import Split
from benchmark.vocabulary import SPLIT_PARTS, SplitPart


def _catalogue(*identities: str) -> Catalogue:
    rows = [Row(f"{number:04}-{identity}", identity, Path("p.png")) for number, identity in enumerate(identities)]
    return Catalogue("pets", Path("pets"), tuple(rows))


def _split(catalogue: Catalogue, part_of: PartOf, seed: int = 0) -> Split:
    digests = {row.image_id: f"digest of {row.image_id}" for row in catalogue.rows}
    return split_from_parts(catalogue, digests, seed, Parts(part_of, "By hand."), "hand")


def _dealt(catalogue: Catalogue, train: int, val: int) -> PartOf:
    """The first `train` of each individual's images, then `val`, and the rest for test."""
    count: Counter[str] = Counter()
    part_of: PartOf = {}
    for row in catalogue.rows:
        number = count[row.identity]
        count[row.identity] += 1
        part: SplitPart = "train" if number < train else "val" if number < train + val else "test"
        part_of[row.image_id] = part
    return part_of


def test_parts_of_the_stated_shares_give_both_sets_the_papers_shares() -> None:
    assert PART_SHARES == (8000, 1120, 880)
    catalogue = _catalogue(*["fox", "owl"] * 1250)
    split = _split(catalogue, _dealt(catalogue, 1000, 140))
    inpaint = [len(split.ids("inpaint", part)) for part in SPLIT_PARTS]
    classify = [len(split.ids("classify", part)) for part in SPLIT_PARTS]
    assert inpaint == [400, 80, 20]  # a fifth of 2500 images, 80:16:4
    assert classify == [1600, 200, 200]  # the rest, 80:10:10


def test_an_images_part_is_the_same_in_both_sets_and_others_are_left_out() -> None:
    catalogue = _catalogue(*["fox", "owl"] * 50)
    part_of = _dealt(catalogue, 40, 5)
    dropped = [catalogue.rows[3].image_id, catalogue.rows[77].image_id]
    for image_id in dropped:
        del part_of[image_id]
    split = _split(catalogue, part_of)
    assert {row.image_id: row.part for row in split.rows} == part_of
    assert [row.image_id for row in split.rows] == sorted(part_of)
    assert split.rows[0].sha256 == f"digest of {split.rows[0].image_id}"


def test_inpainting_is_stratified_and_follows_the_seed() -> None:
    catalogue = _catalogue(*["fox"] * 300, *["owl"] * 100)
    part_of = _dealt(catalogue, 80, 10)
    first, again, other = (_split(catalogue, part_of, seed) for seed in (1, 1, 2))
    assert first == again
    assert first.ids("inpaint") != other.ids("inpaint")
    # train has 80 of each, so 160 images, a fifth of which are for inpainting
    assert Counter(name[5:] for name in first.ids("inpaint", "train")) == {"fox": 16, "owl": 16}
    # test has 210 foxes and 10 owls: 20 (of 220, a share of 80 in 880), in proportion to all but one of each
    assert Counter(name[5:] for name in first.ids("inpaint", "test")) == {"fox": 19, "owl": 1}


def test_every_individual_keeps_an_image_for_classification() -> None:
    catalogue = _catalogue(*["fox"] * 6, *["owl"] * 3)
    parts: tuple[SplitPart, ...] = ("train", "train", "val", "val", "test", "test", "train", "val", "test")
    split = _split(catalogue, {row.image_id: part for row, part in zip(catalogue.rows, parts, strict=True)})
    for part in SPLIT_PARTS:
        assert Counter(name[5:] for name in split.ids("classify", part))["owl"] == 1
        assert len(split.ids("inpaint", part)) == 1  # a fox: the only owl is not to spare


def test_a_part_without_an_image_to_spare_is_refused() -> None:
    catalogue = _catalogue(*["fox"] * 5, *["owl"] * 5)
    with pytest.raises(InputError, match=r"'hand': val would have 2 images, .* none to spare for inpainting"):
        _split(catalogue, _dealt(catalogue, 2, 1))


def test_codes_become_parts() -> None:
    catalogue = _catalogue("fox", "fox", "owl", "owl")
    part_of = parts_by_id(catalogue, np.array([0, -1, 2, 1], dtype=np.int8))
    assert part_of == {"0000-fox": "train", "0002-owl": "test", "0003-owl": "val"}


def test_an_individual_that_misses_a_part_is_named() -> None:
    catalogue = _catalogue("fox", "fox", "fox", "owl", "owl")
    part_of: PartOf = {"0000-fox": "train", "0001-fox": "val", "0002-fox": "test", "0003-owl": "train"}
    with pytest.raises(InputError, match="'block': the individual 'owl' would have no image in val and test, for so"):
        require_all_parts(catalogue, part_of, "block", "for so it is")
