import pytest

from leaderboard.report.figure import BAR, BOTTOM, LABELS, WIDTH, panels
from support.field_records import field_scores, out_of_fold, random_scores, regions


def test_both_questions_have_a_panel_with_seven_bars() -> None:
    found = panels(field_scores())
    assert [panel.question for panel in found] == ["reliance", "information"]
    assert [[bar.variant for bar in panel.bars] for panel in found] == [list(LABELS)] * 2


def test_positions_are_shares_of_the_width_and_bars_lie_inside() -> None:
    (panel, _) = panels(field_scores())
    whole = panel.bars[0]
    assert (whole.length, whole.low, whole.high, whole.value) == (270, 234, 306, "0.75 [0.65, 0.85]")
    assert panel.chance == WIDTH / 4
    assert all(bar.y + BAR <= panel.height - BOTTOM for bar in panel.bars)
    assert all(one.y + BAR < other.text_y - 10 for one, other in zip(panel.bars, panel.bars[1:], strict=False))


def test_without_intervals_there_are_no_whiskers_and_without_masks_no_panels() -> None:
    parts = regions({"pattern": 0.5})
    scores = field_scores(regions=parts, linear=out_of_fold(0.75, interval=None))
    assert panels(scores)[0].bars[0].low is None
    assert panels(random_scores()) == []


@pytest.mark.parametrize(("commonest", "anchor"), [(0.3, "start"), (0.6, "end")])
def test_the_label_of_chance_stays_inside(commonest: float, anchor: str) -> None:
    assert panels(field_scores(commonest=commonest))[0].chance_anchor == anchor
