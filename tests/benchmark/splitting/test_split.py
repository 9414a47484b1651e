import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.errors import InputError
from benchmark.splitting.random_images import random_split
from benchmark.splitting.split import Split, SplitRow, check_split, describe_split, read_split, write_split
from support.catalogues import name_digests, pets


def _split(**images: int) -> Split:
    catalogue = pets(**images)
    return random_split(catalogue, name_digests(catalogue), 7)


def test_written_and_read_again(tmp_path: Path) -> None:
    split = _split(fox=12)
    unusual = replace(split, rows=(SplitRow('a,"b"\nc', "0" * 64, "classify", "val"), *split.rows), recipe='say "x"\n')
    path = write_split(unusual, tmp_path)
    assert path == tmp_path / "random-7.csv"
    assert read_split(path) == unusual


def test_both_files_by_hand(tmp_path: Path) -> None:
    rows = (SplitRow("a", "11", "inpaint", "train"), SplitRow("b", "22", "classify", "test"))
    path = write_split(Split("pets", "tiny", 3, "By hand.", rows), tmp_path)
    table = b"image_id,sha256,set,part\na,11,inpaint,train\nb,22,classify,test\n"
    assert path.read_bytes() == table
    assert path.with_suffix(".toml").read_text() == (
        'dataset = "pets"\nname = "tiny"\nseed = 3\nrecipe = "By hand."\n'
        f'sha256 = "{hashlib.sha256(table).hexdigest()}"\n\n'
        "[counts.inpaint]\ntrain = 1\nval = 0\ntest = 0\n\n[counts.classify]\ntrain = 0\nval = 0\ntest = 1\n"
    )


def test_a_changed_file_is_refused(tmp_path: Path) -> None:
    path = write_split(_split(fox=12), tmp_path)
    path.write_bytes(path.read_bytes().replace(b",test", b",train", 1))
    with pytest.raises(InputError, match="was changed"):
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


def test_a_split_fits_the_images_that_it_was_drawn_for() -> None:
    catalogue = pets(fox=12)
    split = random_split(catalogue, name_digests(catalogue), 0)
    check_split(split, catalogue, name_digests(catalogue) | {"one more": "0"})


def test_missing_and_changed_images_are_refused() -> None:
    catalogue = pets(fox=12)
    digests = name_digests(catalogue)
    split = random_split(catalogue, digests, 0)
    with pytest.raises(InputError, match=r"2 of its 12 images have other pixels.*'fox003'"):
        check_split(split, catalogue, digests | {"fox003": "0", "fox007": "0"})
    del digests["fox005"]
    with pytest.raises(InputError, match=r"1 of its 12 images are not in the data set.*'fox005'"):
        check_split(split, catalogue, digests)
    with pytest.raises(InputError, match=r"delete random-0\.csv and random-0\.toml in results/pets/splits: the"):
        check_split(split, catalogue, digests)


def test_images_that_are_not_in_the_split_are_counted() -> None:
    split = random_split(pets(fox=12, owl=12), name_digests(pets(fox=12, owl=12)), 0)
    assert describe_split(split, pets(fox=12, owl=12)) == "24 crops of 2 individuals, split random-0"
    assert (
        describe_split(split, pets(fox=12, owl=14))
        == "24 crops of 2 individuals, split random-0 (2 crops are not in it)"
    )
    more = describe_split(split, pets(fox=12, owl=15, eel=12))
    assert more == "24 crops of 2 individuals, split random-0 (15 crops are not in it, among them all of 1 individual)"


def test_a_kill_between_its_two_files_leaves_no_split_to_trip_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    replace_file = Path.replace

    def note(self: Path, target: Path) -> Path:
        order.append(target.suffix)
        return replace_file(self, target)

    monkeypatch.setattr(Path, "replace", note)
    write_split(_split(fox=12), tmp_path)
    assert order == [".toml", ".csv"]  # the .csv makes it a split


def test_the_way_out_of_a_damaged_split_is_named(tmp_path: Path) -> None:
    path = write_split(_split(fox=12), tmp_path)
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(InputError, match=r"data split \S+ --split random-7 --redraw"):
        read_split(path)
    path.with_suffix(".toml").unlink()
    with pytest.raises(InputError, match=r"not a split .* --split random-7 --redraw"):
        read_split(path)
