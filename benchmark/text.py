"""Text of others, for people: without what a terminal, a page or a file would obey."""

import unicodedata

_DIRECTIONS = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
"""Unicode classes of characters that reorder the text after them."""


def printable(text: str) -> str:
    r"""A text without characters that a terminal obeys or that change the order of others: they are escaped.

    >>> printable("A\x1b[31mda"), printable("Zoë 猫")
    ('A\\x1b[31mda', 'Zoë 猫')
    """
    if text.isprintable():
        return text
    return "".join(sign.encode("unicode_escape").decode() if _is_unprintable(sign) else sign for sign in text)


def printable_lines(text: str) -> str:
    r"""A text of several lines, each as `printable` gives it.

    >>> print(printable_lines("one\ntw\x07o"))
    one
    tw\x07o
    """
    return "\n".join(map(printable, text.split("\n")))


def _is_unprintable(sign: str) -> bool:
    """Whether a character is a control character, a lone surrogate, or an embedding or override of the direction.

    Marks of direction and joiners are none of these: names in Arabic, Persian or Hindi have them.
    """
    return unicodedata.category(sign) in {"Cc", "Cs", "Zl", "Zp"} or unicodedata.bidirectional(sign) in _DIRECTIONS
