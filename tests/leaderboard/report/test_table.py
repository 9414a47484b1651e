from leaderboard.report.table import field_page
from support.field_records import field_record, field_scores, random_scores, searched
from support.tables import cells


def test_the_best_encoder_comes_first_and_the_legend_before_the_table() -> None:
    worse = field_record(title="A | worse", schemes={"grouped": field_scores(0.5), "random": random_scores()})
    page = field_page([worse, field_record()])
    assert page.index("*Whole photo*") < page.index("| Encoder")
    assert page.index("EfficientNet-Lite0") < page.index(r"A \| worse")
    assert cells(page, "EfficientNet-Lite0")[0] == [
        "EfficientNet-Lite0",
        "imagenet",
        "0.75 [0.65, 0.85]",
        "0.25 [0.15, 0.35]",
        "0.50 [0.40, 0.60]",
        "mostly pattern",
        "0.50 [0.25, 0.50]",
        "yes",
    ]


def test_missing_numbers_are_dashes_and_near_copies_are_mentioned() -> None:
    page = field_page([field_record(schemes={"random": random_scores()}, retrieval=searched(across=None))])
    row = cells(page, "EfficientNet-Lite0")[0]
    assert row[3:7] == ["–", "–", "cannot tell", "–"]  # noqa: RUF001 - the table's dash
    assert "the scores may be memory of near-copies in part" in page
    assert "approximate" not in page


def test_names_are_escaped_and_approximate_masks_marked() -> None:
    page = field_page([field_record(dataset="<b>|x", approximate_regions=True)])
    assert page.startswith("# &lt;b>\\|x\n")
    assert "*Region masks are approximate" in page
