import subprocess
from pathlib import Path

import pytest

from benchmark.errors import InputError, RunError
from harness.publish import plan, push

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
    return push(root, plan(root, PAGES, "origin", "leaderboard"))


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


def test_planning_names_what_would_change_and_sends_nothing(root: Path, remote: Path) -> None:
    planned = plan(root, PAGES, "origin", "leaderboard")
    assert planned.changes == ("M README.md", "M leaderboard/classification.md", f"A {RECORD}")
    assert planned.parent == git(root, "rev-parse", "HEAD")
    assert git(remote, "branch", "--list", "leaderboard") == ""


def test_only_the_leaderboard_is_committed_and_the_user_s_state_stays(root: Path, remote: Path) -> None:
    before = state(root)
    commit = publish(root)
    assert state(root) == before
    assert git(remote, "rev-parse", "leaderboard") == commit
    assert git(remote, "rev-parse", "leaderboard^") == git(root, "rev-parse", "HEAD")
    changed = git(remote, "diff", "--name-only", "leaderboard^", "leaderboard").splitlines()
    assert changed == [*PAGES, RECORD]
    assert git(remote, "show", f"leaderboard:{RECORD}") == "new"


def test_pictures_beside_records_and_figures_come_with_them(root: Path, remote: Path) -> None:
    pictures = [RECORD.replace(".json", "-focus.png"), RECORD.replace(".json", ".png")]
    figure = "leaderboard/figures/focus-fish-random-full.png"
    for name in (*pictures, figure, "leaderboard/records/notes.txt"):
        put(root, name, "new\n")
    commit = publish(root)
    changed = git(remote, "diff", "--name-only", f"{commit}^", commit).splitlines()
    assert set(changed) == {*PAGES, RECORD, *pictures, figure}


def test_references_stay_but_for_the_remote_s_own(root: Path) -> None:
    before = git(root, "for-each-ref", "refs/heads", "refs/tags")
    publish(root)
    assert git(root, "for-each-ref", "refs/heads", "refs/tags") == before
    assert not (root / ".git" / "FETCH_HEAD").exists()


def test_publishing_again_has_nothing_to_do(root: Path) -> None:
    publish(root)
    assert plan(root, PAGES, "origin", "leaderboard").changes == ()


def test_a_second_publication_follows_the_first(root: Path, remote: Path) -> None:
    first = publish(root)
    put(root, "leaderboard/records/fish/full/lama-é |4567.json", "new\n")
    planned = plan(root, PAGES, "origin", "leaderboard")
    assert planned.parent == first
    assert planned.changes == ("A leaderboard/records/fish/full/lama-é |4567.json",)
    push(root, planned)
    assert git(remote, "rev-list", "--count", "leaderboard") == "3"


def test_another_clone_s_records_are_not_lost(root: Path, remote: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", str(remote), "second", "--branch", "main")
    put(tmp_path / "second", "leaderboard/records/fish/full/aotgan-89ab.json", "theirs\n")
    theirs = publish(tmp_path / "second")
    with pytest.raises(RunError, match=r"has 1 records that are not here, the first .*aotgan-89ab\.json") as caught:
        plan(root, PAGES, "origin", "leaderboard")
    mend = str(caught.value).split("(git ")[1].split(")")[0]
    git(root, *mend.split())
    push(root, plan(root, PAGES, "origin", "leaderboard"))
    assert git(remote, "rev-parse", "leaderboard^") == theirs
    assert git(remote, "show", "leaderboard:leaderboard/records/fish/full/aotgan-89ab.json") == "theirs"


def test_a_push_overtaken_by_another_is_refused_and_not_forced(root: Path, remote: Path, tmp_path: Path) -> None:
    planned = plan(root, PAGES, "origin", "leaderboard")
    git(tmp_path, "clone", "--quiet", str(remote), "second", "--branch", "main")
    put(tmp_path / "second", "README.md", "theirs\n")
    theirs = publish(tmp_path / "second")
    with pytest.raises(RunError, match=r"origin did not take the push to leaderboard: .*rejected.*publish again"):
        push(root, planned)
    assert git(remote, "rev-parse", "leaderboard") == theirs


def test_a_push_that_a_hook_refuses_gives_the_reason(root: Path, remote: Path) -> None:
    hook = remote / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    with pytest.raises(RunError, match="pre-receive hook declined"):
        publish(root)


def test_without_an_identity_nothing_is_pushed(root: Path, remote: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for who in ("AUTHOR", "COMMITTER"):
        monkeypatch.delenv(f"GIT_{who}_NAME")
        monkeypatch.delenv(f"GIT_{who}_EMAIL")
    monkeypatch.delenv("EMAIL", raising=False)
    git(root, "config", "user.useConfigOnly", "true")
    with pytest.raises(InputError, match=r"git config user\.name"):
        publish(root)
    assert git(remote, "branch", "--list", "leaderboard") == ""


def test_an_unknown_remote_is_refused_with_the_known(root: Path) -> None:
    with pytest.raises(InputError, match=r"no remote 'upstream' \(known: origin\)"):
        plan(root, PAGES, "upstream", "leaderboard")


def test_a_remote_that_is_gone_is_named(root: Path) -> None:
    git(root, "remote", "set-url", "origin", str(root / "nowhere"))
    with pytest.raises(RunError, match=r"origin does not answer: fatal: .*nowhere"):
        plan(root, PAGES, "origin", "leaderboard")


@pytest.mark.parametrize("branch", ["", "two words", "-x.lock", "a..b"])
def test_what_cannot_be_a_branch_is_refused(root: Path, branch: str) -> None:
    with pytest.raises(InputError, match="cannot be a branch's name"):
        plan(root, PAGES, "origin", branch)


def test_outside_a_repository(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not the root of a git repository"):
        plan(tmp_path, PAGES, "origin", "leaderboard")


def test_a_folder_of_somebody_else_s_repository_is_not_published(root: Path) -> None:
    with pytest.raises(InputError, match="not the root of a git repository"):
        plan(root / "leaderboard", PAGES, "origin", "leaderboard")


def test_without_a_commit(tmp_path: Path, remote: Path) -> None:
    git(tmp_path, "init", "--quiet", "empty")
    git(tmp_path / "empty", "remote", "add", "origin", str(remote))
    with pytest.raises(InputError, match="no commit yet"):
        plan(tmp_path / "empty", PAGES, "origin", "leaderboard")


def test_without_git(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(root))
    with pytest.raises(RunError, match="git is not installed"):
        plan(root, PAGES, "origin", "leaderboard")
