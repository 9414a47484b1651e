"""What the words of a licence tell at a glance; not legal advice."""

import re

_RESTRICTED = re.compile(r"\bnc\b|non-?\s?commercial|no commercial|(academic|research)\b.*\bonly\b", re.IGNORECASE)
_UNSTATED = re.compile(r"(not|none) stated|unknown|no (licen[cs]e|statement)|^(none)?$", re.IGNORECASE)


def forbids_commerce(licence: str) -> bool:
    """Whether it says that commercial use is not allowed."""
    return bool(_RESTRICTED.search(licence))


def is_unstated(licence: str) -> bool:
    """Whether it says that there is none, or says nothing."""
    return bool(_UNSTATED.search(licence.strip()))
