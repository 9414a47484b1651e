"""Arguments, options and help texts that several commands share, and the checkout that a command works in."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import wraps
from typing import Annotated, Any, get_type_hints

import typer

from harness.workspace import Workspace

Backbones = Annotated[
    list[str] | None,
    typer.Argument(metavar="BACKBONE", help="Contestants, as NAME or NAME:VARIANT (`patternbench backbone list`)."),
]
Everyone = Annotated[
    bool,
    typer.Option("--all", help="All contestants, one after the other; one that fails does not stop the others."),
]
Protocol = Annotated[
    str,
    typer.Option(
        help="`quick` (minutes), `longer` (the same with more inpainting), `paper` (the paper's values), or the path "
        "of a .toml file."
    ),
]
Runner = Annotated[str, typer.Option(help="`auto` (Docker if an engine answers), `docker` or `process`.")]
ProgramRunner = Annotated[
    str,
    typer.Option(
        "--runner",
        help="Where code of a contestant that is not the project's runs: `auto` (Docker if an engine answers), "
        "`docker` or `process`. The project's own runs here.",
    ),
]
Init = Annotated[
    str | None, typer.Option(help="Initial weights: `random` or `published`; by default the protocol decides.")
]
Seeds = Annotated[
    int,
    typer.Option(min=1, help="Number of runs, with consecutive seeds, from --seed on; tables show the spread."),
]
Trust = Annotated[
    list[str] | None,
    typer.Option(
        "--trust",
        metavar="NAME",
        help="Let the code of a contestant that is not the project's run unconfined; remembered until its folder "
        "changes. May be repeated.",
    ),
]
Device = Annotated[str, typer.Option(help="`auto` (a GPU if jobs can use one), `cpu` or `cuda`.")]
Jobs = Annotated[
    int | None, typer.Option(min=1, help="Stages at the same time; by default 2 on a processor, 1 on a GPU.")
]
Executor = Annotated[
    str,
    typer.Option(
        help="Where stages are done: `local` (here) or `ray` (on a Ray cluster, by RAY_ADDRESS; its machines share "
        "this folder)."
    ),
]


@dataclass(frozen=True, kw_only=True)
class ContestantOptions:
    """The options of every command that runs contestants; a field is an option, its default the option's default."""

    backbones: Backbones = None
    everyone: Everyone = False
    protocol: Protocol = "quick"
    runner: Runner = "auto"
    init: Init = None
    seeds: Seeds = 1
    seed: Annotated[int | None, typer.Option(help="First seed, from 0 to 2147483647; by default the protocol's.")] = (
        None
    )
    device: Device = "auto"
    jobs: Jobs = None
    executor: Executor = "local"
    trust: Trust = None
    tables: Annotated[
        bool, typer.Option("--tables", help="Print the tables of the last run too, not only its answer.")
    ] = False


@dataclass(frozen=True, kw_only=True)
class RunOptions(ContestantOptions):
    """The options of `patternbench run`."""

    protocol: Annotated[
        str,
        typer.Option(
            show_default=False,
            help="`field` (minutes, nothing is trained; the default for your own photos), `quick` (minutes; the "
            "default for the project's data), `longer` (quick with more inpainting), `paper` (the paper's values), or "
            "the path of a .toml file.",
        ),
    ] = ""

    data: Annotated[
        str, typer.Option(help="Name of a data set (`patternbench data list`), or the path of your own.")
    ] = "zebrafish-synth"
    splits: Annotated[
        list[str] | None,
        typer.Option(
            "--split",
            help="`random` (the default), `block`, `sequence`, `time`, `open`, `disjoint`, or one of your own; made at "
            "its first use, then fixed. May be repeated.",
        ),
    ] = None
    skip_bad: Annotated[
        bool,
        typer.Option(
            "--skip-bad",
            help="Read all of your own data first; leave out, now and later, photos and rows that cannot be used.",
        ),
    ] = False
    only_plan: Annotated[
        bool,
        typer.Option(
            "--plan",
            help="Run nothing: list the stages, whether each is in the store, and the time, disk and memory that the "
            "others will take, by earlier runs.",
        ),
    ] = False
    as_json: Annotated[bool, typer.Option("--json", help="With --plan, print JSON, for programs.")] = False
    rehash: Annotated[
        bool,
        typer.Option(
            "--rehash",
            help="Read again every photo, and every stage of the store, also those that nothing has touched since.",
        ),
    ] = False


def with_options(options: type[ContestantOptions]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Give a command the fields of a class of options as its options.

    The command receives them as one object, its parameter `options`; its other parameters stay its own.

    Args:
        options: a dataclass whose fields are annotated as Typer annotates parameters.
    """
    hints = get_type_hints(options, include_extras=True)
    added = [
        inspect.Parameter(
            option.name, inspect.Parameter.KEYWORD_ONLY, default=option.default, annotation=hints[option.name]
        )
        for option in fields(options)
    ]

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        own = inspect.signature(command)
        others = [parameter for parameter in own.parameters.values() if parameter.name != "options"]

        @wraps(command)
        def flat(*args: Any, **values: Any) -> None:  # noqa: ANN401 - the command's own arguments
            option_values = {parameter.name: values.pop(parameter.name) for parameter in added}
            command(*args, options=options(**option_values), **values)

        vars(flat)["__signature__"] = own.replace(parameters=[*others, *added])
        command_hints = get_type_hints(command, include_extras=True)
        flat.__annotations__ = {
            **{parameter.name: command_hints[parameter.name] for parameter in others},
            **{parameter.name: parameter.annotation for parameter in added},
            "return": None,
        }
        return flat

    return decorate


def examples(*commands: str) -> str:
    """Example commands, as the text at the end of a command's help."""
    return "\n\n".join(["For example:", *(f"`{command}`" for command in commands)])


def workspace_of(context: typer.Context) -> Workspace:
    """The checkout that the user named, or the one around the working folder."""
    return context.find_object(Workspace) or Workspace.here()
