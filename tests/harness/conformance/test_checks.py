"""Correct backbones pass every check; each planted bug fails the check that is written for it."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmark.errors import InputError
from benchmark.vocabulary import Precision
from harness.cli.app import app
from harness.conformance import classification_checks, encoding_checks, inpainting_checks, interface_checks
from harness.conformance.check import Check, CheckResult, run_check
from harness.conformance.checks import CHECKS, run_checks
from harness.conformance.comparisons import require_same
from harness.conformance.session import ConformanceSession, ContractViolation
from harness.contestants import registry as contestants
from harness.contestants import scaffold
from harness.execution.runners.process import ProcessRunner
from harness.workspace import Workspace
from support.checkout import link, write_plain


def plain(root: Path, *arguments: str) -> Workspace:
    """A workspace whose one backbone is the contestant without the kit."""
    write_plain(root, *arguments)
    return Workspace(root)


def with_kit(root: Path) -> Workspace:
    """A workspace with the kit and a backbone fresh from the template."""
    link(root, "backbones/__init__.py", "backbones/kit")
    scaffold.write("fresh", None, Workspace(root))
    return Workspace(root)


def session_of(name: str, workspace: Workspace, **settings: Any) -> ConformanceSession:
    folder = workspace.root / "session"
    folder.mkdir()
    return ConformanceSession(contestants.find(name, workspace), ProcessRunner(workspace), folder, **settings)


def results_of(session: ConformanceSession, *names: str) -> list[CheckResult]:
    """Results of the checks of these names alone."""
    by_name = {check.name: check for check in CHECKS}
    return [run_check(by_name[name], session) for name in names]


def test_every_check_of_the_suite_is_listed_once() -> None:
    modules = (interface_checks, encoding_checks, inpainting_checks, classification_checks)
    defined = [value for module in modules for value in vars(module).values() if isinstance(value, Check)]
    assert {check.name for check in defined} == {check.name for check in CHECKS}
    assert len({check.name for check in CHECKS}) == len(CHECKS)


def test_a_backbone_from_the_template_passes_every_check(tmp_path: Path) -> None:
    results = list(run_checks(session_of("fresh", with_kit(tmp_path))))
    assert [result.check for result in results] == list(CHECKS)
    assert {result.cause for result in results} == {""}


def test_a_backbone_without_the_kit_passes_the_checks_of_its_capabilities(tmp_path: Path) -> None:
    results = list(run_checks(session_of("plain", plain(tmp_path))))
    assert {result.status for result in results} == {"pass"}
    assert {result.check.capability for result in results} == {"", "train:shallow", "train:deep"}


def test_a_backbone_without_deep_training_explains_its_shallow_classifier(tmp_path: Path) -> None:
    write_plain(tmp_path, capabilities=("train:shallow", "explain"))
    (result,) = results_of(session_of("plain", Workspace(tmp_path)), "cams_are_scaled")
    assert result.cause.startswith("classify shallow: ")
    assert "cams-gradcam.npy" in result.cause  # requested of a backbone that cannot write it


def test_device_and_precision_are_those_of_every_job(tmp_path: Path) -> None:
    session = session_of("plain", plain(tmp_path), device="cuda", precision="bfloat16")  # numpy ignores both
    assert {result.status for result in run_checks(session)} == {"pass"}
    jobs = [json.loads(path.read_text()) for path in (tmp_path / "session").glob("*/job.json")]
    assert len(jobs) == len(session.job_runs) > 10
    assert {(job["precision"], job["resources"]["device"]) for job in jobs} == {("bfloat16", "cuda")}


@pytest.mark.parametrize(
    ("precision", "difference", "passes"),
    [
        ("float32", 5e-5, True),
        ("float32", 2**-8, False),
        ("bfloat16", 2**-8, True),  # one rounding
        ("bfloat16", 2**-4, False),
    ],
)
def test_the_tolerance_depends_on_the_precision(precision: Precision, difference: float, passes: bool) -> None:
    values = np.array([1.0, 0.5])
    if passes:
        require_same("here", values, values - [0, difference], precision=precision)
    else:
        with pytest.raises(ContractViolation, match=r"^here: values differ by"):
            require_same("here", values, values - [0, difference], precision=precision)


BUGS = {
    "size": ("embedding_has_described_size", "length of an embedding is 48, expected 49"),
    "input": ("description_agrees", "'BGR'"),
    "forgiving": ("unknown_key_is_refused", "expected exit code 2, got: exit code 0"),
    "tolerant": ("broken_data_is_refused", "expected exit code 3, got: exit code 0"),
    "noise": ("encode_is_deterministic", "values differ"),
    "order": ("order_is_kept", "another row: values differ"),
    "company": ("embedding_depends_on_image_alone", "values differ"),
    "constant": ("embedding_has_described_size", "all embeddings are equal"),
    "huge": (
        "embedding_has_described_size",
        "out of range with random weights: largest absolute value 1e+09",
    ),
    "coarse": ("images_are_distinguished", "the same embedding"),
    "type": ("pooling_and_type_are_obeyed", "expected float16"),
    "crash": ("shallow_classifier_trains", "RuntimeError: the weights have gone for a walk"),
    "thawed": ("shallow_training_freezes_encoder", "values differ"),
    "dice": ("deep_training_is_deterministic", "the logits of the second run: values differ"),
    "frozen": ("deep_training_changes_encoder", "unchanged"),
    "speechless": ("classifier_predicts", "there is no logits.npy"),
    "garbage": ("progress_is_reported", "begins like JSON"),
    "silent": ("progress_is_reported", "reported no progress"),
    "stray": ("no_stray_files", "notes.txt"),
    "nan": ("embedding_has_described_size", "not finite in row 1"),
}


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_fails_its_check(bug: str, tmp_path: Path) -> None:
    name, cause = BUGS[bug]
    first_name = "embedding_has_described_size"
    first, last = results_of(session_of("plain", plain(tmp_path, "--bug", bug)), first_name, name)
    result = first if name == first_name else last
    assert result.status == "fail"
    assert cause in result.cause
    assert name == first_name or first.status == "pass"


def test_checks_that_need_a_failed_job_are_skipped(tmp_path: Path) -> None:
    session = session_of("plain", plain(tmp_path, "--bug", "nan"))
    names = ("embedding_has_described_size", "order_is_kept", "deep_classifier_trains")
    size, order, deep = results_of(session, *names)
    assert (size.status, order.status, deep.status) == ("fail", "skip", "pass")
    assert order.cause == "needs encode (random weights), which failed"


def test_the_order_is_not_checked_of_a_backbone_that_is_not_deterministic(tmp_path: Path) -> None:
    (order,) = results_of(session_of("plain", plain(tmp_path, "--bug", "noise")), "order_is_kept")
    assert order.status == "skip"
    assert "once this holds: encode gives the same embeddings twice" in order.cause


def test_the_command_prints_what_failed_and_the_fix_and_exits_with_1(tmp_path: Path) -> None:
    plain(tmp_path, "--bug", "frozen")
    done = CliRunner().invoke(app, ["--root", str(tmp_path), "backbone", "check", "plain", "--runner", "process"])
    assert done.exit_code == 1
    assert "FAIL deep training changes the encoder" in done.output
    assert "Fix: Give the encoder's parameters to the optimiser" in done.output
    assert done.output.endswith("plain: 16 passed, 1 failed, 0 skipped.\n")
    assert {path.name for path in (tmp_path / ".patternbench").iterdir()} == {"trusted.json"}  # by `backbone new`


@pytest.mark.parametrize("command", ["describe", "check"])
@pytest.mark.parametrize(("size", "allowed"), [(65, "the nearest are 64 and 68"), (3, "the least is 4")])
def test_a_size_that_is_no_multiple_is_the_user_s_error(command: str, size: int, allowed: str, tmp_path: Path) -> None:
    plain(tmp_path)
    arguments = ["backbone", command, "plain", "--runner", "process", "--image-size", str(size)]
    with pytest.raises(InputError, match=f"--image-size is {size}, but 'plain' takes multiples of 4: {allowed}"):
        CliRunner().invoke(app, ["--root", str(tmp_path), *arguments], catch_exceptions=False)


def test_the_command_exits_with_0_if_every_check_passes(tmp_path: Path) -> None:
    plain(tmp_path)
    done = CliRunner().invoke(app, ["--root", str(tmp_path), "backbone", "check", "plain", "--runner", "process"])
    assert done.exit_code == 0
    assert "FAIL" not in done.output
