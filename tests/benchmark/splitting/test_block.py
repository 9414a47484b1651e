from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.data.catalogue import Catalogue, Row
from benchmark.errors import InputError
from benchmark.splitting.block import BlockLengths, block_lengths, block_parts, block_split
from benchmark.splitting.split import Split
from benchmark.vocabulary import SPLIT_PARTS


def _catalogue(frames: dict[str, int], animals: int = 3, step: int = 1) -> Catalogue:
    """Videos of so many frames, each with animals of its own, all of them in every frame."""
    rows = [
        Row(
            f"{video}-{frame:05}-{number}",
            f"{video}{number}",
            Path("p.png"),
            groups={"video": video, "frame": str(frame)},
        )
        for video, count in frames.items()
        for frame in range(0, step * count, step)
        for number in range(animals)
    ]
    return Catalogue("tank", Path("tank"), tuple(sorted(rows, key=lambda row: row.image_id)))


def _split(catalogue: Catalogue, seed: int = 0) -> Split:
    return block_split(catalogue, {row.image_id: row.image_id for row in catalogue.rows}, seed)


def _frames(split: Split, video: str) -> dict[str, list[int]]:
    frames: defaultdict[str, set[int]] = defaultdict(set)
    for row in split.rows:
        if row.image_id.startswith(f"{video}-"):
            frames[row.part].add(int(row.image_id.split("-")[1]))
    return {part: sorted(frames[part]) for part in SPLIT_PARTS}


def _gap(frames: dict[str, list[int]]) -> int:
    """The least distance between frames of two parts, found by comparing all."""
    return min(
        abs(one - other)
        for part in SPLIT_PARTS
        for elsewhere in SPLIT_PARTS
        if part != elsewhere
        for one in frames[part]
        for other in frames[elsewhere]
    )


@pytest.mark.parametrize(
    ("frames", "lengths"),
    [(2000, BlockLengths(40, 10)), (240, BlockLengths(40, 10)), (60, BlockLengths(10, 7)), (24, BlockLengths(4, 3))],
)
def test_blocks_and_gaps_shrink_with_the_frames(frames: int, lengths: BlockLengths) -> None:
    assert block_lengths(frames) == lengths


@pytest.mark.parametrize(("length", "gap"), [(600, 10), (60, 7), (24, 3)])
def test_frames_of_two_parts_are_further_apart_than_the_gap(length: int, gap: int) -> None:
    split = _split(_catalogue({"a": length, "b": length}))
    for video in "ab":
        assert _gap(_frames(split, video)) == gap + 1


def test_all_animals_of_a_frame_are_in_one_part() -> None:
    frames = _frames(_split(_catalogue({"a": 300})), "a")
    assert sum(len(numbers) for numbers in frames.values()) == len(
        {number for numbers in frames.values() for number in numbers}
    )


def test_test_frames_come_in_whole_blocks() -> None:
    tested = _frames(_split(_catalogue({"a": 800})), "a")["test"]
    starts = [frame for frame in tested if frame - 1 not in tested]
    assert len(tested) == 80  # two blocks of 40: the test part loses nothing to the gap
    assert all(start % 40 == 0 for start in starts)


def test_every_individual_has_about_its_shares_in_both_sets() -> None:
    split = _split(_catalogue({"a": 1086, "b": 1138}))
    for animal in ("a-", "b-"):
        for number in "012":
            own_rows = [row for row in split.rows if row.image_id.startswith(animal) and row.image_id.endswith(number)]
            shares = {
                part: sum(row.set == "classify" and row.part == part for row in own_rows) / len(own_rows)
                for part in SPLIT_PARTS
            }
            assert shares["train"] == pytest.approx(0.64, abs=0.06)
            assert shares["val"] == pytest.approx(0.08, abs=0.04)
            assert shares["test"] == pytest.approx(0.08, abs=0.04)
            assert sum(row.set == "inpaint" for row in own_rows) / len(own_rows) == pytest.approx(0.2, abs=0.02)


def test_frames_may_count_in_any_unit() -> None:
    fine, coarse = _split(_catalogue({"a": 120})), _split(_catalogue({"a": 120}, step=80))
    assert {part: [80 * frame for frame in numbers] for part, numbers in _frames(fine, "a").items()} == _frames(
        coarse, "a"
    )


def test_the_seed_places_the_blocks() -> None:
    catalogue = _catalogue({"a": 400})
    first, again, other = (_frames(_split(catalogue, seed), "a") for seed in (0, 0, 1))
    assert first == again
    assert first["test"] != other["test"]


def test_the_recipe_describes_the_blocks() -> None:
    catalogue = _catalogue({"a": 400, "b": 400})
    left_out = len(catalogue.rows) - len(_split(catalogue).rows)
    assert left_out > 0
    assert "blocks of about 40 frames, which go whole to train, val or test" in block_parts(catalogue, 0).recipe
    assert f"10 frames are left out ({left_out} images)" in block_parts(catalogue, 0).recipe


def test_the_error_without_frames_or_videos_names_the_columns_to_add() -> None:
    catalogue = _catalogue({"a": 100})
    for column in ("frame", "video"):
        rows = tuple(replace(row, groups=row.groups | {column: ""}) for row in catalogue.rows)
        with pytest.raises(InputError, match=r"tank does not support the split 'block': .* Add the columns `frame`"):
            _split(replace(catalogue, rows=rows))


def test_too_few_frames_are_refused_by_individual() -> None:
    with pytest.raises(InputError, match="individual 'b0' has 23 frames; blocks with a gap need 24"):
        _split(_catalogue({"a": 300, "b": 23}))


def test_individuals_in_too_few_blocks_are_refused() -> None:
    rows = tuple(
        Row(
            f"{frame:03}-{individual:03}",
            f"i{individual:03}",
            Path("p.png"),
            groups={"video": "a", "frame": str(frame)},
        )
        for frame in range(224)
        for individual in range(max(0, frame - 23), min(201, frame + 1))  # 24 frames each, one starts in each frame
    )
    with pytest.raises(InputError, match=r"'i\d+' would have no image in .*, because it occurs in too few blocks of 4"):
        _split(Catalogue("tank", Path("tank"), rows))
