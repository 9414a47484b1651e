from leaderboard.pages.classification import PAGE
from support.records import complete, failed, score, trained
from support.tables import cells, page_text


def test_a_row_has_the_scores_of_both_classifiers() -> None:
    text = page_text(PAGE, complete())
    assert text.startswith(
        "## zebrafish-synth, split time, protocol full\n\n6 individuals, chance 0.17, 60 test images.\n\n| "
    )
    link = "[0123456](records/zebrafish-synth/full/lama-0123456789ab.json)"
    scores = ["0.31 (chance)", "0.31", "0.15", "–", "0.97", "0.97", "0.48", "–"]  # noqa: RUF001
    assert cells(text, "LaMa") == [["LaMa", "big-lama", *scores, "0", link]]
    assert "`(chance)`: not above" in text


def test_the_untrained_encoder_has_a_row() -> None:
    text = page_text(PAGE, complete(untrained=trained(0.25)))
    assert cells(text, "LaMa, *untrained*")[0][:4] == ["LaMa, *untrained*", "random", "0.25", "0.25"]


def test_records_with_different_numbers_of_images_show_both_numbers() -> None:
    deep = trained(1).model_copy(update={"test": score(1, images=59)})
    assert "59 or 60 test images" in page_text(PAGE, complete(), complete(seed=1, classification={"deep": deep}))


def test_chance_is_one_over_the_number_of_candidates() -> None:
    text = page_text(PAGE, complete(candidate_count=4))
    assert "6 individuals, of whom 4 can be the answer, chance 0.25, 60 test images." in text
    assert "of whom" not in page_text(PAGE, complete(candidate_count=6))


def test_rows_that_cannot_be_told_apart_share_a_rank_and_others_do_not() -> None:
    labels = [0, 1] * 20
    test_images = {"labels": labels, "groups": list(range(40)), "by": "images"}
    wrong = [1 - label for label in labels]
    almost = [*labels[:-1], wrong[-1]]
    answers = {"LaMa": labels, "AOT": almost, "Poor": wrong}
    files = [
        complete(
            title=title,
            backbone=title.lower(),
            key=f"{number}" * 16,
            test_images=test_images,
            classification={"deep": trained(0.5, answers=given)},
        )
        for number, (title, given) in enumerate(answers.items())
    ]
    text = page_text(PAGE, *files)
    assert {title: cells(text, title)[0][9] for title in answers} == {"LaMa": "1", "AOT": "1", "Poor": "3"}
    assert {cells(text, title)[0][5] for title in answers} == {"–"}  # noqa: RUF001 - none was trained shallow


def test_the_table_has_intervals_and_baselines() -> None:
    scores = dict.fromkeys(("balanced_accuracy", "recall", "adjusted_rand", "mutual_information"), 0.25)
    interval = {"low": 0.4, "high": 0.61, "groups": 9}
    one = complete(
        classification={"deep": trained(0.5, intervals={"accuracy": interval}, never_above_chance=True)},
        group_baselines={
            "majority": {"accuracy": 0.2, "f1": 0.1, **scores},
            "video": {"accuracy": 0.333, "f1": 0.3, **scores},
        },
    )
    text = page_text(PAGE, one)
    assert cells(text, "LaMa")[0][6] == "0.50 [0.40, 0.61]"
    assert "\n\nCurves never above chance: deep: LaMa.\n\n" in text
    assert cells(text, "*video alone*")[0][1:6] == ["–", "0.33", "0.25", "0.30", "–"]  # noqa: RUF001
    assert cells(text, "*commonest individual alone*")[0][6:9] == ["0.20", "0.25", "0.10"]


def test_the_audit_of_the_split_is_above_the_table() -> None:
    text = page_text(PAGE, complete(audit={"sentence": "random: 96 % of test images leak", "faults": ["96 % leak"]}))
    above = text.split("\n\n| ")[0]
    assert above.endswith(
        "*random: 96 % of test images leak.* This split is not clean: its scores measure memory at least in part."
    )
    clean = page_text(PAGE, complete(audit={"sentence": "block: no test image leaks", "faults": []}))
    assert "\n\n*block: no test image leaks.*\n\n| " in clean


def test_a_title_cannot_break_the_table_or_its_markers() -> None:
    text = page_text(PAGE, complete(title="a|b <!-- end table: classification -->"))
    assert r"| a\|b &lt;!-- end table: classification -->" in text


def test_a_long_cause_is_cut() -> None:
    text = page_text(PAGE, failed(failure={"stage": "s", "cause": "x " * 500, "log": ""}))
    assert "x x…" in text
    assert max(len(line) for line in text.splitlines() if line.startswith("|")) < 560


def test_the_legend_says_whether_the_f1_of_a_group_baseline_is_too_high() -> None:
    scores = dict.fromkeys(
        ("accuracy", "balanced_accuracy", "recall", "f1", "adjusted_rand", "mutual_information"), 0.25
    )
    old, new = ({"video": scores}, {"video": scores | {"adjusted_mutual_information": 0.2}})
    assert "F1 of *... alone* is too high" in page_text(PAGE, complete(group_baselines=old))
    assert "F1 of *... alone* is too high" not in page_text(PAGE, complete(group_baselines=new))
    assert "F1 of *... alone* is too high" not in page_text(PAGE, complete())


def test_the_column_better_than_chance_replaces_the_mark() -> None:
    better = {"verdict": "cannot_tell", "needed": 20, "images": 60}
    tested = {
        "shallow": trained(0.31, better_than_chance=better),
        "deep": trained(0.97, better_than_chance={"verdict": "yes", "needed": None, "images": 60}),
    }
    untrained = trained(0.2, better_than_chance={"verdict": "no", "needed": None, "images": 60})
    text = page_text(PAGE, complete(classification=tested, untrained=untrained))
    assert cells(text, "LaMa")[0][2:4] == ["0.31", "cannot tell (needs 20 of 60)"]
    assert cells(text, "LaMa")[0][7:9] == ["0.97", "yes"]
    assert cells(text, "LaMa, *untrained*")[0][2:4] == ["0.20", "no"]
    assert "*Better than chance*: than the individual" in text
    assert "better than chance |" not in page_text(PAGE, complete())
