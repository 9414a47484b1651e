from collections import defaultdict
from dataclasses import replace
from pathlib import Path

import pytest

from benchmark.data.catalogue import Catalogue, Row
from benchmark.errors import InputError
from benchmark.splitting.sequence import sequence_parts, sequence_split
from benchmark.vocabulary import SPLIT_PARTS


def _catalogue(sightings: dict[str, list[tuple[str, int]]], column: str = "sequence") -> Catalogue:
    """Individuals with (sequence, number of images)."""
    rows = [
        Row(f"{identity}-{value}-{number:02}", identity, Path("p.png"), groups={column: value})
        for identity, sequences in sightings.items()
        for value, count in sequences
        for number in range(count)
    ]
    return Catalogue("herd", Path("herd"), tuple(sorted(rows, key=lambda row: row.image_id)))


def _herd(individuals: int, sequences: int, column: str = "sequence") -> Catalogue:
    """Individual i is in every sequence but those numbered i modulo 4, four images each."""
    return _catalogue(
        {
            f"i{individual}": [(f"s{n:02}", 4) for n in range(sequences) if n % 4 != individual % 4]
            for individual in range(individuals)
        },
        column,
    )


def _regrouped(catalogue: Catalogue, **columns: str) -> Catalogue:
    rows = tuple(replace(row, groups=row.groups | columns) for row in catalogue.rows)
    return replace(catalogue, rows=rows)


def test_sequences_go_whole_to_one_part_and_all_individuals_are_in_all() -> None:
    catalogue = _herd(6, 20)
    split = sequence_split(catalogue, {row.image_id: "" for row in catalogue.rows}, 0)
    assert len(split.rows) == len(catalogue.rows)
    parts = defaultdict(set)
    individuals = defaultdict(set)
    for row in split.rows:
        identity, value, _ = row.image_id.split("-")
        parts[value].add(row.part)
        individuals[row.set, row.part].add(identity)
    assert all(len(names) == 1 for names in parts.values())
    assert all(len(individuals["classify", part]) == 6 for part in SPLIT_PARTS)
    assert len(split.ids("classify", "test")) / len(split.rows) == pytest.approx(0.08, abs=0.05)
    assert len(split.ids("inpaint")) / len(split.rows) == pytest.approx(0.2, abs=0.02)


def test_three_sequences_each_are_enough() -> None:
    catalogue = _catalogue(
        {individual: [(f"{individual}{n}", 3) for n in range(3)] for individual in ("fox", "owl", "newt")}
    )
    part_of = sequence_parts(catalogue, 0).part_of
    for individual in ("fox", "owl", "newt"):
        assert {part for name, part in part_of.items() if name.startswith(individual)} == set(SPLIT_PARTS)


def test_the_column_is_the_first_that_supports_the_split() -> None:
    assert "each value of encounter goes" in sequence_parts(_herd(4, 12, "encounter"), 0).recipe
    nested = _regrouped(_herd(4, 12, "camera"), video="only one")
    assert "each value of camera goes" in sequence_parts(nested, 0).recipe
    both = _regrouped(_herd(4, 12, "sequence"), camera="only one")
    assert "each value of sequence goes" in sequence_parts(both, 0).recipe


def test_days_are_kept_apart_where_there_is_no_other_column() -> None:
    catalogue = _herd(4, 12, "place")
    rows = tuple(
        replace(row, groups={"timestamp": f"2024-06-{int(row.groups['place'][1:]) + 1:02}T10:{number % 60:02}:00"})
        for number, row in enumerate(catalogue.rows)
    )
    parts = sequence_parts(replace(catalogue, rows=rows), 0)
    assert "each value of day goes" in parts.recipe
    days = defaultdict(set)
    for row in rows:
        days[row.groups["timestamp"][:10]].add(parts.part_of[row.image_id])
    assert len(days) == 12
    assert all(len(parts) == 1 for parts in days.values())


def test_the_error_reports_an_identity_nested_in_video() -> None:
    catalogue = _catalogue({individual: [(individual[0], 10)] for individual in ("a1", "a2", "b1", "b2")}, "video")
    message = (
        r"herd does not support the split 'sequence' by video: 4 of 4 individuals are in fewer than 3 of its 2 values, "
        r"'a1' in 1; each needs one in train, one in val and one in test. Identity is nested in video."
    )
    with pytest.raises(InputError, match=message):
        sequence_parts(catalogue, 0)


def test_the_error_names_every_column() -> None:
    sightings = {"fox": [("s1", 5), ("s2", 5)], "owl": [("s1", 4), ("s3", 4), ("s4", 4)]}
    catalogue = _regrouped(_catalogue(sightings), camera="c1")
    with pytest.raises(
        InputError, match=r"by sequence: 1 of 2 individuals .* 'fox' in 2; .* by camera: 2 of 2"
    ) as error:
        sequence_parts(catalogue, 0)
    assert "nested in sequence" not in str(error.value)
    assert "nested in camera" not in str(error.value)  # one value for all rows is no nesting


def test_the_error_without_a_filled_column_names_those_to_add() -> None:
    catalogue = _herd(4, 12)
    first, *others = catalogue.rows
    rows = (replace(first, groups={}), *others)
    with pytest.raises(InputError, match=r"no column that groups images .* Add one of sequence, encounter, .* date"):
        sequence_parts(replace(catalogue, rows=rows), 0)


def test_individuals_that_share_every_sequence_but_too_few_are_refused() -> None:
    shared = [("s1", 4), ("s2", 4), ("s3", 4)]
    pairs = {"a": shared[:2], "b": shared[1:], "c": [shared[0], shared[2]]}
    catalogue = _catalogue({individual: [*pair, (f"s{individual}", 4)] for individual, pair in pairs.items()})
    assert set(sequence_parts(catalogue, 0).part_of.values()) == set(SPLIT_PARTS)
    four = _catalogue({f"i{n}": [(f"s{m}", 4) for m in range(4) if m != n] for n in range(4)})
    with pytest.raises(
        InputError, match=r"'i0' would have no image in .*, because individuals share the values of sequence"
    ):
        sequence_parts(four, 0)  # two sequences share a part, so an individual in both misses another part
