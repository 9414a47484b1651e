import hashlib

import pytest

from benchmark.splitting.sampling import apportion, part_sizes, shuffled


@pytest.mark.parametrize(
    ("total", "weights", "shares"),
    [
        (10, [80, 16, 4], [8, 2, 0]),
        (25, [80, 16, 4], [20, 4, 1]),
        (14, [80, 10, 10], [11, 2, 1]),  # 11.2, 1.4, 1.4: the tie goes to the earlier
        (100, [47000, 16000, 15900, 12000, 6000, 3100], [47, 16, 16, 12, 6, 3]),  # a textbook election
        (0, [1, 1], [0, 0]),
    ],
)
def test_largest_remainders_by_hand(total: int, weights: list[int], shares: list[int]) -> None:
    assert apportion(total, weights) == shares


@pytest.mark.parametrize(
    ("count", "sizes"),
    [
        (3, (1, 1, 1)),
        (5, (3, 1, 1)),
        (100, (80, 10, 10)),
        (2, (2, 0, 0)),
        (0, (0, 0, 0)),
    ],
)
def test_no_part_is_empty_where_there_are_three_images(count: int, sizes: tuple[int, int, int]) -> None:
    assert part_sizes(count, (80, 10, 10)) == sizes


def test_the_order_is_that_of_the_salted_digests() -> None:
    names = [f"{number}" for number in range(50)]
    order = shuffled(reversed(names), "7")
    assert order == sorted(names, key=lambda name: hashlib.sha256(f"7:{name}".encode()).hexdigest())
    assert order != names
    assert order != shuffled(names, "8")


def test_an_empty_part_takes_its_image_from_the_largest() -> None:
    assert part_sizes(3, (1, 1, 3)) == (1, 1, 1)
    assert part_sizes(7, (1, 98, 1)) == (1, 5, 1)
