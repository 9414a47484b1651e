"""Numbers, names and counts as text that people read."""

import unicodedata
from collections.abc import Sequence

from benchmark.records.base import Interval
from leaderboard.formats import bracketed, decimals

ONE_TO_TWELVE = (
    *("no", "one", "two", "three", "four", "five", "six"),
    *("seven", "eight", "nine", "ten", "eleven", "twelve"),
)

UNIT_SINGULARS = {"stretches": "stretch"}


def counted(number: int, singular: str, plural: str = "") -> str:
    """A number with its noun; small numbers as words.

    >>> counted(3, "photo"), counted(1, "stretch", "stretches"), counted(480, "photo"), counted(0, "pair")
    ('three photos', 'one stretch', '480 photos', 'no pairs')

    Args:
        number: at least 0.
        singular: the noun.
        plural: where it is not the singular with an s.
    """
    noun = singular if number == 1 else plural or f"{singular}s"
    return f"{ONE_TO_TWELVE[number] if number < len(ONE_TO_TWELVE) else f'{number:,}'} {noun}"


def capitalised(text: str) -> str:
    """The text with a capital first letter, and nothing else changed.

    >>> capitalised("three photos of Ann")
    'Three photos of Ann'
    """
    return text[:1].upper() + text[1:]


def with_interval(value: float, interval: Interval | None) -> str:
    """A score with its interval, where it has one.

    >>> with_interval(0.738, Interval(low=0.6, high=0.861, groups=20))
    '0.74 [0.60, 0.86]'
    """
    return f"{decimals(value)}{bracketed(interval)}"


def points(difference: float) -> str:
    """A difference of two shares.

    >>> points(0.104), points(0.01)
    ('10 points', '1 point')
    """
    number = round(100 * difference)
    return f"{number} point{'' if number == 1 else 's'}"


def unit_noun(kind: str, count: int) -> str:
    """What a unit is.

    >>> unit_noun("stretches", 1), unit_noun("encounters", 4), unit_noun("images", 1)
    ('stretch', 'encounters', 'photo')
    """
    plural = "photos" if kind == "images" else kind
    return plural if count != 1 else UNIT_SINGULARS.get(plural, plural.removesuffix("s"))


def listed(items: Sequence[str]) -> str:
    """The items as a list in a sentence.

    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return " and ".join(text for text in (", ".join(items[:-1]), *items[-1:]) if text)


def printable(text: str) -> str:
    r"""The text as one line without control characters, so that a name cannot steer a terminal.

    >>> printable("a\x1b[2J\n b")
    'a[2J b'
    """
    return " ".join("".join(c for c in text if c.isspace() or unicodedata.category(c)[0] != "C").split())
