"""Faults of a data set: what cannot be used, where, why, and how to fix it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmark.errors import InputError
from benchmark.text import printable

SHOWN = 10
"""Faults that a message lists; a table or a file of `data check` has them all."""


def counted(number: int, thing: str) -> str:
    """A number with the name of what is counted.

    >>> counted(1, "photo"), counted(2, "photo")
    ('1 photo', '2 photos')
    """
    return f"{number} {thing}{'' if number == 1 else 's'}"


@dataclass(frozen=True)
class Fault:
    """One photo, row or file of a data set that cannot be used.

    Attributes:
        file: the photo, mask or table.
        reason: what is wrong, with the bad value.
        fix: what to do, as a sentence.
        row: the place in a table, such as `line 7`; empty for a fault of a whole file.
        image_id: the row of the catalogue that cannot be used because of it; empty if there is none.
    """

    file: Path
    reason: str
    fix: str
    row: str = ""
    image_id: str = ""

    def __str__(self) -> str:
        """The fault as one sentence after its place, and the fix."""
        place = f"{self.file}, {self.row}" if self.row else f"{self.file}"
        return printable(f"{place}: {self.reason}. {self.fix}")


class FaultsError(InputError):
    """Everything in a data set that cannot be used, reported together.

    Attributes:
        faults: at least one.
    """

    def __init__(self, faults: Iterable[Fault], place: Path | None = None) -> None:
        """Make the message: the only fault, or a list of the first ones.

        Args:
            faults: at least one.
            place: the data set, for a message about several faults; None = the folder of the first.
        """
        self.faults: Sequence[Fault] = tuple(faults)
        super().__init__(_message(self.faults, place))


def _message(faults: Sequence[Fault], place: Path | None) -> str:
    if len(faults) == 1:
        return str(faults[0])
    place = place or faults[0].file.parent
    lines = [f"{place}: {len(faults)} faults.", *(f"- {fault}" for fault in faults[:SHOWN])]
    if len(faults) > SHOWN:
        lines.append(f"- and {len(faults) - SHOWN} more")
    lines.append("`patternbench data check` lists them all; --skip-bad leaves these photos and rows out.")
    return "\n".join(lines)
