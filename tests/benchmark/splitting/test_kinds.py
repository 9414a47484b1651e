from pathlib import Path

import pytest

from benchmark.data.adapters.layouts import open_dataset
from benchmark.data.catalogue import Catalogue, Row
from benchmark.data.content_digests import content_digests
from benchmark.errors import InputError
from benchmark.splitting.kinds import KINDS, draw_split, leak_free_kind
from benchmark.splitting.split import read_split
from benchmark.vocabulary import SPLIT_PARTS, SPLIT_SETS
from support.paths import FISH, ROOT

SHIPPED = ROOT / "benchmark" / "splits" / "zebrafish-synth"


@pytest.fixture(scope="module")
def synth() -> Catalogue:
    return open_dataset(ROOT / "benchmark" / "datasets" / "zebrafish-synth")


def _no_digests(catalogue: Catalogue) -> dict[str, str]:
    return {row.image_id: "" for row in catalogue.rows}


def test_the_reviewed_files_are_what_is_drawn(synth: Catalogue) -> None:
    digests = content_digests(synth.rows)
    kinds = sorted(path.stem for path in SHIPPED.glob("*.csv"))
    assert kinds == ["block", "disjoint", "open", "random", "time"]
    for kind in kinds:
        assert draw_split(kind, synth, digests, 0) == read_split(SHIPPED / f"{kind}.csv")


def test_the_built_in_set_does_not_support_sequence_and_the_error_names_what_it_supports(synth: Catalogue) -> None:
    with pytest.raises(InputError) as error:
        draw_split("sequence", synth, _no_digests(synth), 0)
    assert "Identity is nested in video." in str(error.value)
    assert str(error.value).endswith("Splits that zebrafish-synth supports: random, block, time, open, disjoint.")
    assert leak_free_kind(synth) == "block"


def test_plain_photos_can_only_be_split_by_image_or_individual() -> None:
    rows = [Row(f"i{individual}-{n:02}", f"i{individual}", Path("p.png")) for individual in range(5) for n in range(12)]
    catalogue = Catalogue("pets", Path("pets"), tuple(rows))
    assert leak_free_kind(catalogue) is None
    for kind in ("block", "sequence", "time"):
        with pytest.raises(
            InputError, match=rf"'{kind}'.* Add .* Splits that pets supports: random, open, disjoint\.$"
        ):
            draw_split(kind, catalogue, _no_digests(catalogue), 0)


def test_the_error_of_a_set_that_supports_no_kind() -> None:
    rows = (Row("a", "fox", Path("p.png")), Row("b", "fox", Path("p.png")))
    catalogue = Catalogue("pair", Path("pair"), rows)
    for kind in KINDS:
        with pytest.raises(InputError, match=r"'fox' has 2 images; .* Splits that pair supports: none\.$"):
            draw_split(kind, catalogue, _no_digests(catalogue), 0)


def test_every_kind_fills_every_part_of_both_sets_and_names_itself(synth: Catalogue) -> None:
    for kind in sorted(KINDS.keys() - {"sequence"}):
        split = draw_split(kind, synth, _no_digests(synth), 3)
        assert (split.name, split.seed) == (kind, 3)
        assert all(split.ids(name, part) for name in SPLIT_SETS for part in SPLIT_PARTS)


def test_a_kind_alone_is_named_with_its_seed(synth: Catalogue) -> None:
    for kind in sorted(KINDS.keys() - {"sequence"}):
        assert KINDS[kind](synth, _no_digests(synth), 3).name == f"{kind}-3"


@pytest.mark.shared
def test_fs48_supports_sequence_but_not_time() -> None:
    catalogue = open_dataset(FISH)
    assert leak_free_kind(catalogue) == "sequence"
    split = draw_split("sequence", catalogue, _no_digests(catalogue), 0)
    of = {row.image_id: row.groups["sequence"] for row in catalogue.rows}
    sequences = {part: {of[row.image_id] for row in split.rows if row.part == part} for part in SPLIT_PARTS}
    assert sum(len(values) for values in sequences.values()) == len(set(of.values())) == 40
    with pytest.raises(InputError, match="'fish00' is in 9 recordings whose order is not known"):
        draw_split("time", catalogue, _no_digests(catalogue), 0)
