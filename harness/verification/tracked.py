"""Whether the rows of a checkout can be believed: rules, known answers, copies, and what was edited since a commit."""

from collections.abc import Container, Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from benchmark.errors import InputError
from benchmark.protocol import read_protocol
from benchmark.records.record import Record
from benchmark.verification.known_answers import implausible_scores
from harness.git import try_git
from harness.run import SCORING
from harness.verification.origin import twins
from harness.workspace import Workspace

RECORDS = "leaderboard/records"
FIGURES = "leaderboard/figures"


def of_other_rules(records: Mapping[str, Record], workspace: Workspace) -> list[str]:
    """A message for each record whose rules are not those of the protocol of its name, or whose scoring is unknown.

    The rules and the scoring of the row that finished last decide which rows a table shows: one row of other rules
    would hide all others.

    Args:
        records: by the path of the file, for messages.
        workspace: has the protocols.
    """
    of_later_scoring = [
        f"{path}: scored by version {record.provenance.scoring}, but this project has {SCORING}. Run it again, or move "
        "it away."
        for path, record in records.items()
        if record.provenance.scoring > SCORING
    ]
    return of_later_scoring + [
        f"{path}: made by other rules than those of protocol {record.protocol!r} here. Run it again, or move it away."
        for path, record in records.items()
        if (rules := _rules(record, workspace)) is not None and record.provenance.rules != rules
    ]


def with_known_answers(records: Mapping[str, Record]) -> list[str]:
    """A message for each record that looks as if its contestant knew the test answers.

    It is a fault of the leaderboard, not a warning: nobody reads the log of a check that passes, and an honest row is
    named less than once in a hundred times that it is nearly perfect.

    Args:
        records: by the path of the file, for messages.
    """
    return [
        f"{path}: {one.place} names {one.test:.2f} of the test images rightly, but {one.validation:.2f} of the "
        f"validation images, where {one.chance:.2f} is chance: its contestant may have known the test answers. Run it "
        "again confined (--runner docker) in a fresh store. If that gives the same, validation and test images of the "
        "split are of different kinds: draw another split. Until then move the record away."
        for path, record in records.items()
        for one in implausible_scores(record)
    ]


def copies(records: Mapping[str, Record]) -> list[str]:
    """A message for each record of whose run there is another record, such as a copy under another contestant's name.

    Args:
        records: by the path of the file, for messages.
    """
    return [
        f"{path}: of the same run as {', '.join(others)}: one of them is a copy. Keep the file that the run wrote, and "
        "delete the other."
        for path, others in twins(records).items()
    ]


def _rules(record: Record, workspace: Workspace) -> str | None:
    """Digest of the rules that a record should have; None if the checkout has no protocol of its name."""
    try:
        protocol = read_protocol(record.protocol, workspace.protocols)
    except InputError:
        return None
    return (protocol.with_every_classifier() if record.experiment else protocol).rules


def changes_since(commit: str, root: Path, blocks: Mapping[str, str], redrawn: Container[str] = ()) -> list[str]:
    """What was edited since a commit: records, also dropped ones, figures, and text outside the blocks of pages.

    A new record comes with its own pictures, and changes the figures of its section: these are not named.

    Args:
        commit: of the repository.
        root: of the checkout.
        blocks: name of the marked block of each page, by its path.
        redrawn: paths of the figures that new records change.

    Raises:
        InputError: git knows no such commit.
    """
    if try_git(root, "cat-file", "-e", f"{commit}^{{commit}}").returncode:
        raise InputError(f"git knows no commit {commit!r}. Name one, such as HEAD or origin/main.")
    changes = _changes(commit, root, RECORDS) | _changes(commit, root, FIGURES)
    added = [PurePosixPath(path) for path, letter in changes.items() if letter == "A" and path.endswith(".json")]
    return [
        *(
            _message(path, letter, *_kind_of(path))
            for path, letter in changes.items()
            if not (_kind_of(path)[0] == "the record" and letter == "A")
            and path not in redrawn
            and not _is_picture_of(PurePosixPath(path), added)
        ),
        *_edited_pages(commit, root, blocks),
    ]


def added_records(commit: str, root: Path) -> set[str]:
    """Paths of the records that a commit lacks, relative to the root. Arguments as `changes_since`."""
    return {path for path, letter in _changes(commit, root, RECORDS).items() if letter == "A"}


def _kind_of(path: str) -> tuple[str, str]:
    """What a file below the leaderboard is, and what is wrong with a new one."""
    if path.endswith(".json") and path.startswith(f"{RECORDS}/"):
        return "the record", ""
    if path.endswith(".png"):
        return "the figure", "belongs to no new record and appeared"
    return "the file", "is neither a record nor a figure and appeared"


def _is_picture_of(path: PurePosixPath, added: Sequence[PurePosixPath]) -> bool:
    """Whether a file is the picture of a new record, beside it and called after it.

    Args:
        path: of a file that differs from a commit.
        added: of the new records.
    """
    return path.suffix == ".png" and any(path.parent == one.parent and path.name.startswith(one.stem) for one in added)


def _message(path: str, letter: str, what: str, appeared: str) -> str:
    deed = {"D": "was dropped", "A": appeared}.get(letter, "was edited")
    return f"{path}: {what} {deed} since the commit. Restore it with git, or say why in the commit that changes it."


def _changes(commit: str, root: Path, folder: str) -> dict[str, str]:
    """Git's letter for each file of a folder that differs from a commit; files that git does not track are added."""
    listing = try_git(root, "diff", "--name-status", "--no-renames", "-z", commit, "--", folder).stdout.split("\0")
    new = try_git(root, "ls-files", "--others", "--exclude-standard", "-z", "--", folder).stdout.split("\0")
    pairs = zip(listing[1::2], listing[::2], strict=False)
    return dict(pairs) | {path: "A" for path in new if path}


def _edited_pages(commit: str, root: Path, blocks: Mapping[str, str]) -> Iterator[str]:
    for page, block in blocks.items():
        before = try_git(root, "show", f"{commit}:{page}")
        if before.returncode or not (root / page).is_file():
            continue
        now = (root / page).read_text(encoding="utf-8", errors="replace")
        if _outside(before.stdout, block) != _outside(now, block):
            yield f"{page}: the text outside its table was edited since the commit."


def _outside(text: str, block: str) -> tuple[str, str]:
    """The text before and after a marked block."""
    head, _, rest = text.partition(f"<!-- begin table: {block} -->")
    return head.strip(), rest.partition(f"<!-- end table: {block} -->")[2].strip()
