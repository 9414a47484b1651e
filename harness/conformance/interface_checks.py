"""Checks of the interface: description, refusals, progress reports, and files outside `out/`."""

import json
from typing import Any

from harness.conformance.check import check
from harness.conformance.comparisons import require_equal, require_exit_code
from harness.conformance.session import ConformanceSession, ContractViolation
from harness.execution.runners.base import BAD_DATA, REFUSED


@check(
    "describe agrees with backbone.toml",
    fix="Make the two equal; the kit does so by reading backbone.toml.",
)
def description_agrees(session: ConformanceSession) -> None:
    """Name, variant, capabilities, input convention and weights are the same in both."""
    description, facts = session.describe(), session.backbone
    for field in ("name", "variant", "capabilities", "input", "weights"):
        require_equal(f"describe's {field}", getattr(description, field), getattr(facts, field))
    require_equal("describe's image_size", description.image_size, session.image_size)


@check(
    "a job with an unknown key is refused with exit code 2",
    fix="Check job.json against schema/job.json before doing anything, and exit with code 2.",
)
def unknown_key_is_refused(session: ConformanceSession) -> None:
    """A backbone that ignores an unknown key does another job than the one it received."""
    require_exit_code(session.unknown_key(), REFUSED)


@check(
    "images of another size than the job's image_size are refused with exit code 3",
    fix="Compare the shape of images.npy with the job's image_size, and exit with code 3.",
)
def broken_data_is_refused(session: ConformanceSession) -> None:
    """Unusable data is an error, never replaced by other data."""
    require_exit_code(session.broken_data(), BAD_DATA)


@check(
    "jobs report their progress in lines of JSON",
    fix='Print {"event": "progress", "done": 1, "total": 3, "unit": "epoch"} on a line of its own, and flush.',
)
def progress_is_reported(session: ConformanceSession) -> None:
    """Every job of the session that ended well reported its progress at least once."""
    for run in session.job_runs.values():
        if run.outcome.status == "ok" and not _progress_events(run.stdout):
            raise ContractViolation(f"{run.name} reported no progress on standard output")


@check(
    "nothing is written outside out/",
    fix="Write to out/ and, for temporary files, to the folder for temporary files.",
)
def no_stray_files(session: ConformanceSession) -> None:
    """No job of the session changed a file outside `out/`; the Docker runner makes them read-only anyway."""
    for run in session.job_runs.values():
        if run.stray_files:
            raise ContractViolation(f"{run.name} created or changed {', '.join(run.stray_files)}")


def _progress_events(stdout: list[str]) -> list[dict[str, Any]]:
    """The progress events among the lines of standard output; JSON lines of other events are allowed and left out."""
    events = []
    for line in stdout:
        if not line.startswith("{"):
            continue
        try:
            event = json.loads(line)
        except ValueError as error:
            raise ContractViolation(
                f"standard output has a line that begins like JSON but is not JSON: {line.strip()!r}"
            ) from error
        if event.get("event") == "progress":
            _require_counts(event, line)
            events.append(event)
    return events


def _require_counts(event: dict[str, Any], line: str) -> None:
    done, total = event.get("done"), event.get("total")
    if not isinstance(done, int) or not isinstance(total, int) or not 0 <= done <= total:
        raise ContractViolation(f"a progress event needs whole numbers with 0 <= done <= total: {line.strip()!r}")
