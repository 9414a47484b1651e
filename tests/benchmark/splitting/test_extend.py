"""Later images: the split keeps what it has, and what it keeps apart; each kind's own rule holds for them."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from benchmark.data.capture import RECORDING_COLUMNS
from benchmark.data.catalogue import Catalogue, Row
from benchmark.errors import InputError
from benchmark.splitting.block import block_lengths
from benchmark.splitting.extend import RULES, extend_split
from benchmark.splitting.kinds import KINDS, draw_split
from benchmark.splitting.split import Split, SplitRow
from benchmark.vocabulary import SPLIT_PARTS
from support.catalogues import name_digests
from support.strategies import films, photos, sightings

SEEDS = st.integers(0, 2**31 - 1)
SUPPORTED = {
    "random": st.one_of(photos(), films(), sightings()),
    "block": films(),
    "sequence": sightings(),
    "time": st.one_of(sightings(), films()),
    "open": st.one_of(photos(), films(), sightings()),
    "disjoint": photos(),
}


def _rows(catalogue: Catalogue, ids: Iterable[str]) -> Catalogue:
    kept = set(ids)
    return replace(catalogue, rows=tuple(row for row in catalogue.rows if row.image_id in kept))


@st.composite
def grown(draw: st.DrawFn, kind: str) -> tuple[Split, Catalogue, set[str]]:
    """A split of a part of a catalogue, the whole catalogue, and the ids that are new in it.

    New are some individuals' images, the end of the recordings, or images here and there.
    """
    catalogue = draw(SUPPORTED[kind])
    ids = [row.image_id for row in catalogue.rows]
    late: set[str] = set(draw(st.lists(st.sampled_from(ids), max_size=12)))
    if draw(st.booleans()):
        late |= {row.image_id for row in catalogue.rows if row.identity == catalogue.identities[-1]}
    if draw(st.booleans()):
        value = draw(st.sampled_from([str(row.groups) for row in catalogue.rows]))
        late |= {row.image_id for row in catalogue.rows if row.groups and str(row.groups) >= value}
    old = _rows(catalogue, set(ids) - late)
    if not old.rows:
        reject()
    try:
        return draw_split(kind, old, name_digests(old), draw(SEEDS)), catalogue, late
    except InputError:
        reject()


def _parts(split: Split, catalogue: Catalogue, *columns: str) -> dict[tuple[str, ...], set[str]]:
    """The parts of each value of columns; `identity` counts as a column."""
    rows = {row.image_id: row for row in catalogue.rows}
    parts: defaultdict[tuple[str, ...], set[str]] = defaultdict(set)
    for placed in split.rows:
        values = {"identity": rows[placed.image_id].identity} | rows[placed.image_id].groups
        parts[tuple(values.get(column, "") for column in columns)].add(placed.part)
    return parts


each_kind = pytest.mark.parametrize("kind", KINDS)


def test_every_kind_has_a_rule() -> None:
    assert set(RULES) == set(KINDS)


@each_kind
@settings(max_examples=25, deadline=None)
@given(st.data())
def test_nothing_moves_and_the_result_depends_on_nothing_else(kind: str, data: st.DataObject) -> None:
    split, catalogue, late = data.draw(grown(kind))
    digests = name_digests(catalogue)
    extension = extend_split(split, catalogue, digests)
    assert set(split.rows) <= set(extension.split.rows)
    assert set(extension.added) == set(extension.split.rows) - set(split.rows)
    ids = [row.image_id for row in extension.split.rows]
    assert ids == sorted(set(ids))
    assert sorted([*ids, *extension.left_out, *split.left_out]) == [row.image_id for row in catalogue.rows]
    shuffled = replace(catalogue, rows=tuple(data.draw(st.permutations(catalogue.rows))))
    assert extend_split(split, shuffled, digests) == extension
    if kind in {"random", "sequence"} and late:
        assert len(extension.added) >= len(late) - len(extension.left_out)


@each_kind
@settings(max_examples=25, deadline=None)
@given(st.data())
def test_no_recording_that_was_in_one_part_is_in_two(kind: str, data: st.DataObject) -> None:
    split, catalogue, _ = data.draw(grown(kind))
    extension = extend_split(split, catalogue, name_digests(catalogue))
    for column in RECORDING_COLUMNS:
        before, after = _parts(split, catalogue, column), _parts(extension.split, catalogue, column)
        for value, parts in before.items():
            if value != ("",) and len(parts) == 1:
                assert after[value] == parts


@settings(max_examples=40, deadline=None)
@given(grown("sequence"))
def test_sequences_old_and_new_are_in_one_part(case: tuple[Split, Catalogue, set[str]]) -> None:
    split, catalogue, _ = case
    extension = extend_split(split, catalogue, name_digests(catalogue))
    assert all(len(parts) == 1 for parts in _parts(extension.split, catalogue, "sequence").values())


@settings(max_examples=40, deadline=None)
@given(grown("block"))
def test_new_frames_keep_the_gap(case: tuple[Split, Catalogue, set[str]]) -> None:
    split, catalogue, _ = case
    rows = {row.image_id: row for row in catalogue.rows}
    frames: defaultdict[str, set[int]] = defaultdict(set)
    for row in catalogue.rows:
        frames[row.groups["video"]].add(int(row.groups["frame"]))
    rank = {(video, frame): place for video, own in frames.items() for place, frame in enumerate(sorted(own))}
    old_identities = {rows[placed.image_id].identity for placed in split.rows}
    own: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    for row in catalogue.rows:
        if row.identity in old_identities:
            own[row.identity].add((row.groups["video"], row.groups["frame"]))
    gap = block_lengths(min(map(len, own.values()))).gap
    extension = extend_split(split, catalogue, name_digests(catalogue))
    places = [
        (row.groups["video"], rank[row.groups["video"], int(row.groups["frame"])], placed.part, placed in split.rows)
        for placed in extension.split.rows
        for row in (rows[placed.image_id],)
    ]
    for video, place, part, old in places:
        for other_video, other_place, other_part, other_old in places:
            if video == other_video and part != other_part and not (old and other_old):
                assert abs(place - other_place) > gap


@settings(max_examples=40, deadline=None)
@given(grown("time"))
def test_each_individual_still_trains_before_it_is_tested(case: tuple[Split, Catalogue, set[str]]) -> None:
    split, catalogue, _ = case
    extension = extend_split(split, catalogue, name_digests(catalogue))
    rows = {row.image_id: row for row in catalogue.rows}
    own: defaultdict[str, list[tuple[str, int, int]]] = defaultdict(list)
    for placed in extension.split.rows:
        row = rows[placed.image_id]
        moment = row.groups.get("date", ""), int(row.groups.get("frame", 0))
        own[row.identity].append((*moment, SPLIT_PARTS.index(placed.part)))
    for moments in own.values():
        parts = [part for *_, part in sorted(moments)]
        assert parts == sorted(parts)


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(("random", "sequence", "block", "time")).flatmap(grown))
def test_a_new_individual_is_in_every_part_or_in_train_alone(case: tuple[Split, Catalogue, set[str]]) -> None:
    split, catalogue, _ = case
    new = set(catalogue.identities) - {identity for (identity,) in _parts(split, catalogue, "identity")}
    extension = extend_split(split, catalogue, name_digests(catalogue))
    after = _parts(extension.split, catalogue, "identity")
    assert all(after.get((identity,), {"train"}) in ({"train"}, set(SPLIT_PARTS)) for identity in new)


@settings(max_examples=40, deadline=None)
@given(grown("open"))
def test_unknown_individuals_stay_unknown(case: tuple[Split, Catalogue, set[str]]) -> None:
    split, catalogue, _ = case
    extension = extend_split(split, catalogue, name_digests(catalogue))
    before, after = _parts(split, catalogue, "identity"), _parts(extension.split, catalogue, "identity")
    assert all(after[identity] == {"test"} for identity, parts in before.items() if parts == {"test"})
    unknown = sum(parts == {"test"} for parts in after.values())
    assert unknown <= -(-len(catalogue.identities) // 5)


@settings(max_examples=40, deadline=None)
@given(grown("disjoint"))
def test_individuals_stay_disjoint(case: tuple[Split, Catalogue, set[str]]) -> None:
    split, catalogue, _ = case
    extension = extend_split(split, catalogue, name_digests(catalogue))
    assert all(len(parts) == 1 for parts in _parts(extension.split, catalogue, "identity").values())
    assert extension.left_out == ()


@pytest.mark.parametrize("kind", ["random", "block", "sequence", "time", "open", "disjoint"])
@settings(max_examples=15, deadline=None)
@given(st.data())
def test_nothing_is_added_where_nothing_is_new(kind: str, data: st.DataObject) -> None:
    catalogue = data.draw(SUPPORTED[kind])
    digests = name_digests(catalogue)
    try:
        split = draw_split(kind, catalogue, digests, data.draw(SEEDS))
    except InputError:
        reject()
    extension = extend_split(split, catalogue, digests)
    assert (extension.split, extension.added) == (split, ())


def _herd(individuals: int = 5, days: int = 6, more: tuple[Row, ...] = ()) -> Catalogue:
    """Individuals with three photos on each of some days."""
    rows = [
        Row(f"i{animal}-{day}-{number}", f"i{animal}", Path("p"), groups={"date": f"2024-01-{day + 1:02}"})
        for animal in range(individuals)
        for day in range(days)
        for number in range(3)
    ]
    return Catalogue("herd", Path("herd"), tuple(sorted((*rows, *more), key=lambda row: row.image_id)))


def _part(split: Split, image_id: str) -> str:
    return next(row.part for row in split.rows if row.image_id == image_id)


def test_a_new_photo_of_a_known_day_joins_that_day() -> None:
    herd = _herd()
    split = draw_split("sequence", herd, name_digests(herd), 0)
    more = tuple(Row(f"n{day}", "i0", Path("p"), groups={"date": f"2024-01-{day + 1:02}"}) for day in range(6))
    grown_herd = _herd(more=more)
    extension = extend_split(split, grown_herd, name_digests(grown_herd))
    assert [row.part for row in extension.added] == [_part(split, f"i0-{day}-0") for day in range(6)]


def test_a_copy_of_a_picture_joins_it() -> None:
    herd = _herd()
    split = draw_split("random", herd, name_digests(herd), 0)
    for row in split.rows[:20]:
        grown_herd = _herd(more=(Row("copy", "i1", Path("p")),))
        digests = name_digests(grown_herd) | {"copy": row.sha256}
        extension = extend_split(split, grown_herd, digests)
        assert [added.part for added in extension.added] in ([row.part], [])


def test_new_images_fill_what_their_individual_lacks() -> None:
    herd = _herd()
    split = draw_split("random", herd, name_digests(herd), 0)
    grown_herd = _herd(more=tuple(Row(f"n{number:03}", "i0", Path("p")) for number in range(182)))
    extension = extend_split(split, grown_herd, name_digests(grown_herd))
    parts = [row.part for row in extension.split.rows if row.image_id.startswith(("n", "i0"))]
    assert {part: parts.count(part) for part in SPLIT_PARTS} == {"train": 160, "val": 22, "test": 18}
    assert sum(row.set == "inpaint" for row in extension.split.rows) == pytest.approx(0.2 * 272, abs=3)


def test_changed_and_vanished_photos_are_named() -> None:
    herd = _herd()
    digests = name_digests(herd)
    split = draw_split("random", herd, digests, 0)
    with pytest.raises(InputError, match=r"1 image of the split 'random' have other pixels.*'i0-0-0'.*--redraw"):
        extend_split(split, herd, digests | {"i0-0-0": "0"})
    fewer = _rows(herd, digests.keys() - {"i0-0-0", "i0-0-1"})
    with pytest.raises(InputError, match=r"2 images of the split 'random' are gone: 'i0-0-0', 'i0-0-1'\."):
        extend_split(split, fewer, name_digests(fewer))


def test_a_split_of_no_kind_is_refused() -> None:
    split = Split("herd", "mine", 0, "", (SplitRow("a", "0", "classify", "train"),))
    with pytest.raises(InputError, match=r"'mine' of herd is of no known kind \(random, sequence"):
        extend_split(split, _herd(), {})


def _with_encounters() -> Catalogue:
    """Twelve individuals in encounters of three photos."""
    rows = (
        Row(f"{animal}-{photo}", f"animal{animal}", Path("p"), groups={"encounter": f"{animal}-{photo // 3}"})
        for animal in range(12)
        for photo in range(18 if animal % 3 else 9)
    )
    return Catalogue("x", Path("x"), tuple(rows))


@pytest.mark.parametrize("kind", ["random", "sequence", "open", "disjoint"])
def test_an_update_without_new_photos_adds_none_that_the_drawing_left_out(kind: str) -> None:
    catalogue = _with_encounters()
    digests = name_digests(catalogue)
    split = draw_split(kind, catalogue, digests, 0)
    extension = extend_split(split, catalogue, digests)
    assert (extension.added, extension.left_out) == ((), ())
    assert extension.split == split
    if kind == "open":
        assert len(split.rows) + len(split.left_out) == len(catalogue.rows)
        assert split.left_out


@pytest.mark.parametrize(
    ("kind", "fault"), [("random", "without training images"), ("disjoint", "in more than one part")]
)
def test_a_split_that_corrected_names_have_broken_is_refused_with_the_fix(kind: str, fault: str) -> None:
    catalogue = _with_encounters()
    split = draw_split(kind, catalogue, name_digests(catalogue), 0)
    tested = next(row.image_id for row in split.rows if (row.set, row.part) == ("classify", "test"))
    other = next(row.identity for row in catalogue.rows if row.image_id in split.ids("classify", "train"))
    name = "corrected" if kind == "random" else other
    rows = tuple(replace(row, identity=name) if row.image_id == tested else row for row in catalogue.rows)
    with pytest.raises(InputError, match=rf"'{name}' is {fault}.*data split x --split {kind} --redraw"):
        extend_split(split, replace(catalogue, rows=rows), name_digests(catalogue))


def test_corrected_names_that_a_split_still_fits_change_nothing() -> None:
    catalogue = _with_encounters()
    split = draw_split("random", catalogue, name_digests(catalogue), 0)
    rows = tuple(replace(row, identity="animal1") if row.identity == "animal2" else row for row in catalogue.rows)
    assert extend_split(split, replace(catalogue, rows=rows), name_digests(catalogue)).split == split
