from leaderboard.pages.focus import PAGE
from support.records import complete, trained
from support.tables import cells, page_text

INTERVAL = {"low": 0.5, "high": 0.7, "groups": 9}
SHARES = {"background": 0.7, "body": 0.2, "pattern": None}
LOCALISATION = {
    "empty": 3,
    "mass": SHARES,
    "density": {"background": 0.8, "body": 1.5, "pattern": 2.0},
    "rank": SHARES,
    "pattern_density": INTERVAL,
    "images": 10,
}


def test_each_classifier_has_a_row() -> None:
    text = page_text(PAGE, complete(classification={"deep": trained(0.5, localisation=LOCALISATION)}))
    expected = ["deep", "0.70", "0.20", "–", "0.80", "1.50", "2.00 [0.50, 0.70]", "–", "3 of 10"]  # noqa: RUF001
    assert cells(text, "LaMa")[0][2:11] == expected
    assert "*Random CAM*" not in text.split("*Mass*")[0]  # an old record, which does not hold the areas
    assert "<details>" not in text
    assert "CAMs by" not in text


def test_the_untrained_encoder_has_a_row() -> None:
    text = page_text(PAGE, complete(untrained=trained(0.5, localisation=LOCALISATION)))
    assert cells(text, "LaMa")[0][2] == "untrained"


def test_if_all_cams_are_empty_their_number_is_the_only_one() -> None:
    localisation = LOCALISATION | {"empty": 10}
    text = page_text(PAGE, complete(classification={"deep": trained(0.5, localisation=localisation)}))
    assert cells(text, "LaMa")[0][2:11] == ["deep", *["–"] * 7, "10 of 10"]  # noqa: RUF001


def test_random_cams_end_the_table_and_pictures_are_folded_under_their_names() -> None:
    localisation = {
        "mass": {"background": 0.5, "body": 0.25, "pattern": 0.25},
        "density": {"background": 0.625, "body": 1.25, "pattern": None},
        "rank": {"background": 0.5, "body": 0.5, "pattern": None},
        "pattern_density": None,
        "images": 10,
        "area": {"background": 0.8, "body": 0.2, "pattern": 0},
        "rank_null": {"background": 0.8, "body": 0.2, "pattern": None},
        "method": "hirescam",
    }
    example = {"image": 3, "density": 2.0}
    examples = {"examples": dict.fromkeys(("best", "typical", "worst"), example)}
    first = complete(
        title="A <b> & [C]",
        init="none",
        classification={"deep": trained(0.5, localisation=localisation | examples)},
    )
    second = complete(title="Bare", seed=1, classification={"deep": trained(0.5, localisation=localisation)})
    text = page_text(PAGE, first, second)
    numbers = ["0.80", "0.20", "0.00", "1.00", "1.00", "–", "–", "–"]  # noqa: RUF001
    assert cells(text, "*Random CAM*") == [["*Random CAM*", "–", "–", *numbers, "–", "–"]]  # noqa: RUF001
    assert "test images.\n\nCAMs by HiResCAM.\n\n|" in text
    picture = "records/zebrafish-synth/full/lama-0123456789ab-focus.png"
    assert text.count("<details>") == text.count("</details>") == 1
    assert (
        "<details><summary>A &lt;b&gt; &amp; [C]: best, typical and worst test image</summary>\n\n"
        f"![CAMs on test images]({picture})\n\n</details>"
    ) in text
