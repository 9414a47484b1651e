import pytest

from leaderboard.pages.ablation import PAGE, marked
from support.records import complete, failed, score
from support.tables import cells, page_text, rows


def test_the_table_is_the_paper_s() -> None:
    text = page_text(PAGE, complete())
    deep, shallow = cells(text, "LaMa")
    assert deep[2:9] == ["*0.75*", "0.88", "0.85", "0.82", "0.89", "0.93", "**0.97**"]
    assert shallow[2:9] == ["0.76", "0.32", "*0.17*", "0.46", "**0.86**", "0.68", "0.75"]
    assert deep[9:11] == ["0.85", "-0.11"]  # 0.75 / 0.88, 0.82 - 0.93
    assert text.index("**Deep**") < text.index("**Shallow**")
    headers = ["Background", "Body", "Pattern", "No background", "No body", "No pattern", "All"]
    assert rows(text)[0][2:9] == headers


@pytest.mark.parametrize(
    ("accuracies", "expected"),
    [
        ([0.994, 0.986, 0.5], ["**0.99**", "**0.99**", "*0.50*"]),  # equal as shown: both are best
        ([0.2, 0.9, 0.2], ["*0.20*", "**0.90**", "*0.20*"]),
        ([0.17, 0.17, 0.17], ["0.17", "0.17", "0.17"]),
        ([None, 0.3, 0.1], [None, "**0.30**", "*0.10*"]),
        ([None, None], [None, None]),
        ([None, 0.3], [None, "0.30"]),
    ],
)
def test_best_and_worst(accuracies: list[float | None], expected: list[str | None]) -> None:
    variants = ("background", "body", "pattern")[: len(accuracies)]
    pairs = zip(variants, accuracies, strict=True)
    texts = marked({variant: score(accuracy) for variant, accuracy in pairs if accuracy is not None})
    assert [texts.get(variant) for variant in variants] == expected


def test_a_data_set_without_regions_has_a_sentence_instead() -> None:
    text = page_text(PAGE, complete(ablation={}), failed(seed=1))
    assert "No ablation: it needs a region mask for every image" in text
    assert "| LaMa" not in text


def test_failed_runs_alone_do_not_mean_that_regions_are_missing() -> None:
    assert "No ablation" not in page_text(PAGE, failed())


def test_the_audit_of_the_split_is_above_the_tables() -> None:
    text = page_text(PAGE, complete(audit={"sentence": "block: no test image leaks", "faults": []}))
    assert "\n\n*block: no test image leaks.*\n\n**Deep**\n\n| " in text
