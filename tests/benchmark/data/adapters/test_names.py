import pytest

from benchmark.data.adapters.names import doubtful, near_equal, remarks


@pytest.mark.parametrize(
    "pair",
    [("k0", "K0"), ("001", "1"), ("Jos\u00e9", "Jose\u0301"), ("José", "Jose"), ("fox 1", "fox_01"), ("A-1", "a1")],
)
def test_names_that_differ_little_are_paired(pair: tuple[str, str]) -> None:
    assert near_equal([*pair, "other"]) == [tuple(sorted(pair))]


@pytest.mark.parametrize("pair", [("k0", "k1"), ("10", "100"), ("a1", "a11"), ("Ada", "Adam"), ("0", "10")])
def test_other_names_are_not(pair: tuple[str, str]) -> None:
    assert near_equal(pair) == []


def test_equal_names_are_one_name() -> None:
    assert near_equal(["k0", "k0"]) == []


def test_doubtful_names_are_remarked_and_single_photos_counted() -> None:
    assert doubtful(["new", "Ada", "New"]) == ["New", "new"]
    texts = " ".join(remarks(["new", "Ada", "Ada", "Bo"]))
    assert "may name nobody are kept as individuals: `new` 1" in texts
    assert "one photo alone, which nothing can match: `Bo`, `new`" in texts
