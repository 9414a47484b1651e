from collections import defaultdict
from pathlib import Path

import pytest

from benchmark.data.catalogue import Catalogue, Row
from benchmark.errors import InputError
from benchmark.splitting.individuals import disjoint_split, open_split, strictest_parts
from benchmark.splitting.split import Split
from benchmark.vocabulary import SPLIT_PARTS


def _tank(frames: int = 400) -> Catalogue:
    """Two videos, each with three animals of its own, all of them in every frame."""
    rows = [
        Row(
            f"{video}{number}-{frame:04}",
            f"{video}{number}",
            Path("p.png"),
            groups={"video": video, "frame": f"{frame}"},
        )
        for video in "ab"
        for number in range(3)
        for frame in range(frames)
    ]
    return Catalogue("tank", Path("tank"), tuple(rows))


def _photos(individuals: int, images: int = 20) -> Catalogue:
    rows = [
        Row(f"i{individual:02}-{number:03}", f"i{individual:02}", Path("p.png"))
        for individual in range(individuals)
        for number in range(images)
    ]
    return Catalogue("pets", Path("pets"), tuple(rows))


def _open(catalogue: Catalogue, seed: int = 0) -> Split:
    return open_split(catalogue, {row.image_id: "" for row in catalogue.rows}, seed)


def _disjoint(catalogue: Catalogue, seed: int = 0) -> Split:
    return disjoint_split(catalogue, {row.image_id: "" for row in catalogue.rows}, seed)


def _individuals(split: Split) -> dict[str, set[str]]:
    individuals: defaultdict[str, set[str]] = defaultdict(set)
    for row in split.rows:
        individuals[row.part].add(row.image_id.split("-")[0])
    return {part: individuals[part] for part in SPLIT_PARTS}


@pytest.mark.parametrize(("individuals", "unknown"), [(3, 1), (5, 1), (6, 2), (10, 2), (11, 3)])
def test_a_fifth_rounded_up_is_in_the_test_only(individuals: int, unknown: int) -> None:
    members = _individuals(_open(_photos(individuals)))
    assert len(members["test"]) == individuals
    assert members["train"] == members["val"]
    assert len(members["test"] - members["train"]) == unknown


def test_the_unknown_are_in_no_set_but_in_the_frames_of_the_test() -> None:
    catalogue = _tank()
    split = _open(catalogue)
    frames = defaultdict(set)
    for row in split.rows:
        frames[row.part].add((row.image_id[0], row.image_id.split("-")[1]))
    assert not frames["test"] & (frames["train"] | frames["val"])
    members = _individuals(split)
    unknown = members["test"] - members["train"]
    known_rows = [row for row in split.rows if row.part == "test" and row.image_id.split("-")[0] not in unknown]
    unknown_rows = [row for row in split.rows if row.part == "test" and row.image_id.split("-")[0] in unknown]
    assert len(unknown_rows) * 2 == len(known_rows)  # two of six animals, in the same frames


@pytest.mark.parametrize("seed", range(6))
def test_unknown_individuals_are_of_both_videos_and_those_of_a_disjoint_test_of_one(seed: int) -> None:
    catalogue = _tank(frames=60)
    members = _individuals(_open(catalogue, seed))
    assert {name[0] for name in members["test"] - members["train"]} == {"a", "b"}
    split = _disjoint(catalogue, seed)
    parts = _individuals(split)
    assert len({name[0] for name in parts["test"]}) == 1  # the video cannot name the fish
    assert {name[0] for name in parts["train"]} == {"a", "b"}
    assert "Each test individual shares its video with another one." in split.recipe


def _meetings(**individuals: str) -> Catalogue:
    """Five images of each individual in each of its encounters, which are letters."""
    rows = [
        Row(f"{identity}-{encounter}{number}", identity, Path("p.png"), groups={"encounter": encounter})
        for identity, encounters in individuals.items()
        for encounter in encounters
        for number in range(5)
    ]
    return Catalogue("herd", Path("herd"), tuple(rows))


@pytest.mark.parametrize("seed", range(4))
def test_test_individuals_come_in_groups_that_share_an_encounter(seed: int) -> None:
    pairs = _meetings(a="x", b="x", c="y", d="y", e="z", f="z", g="p", h="q", i="r", j="s", k="t", m="u")
    tested = _individuals(_disjoint(pairs, seed))["test"]  # four of twelve
    assert len(tested) == 4
    assert all((one in tested) == (other in tested) for one, other in ("ab", "cd", "ef"))
    assert not tested & set("ghijkm")
    trio = _meetings(a="x", b="x", c="x", d="p", e="q", f="r", g="s", h="t", i="u", j="v", k="w", m="y")
    assert _individuals(_disjoint(trio, seed))["test"] == set("abc")  # a fourth one would be named by its encounter
    wholly = _meetings(a="x", b="x", c="pqr", d="pst", e="u", f="v")
    assert _individuals(_disjoint(wholly, seed))["test"] == set("ab")  # all of their images, not a third of them


def test_a_disjoint_split_says_if_the_place_names_the_individuals() -> None:
    alone = _disjoint(_meetings(a="p", b="q", c="r", d="s", e="t"))
    assert "No two individuals have the same encounter, so the encounter alone can name" in alone.recipe
    assert "No column says which images were taken together" in _disjoint(_photos(5)).recipe


def test_the_seed_draws_the_individuals() -> None:
    catalogue = _photos(10)
    assert _disjoint(catalogue, 1) == _disjoint(catalogue, 1)
    tests = {frozenset(_individuals(_disjoint(catalogue, seed))["test"]) for seed in range(5)}
    assert len(tests) > 1


@pytest.mark.parametrize(("individuals", "sizes"), [(5, (2, 1, 2)), (6, (3, 1, 2)), (12, (6, 2, 4)), (25, (13, 4, 8))])
def test_individuals_of_the_parts_are_disjoint(individuals: int, sizes: tuple[int, int, int]) -> None:
    split = _disjoint(_photos(individuals))
    members = _individuals(split)
    assert tuple(len(members[part]) for part in SPLIT_PARTS) == sizes
    assert len(set.union(*members.values())) == individuals
    assert len(split.rows) == 20 * individuals
    assert all(split.ids(name, part) for name in ("inpaint", "classify") for part in SPLIT_PARTS)


@pytest.mark.parametrize(
    ("splitter", "individuals", "needed"), [(_open, 2, "two known ones"), (_disjoint, 4, "two in test")]
)
def test_too_few_individuals_are_refused(splitter: object, individuals: int, needed: str) -> None:
    assert callable(splitter)
    with pytest.raises(InputError, match=f"it has {individuals} individuals; .*{needed}"):
        splitter(_photos(individuals))


def test_the_strictest_division_is_by_sequence_then_block_then_image() -> None:
    rows = [
        Row(f"i{individual}-{n:02}", f"i{individual}", Path("p.png"), groups={"sequence": f"{n // 4}", "frame": f"{n}"})
        for individual in range(3)
        for n in range(40)
    ]
    assert strictest_parts(Catalogue("herd", Path("herd"), tuple(rows)), 0).recipe.startswith("Sequences, seed 0:")
    assert strictest_parts(_tank(), 0).recipe.startswith("Blocks, seed 0:")
    chance = strictest_parts(_photos(3, 100), 0)
    assert chance.recipe.startswith("Random, seed 0:")
    counts = [sum(part == one for one in chance.part_of.values()) for part in SPLIT_PARTS]
    assert counts == [240, 33, 27]
