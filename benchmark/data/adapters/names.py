"""Names of individuals: words for nobody, and names that differ so little that they may be one animal."""

import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from benchmark.text import printable

NOBODY = frozenset(
    {"", "unknown", "unidentified", "unnamed", "unassigned", "noname", "noid", "nan", "none", "null", "na"}
)
"""Identities, without case, spaces and punctuation, of animals that nobody identified; a name of signs alone is empty.
"""

DOUBTFUL = frozenset({"new", "unk", "other", "others", "misc", "todo", "tbd", "test", "undefined", "unsure"})
"""Identities that may be a name or a word for nobody; they are kept, and remarked."""

_MEANING = {
    1: "one photo serve re-identification as distractors alone",
    2: "two photos can be learnt from one and tested on the other, but a fixed split needs three",
}
"""What an individual with so few photos is good for."""

SHOWN = 5
"""Names that a remark lists."""


def is_nobody(identity: str) -> bool:
    """Whether an identity names nobody.

    >>> [is_nobody(name) for name in ("unknown", "Unknown", "?", "N/A", "____", "Nana", "17", "猫")]
    [True, True, True, True, True, False, False, False]
    """
    return _letters(identity) in NOBODY


def doubtful(identities: Iterable[str]) -> list[str]:
    """The distinct identities that may be no names, sorted."""
    return sorted({name for name in identities if _letters(name) in DOUBTFUL})


def near_equal(identities: Iterable[str]) -> list[tuple[str, ...]]:
    """Groups of distinct identities that differ only in case, accents, zeros in front, spaces or punctuation.

    >>> near_equal(["k0", "K0", "001", "1", "Ada", "10"])
    [('001', '1'), ('K0', 'k0')]
    """
    groups: defaultdict[str, set[str]] = defaultdict(set)
    for name in identities:
        groups[_skeleton(name)].add(name)
    return sorted(tuple(sorted(names)) for names in groups.values() if len(names) > 1)


def remarks(identities: Sequence[str]) -> list[str]:
    """What looks wrong about the names of individuals, as sentences.

    Args:
        identities: of each row.
    """
    texts = []
    if groups := near_equal(identities):
        listed = "; ".join(named_counts(name for name in identities if name in group) for group in groups[:SHOWN])
        texts.append(f"Names that differ little may be one animal: {listed}{_more(len(groups))}.")
    if words := doubtful(identities):
        listed = named_counts(name for name in identities if name in words)
        texts.append(f"Names that may name nobody are kept as individuals: {listed}.")
    return texts


def few_photos(identities: Iterable[str]) -> list[str]:
    """What individuals with one photo or two are good for, as sentences.

    >>> few_photos(["Ada", "Bo", "Bo", "Bo"])
    ['Individuals with one photo serve re-identification as distractors alone: 1 (`Ada`).']

    Args:
        identities: of each row.
    """
    counts = Counter(identities)
    texts = []
    for number, meaning in _MEANING.items():
        own = sorted(name for name, count in counts.items() if count == number)
        if own:
            listed = ", ".join(f"`{name}`" for name in own[:SHOWN])
            texts.append(f"Individuals with {meaning}: {len(own)} ({listed}{_more(len(own))}).")
    return texts


def named_counts(names: Iterable[str]) -> str:
    """How often each name occurs, commonest first.

    >>> named_counts(["?", "unknown", "?"])
    '`?` 2, `unknown` 1'
    """
    return ", ".join(f"`{printable(name)}` {count}" for name, count in Counter(names).most_common())


def _more(number: int) -> str:
    return f" and {number - SHOWN} more" if number > SHOWN else ""


def _letters(name: str) -> str:
    """Letters and digits alone, without case."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", name).casefold())


def _skeleton(name: str) -> str:
    """What is left of a name without case, accents, zeros in front of numbers, spaces and punctuation."""
    plain = "".join(sign for sign in unicodedata.normalize("NFKD", name) if not unicodedata.combining(sign))
    parts = re.findall(r"\d+|[^\W\d_]+", plain.casefold())
    return "".join(part.lstrip("0") or "0" if part.isdigit() else part for part in parts)
