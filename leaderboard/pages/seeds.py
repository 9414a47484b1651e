"""How far the same run differs by its seed alone."""

from collections.abc import Iterable
from itertools import chain, groupby
from statistics import mean, stdev

from benchmark.records.record import Record
from leaderboard import cells, layout
from leaderboard.entries import Section
from leaderboard.layout import DASH
from leaderboard.markdown import NOTHING, table
from leaderboard.metrics import ALL


def page(sections: list[Section], _page: str) -> str:
    """Mean and standard deviation over the seeds of every backbone that ran with several."""
    shown = [f"## {layout.name(section)}\n\n{made}" for section in sections if (made := _table(section))]
    if not shown:
        return "No backbone was run with several seeds yet; `make bench BACKBONE=lama SEEDS=3` does so."
    return "\n\n".join([*shown, f"Mean ± standard deviation over the seeds, lowest to highest in brackets. {DASH}"])


def _table(section: Section) -> str:
    """Empty where no backbone of the section has several seeds."""
    records = sorted((entry.record for entry in section.entries if entry.record.status == "ok"), key=_who)
    groups = [list(found) for _, found in groupby(records, key=_who)]
    several = [found for found in groups if len(found) > 1]
    shown = list(chain.from_iterable(several))
    names = [name for name, measure in ALL.items() if any(measure(record) is not None for record in shown)]
    rows = [
        [*cells.who(found[0]), str(len(found)), *(spread(map(ALL[name], found)) for name in names)] for found in several
    ]
    headers = ["Backbone", "Initial weights", "Seeds", *names]
    return table(headers, rows, numbers=range(2, len(headers))) if rows else ""


def spread(values: Iterable[float | None]) -> str:
    """Mean, standard deviation (n - 1) and range of the values that are there."""
    known = [value for value in values if value is not None]
    if len(known) < 2:  # noqa: PLR2004 - of one there is no spread
        return NOTHING
    return f"{mean(known):.2f} ± {stdev(known):.2f} [{min(known):.2f}, {max(known):.2f}]"


def _who(record: Record) -> tuple[str, str]:
    return record.backbone, record.init
