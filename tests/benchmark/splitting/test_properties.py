"""Properties of every kind of split, on generated catalogues."""

from collections import defaultdict
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given, reject, settings
from hypothesis import strategies as st

from benchmark.data.catalogue import Catalogue
from benchmark.errors import InputError
from benchmark.splitting.block import block_lengths
from benchmark.splitting.kinds import KINDS
from benchmark.splitting.sampling import apportion, part_sizes
from benchmark.splitting.split import Split, SplitRow, check_split, read_split, write_split
from benchmark.vocabulary import SPLIT_PARTS, SPLIT_SETS
from support.catalogues import name_digests
from support.strategies import UTF8, films, photos, sightings

SEEDS = st.integers(0, 2**31 - 1)
ALL = st.one_of(photos(), films(), sightings())
SUPPORTED = {
    "random": ALL,
    "block": films(),
    "sequence": sightings(),
    "time": sightings(),
    "open": st.one_of(photos(), films().filter(lambda catalogue: len(catalogue.identities) >= 3)),
    "disjoint": photos(),
}
"""Catalogues that support each kind, but for a few."""


def _draw(kind: str, catalogue: Catalogue, seed: int) -> Split:
    """The split; an example that does not support it is replaced by another, of which Hypothesis allows few."""
    try:
        return KINDS[kind](catalogue, name_digests(catalogue), seed)
    except InputError:
        reject()


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15, deadline=None)
@given(st.data(), SEEDS)
def test_every_image_has_at_most_one_place_and_every_part_has_images(kind: str, data: st.DataObject, seed: int) -> None:
    catalogue = data.draw(SUPPORTED[kind])
    split = _draw(kind, catalogue, seed)
    digests = name_digests(catalogue)
    ids = [row.image_id for row in split.rows]
    assert ids == sorted(set(ids))
    assert all(row.sha256 == digests[row.image_id] for row in split.rows)
    assert all(split.ids(name, part) for name in SPLIT_SETS for part in SPLIT_PARTS)
    assert sum(len(split.ids(name, part)) for name in SPLIT_SETS for part in SPLIT_PARTS) == len(ids)
    check_split(split, catalogue, digests)
    if kind in {"random", "disjoint", "sequence"}:
        assert len(ids) == len(catalogue.rows)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15, deadline=None)
@given(st.data(), SEEDS)
def test_the_seed_fixes_the_split_whatever_the_order_of_rows(kind: str, data: st.DataObject, seed: int) -> None:
    catalogue = data.draw(SUPPORTED[kind])
    split = _draw(kind, catalogue, seed)
    assert _draw(kind, catalogue, seed) == split
    rows = data.draw(st.permutations(catalogue.rows))
    assert _draw(kind, replace(catalogue, rows=tuple(rows)), seed) == split


def _parts_by(split: Split, catalogue: Catalogue, *columns: str) -> dict[tuple[str, ...], set[str]]:
    """The parts that each combination of values occurs in; `identity` counts as a column."""
    part_of = {row.image_id: row.part for row in split.rows}
    parts: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for row in catalogue.rows:
        if row.image_id in part_of:
            values = row.groups | {"identity": row.identity}
            parts[tuple(values[column] for column in columns)].add(part_of[row.image_id])
    return parts


@settings(max_examples=25, deadline=None)
@given(sightings(), SEEDS)
def test_a_sequence_is_in_one_part(catalogue: Catalogue, seed: int) -> None:
    parts = _parts_by(_draw("sequence", catalogue, seed), catalogue, "sequence")
    assert all(len(own) == 1 for own in parts.values())


@settings(max_examples=25, deadline=None)
@given(films(), SEEDS)
def test_parts_of_a_video_are_further_apart_than_the_gap(catalogue: Catalogue, seed: int) -> None:
    frames: defaultdict[str, set[int]] = defaultdict(set)
    for row in catalogue.rows:
        frames[row.groups["video"]].add(int(row.groups["frame"]))
    gap = block_lengths(min(len(own) for own in frames.values())).gap
    rank = {(video, str(frame)): place for video, own in frames.items() for place, frame in enumerate(sorted(own))}
    parts = _parts_by(_draw("block", catalogue, seed), catalogue, "video", "frame")
    assert all(len(own) == 1 for own in parts.values())
    for video in frames:
        places = sorted((rank[video, frame], own) for (name, frame), own in parts.items() if name == video)
        for (place, own), (next_place, next_own) in pairwise(places):
            assert own == next_own or next_place - place > gap


@settings(max_examples=25, deadline=None)
@given(st.one_of(films(), sightings()), SEEDS)
def test_each_individual_trains_before_it_is_tested(catalogue: Catalogue, seed: int) -> None:
    split = _draw("time", catalogue, seed)
    column = "date" if "date" in catalogue.rows[0].groups else "frame"
    order = {"train": 0, "val": 1, "test": 2}
    times: defaultdict[str, list[tuple[str | int, int]]] = defaultdict(list)
    for (identity, value), parts in _parts_by(split, catalogue, "identity", column).items():
        (part,) = parts
        times[identity].append((value if column == "date" else int(value), order[part]))
    for own in times.values():
        parts_in_time = [part for _, part in sorted(own)]
        assert parts_in_time == sorted(parts_in_time)
        assert set(parts_in_time) == {0, 1, 2}


@settings(max_examples=15, deadline=None)
@given(photos(), SEEDS)
def test_unknown_individuals_are_only_in_the_test_and_disjoint_ones_in_one_part(
    catalogue: Catalogue, seed: int
) -> None:
    disjoint = _parts_by(_draw("disjoint", catalogue, seed), catalogue, "identity")
    assert all(len(own) == 1 for own in disjoint.values())
    parts = list(_parts_by(_draw("open", catalogue, seed), catalogue, "identity").values())
    unknown = parts.count({"test"})
    assert unknown == -(-len(catalogue.identities) // 5)
    assert parts.count({"train", "val", "test"}) == len(parts) - unknown


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6), st.lists(st.integers(0, 10**6), min_size=1, max_size=8).filter(any))
def test_apportioned_numbers_add_up_and_are_within_one_of_the_exact_share(total: int, weights: list[int]) -> None:
    shares = apportion(total, weights)
    assert sum(shares) == total
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share - Fraction(total * weight, sum(weights))) < 1


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 10**6), st.tuples(*[st.integers(1, 1000)] * 3))
def test_part_sizes_add_up_and_leave_no_part_empty(count: int, shares: tuple[int, int, int]) -> None:
    sizes = part_sizes(count, shares)
    assert sum(sizes) == count
    assert min(sizes) >= (1 if count >= 3 else 0)


ROWS = st.builds(
    SplitRow,
    image_id=st.text(UTF8, min_size=1),
    sha256=st.text("0123456789abcdef", min_size=64, max_size=64),
    set=st.sampled_from(SPLIT_SETS),
    part=st.sampled_from(SPLIT_PARTS),
)
SPLITS = st.builds(
    Split,
    dataset=st.just("pets"),
    name=st.just("tiny"),
    seed=SEEDS,
    recipe=st.text(UTF8),
    rows=st.lists(ROWS, max_size=5).map(tuple),
)


@settings(max_examples=100, deadline=None)
@given(SPLITS)
@example(Split("pets", "tiny", 0, "\x7f", (SplitRow("a\rb", "0" * 64, "classify", "val"),)))
def test_a_split_is_read_as_it_was_written(split: Split) -> None:
    with TemporaryDirectory() as folder:
        path = write_split(split, Path(folder))
        written = path.read_bytes(), path.with_suffix(".toml").read_bytes()
        assert read_split(path) == split
        write_split(read_split(path), Path(folder))
        assert (path.read_bytes(), path.with_suffix(".toml").read_bytes()) == written
