from typing import Any

import pytest

from leaderboard.page import EMPTY
from leaderboard.pages.inpainting import PAGE
from leaderboard.rows import backbone_row
from support.records import complete
from support.tables import cells, page_text, rows

TRAINING = {"loss": 4.2551, "epoch": 8, "iterations": 12784, "batch_size": 4, "validation": [5.0, 4.2551]} | {
    "kept": {"lowest": 8, "settled": 8}
}


def test_the_table_has_the_model_and_the_fillings_that_learn_nothing() -> None:
    fillings = {
        "model": {"l1": 0.05, "psnr": 21.5, "ssim": 0.75, "lpips": 0.1234},
        "mean_colour": {"l1": 0.2, "psnr": 12.0, "ssim": 0.1},
        "telea": {"l1": 0.1, "psnr": None, "ssim": 0.5},
    }
    fillings = {name: errors | {"images": 18, "photos": 18} for name, errors in fillings.items()}
    text = page_text(PAGE, complete(inpainting=TRAINING | {"reconstruction": fillings}))
    assert cells(text, "LaMa")[0][2:10] == ["4.2551", "8", "12784", "4", "0.0500", "21.50", "0.750", "0.123"]
    assert cells(text, "*Mean colour*")[0][6:10] == ["0.2000", "12.00", "0.100", "–"]  # noqa: RUF001
    assert cells(text, "*Telea*")[0][1:8] == ["–", "–", "–", "–", "–", "0.1000", "–"]  # noqa: RUF001
    assert len({len(row) for row in rows(text)}) == 1
    assert "18 photos" in text
    assert "are limited to the hole" in text


def test_an_encoder_that_learnt_to_inpaint_says_so_beside_its_initial_weights() -> None:
    learnt, without = page_text(PAGE, complete(init="random", inpainting=TRAINING)), complete(init="random")
    assert cells(learnt, "LaMa")[0][1] == "random weights, inpainting"
    assert "*inpainting* after the initial weights: the encoder was then trained to inpaint" in learnt
    assert backbone_row(without, None).weights == "random weights"


def test_photos_are_counted_and_differences_shown_with_their_intervals() -> None:
    interval = {"low": 0.5, "high": 2.25, "groups": 7}

    def one(photos: int, intervals: dict[str, Any]) -> str:
        errors = {"l1": 0.1, "psnr": 20.0, "ssim": 0.5, "images": 4 * photos, "photos": photos}
        gap = {"l1": -0.0123, "psnr": 1.5, "ssim": 0.0456, "intervals": intervals, "photos": photos}
        training = TRAINING | {
            "reconstruction": dict.fromkeys(("model", "mean_colour", "telea"), errors),
            "differences": {
                "mean_colour": gap,
                "telea": gap | {"psnr": None, "intervals": dict.fromkeys(intervals and ["l1"], interval)},
            },
        }
        return page_text(PAGE, complete(inpainting=training))

    many, few = one(7, {"psnr": interval}), one(4, {})
    assert "7 photos in four flips" in many
    assert cells(many, "LaMa")[1][2:6] == ["mean colour", "-0.0123", "+1.50 [0.50, 2.25]", "+0.046"]
    assert cells(many, "LaMa")[2][2:5] == ["Telea", "-0.0123 [0.5000, 2.2500]", "–"]  # noqa: RUF001
    assert "Fewer than six units" not in many
    assert "4 photos in four flips" in few
    assert "Fewer than six units: no interval" in few
    assert "Differences are paired by photo" in few
    unfilled = page_text(PAGE, complete(inpainting=TRAINING))
    assert "learn nothing\n" not in unfilled
    assert "paired by photo" not in unfilled
    assert "are limited to the hole" not in unfilled


def test_records_that_do_not_inpaint_have_no_row() -> None:
    other = complete(title="Other", seed=1)
    assert "Other" not in page_text(PAGE, complete(inpainting=TRAINING), other)
    assert page_text(PAGE, other) == EMPTY


def test_the_baselines_have_lpips_if_any_record_has() -> None:
    def filled(lpips: float | None) -> dict[str, Any]:
        errors = {"l1": 0.1, "psnr": 20.0, "ssim": 0.5, "images": 8, "photos": 8, "lpips": lpips}
        return TRAINING | {"reconstruction": dict.fromkeys(("model", "mean_colour", "telea"), errors)}

    text = page_text(
        PAGE, complete(inpainting=filled(None)), complete(inpainting=filled(0.25), title="Other", init="own")
    )
    assert [cells(text, name)[0][9] for name in ("LaMa", "Other")] == ["–", "0.250"]  # noqa: RUF001
    assert cells(text, "*Telea*")[0][9] == "0.250"


def test_the_page_says_what_the_photos_can_show() -> None:
    def one(photos: int, **changes: Any) -> str:
        errors = {"l1": 0.1, "psnr": 20.0, "ssim": 0.5, "images": photos, "photos": photos, "by_photo": {"l1": [0.1]}}
        gap = {"l1": -0.01, "psnr": 1.5, "ssim": 0.05, "lpips": -0.02, "photos": photos, "units": 14} | changes
        training = TRAINING | {
            "reconstruction": dict.fromkeys(("model", "mean_colour", "telea"), errors),
            "differences": {"mean_colour": gap | {"detectable": 0.71}, "telea": gap | {"detectable": 0.52}},
        }
        return page_text(PAGE, complete(inpainting=training))

    enough, few = one(80), one(16)
    assert "80 photos of 14 units: a difference in PSNR of 0.71 dB is found with 80 % probability.\n" in enough
    assert (
        "16 photos of 14 units: a difference in PSNR of 0.71 dB is found with 80 % probability. Fewer than 80 photos"
        in few
    )
    assert "80 photos of" in enough
    assert "flips." not in enough.split("|")[0]
    assert "do not rank rows by them" not in enough
    assert cells(enough, "LaMa")[1][6:8] == ["-0.020", "0.71"]
    for text in (enough, few):
        assert "restoring pixels is not identifying" in text
        assert "only if PSNR, SSIM and, where it is measured, LPIPS all favour it" in text
        assert "neither trained nor validated on" in text


def test_both_rules_are_shown_where_they_can_differ() -> None:
    settled = {"settled": [4.0, 3.9], "rule": "settled", "kept": {"lowest": 2, "settled": 1}}
    text = page_text(
        PAGE, complete(inpainting=TRAINING | settled), complete(inpainting=TRAINING, title="Other", init="own")
    )
    kept = [cells(text, name)[0][4:6] for name in ("LaMa", "Other")]
    assert kept == [["settled", "2, 1"], ["lowest", "8, 8"]]
    assert "computed anew for the weights of that epoch" in text
    assert "Kept by" not in page_text(PAGE, complete(inpainting=TRAINING))


UP, DOWN, OPEN = ((0.1, 0.9), (-0.9, -0.1), (-0.5, 0.5))


@pytest.mark.parametrize(
    ("mean_colour", "telea", "verdict"),
    [
        ((UP, UP, DOWN), (UP, UP, DOWN), "better than both fillings"),
        ((UP, UP, DOWN), (UP, DOWN, DOWN), "better than mean colour only"),
        ((UP, OPEN, DOWN), (UP, UP, DOWN), "better than Telea only"),
        ((UP, UP, UP), (DOWN, UP, DOWN), "better than neither"),
        ((UP, UP, UP), (OPEN, UP, DOWN), "cannot tell"),
        ((), (), "cannot tell"),
    ],
)
def test_a_model_is_better_than_a_filling_only_if_all_measures_say_so(
    mean_colour: tuple[tuple[float, float], ...], telea: tuple[tuple[float, float], ...], verdict: str
) -> None:
    """Intervals of PSNR and SSIM, where more is better, and of LPIPS, where less is."""

    def gap(ends: tuple[tuple[float, float], ...]) -> dict[str, Any]:
        found = {
            name: {"low": low, "high": high, "groups": 9}
            for name, (low, high) in zip(("psnr", "ssim", "lpips"), ends, strict=False)
        }
        return {"l1": 0.0, "psnr": 0.0, "ssim": 0.0, "lpips": 0.0, "photos": 80, "units": 9, "intervals": found}

    errors = {"l1": 0.1, "psnr": 20.0, "ssim": 0.5, "images": 80, "photos": 80}
    training = TRAINING | {
        "reconstruction": dict.fromkeys(("model", "mean_colour", "telea"), errors),
        "differences": {"mean_colour": gap(mean_colour), "telea": gap(telea)},
    }
    text = page_text(PAGE, complete(inpainting=training))
    assert cells(text, "LaMa")[0][2] == verdict
    ahead = int(verdict not in ("better than neither", "cannot tell"))
    shown = f"Models that are shown to be better than a filling that learns nothing: {ahead} of 1"
    assert f"\n\n{shown}. Verdicts: {verdict} (1).\n" in text
