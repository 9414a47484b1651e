import pytest

from benchmark.errors import InputError
from benchmark.records.classification import TestImages
from benchmark.records.provenance import Failure
from benchmark.records.record import Record
from harness.anonymise import anonymised
from support.records import blank_record


def record(*identities: str, **fields: object) -> Record:
    images = TestImages(
        labels=(0,), groups=(0,), by="images", identities=identities, train_images=(1,) * len(identities)
    )
    return blank_record(test_images=images, **fields)


def names(one: Record) -> tuple[str, ...]:
    assert one.test_images is not None
    return one.test_images.identities


def test_an_individual_has_the_same_number_in_every_record() -> None:
    one, other = anonymised([record("Chui", "Simba"), record("Chui", "Duma", "Simba")])
    assert names(one) == ("individual-001", "individual-003")
    assert names(other) == ("individual-001", "individual-002", "individual-003")


def test_what_cannot_be_made_anonymous_is_refused() -> None:
    with pytest.raises(InputError, match="has the name of an individual"):
        anonymised([record("Chui", dataset="chui")])
    with pytest.raises(InputError, match="failed run"):
        anonymised([record("Chui", failure=Failure(stage="encode", cause="crash", log="/photos/Chui/1.jpg"))])


RENAMED = {"TestImages.identities", "ProjectedImages.recordings"}
CHOSEN_BY_THE_USER = {"Record.dataset"}
WITHOUT_NAMES = {
    *(f"Record.{field}" for field in ("key", "backbone", "title", "licence", "init", "split", "protocol")),
    *("SplitAudit.sentence", "SplitAudit.faults"),  # numbers, and names of columns
}
OF_FAILED_RUNS = {"Failure.stage", "Failure.cause", "Failure.log"}


def texts(schema: object) -> bool:
    """Whether a JSON Schema allows any text, and not a few words alone."""
    if isinstance(schema, list):
        return any(map(texts, schema))
    if not isinstance(schema, dict):
        return False
    free = schema.get("type") == "string" and not {"enum", "const"} & set(schema)
    return free or any(texts(value) for key, value in schema.items() if key != "propertyNames")


def test_every_text_of_a_record_was_looked_at_for_names() -> None:
    schema = Record.model_json_schema()
    parts = {"Record": schema, **schema["$defs"]}
    fields = {
        f"{part}.{name}"
        for part, content in parts.items()
        if part not in {"Provenance", "Stage"}  # digests, versions, hardware, times
        for name, field in content.get("properties", {}).items()
        if texts(field)
    }
    assert fields == RENAMED | CHOSEN_BY_THE_USER | WITHOUT_NAMES | OF_FAILED_RUNS
