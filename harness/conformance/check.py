"""One check of the contract, and its result."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from harness.conformance.session import ConformanceSession, ContractViolation, Skipped

CheckFunction = Callable[[ConformanceSession], None]


@dataclass(frozen=True)
class Check:
    """One requirement of the contract.

    Attributes:
        requirement: the requirement, as a sentence without a full stop.
        fix: what to change in a backbone that does not meet it.
        capability: the check applies to backbones with this capability; empty = to all.
        run: raises `ContractViolation` if the backbone does not meet it, `Skipped` if that cannot be seen.
    """

    requirement: str
    fix: str
    capability: str
    run: CheckFunction

    @property
    def name(self) -> str:
        """Name of the check's function."""
        return self.run.__name__

    def applies_to(self, session: ConformanceSession) -> bool:
        """Whether the session's backbone has the check's capability."""
        return not self.capability or self.capability in session.backbone.capabilities


@dataclass(frozen=True)
class CheckResult:
    """Result of one check: passed, failed, or skipped; `cause` is empty if it passed."""

    check: Check
    status: Literal["pass", "fail", "skip"]
    cause: str = ""


def check(requirement: str, *, fix: str, capability: str = "") -> Callable[[CheckFunction], Check]:
    """A decorator that makes a function a `Check`; the arguments are the check's attributes."""

    def decorate(function: CheckFunction) -> Check:
        return Check(requirement, fix, capability, function)

    return decorate


def run_check(check: Check, session: ConformanceSession) -> CheckResult:
    """Run one check and return its result."""
    try:
        check.run(session)
    except ContractViolation as violation:
        return CheckResult(check, "fail", str(violation))
    except Skipped as reason:
        return CheckResult(check, "skip", str(reason))
    return CheckResult(check, "pass")


def require_passed(check: Check, session: ConformanceSession) -> None:
    """Skip the calling check unless another one passes.

    Raises:
        Skipped: the other check fails, so the calling one would report the same fault under another name.
    """
    try:
        check.run(session)
    except ContractViolation as violation:
        raise Skipped(f"can be checked once this holds: {check.requirement}") from violation
