"""Publishing: the leaderboard's pages and records as one commit on a branch of a remote.

The commit is built in a temporary index, so that the user's index, working tree and branch stay as they are.
"""

import os
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmark.errors import InputError, RunError

MESSAGE = "Publish the leaderboard"
RECORDS = "leaderboard/records"
FIGURES = "leaderboard/figures"
SUFFIXES = {".json", ".png"}


@dataclass(frozen=True)
class Plan:
    """What a publication would do.

    Attributes:
        remote: its name.
        branch: its branch, without `refs/heads/`.
        parent: the commit that the new one follows: the remote branch's head, or else the user's HEAD.
        tree: of the new commit.
        changes: git's status letter and the path, one string a file; empty = nothing to publish.
    """

    remote: str
    branch: str
    parent: str
    tree: str
    changes: tuple[str, ...]


def plan(root: Path, pages: Iterable[str], remote: str, branch: str) -> Plan:
    """Work out the commit; nothing is sent and no reference changes.

    Args:
        root: of the repository.
        pages: paths of the pages from there; records and figures come with them.
        remote: name of a configured remote.
        branch: on the remote; need not exist.

    Raises:
        InputError: not a repository's root, no such remote, or not a branch name.
        RunError: the remote does not answer, or its branch has records that are not here.
    """
    _refuse_unusable(root, remote, branch)
    parent = _remote_head(root, remote, branch) or _own_head(root)
    beside = [path for folder in (RECORDS, FIGURES) for path in sorted((root / folder).rglob("*"))]
    paths = [*pages, *(path.relative_to(root).as_posix() for path in beside if path.suffix in SUFFIXES)]
    _refuse_loss(root, parent, paths, branch)
    with TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        _git(root, "read-tree", parent, env=index)
        _git(root, "update-index", "--add", "-z", "--stdin", env=index, given="".join(f"{p}\0" for p in paths))
        tree = _git(root, "write-tree", env=index)
    changes = _git(root, "diff-tree", "-r", "--name-status", "--no-renames", parent, tree).splitlines()
    return Plan(remote, branch, parent, tree, tuple(change.replace("\t", " ") for change in changes))


def push(root: Path, planned: Plan) -> str:
    """Make the planned commit and push it, never by force; returns the commit.

    Raises:
        InputError: git knows no author or committer.
        RunError: the remote refused.
    """
    for who in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"):
        if _try(root, "var", who).returncode:
            raise InputError(
                "git does not know who you are. Tell it with git config user.name NAME and "
                "git config user.email ADDRESS."
            )
    commit = _git(root, "commit-tree", planned.tree, "-p", planned.parent, "-m", MESSAGE)
    sent = _try(root, "push", "--porcelain", planned.remote, f"{commit}:refs/heads/{planned.branch}")
    if sent.returncode:
        refused = [line.split("\t")[-1] for line in sent.stdout.splitlines() if line.startswith("!")]
        reason = " ".join(refused) or _reason(sent.stderr)
        raise RunError(
            f"{planned.remote} did not take the push to {planned.branch}: {reason}. If somebody else "
            "has published meanwhile, publish again; otherwise see that you may push there."
        )
    return commit


def _refuse_unusable(root: Path, remote: str, branch: str) -> None:
    top = _try(root, "rev-parse", "--show-toplevel")
    if top.returncode or Path(top.stdout.strip()).resolve() != root.resolve():
        raise InputError(f"{root} is not the root of a git repository. Publish from a clone of the project.")
    remotes = _git(root, "remote").split()
    if remote not in remotes:
        known = ", ".join(remotes) or "none"
        raise InputError(
            f"There is no remote {remote!r} (known: {known}). Name one of them or add it with git remote add."
        )
    if _try(root, "check-ref-format", f"refs/heads/{branch}").returncode:
        raise InputError(f"{branch!r} cannot be a branch's name. Choose one such as leaderboard.")


def _remote_head(root: Path, remote: str, branch: str) -> str | None:
    """The head of the remote's branch, its objects fetched, no reference changed; None = no such branch."""
    reference = f"refs/heads/{branch}"
    listed = _try(root, "ls-remote", remote, reference)
    if listed.returncode:
        raise RunError(
            f"The remote {remote} does not answer: {_reason(listed.stderr)}. See its address with git remote -v."
        )
    heads = dict(line.split("\t")[::-1] for line in listed.stdout.splitlines())
    if reference not in heads:
        return None
    _git(root, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--refmap=", remote, reference)
    return heads[reference]


def _own_head(root: Path) -> str:
    head = _try(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if head.returncode:
        raise InputError(f"{root} has no commit yet. Commit something first: git commit")
    return head.stdout.strip()


def _refuse_loss(root: Path, parent: str, paths: list[str], branch: str) -> None:
    """The tables are made from the records here; published over further ones they would not match them."""
    theirs = _git(root, "ls-tree", "-r", "-z", "--name-only", parent, "--", RECORDS).split("\0")
    lost = sorted({path for path in theirs if path.endswith(".json")} - set(paths))
    if lost:
        raise RunError(
            f"{branch} has {len(lost)} records that are not here, the first {lost[0]}. Fetch them "
            f"(git restore --overlay --source={parent[:12]} -- {RECORDS}), render the tables, publish again."
        )


def _git(root: Path, *arguments: str, env: dict[str, str] | None = None, given: str = "") -> str:
    done = _try(root, *arguments, env=env, given=given)
    if done.returncode:
        raise RunError(f"git {arguments[0]} failed: {_reason(done.stderr)}")
    return done.stdout.strip()


def _try(
    root: Path, *arguments: str, env: dict[str, str] | None = None, given: str = ""
) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            ["git", "-c", "core.quotePath=false", *arguments],
            cwd=root,
            env={**os.environ, **(env or {})},
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
    except FileNotFoundError as error:
        raise RunError("git is not installed. Install it, or publish from a machine that has it.") from error


def _reason(text: str) -> str:
    """The line of git's complaint that says what is wrong: the first fatal one, or else the last."""
    lines = [line.strip() for line in text.splitlines() if line.strip()] or ["no reason given"]
    return next((line for line in lines if line.startswith("fatal:")), lines[-1]).rstrip(".")
