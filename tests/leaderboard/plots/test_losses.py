from leaderboard.plots.losses import loss_curves
from leaderboard.record_files import sections
from support.records import complete

TRAINING = {"loss": 3.9, "epoch": 2, "iterations": 6, "batch_size": 8, "validation": [5.0, 9.0, 7.0]}


def test_a_model_with_settled_losses_has_both_curves() -> None:
    both = complete(inpainting=TRAINING | {"settled": [4.0, 3.9, 4.5]})
    (section,) = sections([both, complete(inpainting=TRAINING, seed=1)])
    first, second = loss_curves(section).axes
    assert [list(line.get_ydata()) for line in first.lines] == [[5.0, 9.0, 7.0], [4.0, 3.9, 4.5], [3.9]]
    assert [text.get_text() for text in first.get_legend().get_texts()] == ["running statistics", "settled statistics"]
    assert len(second.lines) == 2
    assert second.get_legend() is None


def test_the_kept_epoch_says_on_which_curve_it_lies() -> None:
    settled = TRAINING | {"settled": [4.0, 3.9, 4.5], "rule": "settled"}
    (section,) = sections([complete(inpainting=settled), complete(inpainting=TRAINING, seed=1)])
    labels = [axes.get_xlabel() for axes in loss_curves(section).axes]
    assert labels == ["epoch (ring: kept on settled)", "epoch (ring: kept)"]
