from typing import Any

import pytest
from rich.cells import cell_len

from leaderboard.report.summary import summary
from support.field_records import PHOTOS, field_record, field_scores, random_scores, ranked, searched, suspect

REPORT = "results/leopards/report.html"


def lines(**fields: Any) -> dict[str, str]:
    """The text of each line by its label."""
    return {line[:15].strip(): line[15:] for line in summary([field_record(**fields)], REPORT)}


def test_ten_lines_hold_the_answer() -> None:
    assert summary([field_record(suspects=[suspect()])], REPORT) == [
        "Photos         48 of four individuals in leopards; can tell 20 points apart",
        "Encoder        EfficientNet-Lite0, weights imagenet",
        "Named rightly  0.75 [0.65, 0.85] by photos from other encounters (any: 0.75)",
        "Chance         0.25; better than chance: yes",
        "Background     0.25 [0.15, 0.35] alone",
        "Pattern        0.50 [0.40, 0.60] alone",
        "Verdict        mostly pattern",
        "Rank-1         0.50 [0.25, 0.50] in other encounters (chance 0.25)",
        "Look again     one photo may be mislabelled; no near-copies under two names",
        "Report         results/leopards/report.html",
    ]


def test_without_masks_and_groups_it_says_what_is_missing() -> None:
    found = lines(schemes={"random": random_scores()}, retrieval=searched(across=None))
    assert found["Named rightly"] == "0.75 [0.65, 0.85] by the other photos"
    assert found["Background"] == found["Pattern"] == "not known: no region masks"
    assert found["Verdict"] == "cannot tell (needs region masks: patternbench data masks)"
    assert found["Rank-1"] == "0.75 [0.38, 0.75] among all photos (chance 0.25)"
    nothing = lines(retrieval=searched(across=ranked(None)))
    assert nothing["Rank-1"] == "not known: no photo has another of its individual to find"


def test_a_reason_without_room_is_left_to_the_report() -> None:
    found = lines(schemes={"grouped": field_scores(better_than_chance="no")})
    assert found["Verdict"] == "cannot tell: see the report"
    assert found["Chance"] == "0.25; better than chance: cannot tell"


def test_several_encoders_are_counted() -> None:
    worse = field_record(title="Worse", schemes={"grouped": field_scores(0.5), "random": random_scores()})
    found = summary([worse, field_record()], REPORT)
    assert found[1] == "Encoder        best of 2: EfficientNet-Lite0, weights imagenet"


@pytest.mark.parametrize("name", ["x" * 200, "斑" * 100, "\x1b[2J\n\u202eevil", "<b>" * 40])
def test_no_name_breaks_a_line_or_steers_the_terminal(name: str) -> None:
    suspects = [suspect(photo, kind) for photo in range(12) for kind in ("other_individual", "near_copy")]
    found = summary(
        [
            field_record(
                dataset=name,
                title=name,
                init=name,
                suspects=suspects,
                schemes={"grouped": field_scores(column=name, commonest=0.5), "random": random_scores()},
                photos=[f"photo{photo}" for photo in range(PHOTOS)],
            )
        ],
        REPORT,
    )
    assert len(found) == 10
    assert all(cell_len(line) <= 80 and line.isprintable() for line in found)


def test_the_path_of_the_report_is_never_cut() -> None:
    path = f"results/{'x' * 200}/report.html"
    assert summary([field_record()], path)[-1].endswith(path)


def test_the_commonest_individual_and_suspects_are_counted() -> None:
    found = lines(
        schemes={"grouped": field_scores(commonest=0.4, better_than_chance="cannot_tell")},
        suspects=[suspect(1, "near_copy")],
    )
    assert found["Chance"] == "0.40 (commonest individual); better than chance: cannot tell"
    assert found["Look again"] == "no photo looks mislabelled; one near-copy under two names"
