import pytest

from benchmark.data.adapters.names import doubtful, few_photos, near_equal, remarks


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


def test_doubtful_names_are_remarked() -> None:
    assert doubtful(["new", "Ada", "New"]) == ["New", "new"]
    texts = " ".join(remarks(["new", "Ada", "Ada", "Bo"]))
    assert "may name nobody are kept as individuals: `new` 1" in texts


def test_what_few_photos_are_good_for_is_said() -> None:
    one, two = few_photos(["Ada", *["Bo"] * 2, *["Cy"] * 3, *(f"i{number}" for number in range(6))])
    assert one == (
        "Individuals with one photo serve re-identification as distractors alone: 7 (`Ada`, `i0`, `i1`, `i2`, `i3` and "
        "2 more)."
    )
    assert two.startswith(
        "Individuals with two photos can be learnt from one and tested on the other, but a fixed split needs three"
    )
    assert two.endswith(": 1 (`Bo`).")
