"""Publication of the leaderboard: pages, records and figures as one commit on a branch of a remote.

The commit is built in a temporary index, so that the user's index, working tree and branch stay as they are.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from benchmark.errors import InputError, RunError
from harness.git import failure, git, try_git

MESSAGE = "Publish the leaderboard"
RECORDS = "leaderboard/records"
FIGURES = "leaderboard/figures"
SUFFIXES = frozenset({".json", ".png"})


@dataclass(frozen=True)
class Publication:
    """A commit that is planned but not pushed.

    Attributes:
        remote: its name.
        branch: its branch, without `refs/heads/`.
        parent: hash of the commit that the new one follows: the remote branch's head, else the user's HEAD.
        tree: hash of the new commit's tree.
        changes: git's status letter and the path, one string a file; empty = nothing to publish.
    """

    remote: str
    branch: str
    parent: str
    tree: str
    changes: tuple[str, ...]


def plan_publication(root: Path, pages: Iterable[str], remote: str, branch: str) -> Publication:
    """Prepares the commit; nothing is sent and no reference changes.

    Args:
        root: of the repository.
        pages: paths of the pages relative to `root`; records and figures are added to them.
        remote: name of a configured remote.
        branch: on the remote; need not exist.

    Raises:
        InputError: `root` is not a repository's root, the remote is unknown, or the branch name is invalid.
        RunError: the remote does not answer, or its branch has records that are missing here.
    """
    _check_target(root, remote, branch)
    parent = _remote_head(root, remote, branch) or _own_head(root)
    files = (
        path.relative_to(root).as_posix()
        for folder in (RECORDS, FIGURES)
        for path in (root / folder).rglob("*")
        if path.is_file()
    )
    paths = [*pages, *publishable(files)]
    _refuse_loss(root, parent, paths, branch)
    with TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        git(root, "read-tree", parent, env=index)
        git(root, "update-index", "--add", "-z", "--stdin", env=index, stdin="".join(f"{path}\0" for path in paths))
        tree = git(root, "write-tree", env=index)
    changes = git(root, "diff-tree", "-r", "--name-status", "--no-renames", parent, tree).splitlines()
    return Publication(remote, branch, parent, tree, tuple(change.replace("\t", " ") for change in changes))


def publishable(paths: Iterable[str]) -> list[str]:
    """The records, figures and pictures among some paths, sorted.

    >>> publishable(["leaderboard/records/a/b.json", "leaderboard/records/notes.txt", "leaderboard/figures/c.png"])
    ['leaderboard/figures/c.png', 'leaderboard/records/a/b.json']
    """
    folders = tuple(map(PurePosixPath, (RECORDS, FIGURES)))
    return sorted(
        path
        for path in paths
        if PurePosixPath(path).suffix in SUFFIXES and any(PurePosixPath(path).is_relative_to(one) for one in folders)
    )


def push_publication(root: Path, publication: Publication) -> str:
    """Makes the planned commit and pushes it, never by force; returns the commit's hash.

    Raises:
        InputError: git knows no author or committer.
        RunError: the remote refused the push.
    """
    for identity in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"):
        if try_git(root, "var", identity).returncode:
            raise InputError(
                "git knows no author. Set one with git config user.name NAME and git config user.email ADDRESS."
            )
    commit = git(root, "commit-tree", publication.tree, "-p", publication.parent, "-m", MESSAGE)
    process = try_git(root, "push", "--porcelain", publication.remote, f"{commit}:refs/heads/{publication.branch}")
    if process.returncode:
        refusals = [line.split("\t")[-1] for line in process.stdout.splitlines() if line.startswith("!")]
        raise RunError(
            f"{publication.remote} refused the push to {publication.branch}: "
            f"{' '.join(refusals) or failure(process.stderr)}. If the branch has changed since, publish again; "
            "otherwise check that you may push there."
        )
    return commit


def _check_target(root: Path, remote: str, branch: str) -> None:
    toplevel = try_git(root, "rev-parse", "--show-toplevel")
    if toplevel.returncode or Path(toplevel.stdout.strip()).resolve() != root.resolve():
        raise InputError(f"{root} is not the root of a git repository. Publish from a clone of the project.")
    remotes = git(root, "remote").split()
    if remote not in remotes:
        known = ", ".join(remotes) or "none"
        raise InputError(f"Unknown remote {remote!r} (known: {known}). Name one of them or add it with git remote add.")
    if try_git(root, "check-ref-format", f"refs/heads/{branch}").returncode:
        raise InputError(f"{branch!r} is not a valid branch name. Choose one such as leaderboard.")


def _remote_head(root: Path, remote: str, branch: str) -> str | None:
    """Hash of the remote branch's head; None without such a branch. Fetches its objects, changes no reference."""
    reference = f"refs/heads/{branch}"
    listing = try_git(root, "ls-remote", remote, reference)
    if listing.returncode:
        raise RunError(
            f"The remote {remote} does not answer: {failure(listing.stderr)}. Check its address with git remote -v."
        )
    heads = dict(line.split("\t")[::-1] for line in listing.stdout.splitlines())
    if reference not in heads:
        return None
    git(root, "fetch", "--quiet", "--no-tags", "--no-write-fetch-head", "--refmap=", remote, reference)
    return heads[reference]


def _own_head(root: Path) -> str:
    head = try_git(root, "rev-parse", "--verify", "--quiet", "HEAD^{commit}")
    if head.returncode:
        raise InputError(f"{root} has no commit yet. Commit something first: git commit")
    return head.stdout.strip()


def _refuse_loss(root: Path, parent: str, paths: list[str], branch: str) -> None:
    """Raises if the branch has records that are missing here: the tables would not show them."""
    published = git(root, "ls-tree", "-r", "-z", "--name-only", parent, "--", RECORDS).split("\0")
    missing = sorted({path for path in published if path.endswith(".json")} - set(paths))
    if missing:
        raise RunError(
            f"{branch} has {len(missing)} records that are missing here, the first is {missing[0]}. Fetch them "
            f"(git restore --overlay --source={parent[:12]} -- {RECORDS}), render the tables, publish again."
        )
