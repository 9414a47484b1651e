"""Publication of the leaderboard: pages, records and figures as one commit on a branch of a remote.

The commit is built in a temporary index, so that the user's index, working tree and branch stay as they are. Results of
one's own data are never part of it unless their data set is named.
"""

import shutil
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory

from benchmark.errors import InputError, RunError
from benchmark.files import is_temporary
from benchmark.records.files import find_records, read_record, record_path, write_record
from harness.anonymise import anonymised
from harness.git import failure, git, try_git
from harness.workspace import ResultFolders, Workspace

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


def refuse_own_data(workspace: Workspace, figures: Collection[str]) -> None:
    """Refuse a leaderboard that holds anything of a data set that is not known.

    Args:
        workspace: the checkout.
        figures: those that the leaderboard's records have, as paths relative to its root.

    Raises:
        InputError: a record is of a data set of one's own, or a figure or picture belongs to no record.
    """
    stems = set()
    for file in find_records(workspace.root / RECORDS):
        record = read_record(file)
        home = workspace.results(record.dataset, record.experiment)
        stems.add(file.with_suffix(""))
        if home.own:
            raise InputError(
                f"{file} is of {record.dataset!r}, which is no known data set: its records hold the names of "
                f"individuals. Move {workspace.root / RECORDS / record.dataset} into {home.records}, delete its "
                "figures, and render the tables; --include publishes results from there."
            )
    pictures = [path for path in _pictures(workspace.root / RECORDS) if not _of_a_record(path, stems)]
    unknown = {path.relative_to(workspace.root).as_posix() for path in _pictures(workspace.root / FIGURES)}
    if strays := sorted({path.relative_to(workspace.root).as_posix() for path in pictures} | unknown - set(figures)):
        raise InputError(
            f"{len(strays)} pictures belong to no record here and may show data of your own; the first is "
            f"{strays[0]}. Delete them, then publish again."
        )


def _pictures(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*.png") if not is_temporary(path)]


def _of_a_record(picture: Path, stems: Collection[Path]) -> bool:
    """Whether a picture has the name of a record, or that name with `-` and more."""
    return any(picture.with_suffix("") == stem or str(picture).startswith(f"{stem}-") for stem in stems)


def stage_own(home: ResultFolders, folder: Path, *, anonymise: bool) -> list[str]:
    """Copy the records of one's own data, with their pictures, into a folder from which they are published.

    Failed runs are left out: their logs hold paths. Splits and predictions are left out: they hold names of files.

    Args:
        home: the results.
        folder: the new folder of pages.
        anonymise: whether the names of individuals and recordings are replaced by numbers.

    Returns:
        The names of individuals that are in the records.
    """
    files = {file: read_record(file) for file in find_records(home.records)}
    files = {file: record for file, record in files.items() if record.status == "ok"}
    if not files:
        raise InputError(f"{home.records} has no record of a successful run; there is nothing to include.")
    records = anonymised(list(files.values())) if anonymise else list(files.values())
    for file, record in zip(files, records, strict=True):
        write_record(record, folder / "records")
        target = record_path(record, folder / "records").parent
        for picture in file.parent.glob(f"{file.stem}*.png"):
            shutil.copyfile(picture, target / picture.name)
    return sorted({name for one in records if one.test_images for name in one.test_images.identities})


def plan_publication(
    root: Path, pages: Iterable[str], remote: str, branch: str, staging: Path | None = None
) -> Publication:
    """Prepares the commit; nothing is sent and no reference changes.

    Args:
        root: of the repository.
        pages: paths of the pages relative to `root`; records and figures are added to them.
        remote: name of a configured remote.
        branch: on the remote; need not exist.
        staging: a folder with more files to publish, at their places in a repository; None = none.

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
        if path.is_file() and not is_temporary(path)
    )
    paths = [*pages, *publishable(files)]
    _refuse_loss(root, parent, paths, branch)
    with TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        git(root, "read-tree", parent, env=index)
        git(root, "update-index", "--add", "-z", "--stdin", env=index, stdin="".join(f"{path}\0" for path in paths))
        if staging is not None:
            _add_staged(root, staging, index)
        tree = git(root, "write-tree", env=index)
    changes = git(root, "diff-tree", "-r", "--name-status", "--no-renames", parent, tree).splitlines()
    return Publication(remote, branch, parent, tree, tuple(change.replace("\t", " ") for change in changes))


def _add_staged(root: Path, staging: Path, index: dict[str, str]) -> None:
    """Put the staged results into an index, in place of those of the same data sets."""
    files = sorted(path.relative_to(staging).as_posix() for path in staging.rglob("*") if path.is_file())
    for folder in sorted({"/".join(file.split("/")[:2]) for file in files}):
        git(root, "rm", "-r", "-f", "--cached", "--quiet", "--ignore-unmatch", "--", folder, env=index)
    place = {"GIT_DIR": git(root, "rev-parse", "--absolute-git-dir"), "GIT_WORK_TREE": str(staging)}
    git(
        staging,
        *("update-index", "--add", "-z", "--stdin"),
        env=index | place,
        stdin="".join(f"{file}\0" for file in files),
    )


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
