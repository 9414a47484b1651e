from typing import Any

from leaderboard.markdown import NOTHING
from leaderboard.pages.classification import PAGE
from leaderboard.record_files import RecordFile
from support.records import complete, failed, score, trained
from support.tables import cells, page_text, rows

UNITS = [number // 3 for number in range(36)]
LABELS = [number // 3 % 6 for number in range(36)]
IMAGES = {"labels": LABELS, "groups": UNITS, "by": "stretches", "train_images": [5] * 6}


def answers(right: int) -> list[int]:
    """Answers of which the first ones are right."""
    return [label if number < right else (label + 1) % 6 for number, label in enumerate(LABELS)]


def probed(right: int) -> dict[str, Any]:
    """Probes that answer the first images correctly."""
    probe = {
        "test": score(right / 36),
        "answers": answers(right),
        "intervals": {},
        "choice": 1,
        "converged": True,
    }
    return {"linear": probe, "nearest": probe}


def contestant(name: str, right: int, seed: int = 0, **fields: Any) -> RecordFile:
    """A record with a linear probe that answers the first images correctly."""
    values = {"title": name, "backbone": name.lower(), "init": "random", "classification": {}, "ablation": {}}
    key = f"{seed}{name.lower():0<15}"
    return complete(
        **values | {"seed": seed, "key": key, "test_images": IMAGES, "probes": {"initial": probed(right)}} | fields
    )


def column(text: str, header: str) -> dict[str, str]:
    """The cells of a column by the first cell of the row."""
    head, *body = rows(text)
    return {row[0]: row[head.index(header)] for row in body}


def test_a_row_has_the_scores_of_both_classifiers() -> None:
    kinds = {"deep": trained(0.97, calibration_error=0.04), "shallow": trained(0.31, calibration_error=0.04)}
    text = page_text(PAGE, complete(classification=kinds))
    head = (
        "\n\n## zebrafish-synth, split time, protocol full\n\n6 individuals, uniform guess 0.17, 60 test images.\n\n| "
    )
    assert head in text
    deep, shallow = (
        [accuracy, NOTHING, accuracy, f1, "0.04", NOTHING] for accuracy, f1 in (("0.97", "0.48"), ("0.31", "0.15"))
    )
    assert cells(text, "LaMa") == [["LaMa", "big-lama", *deep, *shallow]]


def test_a_mode_that_no_record_has_has_no_columns() -> None:
    header = rows(page_text(PAGE, complete(classification={"deep": trained(0.97)})))[0]
    names = ("accuracy", "better than chance", "recall", "F1", "calibration error", "rank")
    assert header[2:] == [*(f"Deep {name}" for name in names)]


def test_seeds_are_one_row_with_their_mean_their_number_and_their_runs() -> None:
    files = [contestant("A", right, seed) for seed, right in enumerate((18, 27, 36))]
    text = page_text(PAGE, *files)
    (row,) = cells(text, "A")
    assert row[2].startswith("0.75 [")
    folded = PAGE.text(PAGE.sections(files)).split("<summary>Seeds and records of these rows</summary>")[1]
    assert [(row[2], row[3], "records/" in row[4]) for row in cells(folded, "A")] == [
        (str(seed), "docker", True) for seed in range(3)
    ]
    one = page_text(PAGE, contestant("A", 27))
    assert "One training seed a row: the spread between seeds is missing from every interval and rank." in one
    assert "spread between seeds is missing" not in text
    assert float(row[2].removeprefix("0.75 [").split(",")[0]) < 0.09


def test_one_seed_among_several_is_said_to_lack_their_spread() -> None:
    text = page_text(PAGE, contestant("A", 18), contestant("A", 20, 1), contestant("B", 18))
    assert "Of rows with one training seed, the interval lacks the spread between seeds." in text


def test_rows_are_ordered_by_the_linear_probe_and_controls_are_marked() -> None:
    text = page_text(
        PAGE,
        contestant("A", 6),
        contestant("B", 30, probes={"initial": probed(30), "untrained": probed(20)}),
        contestant("Pixels", 25, init="none"),
        contestant("C", 12, probes={}, classification={"deep": trained(0.99)}),
    )
    assert [row[0] for row in rows(text)[1:]] == ["B", "Pixels, *control*", "B, *untrained*", "A", "C"]


def test_gains_are_differences_of_pairs_with_intervals() -> None:
    scores = dict.fromkeys(("balanced_accuracy", "recall", "f1"), 0.25)
    none = {"adjusted_rand": None, "mutual_information": None}
    right = [0.5] * 36
    text = page_text(
        PAGE,
        contestant(
            "A",
            30,
            probes={"initial": probed(30), "untrained": probed(12)},
            group_baselines={
                "majority": {"accuracy": 1 / 6, "correct": [1 / 6] * 36, **scores, **none},
                "video": {"accuracy": 0.5, "correct": right, **scores, **none},
            },
        ),
    )
    assert column(text, "Gain over untrained")["A"] == "+0.50 [0.19, 0.81]"
    assert column(text, "Gain over best baseline")["A"].startswith("+0.33 [")
    assert column(text, "Linear probe")["*video alone*"] == "0.50"


def test_equal_probes_have_a_gain_of_zero_with_a_width() -> None:
    text = page_text(PAGE, contestant("A", 30, probes={"initial": probed(30), "untrained": probed(30)}))
    assert column(text, "Gain over untrained")["A"] == "+0.00, no image differs [-0.26, 0.26]"


def test_all_right_has_the_exact_interval_of_the_units() -> None:
    assert column(page_text(PAGE, contestant("A", 36)), "Linear probe")["A"] == "1.00 [0.74, 1.00]"
    assert column(page_text(PAGE, contestant("A", 0)), "Linear probe")["A"] == "0.00 (0 of 36) [0.00, 0.26]"


def test_ranks_are_among_rows_of_the_same_start_and_image_size() -> None:
    encoder = {"parameters": 1, "shape": (1, 1, 1), "image_size": 64}
    text = page_text(
        PAGE,
        contestant("A", 36, encoder=encoder),
        contestant("B", 3, encoder=encoder),
        contestant("Larger", 36, encoder=encoder | {"image_size": 80}),
        contestant("Published", 36, init="imagenet", encoder=encoder),
        contestant("Other", 35, init="places", encoder=encoder),
    )
    ranked = {"A": "1 of 2", "B": "2 of 2", "Larger": NOTHING, "Published": "1 of 2", "Other": "1 of 2"}
    assert column(text, "Linear probe rank") == ranked


def test_contestants_are_ranked_and_not_their_seeds() -> None:
    files = [contestant(name, right, seed) for name, right in (("A", 36), ("B", 3)) for seed in range(3)]
    assert column(page_text(PAGE, *files), "Linear probe rank") == {"A": "1 of 2", "B": "2 of 2"}


def test_few_units_have_no_interval_no_rank_and_no_answer_to_chance() -> None:
    few = IMAGES | {"groups": [number // 18 for number in range(36)]}
    text = page_text(PAGE, contestant("A", 36, test_images=few), contestant("B", 3, test_images=few))
    assert column(text, "Linear probe") == {"A": "1.00", "B": "0.08 (3 of 36)"}
    assert set(column(text, "Linear probe rank").values()) == {NOTHING}
    better = set(column(text, "Linear probe better than chance").values())
    assert better == {"cannot tell (36 of 36 would not show it)"}


def test_a_head_that_is_not_trained_has_no_score() -> None:
    epoch = {"epoch": 1, "loss": 1.74, "accuracy": 0.3, "recall": 0.3, "f1": 0.3}
    lost = trained(0.9, validation=[epoch], answers=answers(30))
    file = contestant("A", 30, classification={"deep": lost, "shallow": trained(0.5)}, untrained=lost)
    text = page_text(PAGE, file, contestant("B", 6, classification={"deep": trained(0.4, answers=answers(12))}))
    assert column(text, "Deep accuracy")["A"] == "not trained (loss 1.74)"
    assert {column(text, f"Deep {name}")["A"] for name in ("recall", "F1", "rank", "better than chance")} == {NOTHING}
    assert column(text, "Shallow accuracy")["A"] == "0.50"
    assert column(text, "Shallow accuracy")["A, *untrained*"] == "not trained (loss 1.74)"
    assert column(text, "Deep accuracy")["A, *untrained*"] == NOTHING
    assert "`not trained`: the last training loss" in text
    seeds = page_text(PAGE, file, contestant("A", 30, 1, classification={"deep": trained(0.9)}))
    assert column(seeds, "Deep accuracy")["A"] == "not trained (1 of 2 seeds, loss 1.74)"


def test_the_untrained_encoder_has_a_row() -> None:
    text = page_text(PAGE, complete(untrained=trained(0.25)))
    assert column(text, "Shallow accuracy")["LaMa, *untrained*"] == "0.25"


def test_records_with_different_numbers_of_images_show_both_numbers() -> None:
    deep = trained(1).model_copy(update={"test": score(1, images=59)})
    assert "59 or 60 test images" in page_text(PAGE, complete(), complete(seed=1, classification={"deep": deep}))


def test_a_uniform_guess_is_one_over_the_number_of_candidates() -> None:
    text = page_text(PAGE, complete(candidate_count=4))
    assert "6 individuals, of whom 4 can be the answer, uniform guess 0.25, 60 test images." in text
    assert "of whom" not in page_text(PAGE, complete(candidate_count=6))


def test_rows_that_cannot_be_told_apart_share_a_rank_and_others_do_not() -> None:
    text = page_text(PAGE, contestant("A", 36), contestant("B", 34), contestant("C", 3))
    assert column(text, "Linear probe rank") == {"A": "1 of 3", "B": "1 of 3", "C": "3 of 3"}


def test_the_table_has_intervals_and_baselines() -> None:
    scores = dict.fromkeys(("balanced_accuracy", "recall", "adjusted_rand", "mutual_information"), 0.25)
    text = page_text(
        PAGE,
        contestant(
            "A",
            27,
            classification={"deep": trained(0.75, answers=answers(27), never_above_chance=True)},
            group_baselines={
                "majority": {"accuracy": 0.2, "f1": 0.1, "correct": [0.2] * 36, **scores},
                "video": {"accuracy": 0.333, "f1": 0.3, "correct": [0.333] * 36, **scores},
            },
        ),
    )
    assert column(text, "Deep accuracy")["A"].startswith("0.75 [")
    assert "\n\nNot shown to be above chance on the validation images after any epoch: deep: A. " in text
    assert "The tables test other images" in text
    assert [column(text, f"Deep {name}")["*video alone*"] for name in ("accuracy", "recall", "F1", "rank")] == [
        "0.33",
        "0.25",
        "0.30",
        NOTHING,
    ]
    assert column(text, "Linear probe")["*commonest individual alone*"] == "0.20"


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


def test_every_accuracy_is_compared_with_chance_by_units() -> None:
    classification = {"deep": trained(0.5, answers=answers(36)), "shallow": trained(0.1, answers=answers(3))}
    probes = {"initial": probed(36), "untrained": probed(12)}
    text = page_text(PAGE, contestant("A", 36, classification=classification, probes=probes))
    assert column(text, "Linear probe better than chance") == {
        "A": "yes",
        "A, *untrained*": "cannot tell (18 of 36 in whole units would show it)",
    }
    assert column(text, "Deep better than chance")["A"] == "yes"
    assert column(text, "Shallow better than chance")["A"] == "cannot tell (not above 0.17)"
    assert "*Better than chance*: than the best answer without looking at the animal" in text


def test_no_means_that_the_whole_interval_is_below_chance() -> None:
    def verdict(right: int, video: list[float]) -> str:
        scores = dict.fromkeys(
            ("accuracy", "balanced_accuracy", "recall", "f1", "adjusted_rand", "mutual_information"), 0.5
        )
        one = contestant("A", right, group_baselines={"video": {"correct": video, **scores}})
        return column(page_text(PAGE, one), "Linear probe better than chance")["A"]

    assert verdict(3, [0.6] * 36) == "no"
    assert verdict(20, [0.6] * 36) == "cannot tell (not above 0.60)"
    assert verdict(34, [0.99] * 36) == "cannot tell (36 of 36 would not show it)"
