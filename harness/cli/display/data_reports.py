"""The report of `patternbench data check`, on the terminal and in files."""

from collections.abc import Callable, Mapping
from pathlib import Path

from benchmark.data.faults import counted
from benchmark.errors import InputError
from benchmark.text import printable
from harness.datasets.checking import CheckReport, faults_as_csv, report_as_json
from harness.disk import output_errors

FORMATS: Mapping[str, Callable[[CheckReport], str]] = {".csv": faults_as_csv, ".json": report_as_json}
"""Writers of a report by the ending of its file."""


def print_report(report: CheckReport) -> None:
    """Print the faults as a table, the remarks, and the counts of what can be used."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False)
    if report.faults:
        table = Table(box=None, header_style="bold", padding=(0, 2, 0, 0))
        for header in ("file", "row", "reason", "fix"):
            table.add_column(header, overflow="fold")
        for fault in report.faults:
            cells = (_short(fault.file, report.reading.root), fault.row, fault.reason, fault.fix)
            table.add_row(*(Text(printable(cell)) for cell in cells))
        console.print(table)
    for remark in report.remarks:
        console.print(Text(f"note: {remark}"), soft_wrap=True)
    rows = report.reading.rows
    individuals = len({row.identity for row in rows})
    faults = counted(len(report.faults), "fault") if report.faults else "no fault"
    usable = f"{counted(len(rows), 'image')} of {counted(individuals, 'individual')}"
    console.print(f"{faults}; {usable} can be used", soft_wrap=True)


def write_report(report: CheckReport, output: Path) -> None:
    """Write the report to a .csv or .json file.

    Raises:
        InputError: the file has another ending, or cannot be written.
    """
    writer = FORMATS.get(output.suffix.lower())
    if writer is None:
        raise InputError(f"{output}: a report is written as {' or '.join(FORMATS)}. Give a name that ends so.")
    with output_errors(output, "Give a file in a folder that exists."):
        output.write_text(writer(report), encoding="utf-8")


def _short(file: Path, root: Path) -> str:
    return str(file.relative_to(root)) if file.is_relative_to(root) else str(file)
