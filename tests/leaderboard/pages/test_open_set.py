from typing import Any

from leaderboard.pages import open_set
from leaderboard.record_files import RecordFile, Section
from support.records import blank_record
from support.tables import cells


def scores(**fields: Any) -> dict[str, Any]:
    curve = ((0.0, 0.8), (0.5, 0.6), (1.0, 0.0))
    return {"threshold": 0.912, "baks": 0.64, "baus": 0.36, "geometric": 0.48, "area": 0.55, "curve": curve} | fields


def section(**fields: Any) -> Section:
    return Section("fish", "open", "quick", (RecordFile(blank_record(**fields), "leaderboard/records/one.json"),))


def test_each_encoder_state_has_a_row() -> None:
    states = {"initial": scores(), "untrained": scores(), "finetuned": scores(geometric=0.5)}
    shown = section(open_set=states)
    text = open_set.text(shown)
    assert cells(text, "LaMa")[0][2:7] == ["0.64", "0.36", "0.48", "0.55", "0.912"]
    assert cells(text, "LaMa, untrained")[0][:2] == ["LaMa, untrained", "random weights"]
    assert cells(text, "ref-LaMa")[0][4] == "0.50"
    assert "figures/openset-fish-open-quick.png" in text
    assert any("*BAKS*: balanced accuracy on known individuals" in line for line in open_set.TABLE.legend([shown]))


def test_without_unknown_individuals_there_is_no_table() -> None:
    assert open_set.text(section()) == ""
