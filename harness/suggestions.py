"""Spelling suggestions for unknown names in error messages."""

import difflib
from collections.abc import Iterable


def did_you_mean(name: str, known: Iterable[str], count: int = 1) -> str:
    """A question that names the known names closest to `name`, with a leading space; empty if none is close.

    Args:
        name: what the user typed.
        known: the names that exist.
        count: how many names to suggest at most.

    Examples:
        >>> did_you_mean("lma", ["aotgan", "lama"])
        " Did you mean 'lama'?"
        >>> did_you_mean("resnet", ["aotgan", "lama"])
        ''
    """
    close = difflib.get_close_matches(name, list(known), n=count)
    return f" Did you mean {' or '.join(map(repr, close))}?" if close else ""
