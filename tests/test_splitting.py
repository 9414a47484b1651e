import hashlib
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.catalogue import Catalogue, Row
from benchmark.errors import InputError
from benchmark.splitting import Split, SplitRow, apportion, check_split, random_split, read_split, write_split


def _catalogue(**images: int) -> Catalogue:
    rows = [
        Row(f"{identity}{number:03}", identity, Path("p.png"))
        for identity, count in images.items()
        for number in range(count)
    ]
    return Catalogue("pets", Path("pets"), tuple(sorted(rows, key=lambda row: row.image_id)))


def _digests(catalogue: Catalogue) -> dict[str, str]:
    return {row.image_id: hashlib.sha256(row.image_id.encode()).hexdigest() for row in catalogue.rows}


def _split(seed: int = 7, **images: int) -> Split:
    catalogue = _catalogue(**images)
    return random_split(catalogue, _digests(catalogue), seed)


def _counts(split: Split, identity: str) -> Counter[tuple[str, str]]:
    return Counter((row.set, row.part) for row in split.rows if row.image_id.startswith(identity))


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (10, [80, 16, 4], [8, 2, 0]),
        (25, [80, 16, 4], [20, 4, 1]),
        (14, [80, 10, 10], [11, 2, 1]),  # 11.2, 1.4, 1.4: the tie goes to the earlier
        (100, [47000, 16000, 15900, 12000, 6000, 3100], [47, 16, 16, 12, 6, 3]),  # a textbook election
        (0, [1, 1], [0, 0]),
    ],
)
def test_largest_remainders_by_hand(total: int, weights: list[int], shares: list[int]) -> None:
    assert apportion(total, weights) == shares


def test_every_image_has_exactly_one_place() -> None:
    split = _split(fox=100, owl=50)
    ids = [row.image_id for row in split.rows]
    assert ids == sorted(row.image_id for row in _catalogue(fox=100, owl=50).rows)
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
    drawn = sum(count for (of, _), count in counts.items() if of == "inpaint")
    assert drawn == inpaint
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


def test_written_and_read_again(tmp_path: Path) -> None:
    split = _split(fox=12)
    odd = replace(split, rows=(SplitRow('a,"b"\nc', "0" * 64, "classify", "val"), *split.rows), recipe='say "x"\n')
    path = write_split(odd, tmp_path)
    assert path == tmp_path / "pets" / "random-7.csv"
    assert read_split(path) == odd


def test_the_files_as_they_are_reviewed(tmp_path: Path) -> None:
    rows = (SplitRow("a", "11", "inpaint", "train"), SplitRow("b", "22", "classify", "test"))
    path = write_split(Split("pets", "tiny", 3, "By hand.", rows), tmp_path)
    table = b"image_id,sha256,set,part\na,11,inpaint,train\nb,22,classify,test\n"
    assert path.read_bytes() == table
    assert path.with_suffix(".toml").read_text() == (
        'dataset = "pets"\nname = "tiny"\nseed = 3\nrecipe = "By hand."\n'
        f'sha256 = "{hashlib.sha256(table).hexdigest()}"\n\n'
        "[counts.inpaint]\ntrain = 1\nval = 0\ntest = 0\n\n[counts.classify]\ntrain = 0\nval = 0\ntest = 1\n"
    )


def test_a_tampered_file_is_refused(tmp_path: Path) -> None:
    path = write_split(_split(fox=12), tmp_path)
    path.write_bytes(path.read_bytes().replace(b",test", b",train", 1))
    with pytest.raises(InputError, match="not as it was written"):
        read_split(path)


def test_a_file_without_its_toml_is_refused(tmp_path: Path) -> None:
    path = write_split(_split(fox=12), tmp_path)
    path.with_suffix(".toml").unlink()
    with pytest.raises(InputError, match="not a split"):
        read_split(path)


def test_an_unknown_part_is_refused(tmp_path: Path) -> None:
    row = SplitRow("a", "11", "classify", "holdout")  # type: ignore[arg-type]
    path = write_split(Split("pets", "odd", 3, "By hand.", (row,)), tmp_path)
    with pytest.raises(InputError, match="holdout"):
        read_split(path)


def test_the_images_it_was_made_for_fit() -> None:
    catalogue = _catalogue(fox=12)
    split = random_split(catalogue, _digests(catalogue), 0)
    check_split(split, catalogue, _digests(catalogue) | {"one more": "0"})


def test_missing_and_changed_images_are_refused() -> None:
    catalogue = _catalogue(fox=12)
    digests = _digests(catalogue)
    split = random_split(catalogue, digests, 0)
    with pytest.raises(InputError, match=r"2 of its 12 images have other pixels.*'fox003'"):
        check_split(split, catalogue, digests | {"fox003": "0", "fox007": "0"})
    del digests["fox005"]
    with pytest.raises(InputError, match=r"1 of its 12 images are not in the data set.*'fox005'"):
        check_split(split, catalogue, digests)
