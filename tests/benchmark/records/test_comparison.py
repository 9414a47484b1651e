from benchmark.records.comparison import differences
from support.records import blank_record


def test_records_of_two_machines_tell_the_same() -> None:
    one = blank_record(key="a" * 64)
    provenance = one.provenance.model_copy(update={"hardware": {"processor": "another"}, "commit": "b" * 40})
    assert differences(one, one.model_copy(update={"key": "b" * 64, "provenance": provenance})) == []


def test_the_places_of_differences_are_named() -> None:
    one = blank_record(individuals=2)
    provenance = one.provenance.model_copy(update={"rules": "other", "data": "other"})
    other = one.model_copy(update={"individuals": 3, "provenance": provenance})
    assert differences(one, other) == ["individuals", "provenance.data", "provenance.rules"]


def test_a_record_of_an_earlier_scoring_does_not_tell_the_same() -> None:
    one = blank_record()
    other = one.model_copy(update={"provenance": one.provenance.model_copy(update={"scoring": 1000})})
    assert differences(one, other) == ["provenance.scoring"]
