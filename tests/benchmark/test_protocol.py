from pathlib import Path

import pytest

from benchmark.errors import InputError
from benchmark.protocol import read_protocol
from support.paths import ROOT

SHIPPED = ROOT / "benchmark" / "protocols"


def test_paper_has_the_study_s_figures() -> None:
    paper = read_protocol("paper", SHIPPED)
    assert (paper.image_size, paper.init["default"], paper.inpaint.epochs, paper.inpaint.perceptual) == (
        256,
        "published",
        10,
        "published",
    )
    assert [paper.of(name).inpaint.batch_size for name in ("lama", "aotgan")] == [{"default": 4}, {"default": 8}]
    assert (paper.classify.epochs, paper.classify.batch_size, paper.classify.pooling) == (15, 8, "flatten")
    assert paper.ablation.images_per_individual == 300
    assert paper.inpaint.originals is None
    assert paper.classify.images is None


def test_an_unknown_protocol_names_the_known() -> None:
    with pytest.raises(InputError, match=r"Unknown protocol 'fast'; there are: longer, paper, quick"):
        read_protocol("fast", SHIPPED)


def test_what_is_settled_for_another_backbone_is_no_part_of_one_s_own_protocol() -> None:
    quick = read_protocol("quick", SHIPPED)
    assert quick.of("lama").classify.learning_rate == {"default": quick.classify.learning_rate["default"]}
    assert quick.of("colour").classify.learning_rate == {"default": quick.classify.learning_rate["colour"]}
    assert quick.of("lama").classify == quick.of("aotgan").classify != quick.of("colour").classify


def test_rules_are_what_holds_for_every_backbone() -> None:
    quick = read_protocol("quick", SHIPPED)
    same = {"name": "mine", "seed": 7, "limits": quick.limits.model_copy(update={"seconds": 1})}
    assert quick.model_copy(update=same).rules == quick.rules
    rates = quick.classify.learning_rate
    for others, equal in ((rates | {"lama": 1.0}, True), (rates | {"default": 1.0}, False)):
        changed = quick.model_copy(update={"classify": quick.classify.model_copy(update={"learning_rate": others})})
        assert (changed.rules == quick.rules) is equal
    assert quick.rules != read_protocol("longer", SHIPPED).rules


def test_a_file_with_a_shipped_protocol_s_name_must_have_its_rules(tmp_path: Path) -> None:
    path = tmp_path / "quick.toml"
    quick = (SHIPPED / "quick.toml").read_text(encoding="utf-8")
    path.write_text(quick.replace("seconds = 1800", "seconds = 60"), encoding="utf-8")
    assert read_protocol(str(path), SHIPPED).limits.seconds == 60
    path.write_text(quick.replace("image_size = 64", "image_size = 128"), encoding="utf-8")
    with pytest.raises(InputError, match=r"quick\.toml has the name of .* but other rules: .* another name"):
        read_protocol(str(path), SHIPPED)


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ("{ default = 8 }", "8", r"inpaint\.batch_size: Value error, 8 should be by backbone name, \{ default = "),
        ("{ default = 8 }", "{ lama = 4 }", r"\{'lama': 4\} should be by backbone name"),
        ("{ default = 5e-5,", "{ default = 0,", r"learning_rate\.default: Input should be greater than 0"),
        ("{ default = 5e-5,", "{ default = inf,", r"learning_rate\.default: Input should be a finite number"),
    ],
)
def test_a_value_by_backbone_has_a_default(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    quick = (SHIPPED / "quick.toml").read_text(encoding="utf-8")
    assert old in quick
    path = tmp_path / "mine.toml"
    path.write_text(quick.replace(old, new), encoding="utf-8")
    with pytest.raises(InputError, match=complaint):
        read_protocol(str(path), SHIPPED)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ("seed = 0\nimage_sise = 3", "image_sise"),
        ("seed =", "not TOML"),
        ("seed = -1", "seed: Input should be greater than or equal to 0"),
        ("seed = 2147483648", "seed: Input should be less than 2147483648"),
    ],
)
def test_a_wrong_protocol_file_says_where(tmp_path: Path, change: str, complaint: str) -> None:
    path = tmp_path / "mine.toml"
    quick = (SHIPPED / "quick.toml").read_text(encoding="utf-8").replace("seed = 0\n", "")
    path.write_text(change + "\n" + quick, encoding="utf-8")
    with pytest.raises(InputError, match=complaint):
        read_protocol(str(path), SHIPPED)


def test_a_file_that_is_no_utf_8_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "odd.toml"
    path.write_bytes("# für mich\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"odd\.toml: not TOML: .*utf-8"):
        read_protocol(str(path), tmp_path)


def test_a_file_of_one_s_own_is_named_after_itself(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_bytes((SHIPPED / "quick.toml").read_bytes())
    assert read_protocol(str(path), SHIPPED).name == "mine"
