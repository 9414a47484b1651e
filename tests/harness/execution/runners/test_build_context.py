"""What a build may see and ask for: links, recipes and locks of a contestant's folder."""

import os
import tarfile
from pathlib import Path

import pytest

from benchmark.errors import InputError
from harness.execution.runners import build_context
from harness.execution.runners.build_context import check_lock, check_recipe, check_sources, write_context
from support.paths import ROOT

HASH = "--hash=sha256:" + "0" * 64


def folder(root: Path) -> Path:
    home = root / "evil"
    (home / "inner").mkdir(parents=True)
    (home / "Dockerfile").write_text("FROM scratch\n")
    return home


def test_plain_files_are_taken(tmp_path: Path) -> None:
    check_sources(folder(tmp_path))


@pytest.mark.parametrize("place", ["notes.txt", "inner/notes.txt", "Dockerfile", "inner/__init__.py"])
@pytest.mark.parametrize("target", ["/etc/hostname", "/etc", "../../outside", "Dockerfile", "/no/such"])
def test_a_link_is_refused_wherever_it_is_and_wherever_it_leads(tmp_path: Path, place: str, target: str) -> None:
    home = folder(tmp_path)
    (home / place).unlink(missing_ok=True)
    (home / place).symlink_to(target)
    with pytest.raises(InputError, match=f"evil/{place} is a link"):
        check_sources(home)


def test_a_contestant_s_folder_may_itself_be_a_link_but_what_is_in_it_may_not(tmp_path: Path) -> None:
    home = folder(tmp_path)
    (tmp_path / "other").symlink_to("evil")
    check_sources(tmp_path / "other")
    (home / "notes.txt").symlink_to("/etc/hostname")
    with pytest.raises(InputError, match=r"other/notes\.txt is a link"):
        check_sources(tmp_path / "other")


def test_every_fault_is_named_and_pipes_are_refused_too(tmp_path: Path) -> None:
    home = folder(tmp_path)
    os.mkfifo(home / "pipe")
    (home / "link").symlink_to("/etc")
    with pytest.raises(InputError, match=r"(?s)evil/link is a link.*evil/pipe is neither"):
        check_sources(home)


def test_a_folder_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build_context, "MOST_FILES", 1)
    with pytest.raises(InputError, match="more than 1 files"):
        check_sources(folder(tmp_path))


def test_a_link_that_came_after_the_check_is_in_no_context(tmp_path: Path) -> None:
    (tmp_path / "__init__.py").touch()
    (folder(tmp_path) / "link").symlink_to("/etc/hostname")
    with pytest.raises(InputError, match="evil/link is neither"):
        write_context(tmp_path, ["evil"], {})


def test_owner_and_time_of_the_files_do_not_change_the_bytes_of_a_context(tmp_path: Path) -> None:
    (tmp_path / "__init__.py").touch()
    home = folder(tmp_path)
    first = write_context(tmp_path, ["evil"], {}).getvalue()
    os.utime(home / "Dockerfile", (1, 1))
    (home / "__pycache__").mkdir()
    context = write_context(tmp_path, ["evil"], {})
    assert context.getvalue() == first
    with tarfile.open(fileobj=context) as archive:
        assert archive.getnames() == ["__init__.py", "evil", "evil/Dockerfile", "evil/inner"]


@pytest.mark.parametrize(
    "line",
    [
        "ADD http://127.0.0.1/secret /",
        "add a /a",
        "  Add a /a",
        "A\\\nDD http://host/ /",
        "ADD \\\n http://host/ /",
        "ONBUILD ADD http://host/ /",
        "# syntax=evil/frontend",
        "#escape=`",
    ],
)
def test_a_recipe_that_makes_the_engine_fetch_is_refused(tmp_path: Path, line: str) -> None:
    recipe = folder(tmp_path) / "Dockerfile"
    recipe.write_text(f"{line}\nFROM scratch\n")
    with pytest.raises(InputError, match=r"^evil/Dockerfile: "):
        check_recipe(recipe)


@pytest.mark.parametrize(
    "line",
    [
        "--index-url http://evil/",
        "--extra-index-url http://evil/",
        "-r /etc/passwd",
        "-e .",
        f"tool @ http://evil/tool.whl {HASH}",
        f"./tool.whl {HASH}",
        "tool==1.0",
        f"tool>=1.0 {HASH}",
        f"tool==1.0 {HASH} --global-option=x",
        f"tool==1.0 \\\n    {HASH} \\\n    --config-settings=a=b",
        f"tool==1.0 ; python_version > '3' @ http://evil {HASH}",
    ],
)
def test_a_lock_that_asks_for_another_place_or_an_unknown_file_is_refused(tmp_path: Path, line: str) -> None:
    lock = folder(tmp_path) / "requirements.lock"
    lock.write_text(f"# made by hand\n{line}\n")
    with pytest.raises(InputError, match=r"^evil/requirements.lock: .* is not taken"):
        check_lock(lock)


def test_the_shipped_contestants_are_taken() -> None:
    for recipe in sorted((ROOT / "backbones").glob("*/Dockerfile")):
        check_sources(recipe.parent)
        check_recipe(recipe)
        if (lock := recipe.parent / "requirements.lock").exists():
            check_lock(lock)
