import io
from pathlib import Path

import numpy as np
from rich.console import Console

from benchmark.audit.audit import audit
from benchmark.audit.near_duplicates import VIEWS
from benchmark.data.catalogue import Catalogue, Row
from benchmark.splitting.split import Split, SplitRow
from harness.cli.display.audit_report import report


def _report(groups: bool, hashes: bool) -> str:
    rows = tuple(
        Row(
            f"{n}",
            "fox" if n % 2 else "owl",
            Path(f"{n // 2}"),
            groups={"video": "v", "frame": f"{n // 2}"} if groups else {},
        )
        for n in range(8)
    )
    split_rows = tuple(SplitRow(f"{n}", f"{n}", "classify", "train" if n < 6 else "test") for n in range(8))
    result = audit(
        Catalogue("pets", Path("pets"), rows),
        Split("pets", "hand", 0, "By hand.", split_rows),
        hashes=np.arange(8, dtype=np.uint64)[:, None].repeat(VIEWS, 1) if hashes else None,
    )
    output = io.StringIO()
    Console(width=100, file=output).print(*report(result), sep="\n")
    return output.getvalue()


def _line(text: str, start: str) -> list[str]:
    (line,) = (line for line in text.splitlines() if line.strip().startswith(start))
    return line.split(start)[1].split()


def test_the_report_has_every_part_of_the_audit() -> None:
    text = _report(groups=True, hashes=True)
    assert text.startswith("hand: 100 % of test images have the same animal within one frame in train")
    assert "Not clean: 100 % of test images have the same animal within two frames in train" in text
    assert _line(text, "(images)") == ["2", "2", "2", "0", "0", "2"]
    assert _line(text, "a look-alike") == ["100.0", "%", "100.0", "%", *["0.0", "%"] * 4]
    assert _line(text, "same animal, one frame")[:2] == ["100.0", "%"]
    assert _line(text, "same animal, video")[:2] == ["100.0", "%"]
    assert _line(text, "video  ")[:2] == ["1", "2"]
    assert _line(text, "classify  test") == ["2", "2", "of", "2", "1", "to", "1"]


def test_the_report_has_no_row_without_data() -> None:
    text = _report(groups=False, hashes=False)
    assert "Nothing suspicious found (no dates, no sequences, no cameras, no frames, no look-alikes known)." in text
    for row in ("a look-alike", "a similar embedding", "same animal,"):
        assert row not in text
    assert _line(text, "any animal of the frame")[:2] == ["0.0", "%"]
