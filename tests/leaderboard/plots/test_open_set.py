from leaderboard.plots.open_set import open_set_curves
from leaderboard.record_files import RecordFile, Section
from support.records import blank_record

CURVE = ((0.0, 0.8), (0.5, 0.6), (1.0, 0.0))
SCORES = {"threshold": 0.912, "baks": 0.64, "baus": 0.36, "geometric": 0.48, "area": 0.55, "curve": CURVE}


def test_curves_are_drawn_before_and_after_deep_classification() -> None:
    record = blank_record(open_set=dict.fromkeys(("initial", "untrained", "finetuned"), SCORES))
    (axes,) = open_set_curves(Section("d", "s", "p", (RecordFile(record, "one.json"),))).axes
    lines = [line.get_xydata().tolist() for line in axes.lines if len(line.get_xydata()) > 1]  # type: ignore[union-attr,arg-type]
    assert lines == [[[0, 0.8], [0.5, 0.6], [1, 0]]] * 2  # the table alone has the untrained encoder
