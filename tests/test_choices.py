from pathlib import Path

import pytest

from benchmark.errors import InputError
from harness.choices import choose_protocol
from harness.workspace import Workspace

HERE = Workspace.here()


@pytest.mark.parametrize(("written", "hint"), [("colur", r"did you mean 'colour'\?"), ("xyz", "there are: aotgan, ")])
def test_a_backbone_that_there_is_not_is_no_name_for_a_value(tmp_path: Path, written: str, hint: str) -> None:
    quick = (HERE.protocols / "quick.toml").read_text(encoding="utf-8")
    assert "colour = 3e-3" in quick
    path = tmp_path / "mine.toml"
    path.write_text(quick.replace("colour = 3e-3", f"{written} = 3e-3"), encoding="utf-8")
    with pytest.raises(InputError, match=rf"mine\.toml: .* the backbone '{written}', which there is not; {hint}"):
        choose_protocol(str(path), HERE)
    path.write_text(quick, encoding="utf-8")
    assert choose_protocol(str(path), HERE).named >= {"colour", "pixels"}


def test_a_checkout_with_fewer_backbones_has_the_shipped_protocols_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "benchmark").mkdir()
    (tmp_path / "benchmark" / "protocols").symlink_to(HERE.protocols)
    (tmp_path / "backbones").mkdir()
    assert choose_protocol("quick", Workspace(tmp_path)).name == "quick"
