"""`patternbench run` on photos of one's own: field surveys, their report, and ten lines that answer."""

import os
from collections.abc import Callable
from pathlib import Path

import typer

from benchmark.data.catalogue import Catalogue
from benchmark.errors import InputError, PatternbenchError, RunError
from benchmark.records.field import FieldRecord
from harness.cli import choices
from harness.cli.display.listener import RichListener
from harness.cli.display.plans import print_plans
from harness.cli.options import RunOptions
from harness.contestants import registry as contestants
from harness.contestants.registry import BackboneFacts
from harness.contestants.trust import trust
from harness.disk import as_failure
from harness.field.report import write_report
from harness.field.settings import NAME, FieldSettings
from harness.field.survey import SurveySpec, survey, survey_spec
from harness.forecast import forecast_survey
from harness.weights.requirements import starting_files
from harness.workspace import Workspace

__all__ = ["NAME", "run_surveys"]

AUTO = "auto"
"""In place of contestants: all that start from published weights and need no network."""


def run_surveys(
    workspace: Workspace, options: RunOptions, catalogue: Catalogue, digest_of: Callable[[Path], str]
) -> None:
    """Survey a data set with some contestants, write the report of all surveys of it, and print what they answer.

    Args:
        workspace: the checkout.
        options: as the user gave them.
        catalogue: the data set.
        digest_of: gives the sha256 of a file of the data set.

    Raises:
        InputError: an option does not belong to a field survey, or a value, the data or the weights cannot be used.
        RunError: a contestant failed.
    """
    _refuse_options(options)
    facts = _chosen(options, workspace)
    trust(options.trust or (), workspace)
    listener = RichListener()
    runner, device = choices.choose_runner(options.runner, options.device, workspace, listener)
    settings = FieldSettings(seed=options.seed or 0)
    for remark in catalogue.remarks:
        listener.report(f"Note: {remark}")
    init, threads = choices.init_of(options.init), os.cpu_count() or 1

    def spec_of(one: BackboneFacts) -> SurveySpec:
        return survey_spec(
            one, catalogue, workspace, settings, init=init, device=device, threads=threads, runner=runner
        )

    if options.only_plan:
        with listener:
            plans = {one.label: forecast_survey(spec_of(one), workspace, runner, listener, digest_of) for one in facts}
        print_plans(plans, 1, as_json=options.as_json)
        return
    records: list[FieldRecord] = []
    errors: dict[str, PatternbenchError] = {}
    with RichListener(len(facts)) as progress:
        for number, one in enumerate(facts):
            if number:
                progress.next_run()
            try:
                spec = spec_of(one)
                progress.report(
                    f"{one.display_name} on {len(catalogue.rows)} photos, {spec.image_size} pixels, {device}."
                )
                records.append(survey(spec, workspace, runner, progress, digest_of))
            except Exception as error:  # noqa: BLE001 - no failure of one survey ends the others
                errors[one.label] = as_failure(error)
    if records:
        typer.echo("\n".join(write_report(records, catalogue, workspace)))
    if len(facts) == 1 and errors:
        raise next(iter(errors.values()))
    if errors:
        lines = "\n".join(f"{name}: {error}" for name, error in errors.items())
        raise RunError(f"{len(errors)} of {len(facts)} surveys failed:\n{lines}")


def _refuse_options(options: RunOptions) -> None:
    refused = [
        name
        for name, given in (
            ("--split", options.splits),
            ("--seeds", options.seeds > 1),
            ("--all", options.everyone),
            ("--executor", options.executor != "local"),
        )
        if given
    ]
    if refused:
        raise InputError(
            f"The protocol {NAME!r} takes no {' and no '.join(refused)}: every photo is encoded once, here, and "
            "answered by the others, by groups and at random. Leave it out, or choose another protocol, such as "
            "--protocol quick."
        )


def _chosen(options: RunOptions, workspace: Workspace) -> list[BackboneFacts]:
    labels = options.backbones or []
    if not labels:
        raise InputError("Name the backbone, such as efficientnet_lite0, or `auto` for all whose weights are here.")
    if AUTO in labels:
        return _ready(workspace)
    return [contestants.find(label, workspace) for label in labels]


def _ready(workspace: Workspace) -> list[BackboneFacts]:
    """The contestants whose published weights are on this machine."""
    ready = []
    for name in contestants.names(workspace):
        if contestants.runs_without_variant(name, workspace):
            facts = contestants.find(name, workspace)
            if facts.published and _has_weights(facts, workspace):
                ready.append(facts)
    return ready


def _has_weights(facts: BackboneFacts, workspace: Workspace) -> bool:
    try:
        starting_files(facts, "published", workspace)
    except InputError:
        return False
    return True
