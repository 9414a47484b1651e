from leaderboard.markdown import NOTHING
from leaderboard.pages.seeds import PAGE, spread
from leaderboard.record_files import RecordFile
from support.records import record_file, trained
from support.region_probes import probes
from support.tables import cells, page_text, rows


def file(deep: float | None, **fields: object) -> RecordFile:
    classification = {} if deep is None else {"deep": trained(deep)}
    values = {"backbone": "lama", "split": "random", "seed": 0} | fields
    key = "-".join(str(values[part]) for part in ("seed", "split", "backbone"))
    return record_file(classification=classification, key=key, **values)


def test_the_spread_over_seeds_is_that_of_a_sample() -> None:
    text = page_text(PAGE, file(0.7), file(0.8, seed=1), file(0.9, seed=2), file(0.3, backbone="other"))
    header, *body = rows(text)
    assert header == ["Backbone", "Initial weights", "Seeds", "Deep accuracy"]
    assert body == [["LaMa", "big-lama", "3", "0.80 ± 0.10 [0.70, 0.90]"]]


def test_the_compared_numbers_of_every_page_have_a_column() -> None:
    ablated = {"initial": probes(20, {"reliance": [18, 6, 6, 6, 6, 6], "information": [6] * 6})}
    text = page_text(PAGE, file(0.7, probes=ablated), file(0.8, seed=1))
    names = rows(text)[0][3:]
    assert {"Deep accuracy", "Linear probe, reliance, Background - Body"} <= set(names)
    assert cells(text, "LaMa")[0][3 + names.index("Linear probe, reliance, Background - Body")] == NOTHING


def test_one_seed_has_no_spread() -> None:
    assert "SEEDS=3" in page_text(PAGE, file(0.7), file(0.8, split="block", seed=1))
    assert spread([0.5, None]) is None


def test_a_failed_run_is_no_seed() -> None:
    assert "SEEDS=3" in page_text(PAGE, file(0.7), file(None, seed=1, status="crash"))
