"""Parts of later images, by kind of split."""

from bisect import bisect_left, insort
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

import numpy as np

from benchmark.data.capture import capture_times, dense_ranks, frame_positions, known_times
from benchmark.data.catalogue import Row
from benchmark.errors import InputError
from benchmark.splitting.block import block_lengths
from benchmark.splitting.chronological import time_parts
from benchmark.splitting.group_assignment import place_groups
from benchmark.splitting.individuals import DISJOINT_SHARES, INDIVIDUALS_PER_UNKNOWN
from benchmark.splitting.later_images import CONTENT, Key, LaterImages
from benchmark.splitting.parts import PART_SHARES, PartOf
from benchmark.splitting.sampling import apportion, part_sizes, shuffled
from benchmark.vocabulary import SPLIT_PARTS, SplitPart

_TEST = SPLIT_PARTS.index("test")

Moment = tuple[float, int]
"""Time in seconds and number of a frame; what is not known is 0."""


def by_groups(later: LaterImages, unknown: Collection[str] = ()) -> PartOf:
    """Parts of images that stay together with what the split keeps apart; in `random`, each image on its own.

    Args:
        later: the split and the later images.
        unknown: individuals that training must not show.

    Returns:
        The part of each image. It is left out if its group is in two parts already, or if its individual is unknown
        and its group is not in test.
    """
    columns = () if later.split.name == "random" else later.kept_apart
    return _grouped(later, later.new, columns, {}, unknown)


def by_frames(later: LaterImages, unknown: Collection[str] = ()) -> PartOf:
    """Parts by the images around in the same recording; what is between two parts, or within the gap, is left out.

    A recording that is new stays whole. An image without a recording and a frame number is left out. Arguments as
    `by_groups`.
    """
    old_positions = frame_positions(later.old)
    if old_positions is None:
        return {}
    column = old_positions.column
    framed = [row for row in later.catalogue.rows if row.groups.get(column) and row.groups.get("frame")]
    positions = frame_positions(framed)
    assert positions is not None
    ranks = dense_ranks(positions.recordings, positions.frames)
    coordinates = zip(positions.recordings.tolist(), ranks.tolist(), strict=True)
    places = {row.image_id: place for row, place in zip(framed, coordinates, strict=True)}
    frames_of: defaultdict[str, set[tuple[int, int]]] = defaultdict(set)
    for row in framed:
        if row.identity not in later.new_identities:
            frames_of[row.identity].add(places[row.image_id])
    entries: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
    for row in later.old:
        recording, rank = places[row.image_id]
        insort(entries[recording], (rank, SPLIT_PARTS.index(later.placed[row.image_id])))
    gap = block_lengths(min(map(len, frames_of.values()))).gap
    settled: PartOf = {}
    rest: list[Row] = []
    for row in sorted(framed, key=lambda row: (places[row.image_id], row.image_id)):
        recording, rank = places[row.image_id]
        if row.image_id in later.placed:
            continue
        if recording not in entries:
            rest.append(row)
            continue
        near = _near(entries[recording], rank, gap)
        if len(near) == 1 and (row.identity not in unknown or near == {_TEST}):
            settled[row.image_id] = SPLIT_PARTS[min(near)]
            insort(entries[recording], (rank, min(near)))
    return _grouped(later, rest, (column,), settled, unknown)


def by_time(later: LaterImages) -> PartOf:
    """Parts by the order in time of each individual's images.

    A recording or day that is in one part stays there. What falls between two parts is left out, or in the earlier one
    if frames are not numbered. The images of a new individual are cut as in `time`, or are all in train.
    """
    moments, is_framed = _moments(later)
    entries: defaultdict[str, list[tuple[Moment, int]]] = defaultdict(list)
    for row in later.old:
        entries[row.identity].append((moments[row.image_id], SPLIT_PARTS.index(later.placed[row.image_id])))
    for own in entries.values():
        own.sort()
    own_parts = _cut_alone(later)
    part_of: PartOf = {}
    for row in later.new:
        alone = later.parts_of_group([row], (CONTENT,))
        if row.identity in later.new_identities:
            allowed = {own_parts[row.image_id]} if row.image_id in own_parts else set()
        elif row.image_id in moments:
            allowed = {SPLIT_PARTS[part] for part in _around(entries[row.identity], moments[row.image_id])}
        else:
            continue
        allowed = allowed & alone if alone else allowed
        if len(alone) <= 1 and allowed and (len(allowed) == 1 or not is_framed):
            part_of[row.image_id] = min(allowed, key=SPLIT_PARTS.index)
    return _all_parts_or_train(later, part_of, ())


def with_unknown(later: LaterImages) -> PartOf:
    """Parts of an open split: further images of unknown individuals are in test, or left out.

    An individual that is new is unknown as long as these are fewer than a fifth, rounded up.
    """
    trained = {later.identity[image_id] for image_id, part in later.placed.items() if part != "test"}
    unknown = {row.identity for row in later.old} - trained
    everyone = len(set(later.identity.values()))
    for identity in shuffled(later.new_identities, f"{later.split.seed}:individuals"):
        if len(unknown) < -(-everyone // INDIVIDUALS_PER_UNKNOWN):
            unknown.add(identity)
    if not later.kept_apart and frame_positions(later.old) is not None:
        return by_frames(later, unknown)
    return by_groups(later, unknown)


def by_individual(later: LaterImages) -> PartOf:
    """Parts of a disjoint split: each individual in its own; one that is new where individuals are lacking most.

    One that is new is in test only if it shares a recording, camera or day with another one there, where these are
    known.
    """
    home: dict[str, SplitPart] = {row.identity: later.placed[row.image_id] for row in later.old}
    targets = apportion(len(home) + len(later.new_identities), DISJOINT_SHARES)
    keys: defaultdict[str, set[Key]] = defaultdict(set)
    for row in later.catalogue.rows:
        keys[row.identity] |= {key for key in later.keys[row.image_id].items() if key[0] != CONTENT}
    for identity in shuffled(later.new_identities, f"{later.split.seed}:individuals"):
        tested = {key for other, part in home.items() if part == "test" for key in keys[other]}
        allowed = [part for part in SPLIT_PARTS if part != "test" or not tested or keys[identity] & tested]
        counts = Counter(home.values())
        lack = {part: target - counts[part] for part, target in zip(SPLIT_PARTS, targets, strict=True)}
        home[identity] = max(allowed, key=lack.__getitem__)
    return {row.image_id: home[row.identity] for row in later.new}


def _grouped(
    later: LaterImages, rows: Iterable[Row], columns: Sequence[str], settled: PartOf, unknown: Collection[str]
) -> PartOf:
    """Parts of rows whose groups stay whole.

    Args:
        later: the split and the later images.
        rows: to be placed.
        columns: rows that share a value of one of them are a group; so are copies of one picture.
        settled: parts of other later images.
        unknown: individuals that training must not show.
    """
    part_of = dict(settled)
    free: dict[str, list[Row]] = {}
    for name, members in _components(rows, later, (CONTENT, *columns)).items():
        parts = later.parts_of_group(members, (CONTENT, *columns))
        if not parts:
            free[name] = members
        elif len(parts) == 1:
            part_of |= dict.fromkeys((row.image_id for row in members), min(parts))
    known = {name: members for name, members in free.items() if {row.identity for row in members} - set(unknown)}
    part_of |= _fill(known, later, part_of, unknown)
    for name, members in free.items():
        # without columns, an old individual's images may have been left out when the split was drawn
        if name not in known and (columns or members[0].identity in later.new_identities):
            part_of |= dict.fromkeys((row.image_id for row in members), "test")
    part_of = {id_: part for id_, part in part_of.items() if part == "test" or later.identity[id_] not in unknown}
    return _all_parts_or_train(later, part_of, unknown, free.values())


def _components(rows: Iterable[Row], later: LaterImages, columns: Iterable[str]) -> dict[str, list[Row]]:
    """Groups of rows that share a value of a column, directly or by way of others; by their first image_id."""
    leader: dict[Key, Key] = {}

    def find(key: Key) -> Key:
        leader.setdefault(key, key)
        while leader[key] != key:
            leader[key] = key = leader[leader[key]]
        return key

    rows, columns = list(rows), tuple(columns)
    for row in rows:
        for column in columns:
            if value := later.keys[row.image_id].get(column):
                leader[find((column, value))] = find(("image_id", row.image_id))
    groups: defaultdict[Key, list[Row]] = defaultdict(list)
    for row in rows:
        groups[find(("image_id", row.image_id))].append(row)
    return {members[0].image_id: members for members in groups.values()}


def _fill(groups: Mapping[str, Sequence[Row]], later: LaterImages, settled: PartOf, unknown: Collection[str]) -> PartOf:
    """Parts of groups that nothing settles: where their known individuals lack most images."""
    code = {identity: number for number, identity in enumerate(sorted(set(later.identity.values())))}
    members = {
        name: Counter(code[row.identity] for row in rows if row.identity not in unknown)
        for name, rows in groups.items()
    }
    present = np.zeros((len(code), len(SPLIT_PARTS)), dtype=np.int64)
    for image_id, part in (later.placed | settled).items():
        present[code[later.identity[image_id]], SPLIT_PARTS.index(part)] += 1
    totals = present.sum(axis=1)
    for counts in members.values():
        for owner, count in counts.items():
            totals[owner] += count
    targets = [[max(1, size) for size in part_sizes(int(total), PART_SHARES)] for total in totals]
    codes = place_groups(members, targets, f"{later.split.seed}", present.tolist())
    return {row.image_id: SPLIT_PARTS[part] for name, part in codes.items() for row in groups[name]}


def _all_parts_or_train(
    later: LaterImages, part_of: PartOf, unknown: Collection[str], free: Iterable[Sequence[Row]] = ()
) -> PartOf:
    """The parts, in which a new individual without an image in some part is in train alone.

    Its images move to train where their group has no other individual; otherwise those outside train are left out.
    """
    occupied = {(later.identity[image_id], part) for image_id, part in part_of.items()}
    lacking = {
        identity
        for identity in later.new_identities - set(unknown)
        if not all((identity, part) in occupied for part in SPLIT_PARTS)
    }
    part_of = dict(part_of)
    for members in free:
        if {row.identity for row in members} <= lacking:
            part_of |= dict.fromkeys((row.image_id for row in members), "train")
    return {id_: part for id_, part in part_of.items() if part == "train" or later.identity[id_] not in lacking}


def _near(entries: list[tuple[int, int]], rank: int, gap: int) -> set[int]:
    """The parts within the gap of a rank, and of the next images before and after it; entries are (rank, part)."""
    start, end = bisect_left(entries, (rank - gap, -1)), bisect_left(entries, (rank + gap + 1, -1))
    here = bisect_left(entries, (rank, -1))
    return {part for _, part in entries[max(0, min(start, here - 1)) : max(end, here + 1)]}


def _around(entries: list[tuple[Moment, int]], moment: Moment) -> set[int]:
    """The parts at a moment, or else of the images before and after it; entries are sorted."""
    start, end = bisect_left(entries, (moment, -1)), bisect_left(entries, (moment, len(SPLIT_PARTS)))
    return {part for _, part in (entries[start:end] or entries[max(0, start - 1) : start + 1])}


def _moments(later: LaterImages) -> tuple[dict[str, Moment], bool]:
    """The moment of each row that has what all rows of the split have, and whether that includes frame numbers."""
    framing = frame_positions(later.old)
    columns = [framing.column, "frame"] if framing else []
    rows = [row for row in later.catalogue.rows if all(row.groups.get(column) for column in columns)]
    timed = known_times(rows) if capture_times(later.old) else None
    if timed is not None:
        rows = [row for row, time in zip(rows, timed, strict=True) if time]
    positions = frame_positions(rows) if framing else None
    seconds = [time.timestamp() for time in timed if time] if timed is not None else [0.0] * len(rows)
    frames = positions.frames.tolist() if positions else [0] * len(rows)
    ids = (row.image_id for row in rows)
    return dict(zip(ids, zip(seconds, frames, strict=True), strict=True)), framing is not None


def _cut_alone(later: LaterImages) -> PartOf:
    """Parts of each new individual's images as `time` cuts them; all in train if they are too few or have no order."""
    rows_of: defaultdict[str, list[Row]] = defaultdict(list)
    for row in later.new:
        if row.identity in later.new_identities:
            rows_of[row.identity].append(row)
    part_of: PartOf = {}
    for rows in rows_of.values():
        try:
            part_of |= time_parts(replace(later.catalogue, rows=tuple(rows)), later.split.seed).part_of
        except InputError:
            part_of |= {row.image_id: "train" for row in rows}
    return part_of
