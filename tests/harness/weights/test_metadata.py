"""Commands of a backbone get what they need of the user's environment, and nothing else."""

import json

import pytest

from harness.contestants.registry import Owner
from harness.execution.runners.program_runs import run_program
from harness.execution.runners.programs import Program
from harness.workspace import Workspace

SHOW = ["{python}", "-c", "import json, os; print(json.dumps(dict(os.environ)))"]


def test_a_command_reaches_the_network_as_the_user_does_but_gets_no_tokens(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_SECRET_ACCESS_KEY", "HF_TOKEN", "GITHUB_TOKEN", "PYTHONSTARTUP"):
        monkeypatch.setenv(name, "secret")
    given = {"https_proxy": "http://proxy:3128", "SSL_CERT_FILE": "/certificates.pem", "HF_HOME": "/cache"}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    printed: list[str] = []
    outcome = run_program(Program(SHOW, 60), Owner(name="lama"), Workspace.here(), None, printed.append)
    assert outcome.status == "ok"
    seen = json.loads("".join(printed))
    assert given.items() <= seen.items()
    assert "secret" not in seen.values()
