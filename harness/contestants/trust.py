"""Consent to run a contestant's code on this machine, where nothing confines it.

Contestants of the project are reviewed. Of others the user has to say so, once for each content of their folder.
"""

import json
from collections.abc import Iterable
from contextlib import suppress

from benchmark.errors import InputError
from benchmark.files import atomic_write
from benchmark.hashing import tree_digest
from benchmark.records.confinement import SHIPPED
from harness.contestants.registry import names
from harness.suggestions import did_you_mean
from harness.workspace import Workspace

POWERS = "its code can read, change and send all that your user can"


def is_trusted(name: str, workspace: Workspace) -> bool:
    """Whether a contestant is shipped with the project, or the user trusts the present content of its folder."""
    return name in SHIPPED or _trusted(workspace).get(name) == _content(name, workspace)


def trust(labels: Iterable[str], workspace: Workspace) -> None:
    """Remember that the user trusts the present content of some contestants' folders.

    Args:
        labels: of the contestants; a variant counts as its contestant.
        workspace: the checkout.

    Raises:
        InputError: there is no such contestant.
    """
    known = names(workspace)
    trusted = _trusted(workspace)
    for label in labels:
        name = label.partition(":")[0]
        if name not in known:
            raise InputError(
                f"--trust: unknown backbone {name!r}; there are: {', '.join(known)}.{did_you_mean(name, known)}"
            )
        trusted[name] = _content(name, workspace)
    workspace.trusted.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(workspace.trusted) as temporary:
        temporary.write_text(json.dumps(trusted, indent=1) + "\n", encoding="utf-8")


def require_trust(name: str, workspace: Workspace) -> None:
    """Refuse to run a contestant's code on this machine that the user does not trust.

    Raises:
        InputError: it is neither shipped with the project nor trusted; the message says what it could do.
    """
    if not is_trusted(name, workspace):
        changed = " as it is now" if name in _trusted(workspace) else ""
        raise InputError(
            f"{name} is not shipped with the project, and would run here unconfined: {POWERS}. If you trust "
            f"backbones/{name}{changed}, add --trust {name}; that is remembered until the folder changes. With Docker "
            "it runs confined (--runner docker)."
        )


def _content(name: str, workspace: Workspace) -> str:
    return tree_digest(workspace.backbones / name)


def _trusted(workspace: Workspace) -> dict[str, str]:
    """The digests of the contents that the user trusts, by name; none if the note is damaged."""
    with suppress(OSError, ValueError):
        noted = json.loads(workspace.trusted.read_bytes())
        if isinstance(noted, dict):
            return {str(name): str(digest) for name, digest in noted.items()}
    return {}
