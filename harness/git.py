"""Git: commands in a checkout, and the commit that a record names."""

import os
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

from benchmark.errors import RunError

CODE = ("backbones", "benchmark", "harness")
"""Folders whose untracked files change what a run computes."""

COMMIT_SECONDS = 30


def commit(root: Path) -> str:
    """The hash of a checkout's commit; empty without a checkout, a commit or git.

    `+changes` follows the hash if tracked files differ from the commit, or if there is code that git neither tracks nor
    ignores. Records, tables and splits do not count: runs write them.
    """
    head = _output(root, "rev-parse", "HEAD")
    if not head:
        return ""
    changed = _output(root, "status", "--porcelain", "--untracked-files=no", "--", ".", ":!leaderboard", ":!README.md")
    new = _output(root, "ls-files", "--others", "--exclude-standard", "--", *CODE, ":!benchmark/splits")
    return f"{head}+changes" if changed or new else head


def trust_warning(root: Path) -> str:
    """Why git names no commit of a checkout that belongs to another user, and what to do; else empty."""
    try:
        process = try_git(root, "rev-parse", "HEAD", seconds=COMMIT_SECONDS)
    except (OSError, subprocess.TimeoutExpired, RunError):
        return ""
    if "dubious ownership" not in process.stderr:
        return ""
    return (
        f"The record names no commit: {root} belongs to another user, and git does not trust it. To trust it: "
        f"git config --global --add safe.directory {shlex.quote(str(root))}"
    )


def git(root: Path, *arguments: str, env: Mapping[str, str] | None = None, stdin: str = "") -> str:
    """Runs a git command that has to succeed; returns its standard output without white space at the ends.

    Args:
        root: folder that git runs in.
        *arguments: of git.
        env: variables to add to the environment.
        stdin: text for the command's standard input.

    Raises:
        RunError: git is not installed, or the command failed.
    """
    process = try_git(root, *arguments, env=env, stdin=stdin)
    if process.returncode:
        raise RunError(f"git {arguments[0]} failed: {failure(process.stderr)}")
    return process.stdout.strip()


def try_git(
    root: Path,
    *arguments: str,
    env: Mapping[str, str] | None = None,
    stdin: str = "",
    seconds: float | None = None,
) -> subprocess.CompletedProcess[str]:
    """Runs a git command that may fail; returns the finished process. File names are printed as they are.

    Args:
        root: folder that git runs in.
        *arguments: of git.
        env: variables to add to the environment.
        stdin: text for the command's standard input.
        seconds: time limit; None = none.

    Raises:
        RunError: git is not installed.
        subprocess.TimeoutExpired: the command exceeded its time limit.
    """
    try:
        return subprocess.run(
            ["git", "-c", "core.quotePath=false", *arguments],
            cwd=root,
            env={**os.environ, **(env or {})},
            input=stdin,
            capture_output=True,
            text=True,
            check=False,
            timeout=seconds,
        )
    except FileNotFoundError as error:
        raise RunError("git is not installed. Install it, or use a machine that has it.") from error


def failure(stderr: str) -> str:
    r"""The line of git's standard error that names the cause: the first fatal one, else the last.

    >>> failure("hint: try again\nfatal: no such remote.\nfatal: stopped")
    'fatal: no such remote'
    """
    lines = [line.strip() for line in stderr.splitlines() if line.strip()] or ["no reason given"]
    return next((line for line in lines if line.startswith("fatal:")), lines[-1]).rstrip(".")


def _output(root: Path, *arguments: str) -> str:
    """Standard output of a git command; empty if it fails."""
    try:
        process = try_git(root, *arguments, seconds=COMMIT_SECONDS)
    except (OSError, subprocess.TimeoutExpired, RunError):
        return ""
    return "" if process.returncode else process.stdout.strip()
