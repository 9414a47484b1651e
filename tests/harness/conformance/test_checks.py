"""Sound backbones pass every check; a planted bug is found by the check that is there for it, and named."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from benchmark.errors import InputError
from harness.cli.app import app
from harness.conformance.checks import CHECKS, Verdict, _same, judge, verdicts
from harness.conformance.session import Fault, Trial
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


def trial_of(name: str, workspace: Workspace, **settings: Any) -> Trial:
    folder = workspace.root / "trial"
    folder.mkdir()
    return Trial(contestants.find(name, workspace), ProcessRunner(workspace), folder, **settings)


def judged(trial: Trial, *names: str) -> list[Verdict]:
    """Verdicts of the checks of these names alone."""
    by_name = {check.look.__name__: check for check in CHECKS}
    return [judge(by_name[name], trial) for name in names]


def test_a_fresh_backbone_passes_every_check(tmp_path: Path) -> None:
    found = list(verdicts(trial_of("fresh", with_kit(tmp_path))))
    assert [verdict.check for verdict in found] == CHECKS
    assert {verdict.cause for verdict in found} == {""}


def test_a_backbone_without_the_kit_passes_what_its_capabilities_ask_for(tmp_path: Path) -> None:
    found = list(verdicts(trial_of("plain", plain(tmp_path))))
    assert {verdict.status for verdict in found} == {"pass"}
    assert {verdict.check.capability for verdict in found} == {"", "train:shallow", "train:deep"}


def test_a_backbone_without_deep_training_explains_by_its_shallow_classifier(tmp_path: Path) -> None:
    write_plain(tmp_path, capabilities=("train:shallow", "explain"))
    (found,) = judged(trial_of("plain", Workspace(tmp_path)), "explains")
    assert found.cause.startswith("classify shallow: ")
    assert "cams.npy" in found.cause  # which it was asked for, and cannot make


def test_device_and_precision_are_those_of_every_job(tmp_path: Path) -> None:
    trial = trial_of("plain", plain(tmp_path), device="cuda", precision="bfloat16")  # numpy alone cares for neither
    assert {verdict.status for verdict in verdicts(trial)} == {"pass"}
    jobs = [json.loads(path.read_text()) for path in (tmp_path / "trial").glob("*/job.json")]
    assert len(jobs) == len(trial.attempts) > 10
    assert {(job["precision"], job["resources"]["device"]) for job in jobs} == {("bfloat16", "cuda")}


@pytest.mark.parametrize(
    ("precision", "apart", "fine"),
    [
        ("float32", 5e-5, True),
        ("float32", 2**-8, False),
        ("bfloat16", 2**-8, True),  # one rounding
        ("bfloat16", 2**-4, False),
    ],
)
def test_what_is_the_same_hangs_on_the_precision(precision: str, apart: float, fine: bool, tmp_path: Path) -> None:
    trial = trial_of("plain", plain(tmp_path), precision=precision)
    one = np.array([1.0, 0.5])
    if fine:
        _same(trial, "here", one, one - [0, apart])
    else:
        with pytest.raises(Fault, match=r"^here: values differ by"):
            _same(trial, "here", one, one - [0, apart])


BUGS = {
    "size": ("encodes", "length of an embedding is 48, expected 49"),
    "input": ("describes_itself", "'BGR'"),
    "forgiving": ("refuses_unknown_keys", "expected exit code 2, got: exit code 0"),
    "tolerant": ("refuses_broken_data", "expected exit code 3, got: exit code 0"),
    "noise": ("encodes_the_same_twice", "values differ"),
    "order": ("keeps_the_order", "another place: values differ"),
    "company": ("embeds_each_image_for_itself", "values differ"),
    "constant": ("tells_images_apart", "the same embedding"),
    "type": ("obeys_pooling_and_type", "expected float16"),
    "crash": ("classifies_shallow", "RuntimeError: the weights have gone for a walk"),
    "thawed": ("shallow_freezes", "values differ"),
    "dice": ("classifies_the_same_twice", "the logits the second time: values differ"),
    "frozen": ("deep_learns", "as they were"),
    "speechless": ("predicts", "there is no logits.npy"),
    "garbage": ("reports_progress", "begins like JSON"),
    "silent": ("reports_progress", "reported no progress"),
    "stray": ("writes_nowhere_else", "notes.txt"),
    "nan": ("encodes", "not finite in row 1"),
}


@pytest.mark.parametrize("bug", BUGS)
def test_a_planted_bug_is_found_and_named_by_its_check(bug: str, tmp_path: Path) -> None:
    name, cause = BUGS[bug]
    first, last = judged(trial_of("plain", plain(tmp_path, "--bug", bug)), "encodes", name)
    found = first if name == "encodes" else last
    assert found.status == "fail"
    assert cause in found.cause
    assert name == "encodes" or first.status == "pass"


def test_what_hangs_on_a_failed_job_is_said_to_be_untried(tmp_path: Path) -> None:
    trial = trial_of("plain", plain(tmp_path, "--bug", "nan"))
    encodes, order, deep = judged(trial, "encodes", "keeps_the_order", "classifies_deep")
    assert (encodes.status, order.status, deep.status) == ("fail", "skip", "pass")
    assert order.cause == "needs encode (random weights), which failed"


def test_an_order_is_not_judged_where_nothing_is_the_same_twice(tmp_path: Path) -> None:
    (order,) = judged(trial_of("plain", plain(tmp_path, "--bug", "noise")), "keeps_the_order")
    assert order.status == "skip"
    assert "once this is so: encode gives the same twice" in order.cause


def test_the_command_says_what_failed_how_to_mend_it_and_leaves_with_1(tmp_path: Path) -> None:
    plain(tmp_path, "--bug", "frozen")
    done = CliRunner().invoke(app, ["--root", str(tmp_path), "backbone", "check", "plain", "--runner", "process"])
    assert done.exit_code == 1
    assert "FAIL deep training changes the encoder" in done.output
    assert "Mend: Give the encoder's parameters to the optimiser" in done.output
    assert done.output.endswith("plain: 16 passed, 1 failed, 0 could not be tried.\n")
    assert list((tmp_path / ".patternbench").iterdir()) == []


@pytest.mark.parametrize("command", ["describe", "check"])
@pytest.mark.parametrize(("size", "said"), [(65, "the next are 64 and 68"), (3, "the least is 4")])
def test_a_size_that_is_no_multiple_is_the_user_s_error(command: str, size: int, said: str, tmp_path: Path) -> None:
    plain(tmp_path)
    arguments = ["backbone", command, "plain", "--runner", "process", "--image-size", str(size)]
    with pytest.raises(InputError, match=f"--image-size is {size}, but 'plain' takes multiples of 4: {said}"):
        CliRunner().invoke(app, ["--root", str(tmp_path), *arguments], catch_exceptions=False)


def test_a_backbone_that_is_described_in_no_utf_8_is_refused(tmp_path: Path) -> None:
    workspace = plain(tmp_path)
    path = tmp_path / "backbones" / "plain" / "backbone.toml"
    path.write_bytes(path.read_bytes() + "# für mich\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"backbone\.toml: not TOML: .*utf-8"):
        contestants.find("plain", workspace)


def test_the_command_leaves_with_0_where_all_is_well(tmp_path: Path) -> None:
    plain(tmp_path)
    done = CliRunner().invoke(app, ["--root", str(tmp_path), "backbone", "check", "plain", "--runner", "process"])
    assert done.exit_code == 0
    assert "FAIL" not in done.output
