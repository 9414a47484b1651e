"""What the wording of a licence indicates; not legal advice."""

import re

_RESTRICTED = re.compile(r"\bnc\b|non-?\s?commercial|no commercial|(academic|research)\b.*\bonly\b", re.IGNORECASE)
_UNSTATED = re.compile(r"(not|none) stated|unknown|no (licen[cs]e|statement)|^(none)?$", re.IGNORECASE)


def forbids_commerce(licence: str) -> bool:
    """Whether the wording excludes commercial use.

    >>> forbids_commerce("CC BY-NC-SA 4.0"), forbids_commerce("CC BY 4.0")
    (True, False)
    """
    return bool(_RESTRICTED.search(licence))


def is_unstated(licence: str) -> bool:
    """Whether the text is empty or states that there is no licence."""
    return bool(_UNSTATED.search(licence.strip()))
