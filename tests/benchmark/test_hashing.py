import hashlib
from pathlib import Path

import pytest

from benchmark.hashing import file_digest, json_digest, tree_digest


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_both_forms_of_a_value_written_by_hand() -> None:
    assert json_digest({"b": [1, None], "a": "é"}) == _sha256('{"a":"\\u00e9","b":[1,null]}')
    assert json_digest({"b": [1, None], "a": "é"}, spaced=True) == _sha256('{"a": "\\u00e9", "b": [1, null]}')


@pytest.mark.parametrize("spaced", [False, True])
def test_numbers_that_json_cannot_hold_are_refused(spaced: bool) -> None:
    with pytest.raises(ValueError, match="not JSON compliant"):
        json_digest([float("nan")], spaced=spaced)


def test_a_files_digest_is_the_sha256_of_its_bytes(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"photo")
    assert file_digest(tmp_path / "a") == _sha256("photo")


def test_a_tree_digest_covers_folder_names_file_names_and_contents(tmp_path: Path) -> None:
    folder = tmp_path / "kit"
    (folder / "sub").mkdir(parents=True)
    (folder / "b.py").write_text("1")
    (folder / "sub" / "a.py").write_text("2")
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "b.pyc").write_text("compiled")
    files = f'[["kit","b.py","{_sha256("1")}"],["kit","sub/a.py","{_sha256("2")}"]]'
    assert tree_digest(folder) == _sha256(files)
    assert tree_digest(folder, folder) == _sha256(f"{files[:-1]},{files[1:]}")
