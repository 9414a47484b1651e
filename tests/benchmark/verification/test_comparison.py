from benchmark.verification.comparison import SUMS, Tolerance, compare


def outcomes(told: object, found: object, tolerance: Tolerance = SUMS) -> dict[str, str]:
    return {check.place: check.outcome for check in compare(told, found, "part", tolerance)}


def test_each_number_and_each_list_is_one_check() -> None:
    told = {"accuracy": 0.5, "intervals": {"accuracy": None}, "answers": [0, 1, 2]}
    found = {"accuracy": 0.5 + 1e-12, "intervals": {"accuracy": 3}, "answers": [0, 1, 3]}
    assert outcomes(told, found) == {
        "part.accuracy": "match",
        "part.intervals.accuracy": "mismatch",
        "part.answers[2]": "mismatch",
    }


def test_a_missing_field_is_a_mismatch_and_a_boolean_is_no_number() -> None:
    assert outcomes({"a": 1}, {}) == {"part.a": "mismatch"}
    assert outcomes({"a": True}, {"a": 1.0 + 1e-12}) == {"part.a": "mismatch"}


def test_a_difference_that_another_machine_explains_is_drift() -> None:
    assert outcomes(0.5, 0.51, Tolerance(1e-9, 0.1, "two machines")) == {"part": "drift"}


def test_lists_of_other_lengths_do_not_match() -> None:
    assert outcomes([1.0, 2.0], [1.0]) == {"part": "mismatch"}
