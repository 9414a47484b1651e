import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.errors import InputError, RunError
from harness.publish import FIGURES, RECORDS, plan_publication, publishable, push_publication

pytestmark = pytest.mark.usefixtures("own_git")
PAGES = ("README.md", "leaderboard/classification.md")
RECORD = "leaderboard/records/fish/full/lama-0123.json"


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def put(root: Path, name: str, text: str) -> None:
    (root / name).parent.mkdir(parents=True, exist_ok=True)
    (root / name).write_text(text)


@pytest.fixture
def remote(tmp_path: Path) -> Path:
    git(tmp_path, "init", "--quiet", "--bare", "remote.git")
    return tmp_path / "remote.git"


@pytest.fixture
def root(tmp_path: Path, remote: Path) -> Path:
    """A clone with one pushed commit, then work in all states: staged, changed, untracked, to publish."""
    git(tmp_path, "init", "--quiet", "--initial-branch=main", "clone")
    root = tmp_path / "clone"
    for name in (*PAGES, "code.py", "other.py"):
        put(root, name, "old\n")
    git(root, "add", ".")
    git(root, "commit", "--quiet", "-m", "Begin")
    git(root, "remote", "add", "origin", str(remote))
    git(root, "push", "--quiet", "origin", "main")
    put(root, "code.py", "staged\n")
    git(root, "add", "code.py")
    put(root, "other.py", "changed\n")
    put(root, "untracked.py", "new\n")
    for name in (*PAGES, RECORD):
        put(root, name, "new\n")
    return root


def publish(root: Path) -> str:
    return push_publication(root, plan_publication(root, PAGES, "origin", "leaderboard"))


def state(root: Path) -> tuple[str, ...]:
    return tuple(
        git(root, *command.split())
        for command in (
            "status --porcelain",
            "rev-parse HEAD",
            "symbolic-ref HEAD",
            "ls-files -s",
        )
    )


def test_planning_lists_the_changes_and_sends_nothing(root: Path, remote: Path) -> None:
    publication = plan_publication(root, PAGES, "origin", "leaderboard")
    assert publication.changes == ("M README.md", "M leaderboard/classification.md", f"A {RECORD}")
    assert publication.parent == git(root, "rev-parse", "HEAD")
    assert git(remote, "branch", "--list", "leaderboard") == ""


def test_only_the_leaderboard_is_committed_and_the_user_s_state_is_unchanged(root: Path, remote: Path) -> None:
    before = state(root)
    commit = publish(root)
    assert state(root) == before
    assert git(remote, "rev-parse", "leaderboard") == commit
    assert git(remote, "rev-parse", "leaderboard^") == git(root, "rev-parse", "HEAD")
    changed = git(remote, "diff", "--name-only", "leaderboard^", "leaderboard").splitlines()
    assert changed == [*PAGES, RECORD]
    assert git(remote, "show", f"leaderboard:{RECORD}") == "new"


def test_pictures_beside_records_and_figures_are_published(root: Path, remote: Path) -> None:
    pictures = [RECORD.replace(".json", "-focus.png"), RECORD.replace(".json", ".png")]
    figure = "leaderboard/figures/focus-fish-random-full.png"
    for name in (*pictures, figure, "leaderboard/records/notes.txt"):
        put(root, name, "new\n")
    commit = publish(root)
    changed = git(remote, "diff", "--name-only", f"{commit}^", commit).splitlines()
    assert set(changed) == {*PAGES, RECORD, *pictures, figure}


def test_only_the_remote_s_references_change(root: Path) -> None:
    before = git(root, "for-each-ref", "refs/heads", "refs/tags")
    publish(root)
    assert git(root, "for-each-ref", "refs/heads", "refs/tags") == before
    assert not (root / ".git" / "FETCH_HEAD").exists()


def test_an_unchanged_leaderboard_is_not_published_again(root: Path) -> None:
    publish(root)
    assert plan_publication(root, PAGES, "origin", "leaderboard").changes == ()


def test_a_second_publication_follows_the_first(root: Path, remote: Path) -> None:
    first = publish(root)
    put(root, "leaderboard/records/fish/full/lama-é |4567.json", "new\n")
    publication = plan_publication(root, PAGES, "origin", "leaderboard")
    assert publication.parent == first
    assert publication.changes == ("A leaderboard/records/fish/full/lama-é |4567.json",)
    push_publication(root, publication)
    assert git(remote, "rev-list", "--count", "leaderboard") == "3"


def test_another_clone_s_records_are_not_lost(root: Path, remote: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", str(remote), "second", "--branch", "main")
    put(tmp_path / "second", "leaderboard/records/fish/full/aotgan-89ab.json", "theirs\n")
    theirs = publish(tmp_path / "second")
    with pytest.raises(RunError, match=r"has 1 records that are missing here, the first .*aotgan-89ab\.json") as caught:
        plan_publication(root, PAGES, "origin", "leaderboard")
    fix = str(caught.value).split("(git ")[1].split(")")[0]
    git(root, *fix.split())
    push_publication(root, plan_publication(root, PAGES, "origin", "leaderboard"))
    assert git(remote, "rev-parse", "leaderboard^") == theirs
    assert git(remote, "show", "leaderboard:leaderboard/records/fish/full/aotgan-89ab.json") == "theirs"


def test_a_push_after_another_one_is_refused_and_not_forced(root: Path, remote: Path, tmp_path: Path) -> None:
    publication = plan_publication(root, PAGES, "origin", "leaderboard")
    git(tmp_path, "clone", "--quiet", str(remote), "second", "--branch", "main")
    put(tmp_path / "second", "README.md", "theirs\n")
    theirs = publish(tmp_path / "second")
    with pytest.raises(RunError, match=r"origin refused the push to leaderboard: .*rejected.*publish again"):
        push_publication(root, publication)
    assert git(remote, "rev-parse", "leaderboard") == theirs


def test_the_reason_of_a_hook_s_refusal_is_reported(root: Path, remote: Path) -> None:
    hook = remote / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(RunError, match="pre-receive hook declined"):
        publish(root)


def test_without_an_identity_nothing_is_pushed(root: Path, remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.delenv(f"GIT_{role}_NAME")
        monkeypatch.delenv(f"GIT_{role}_EMAIL")
    monkeypatch.delenv("EMAIL", raising=False)
    git(root, "config", "user.useConfigOnly", "true")
    with pytest.raises(InputError, match=r"git config user\.name"):
        publish(root)
    assert git(remote, "branch", "--list", "leaderboard") == ""


def test_an_unknown_remote_is_refused_with_the_known_ones(root: Path) -> None:
    with pytest.raises(InputError, match=r"Unknown remote 'upstream' \(known: origin\)"):
        plan_publication(root, PAGES, "upstream", "leaderboard")


def test_a_remote_that_does_not_answer_is_named(root: Path) -> None:
    git(root, "remote", "set-url", "origin", str(root / "nowhere"))
    with pytest.raises(RunError, match=r"origin does not answer: fatal: .*nowhere"):
        plan_publication(root, PAGES, "origin", "leaderboard")


@pytest.mark.parametrize("branch", ["", "two words", "-x.lock", "a..b"])
def test_an_invalid_branch_name_is_refused(root: Path, branch: str) -> None:
    with pytest.raises(InputError, match="is not a valid branch name"):
        plan_publication(root, PAGES, "origin", branch)


def test_a_folder_outside_a_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not the root of a git repository"):
        plan_publication(tmp_path, PAGES, "origin", "leaderboard")


def test_a_folder_of_somebody_else_s_repository_is_not_published(root: Path) -> None:
    with pytest.raises(InputError, match="not the root of a git repository"):
        plan_publication(root / "leaderboard", PAGES, "origin", "leaderboard")


def test_a_repository_without_a_commit_is_refused(tmp_path: Path, remote: Path) -> None:
    git(tmp_path, "init", "--quiet", "empty")
    git(tmp_path / "empty", "remote", "add", "origin", str(remote))
    with pytest.raises(InputError, match="no commit yet"):
        plan_publication(tmp_path / "empty", PAGES, "origin", "leaderboard")


def test_missing_git_is_reported(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(root))
    with pytest.raises(RunError, match="git is not installed"):
        plan_publication(root, PAGES, "origin", "leaderboard")


NAMES = st.text(st.characters(codec="utf-8", exclude_characters="/\0"), min_size=1, max_size=12)
FOLDERS = st.sampled_from([RECORDS, FIGURES, "leaderboard", "leaderboard/records2", "benchmark", f"{RECORDS}/a/b"])
PATHS = st.builds(
    "{}/{}{}".format, FOLDERS, NAMES, st.sampled_from([".json", ".png", ".JSON", ".toml", ".json.part", ""])
)


@given(st.lists(PATHS, unique=True))
def test_records_figures_and_their_pictures_are_published_and_nothing_else(paths: list[str]) -> None:
    chosen = publishable(paths)
    assert chosen == sorted(chosen)
    assert set(chosen) == {
        path
        for path in paths
        if path.startswith((f"{RECORDS}/", f"{FIGURES}/")) and path.endswith((".json", ".png"))
        if path.rpartition("/")[2] not in {".json", ".png"}
    }
