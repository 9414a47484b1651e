"""`make perf`: measures every target of `targets/`, prints one table and writes it into `docs/performance.md`."""

import argparse
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

from harness.machine import hardware
from perf.support import page
from perf.support.target import Target
from support.paths import ROOT

PAGE = ROOT / "docs" / "performance.md"
TARGETS = Path(__file__).parent / "targets"


def find_targets(words: Sequence[str], *, full: bool = False) -> Iterator[Target]:
    """The targets in whose module's name or own name every word occurs; those of full size only if they are wanted."""
    for file in sorted(TARGETS.glob("*.py")):
        targets: Sequence[Target] = import_module(f"perf.targets.{file.stem}").TARGETS
        for target in targets:
            if (full or not target.full) and all(word in f"{file.stem} {target.name}" for word in words):
                yield target


def machine() -> str:
    """This machine in one line."""
    facts = hardware()
    gpu = "" if facts["gpu"] == "none" else f", {facts['gpu']}"
    return f"{facts['processor']}, {facts['cores']} cores, {facts['memory_gib']} GiB{gpu}"


def write(here: str, rows: page.Rows) -> None:
    """Put rows of a machine into the page; its other rows stay."""
    text = PAGE.read_text("utf-8")
    machines = page.read(text)
    machines[here] = machines.get(here, {}) | rows
    PAGE.write_text(page.replace(text, machines), "utf-8")


def main(arguments: Sequence[str]) -> int:
    """Measure; other targets' rows of the page stay. Returns 1 if a target could not be measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("words", nargs="*", help="in the name of a target or of its module")
    parser.add_argument("--full", action="store_true", help="also targets of many minutes or gigabytes")
    options = parser.parse_args(arguments)
    words = options.words
    date = datetime.now(UTC).date().isoformat()
    rows: page.Rows = {}
    failed = False
    for target in find_targets(words, full=options.full):
        sys.stderr.write(f"{target.name} ...\n")
        try:
            rows[target.name] = page.row(target, target.measure(), date)
        except Exception as error:  # noqa: BLE001 - the others are measured all the same
            sys.stderr.write(f"{target.name}: not measured: {type(error).__name__}: {error}\n")
            failed = True
        else:
            write(machine(), {target.name: rows[target.name]})  # at once: all of them take an hour
    if not rows:
        sys.stderr.write(f"No target was measured of those that match {' '.join(words) or 'everything'!r}.\n")
        return 1
    sys.stdout.write(f"{page.table(list(rows.values()))}\n")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
