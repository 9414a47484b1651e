import json

from benchmark.records.record import Record, record_fields


def test_the_fields_of_a_record_are_known_by_name_and_type_and_not_by_their_prose() -> None:
    fields = record_fields()
    assert isinstance(fields, dict)
    assert set(fields["properties"]) == set(Record.model_fields)
    assert fields["properties"]["individuals"]["type"] == "integer"
    assert "share of images" not in json.dumps(fields)

    class Longer(Record):
        another: float | None = None

    assert "another" not in json.dumps(fields)
    assert Longer.model_json_schema()["properties"].keys() - fields["properties"].keys() == {"another"}
