"""The plan of a run before it starts: `patternbench run --plan`."""

from collections.abc import Mapping, Sequence

import typer

from harness.cli.display.json_output import print_json
from harness.cli.display.lists import print_list
from harness.cli.display.progress import duration
from harness.disk import bytes_text
from harness.execution.titles import title
from harness.forecast import StageForecast

MIB = 2**20


def print_plans(plans: Mapping[str, Sequence[StageForecast]], workers: int, *, as_json: bool) -> None:
    """Print what some runs would do.

    Args:
        plans: the stages of each run by its name.
        workers: stages that run at the same time.
        as_json: whether to print JSON.
    """
    if as_json:
        _print_as_json(plans)
        return
    for name, stages in plans.items():
        _print_plan(name, stages, workers)


def _print_plan(name: str, stages: Sequence[StageForecast], workers: int) -> None:
    """Print the stages of one run, and what those to do will take in all.

    Args:
        name: of the run.
        stages: in their order.
        workers: stages that run at the same time.
    """
    typer.echo(f"{name}: {total(stages, workers)}")
    numbers = ("time", "disk", "memory")
    print_list(
        ("", "stage", *numbers),
        (("in store" if stage.found else "to do", title(stage.name), *_numbers(stage)) for stage in stages),
        right=numbers,
    )


def total(stages: Sequence[StageForecast], workers: int) -> str:
    """What the stages that are to be made will take together.

    Args:
        stages: of a run.
        workers: stages that run at the same time.
    """
    left = [stage for stage in stages if not stage.found]
    if not left:
        return f"all {len(stages)} stages are in the store; only scores are left."
    seconds = [stage.seconds for stage in left if stage.seconds is not None]
    text = f"{len(left)} of {len(stages)} stages are to do"
    if not seconds:
        return f"{text}. No earlier run here tells how long they take."
    memory = max((stage.peak_memory_mib or 0 for stage in left), default=0) * min(workers, len(left))
    unknown = len(left) - len(seconds)
    more = f"; {unknown} more have no earlier run to predict from" if unknown else ""
    size = bytes_text(sum(stage.stored_bytes or 0 for stage in left))
    return (
        f"{text}, in about {duration(sum(seconds) / workers)}, with {size} of disk and {bytes_text(memory * MIB)} of "
        f"memory, by earlier runs{more}."
    )


def _print_as_json(plans: Mapping[str, Sequence[StageForecast]]) -> None:
    """Print the stages of some runs for programs."""
    print_json(
        runs=[
            {
                "name": name,
                "stages": [
                    {
                        "name": stage.name,
                        "title": title(stage.name),
                        "found": stage.found,
                        "seconds": stage.seconds,
                        "bytes": stage.stored_bytes,
                        "memory_mib": stage.peak_memory_mib,
                    }
                    for stage in stages
                ],
            }
            for name, stages in plans.items()
        ]
    )


def _numbers(stage: StageForecast) -> tuple[str | None, ...]:
    """Time, disk and memory of a stage; empty if it is in the store, None if they are not known."""
    if stage.found:
        return "", "", ""
    return (
        None if stage.seconds is None else duration(stage.seconds),
        None if stage.stored_bytes is None else bytes_text(stage.stored_bytes),
        None if stage.peak_memory_mib is None else bytes_text(stage.peak_memory_mib * MIB),
    )
