import io
from pathlib import Path

import numpy as np
from rich.console import Console

from benchmark.audit.audit import audit
from benchmark.data.catalogue import Catalogue, Row
from benchmark.splitting.split import Split, SplitRow
from harness.cli.audit_report import report


def _shown(groups: bool, hashes: bool) -> str:
    rows = tuple(
        Row(
            f"{n}",
            "fox" if n % 2 else "owl",
            Path(f"{n // 2}"),
            groups={"video": "v", "frame": f"{n // 2}"} if groups else {},
        )
        for n in range(8)
    )
    placed = tuple(SplitRow(f"{n}", f"{n}", "classify", "train" if n < 6 else "test") for n in range(8))
    found = audit(
        Catalogue("pets", Path("pets"), rows),
        Split("pets", "hand", 0, "By hand.", placed),
        hashes=np.arange(8, dtype=np.uint64) if hashes else None,
    )
    written = io.StringIO()
    Console(width=100, file=written).print(*report(found), sep="\n")
    return written.getvalue()


def _line(text: str, start: str) -> list[str]:
    (line,) = (line for line in text.splitlines() if line.strip().startswith(start))
    return line.split(start)[1].split()


def test_everything_found_is_shown() -> None:
    text = _shown(groups=True, hashes=True)
    assert text.startswith("hand: 100 % of test images have the same animal within one frame in train")
    assert "Not clean: 100 % of test images have the same animal within two frames in train" in text
    assert _line(text, "(images)") == ["2", "2", "2", "0", "0"]
    assert _line(text, "a look-alike") == ["100.0", "%", "100.0", "%", *["0.0", "%"] * 3]
    assert _line(text, "same animal, one frame")[:2] == ["100.0", "%"]
    assert _line(text, "same animal, video")[:2] == ["100.0", "%"]
    assert _line(text, "video  ")[:2] == ["1", "2"]
    assert _line(text, "classify  test") == ["2", "2", "of", "2", "1", "to", "1"]


def test_what_was_not_looked_at_has_no_row() -> None:
    text = _shown(groups=False, hashes=False)
    assert "Clean." in text
    for row in ("a look-alike", "a similar embedding", "same animal,"):
        assert row not in text
    assert _line(text, "any animal of the frame")[:2] == ["0.0", "%"]
