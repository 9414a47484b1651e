from typing import Any

from leaderboard.pages.focus import PAGE
from support.records import complete, trained
from support.tables import cells, page_text

NO = "–"  # noqa: RUF001
INTERVAL = {"low": 0.5, "high": 0.7, "groups": 9}
SHARES = {"background": 0.7, "body": 0.2, "pattern": 0.1}
LOCALISATION = {
    "empty": 3,
    "mass": SHARES,
    "density": {"background": 0.8, "body": 1.5, "pattern": 2.0},
    "rank": SHARES,
    "images": 10,
    "method": "hirescam",
    "grid": (8, 8),
    "ceiling": {"background": 2.0, "body": 5.0, "pattern": 16.0},
    "swap": {
        "mass": {"background": 0.6, "body": 0.25, "pattern": 0.15},
        "density": {"background": 0.9, "body": 1.25, "pattern": 1.4},
        "rank": {"background": 0.65, "body": 0.15, "pattern": 0.05},
    },
    "pattern_excess": INTERVAL,
}
NOWHERE = dict.fromkeys(SHARES)
EMPTY = {
    "mass": NOWHERE,
    "density": NOWHERE,
    "rank": NOWHERE,
    "images": 10,
    "empty": 10,
    "grid": (2, 2),
    "ceiling": NOWHERE,
}


def text_of(*localisations: dict[str, Any], **fields: Any) -> str:
    return page_text(PAGE, complete(classification={"deep": trained(0.5, localisations=localisations)}, **fields))


def test_a_row_shows_the_excess_and_each_number_beside_its_swap_null() -> None:
    headline, regions = cells(text_of(LOCALISATION), "LaMa")
    excess = ["+0.60 [0.50, 0.70]", "2.00 (1.40)", "0.12 (0.09)", "8 x 8", "7 of 10"]
    assert headline[2:9] == ["deep", "HiResCAM", *excess]
    masses, densities = ["0.70 (0.60)", "0.20 (0.25)", "0.10 (0.15)"], ["0.80 (0.90)", "1.50 (1.25)"]
    assert regions[2:10] == ["deep", "HiResCAM", *masses, *densities, "0.10 (0.05)"]


def test_if_all_cams_of_a_method_are_empty_their_number_says_so_and_the_other_method_has_numbers() -> None:
    (second, first, *_) = cells(text_of(EMPTY, LOCALISATION), "LaMa")
    assert first[2:9] == ["deep", "Grad-CAM", NO, NO, NO, "2 x 2", "0 of 10: all are zero"]
    assert second[3:5] == ["HiResCAM", "+0.60 [0.50, 0.70]"]


def test_cams_of_one_unit_have_no_swap_null() -> None:
    headline, regions = cells(text_of(LOCALISATION | {"swap": None, "pattern_excess": None}), "LaMa")
    assert headline[4:9] == [NO, "2.00", "0.12", "8 x 8", "7 of 10"]
    assert regions[4:10] == ["0.70", "0.20", "0.10", "0.80", "1.50", "0.10"]


def test_the_untrained_encoder_has_a_row() -> None:
    text = page_text(PAGE, complete(untrained=trained(0.5, localisations=[LOCALISATION])))
    assert cells(text, "LaMa")[0][2] == "untrained"


def test_splits_are_compared_by_hirescam() -> None:
    files = [
        complete(split=split, key=split * 4, classification={"deep": trained(0.5, localisations=[first, LOCALISATION])})
        for split, first in (("random", EMPTY), ("block", EMPTY))
    ]
    text = PAGE.content(PAGE.sections(files))
    (row,) = cells(text[text.index("beside a split") :], "LaMa")
    assert row[5:8] == ["0.60", "0.60", "+0.00 [-0.14, 0.14]"]  # 0.1 to either side, twice: by the root of two


def test_pictures_are_folded_under_their_names() -> None:
    example = {"image": 3, "density": 2.0}
    examples = {"examples": dict.fromkeys(("best", "typical", "worst"), example)}
    first = complete(
        title="A <b> & [C]",
        init="none",
        classification={"deep": trained(0.5, localisations=[EMPTY, LOCALISATION | examples])},
    )
    second = complete(title="Bare", seed=1, classification={"deep": trained(0.5, localisations=[LOCALISATION])})
    text = page_text(PAGE, first, second)
    picture = "records/zebrafish-synth/full/lama-0123456789ab-focus.png"
    assert text.count("<details>") == text.count("</details>") == 1
    assert (
        "<details><summary>A &lt;b&gt; &amp; [C]: best, typical and worst test image</summary>\n\n"
        f"![CAMs on test images]({picture})\n\n- deep, HiResCAM, best: density 2.00\n"
    ) in text


def curve(excess: float, cams: int = 4) -> dict[str, Any]:
    """CAMs of the probe images after two epochs, the last with this excess density on the pattern."""
    epochs = [SHARES | {"epoch": epoch, "cams": cams, "excess": NOWHERE | {"pattern": excess}} for epoch in (1, 2)]
    return {"classification": {"deep": trained(0.5, localisations=[LOCALISATION], probe_localisation=epochs)}}


def test_a_curve_that_ends_on_the_other_side_of_0_than_its_row_is_named() -> None:
    text = page_text(PAGE, complete(**curve(-0.25)))
    assert "the number of the table: LaMa (big-lama), deep (-0.25 over 4 CAMs, +0.60). These are other images" in text
    same = page_text(PAGE, complete(**curve(0.25)))
    assert "Every curve ends on the same side of 0 as the row of the same method in the table." in same
    for found in (text, same):
        assert "The probe images are the first validation images of each individual" in found
    assert "same side of 0" not in text_of(LOCALISATION)


def test_a_picture_has_the_measures_of_the_table() -> None:
    example = {"image": 1, "density": 2.0}
    column = {"background": [], "body": [], "pattern": [None, 1.25]}
    names = ("mass", "density", "rank", "swap_mass", "swap_density", "swap_rank", "others_density")
    by_image = dict.fromkeys(names, column) | {"ceiling": column | {"pattern": [None, 8.0]}}
    shown = LOCALISATION | {"examples": dict.fromkeys(("best", "typical", "worst"), example), "by_image": by_image}
    text = text_of(shown)
    assert "\n- deep, HiResCAM, typical: density 2.00, excess +0.75, 0.25 of the ceiling\n" in text
