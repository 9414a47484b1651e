"""`patternbench backbone`: list, show, describe, write, check and run single networks of backbones."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from benchmark.text import printable_lines
from harness.cli import options
from harness.cli.display.json_output import Json, print_json
from harness.cli.display.lists import print_facts, print_list
from harness.cli.options import examples, workspace_of
from harness.workspace import Workspace

if TYPE_CHECKING:
    from rich.console import Console

    from benchmark.vocabulary import Device
    from harness.conformance.check import CheckResult
    from harness.contestants.registry import BackboneFacts
    from harness.execution.runners.base import Runner

app = typer.Typer(
    no_args_is_help=True, help="List, show, describe, write and check backbones.", rich_markup_mode="markdown"
)

Name = Annotated[str, typer.Argument(metavar="NAME", help="A name from `patternbench backbone list`.")]


@app.command("list", epilog=examples("patternbench backbone list"))
def list_backbones(context: typer.Context, as_json: Json = False) -> None:
    """List the backbones; `backbone show` tells more of one."""
    from benchmark.errors import InputError
    from harness.contestants import registry as contestants

    workspace = workspace_of(context)
    found: list[BackboneFacts] = []
    errors: dict[str, str] = {}
    for name in contestants.names(workspace):
        try:
            found.append(contestants.read_facts(name, workspace))
        except InputError as error:  # the others are still worth listing
            errors[name] = str(error)
    if as_json:
        print_json(backbones=[_content(facts) for facts in found], errors=errors)
        return
    print_list(
        ("name", "title", "inpaints", "published weights", "licence"),
        (
            (
                facts.name,
                facts.title,
                "yes" if facts.inpaints else "no",
                ", ".join(entry.name for entry in facts.published) or "none",
                facts.licence,
            )
            for facts in found
        ),
    )
    for reason in errors.values():
        typer.echo(printable_lines(reason), err=True)


@app.command(epilog=examples("patternbench backbone show lama"))
def show(context: typer.Context, name: Name, as_json: Json = False) -> None:
    """Show what a backbone states of itself: paper, licence, capabilities, input and published weights."""
    from harness.contestants import registry as contestants

    facts = contestants.read_facts(name.partition(":")[0], workspace_of(context))
    if as_json:
        print_json(**_content(facts))
        return
    weights = "; ".join(f"{entry.name} ({entry.role})" for entry in facts.weights)
    print_facts(
        {
            "title": facts.display_name,
            "paper": facts.paper,
            "licence": facts.licence,
            "capabilities": ", ".join(facts.capabilities),
            "variants": ", ".join(facts.variants) or "none",
            "image size": f"{facts.image_size} pixels"
            if facts.image_size
            else f"any multiple of {facts.size_multiple}",
            **{f"input, {topic}": text for topic, text in facts.input.items()},
            "weights": f"{weights} (patternbench weights show {facts.name})" if weights else "none",
        },
        width=20,
    )


def _content(facts: "BackboneFacts") -> dict[str, object]:
    shown = ("name", "title", "paper", "licence", "capabilities", "variants", "image_size", "size_multiple", "input")
    weights = [entry.model_dump(include={"name", "role", "licence", "address", "sha256"}) for entry in facts.weights]
    return facts.model_dump(mode="json", include=set(shown)) | {"weights": weights}


@app.command(epilog=examples("patternbench backbone describe lama --image-size 64 --runner process"))
def describe(
    context: typer.Context,
    name: Name,
    image_size: Annotated[
        int, typer.Option(min=1, help="Side of the images in pixels, on which shape and counts depend.")
    ] = 256,
    runner: options.Runner = "auto",
    trust: options.Trust = None,
) -> None:
    """Run a backbone's `describe` and print the description as JSON."""
    import json

    from rich.console import Console

    from benchmark.errors import InputError, RunError
    from harness.contestants import registry as contestants
    from harness.contestants.trust import trust as trust_all
    from harness.execution.runners.base import REFUSED, describing

    workspace = workspace_of(context)
    facts = contestants.find(name, workspace)
    contestants.check_size(facts, image_size, "--image-size is")
    trust_all(trust or (), workspace)
    job_runner, _ = _choose(runner, "cpu", workspace)
    job_runner.prepare(facts, typer.echo)
    outcome, text = job_runner.describe(facts, describing(facts, image_size))
    if outcome.code == REFUSED:
        raise InputError(f"{name} cannot be described: it {outcome.cause}")
    if outcome.status != "ok":
        raise RunError(f"{name} cannot be described: it {outcome.cause}.\n{outcome.log}".rstrip())
    try:
        Console().print_json(data=json.loads(text), ensure_ascii=True)
    except (ValueError, RecursionError) as error:  # the latter for endlessly nested brackets
        raise RunError(
            f"{name} printed no JSON ({str(error)[:200]}). `patternbench backbone check {name}` finds the cause."
        ) from error


@app.command(epilog=examples("patternbench backbone new mynet", 'patternbench backbone new mynet --title "My Net"'))
def new(
    context: typer.Context,
    name: Annotated[str, typer.Argument(metavar="NAME", help="Lower-case letters, digits and underscores.")],
    title: Annotated[str | None, typer.Option(help="Name in tables; by default NAME.")] = None,
) -> None:
    """Write a backbone that runs at once, as a start for a network of your own."""
    from harness.contestants.scaffold import write

    workspace = workspace_of(context)
    for path in write(name, title, workspace):
        typer.echo(f"Wrote {path.relative_to(workspace.root)}")
    typer.echo(
        f"\nIt runs as it is. Now:\n"
        f"  1. Put your network, your losses and your weights into backbones/{name}/model.py.\n"
        f"  2. State them in backbones/{name}/backbone.toml and README.md.\n"
        f"  3. patternbench backbone check {name}\n"
        f"  4. make bench BACKBONE={name}"
    )


@app.command(epilog=examples("patternbench backbone check lama", "patternbench backbone check mynet --runner docker"))
def check(
    context: typer.Context,
    name: Name,
    *,
    runner: options.Runner = "auto",
    image_size: Annotated[
        int | None,
        typer.Option(min=1, help="Side of the images in pixels; by default the smallest allowed one from 64."),
    ] = None,
    device: options.Device = "cpu",
    precision: Annotated[
        str, typer.Option(help="Arithmetic of every job: `float32`, `bfloat16` or `auto`.")
    ] = "float32",
    trust: options.Trust = None,
    as_json: Json = False,
) -> None:
    """Check a backbone against the contract on synthetic data; exit code 1 if a check fails."""
    from collections import Counter
    from functools import partial
    from tempfile import TemporaryDirectory

    from rich.console import Console

    from harness.cli.choices import choose_precision
    from harness.conformance.checks import run_checks
    from harness.conformance.session import ConformanceSession
    from harness.contestants import registry as contestants
    from harness.contestants.trust import trust as trust_all

    workspace = workspace_of(context)
    facts = contestants.find(name, workspace)
    trust_all(trust or (), workspace)
    if image_size is not None:
        contestants.check_size(facts, image_size, "--image-size is")
    job_precision = choose_precision(precision)
    job_runner, job_device = _choose(runner, device, workspace)
    console = Console(highlight=False)
    job_runner.prepare(facts, partial(typer.echo, err=True))
    workspace.store.mkdir(parents=True, exist_ok=True)
    results: list[CheckResult] = []
    # in the store, because an engine that can mount the store can mount this too
    with TemporaryDirectory(prefix="check-", dir=workspace.store) as folder:
        session = ConformanceSession(
            facts, job_runner, Path(folder), image_size, device=job_device, precision=job_precision
        )
        for result in run_checks(session):
            results.append(result)
            if not as_json:
                _show(result, console)
    counts = Counter(result.status for result in results)
    if as_json:
        print_json(
            backbone=name,
            checks=[
                {"name": one.check.name, "requirement": one.check.requirement, "status": one.status, "cause": one.cause}
                for one in results
            ],
        )
    else:
        typer.echo(f"{name}: {counts['pass']} passed, {counts['fail']} failed, {counts['skip']} skipped.")
    if counts["fail"]:
        raise typer.Exit(1)


@app.command(
    epilog=examples("patternbench backbone forward lama --part generator --state g.npz --input in.npz --output out.npz")
)
def forward(
    context: typer.Context,
    name: Name,
    *,
    part: Annotated[
        str, typer.Option(help="Name of the network, such as `generator` or `discriminator`; an unknown one lists all.")
    ],
    state: Annotated[Path, typer.Option(help="Its weights: npz or safetensors, with the published keys.")],
    arrays: Annotated[
        Path,
        typer.Option(
            "--input",
            help="npz: `image` (B, 3, H, W) in [0, 1], `mask` (1 = hole, 0 = known), or what the network needs.",
        ),
    ],
    output: Annotated[Path, typer.Option(help="npz to write, with `output`, `encoder`, `feat0` and so on.")],
    runner: options.ProgramRunner = "auto",
    trust: options.Trust = None,
) -> None:
    """Run one network of a backbone, to compare it with its authors' implementation.

    It runs in evaluation mode and float32. The command converts images and masks to the network's own conventions.
    """
    from benchmark.errors import InputError, RunError
    from harness.cli.choices import choose_program_runner
    from harness.cli.display.listener import RichListener
    from harness.contestants import registry as contestants
    from harness.contestants.trust import trust as trust_all
    from harness.execution.runners.base import BAD_DATA, REFUSED
    from harness.execution.runners.process import DESCRIBE_SECONDS
    from harness.execution.runners.program_runs import run_program
    from harness.execution.runners.programs import Program

    workspace = workspace_of(context)
    facts = contestants.find(name, workspace)
    if facts.command:
        raise InputError(f"{name} is not built on the kit: it has no networks that can run alone.")
    trust_all(trust or (), workspace)
    program = Program(
        command=("forward", "--part={part}", "--state={state}", "--input={input}", "--output={output}"),
        seconds=DESCRIBE_SECONDS,
        values={"{part}": part},
        inputs={"{state}": state, "{input}": arrays},
        output=output,
        is_verb=True,
    )
    program_runner = choose_program_runner(runner, facts.name, workspace, RichListener())
    outcome = run_program(program, facts, workspace, program_runner, lambda _: None)
    if outcome.status != "ok":
        raise (InputError if outcome.code in {REFUSED, BAD_DATA} else RunError)(f"{name} {part}: it {outcome.cause}")
    typer.echo(f"Wrote {output}")


def _show(result: "CheckResult", console: "Console") -> None:
    from rich.text import Text

    mark, style = {"pass": ("pass", "green"), "fail": ("FAIL", "bold red"), "skip": ("  - ", "dim")}[result.status]
    line = Text.assemble((mark, style), " ", result.check.requirement)
    if result.cause:
        line.append(f"\n     {result.cause}")
    if result.status == "fail":
        line.append(f"\n     Fix: {result.check.fix}")
    console.print(line, soft_wrap=True)


def _choose(runner: str, device: str, workspace: Workspace) -> "tuple[Runner, Device]":
    from harness.cli.choices import choose_runner
    from harness.cli.display.listener import RichListener

    return choose_runner(runner, device, workspace, RichListener())
