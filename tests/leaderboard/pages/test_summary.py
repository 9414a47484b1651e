"""The tables of the README, from records made by hand."""

from typing import Any

import pytest

from leaderboard.pages.summary import PAGE
from leaderboard.record_files import RecordFile
from support.records import complete, failed, record_file
from support.region_probes import IMAGES, probes
from support.tables import cells, page_text

LINKED = "[LaMa](leaderboard/records/zebrafish-synth/full/lama-0123456789ab.json)"


def relying(background: int, pattern: int, whole: int = 22, **fields: Any) -> RecordFile:
    """A record whose probe names so many of 24 images rightly: two individuals, twelve units, chance 0.5."""
    regions = dict.fromkeys(("reliance", "information"), (background, 12, pattern, 12, 12, 12))
    values = {"probes": {"initial": probes(whole, regions)}, "test_images": IMAGES, "individuals": 2}  # type: ignore[arg-type]
    return record_file(**values | fields)


def row(*files: RecordFile) -> list[str]:
    (found,) = cells(page_text(PAGE, *files), LINKED)
    return found


def test_a_row_has_the_whole_the_two_regions_their_paired_difference_and_one_link() -> None:
    found = row(relying(12, 24))
    assert [cell[:7] for cell in found[2:6]] == ["0.92 [0", "yes", "0.50 [0", "1.00 [0"]
    assert found[6:] == ["mostly pattern", "mostly pattern (0.50, 1.00)"]


def test_a_failed_run_says_why_in_its_last_cell() -> None:
    file = failed(backbone="aotgan", title="aotgan")
    (found,) = cells(page_text(PAGE, complete(), file), f"[aotgan]({file.path})")
    assert set(found[2:-1]) == {"–"}  # noqa: RUF001
    assert found[-1] == r"failed: `timeout` in train-deep: No answer \| for 600 s."


@pytest.mark.parametrize(
    ("background", "pattern", "whole", "expected"),
    [
        (12, 24, 22, "mostly pattern"),
        (24, 12, 22, "mostly background"),
        (22, 22, 22, "both"),
        (12, 12, 22, "cannot tell"),
        (12, 24, 12, "cannot tell"),  # whole images are at chance
    ],
)
def test_the_verdict_follows_from_chance_and_the_paired_difference(
    background: int, pattern: int, whole: int, expected: str
) -> None:
    tells, relies = row(relying(background, pattern, whole))[6:]
    assert relies == f"{expected} ({background / 24:.2f}, {pattern / 24:.2f})"
    assert tells == ("mostly pattern" if (background, pattern) == (12, 24) else expected)


def test_what_tells_the_animals_apart_does_not_depend_on_what_the_probe_relies_on() -> None:
    regions: Any = {"reliance": (4, 12, 4, 12, 12, 12), "information": (24, 12, 12, 12, 12, 12)}
    found = row(relying(0, 0, probes={"initial": probes(22, regions)}))
    assert found[4].startswith("1.00 [")
    assert found[6:] == ["mostly background", "cannot tell (0.17, 0.17)"]


def test_few_units_have_no_interval_and_no_verdict() -> None:
    few = IMAGES.model_copy(update={"groups": (0,) * 12 + (1,) * 12})
    found = row(relying(12, 24, test_images=few))
    assert found[2:6] == ["0.92", "cannot tell (24 of 24 would not show it)", "0.50", "1.00"]
    assert found[6:8] == ["cannot tell", "cannot tell (0.50, 1.00)"]


def test_the_best_row_is_first_and_the_verdicts_are_counted() -> None:
    text = page_text(PAGE, relying(12, 24, 20), relying(24, 12, 24, backbone="a", title="A", key="a" * 16))
    assert text.index("| [A]") < text.index("| [LaMa]")
    assert "Whole images are named better than chance by 2 of 2 contestants." in text
    assert "By what the animals can be told apart: mostly background (1), mostly pattern (1)." in text


def test_without_region_masks_there_is_no_verdict() -> None:
    found = row(relying(12, 24, probes={"initial": probes(22)}))
    assert found[3:] == ["yes", *["–"] * 4]  # noqa: RUF001


def test_splits_that_leak_less_come_first_and_those_of_other_tasks_are_on_their_pages() -> None:
    text = page_text(PAGE, *(complete(split=split) for split in ("random", "disjoint", "open", "block", "time")))
    names = [line.split(",")[1] for line in text.splitlines() if line.startswith("**zebrafish-synth")]
    assert names == [" split block", " split time", " split random"]


def test_only_the_built_in_data_set_is_shown_and_untrained_encoders_are_left_out() -> None:
    untrained = relying(12, 24, probes={"initial": probes(22), "untrained": probes(12)})
    text = page_text(PAGE, untrained, relying(12, 24, dataset="other", title="Other"))
    assert "Other" not in text
    assert "*untrained*" not in text


def test_the_legend_is_above_the_tables() -> None:
    text = page_text(PAGE, relying(12, 24), failed(split="time"))
    assert text.index("- *Told apart by*:") < text.index("**zebrafish-synth")
