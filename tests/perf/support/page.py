"""The page of measurements: a section for each machine, in it a row for each target."""

import re
from collections.abc import Mapping, Sequence

from tabulate import tabulate

from perf.support.target import Measurement, Target

HEADERS = ("target", "goal", "ratio", "met", "plain", "fast", "measured", "note")
ALIGN = ("left", "right", "right", "left", "right", "right", "left", "left")

Rows = dict[str, tuple[str, ...]]
"""Cells of a table's rows, by their target."""


def row(target: Target, measured: Measurement, date: str) -> tuple[str, ...]:
    """The cells of a measured target.

    >>> row(Target("sum", 2, lambda: NotImplemented), Measurement(3, 6, 2), "2026-01-31")
    ('sum', '2.0', '3.00', 'yes', '6.0 s', '2.0 s', '2026-01-31', '')
    """
    met = "yes" if measured.ratio >= target.goal else "no"
    costs = [
        f"{cost:.2g} {measured.unit}" if cost < 1 else f"{cost:.1f} {measured.unit}"
        for cost in (measured.plain, measured.fast)
    ]
    note = measured.note.replace("|", "/")
    return (target.name, f"{target.goal:.1f}", f"{measured.ratio:.2f}", met, *costs, date, note)


def table(rows: Sequence[Sequence[str]]) -> str:
    """The rows below the headers, for the terminal and for the page."""
    return tabulate(rows, HEADERS, tablefmt="github", disable_numparse=True, colalign=ALIGN)


def read(text: str) -> dict[str, Rows]:
    """The tables of a page, by their machine."""
    machines: dict[str, Rows] = {}
    for section in re.split(r"^## ", text, flags=re.MULTILINE)[1:]:
        lines = [line for line in section.splitlines() if line.startswith("| ")][1:]
        cells = [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines]
        if cells:
            machines[section.splitlines()[0]] = {one[0]: one for one in cells if len(one) == len(HEADERS)}
    return machines


def replace(text: str, machines: Mapping[str, Rows]) -> str:
    """The page with other tables; what stands before the first section with a table, and other sections, stay.

    Args:
        text: the page.
        machines: rows by their machine.
    """
    head, *sections = re.split(r"^## ", text, flags=re.MULTILINE)
    kept = [section for section in sections if not read(f"## {section}")]
    tables = [f"{machine}\n\n{table(list(rows.values()))}\n\n" for machine, rows in machines.items()]
    return "## ".join([f"{head.rstrip()}\n\n", *tables, *kept]).rstrip() + "\n"
