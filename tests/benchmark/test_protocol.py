from pathlib import Path

import pytest
from pydantic import ValidationError

from benchmark.errors import InputError
from benchmark.protocol import Overrides, Protocol, read_protocol
from support.paths import ROOT

SHIPPED = ROOT / "benchmark" / "protocols"


def test_paper_has_the_values_of_the_paper() -> None:
    paper = read_protocol("paper", SHIPPED)
    assert (paper.image_size, paper.init, paper.inpaint.epochs, paper.inpaint.perceptual) == (
        256,
        "published",
        10,
        "published",
    )
    assert (paper.classify.epochs, paper.classify.batch_size, paper.classify.pooling) == (15, 8, "flatten")
    assert paper.ablation.images_per_individual == 300
    assert paper.inpaint.originals is None
    assert paper.classify.images is None


@pytest.mark.parametrize(
    ("name", "trained", "ablated"),
    [
        ("quick", ("deep",), ()),
        ("longer", ("deep",), ("deep",)),
        ("paper", ("shallow", "deep"), ("shallow", "deep")),
    ],
)
def test_the_paper_s_head_is_trained_in_its_own_protocol_alone(
    name: str, trained: tuple[str, ...], ablated: tuple[str, ...]
) -> None:
    protocol = read_protocol(name, SHIPPED)
    assert (protocol.classify.modes, protocol.ablation.modes) == (trained, ablated)


def with_modes(trained: list[str], ablated: list[str] | None) -> Protocol:
    values = read_protocol("quick", SHIPPED).model_dump()
    values["classify"]["modes"], values["ablation"]["modes"] = trained, ablated
    return Protocol.model_validate(values)


def test_modes_have_one_order_whatever_the_file_s() -> None:
    assert with_modes(["deep", "shallow"], None).classify.modes == ("shallow", "deep")
    assert with_modes(["deep", "shallow"], []).rules == with_modes(["shallow", "deep"], []).rules
    assert with_modes([], []).classify.modes == ()


@pytest.mark.parametrize(
    ("trained", "ablated", "complaint"),
    [
        (["deep", "deep"], [], "deep, deep: name each mode once"),
        (["deep"], ["shallow"], "ablation.modes has shallow, which classify.modes lacks"),
        (["linear"], [], "'shallow' or 'deep'"),
    ],
)
def test_modes_that_cannot_be_are_refused(trained: list[str], ablated: list[str], complaint: str) -> None:
    with pytest.raises(ValidationError, match=complaint):
        with_modes(trained, ablated)


def test_an_experiment_trains_every_classifier_in_every_region_variant() -> None:
    quick = read_protocol("quick", SHIPPED)
    every = quick.with_every_classifier()
    assert (every.classify.modes, every.ablation.modes) == (("shallow", "deep"), None)
    assert every.classify.epochs == quick.classify.epochs
    assert every.rules != quick.rules


@pytest.mark.parametrize("name", ["quick", "longer", "paper"])
def test_no_shipped_protocol_names_a_contestant(name: str) -> None:
    assert read_protocol(name, SHIPPED).backbones == {}


def test_an_unknown_protocol_names_the_known() -> None:
    with pytest.raises(InputError, match=r"Unknown protocol 'fast'; there are: longer, paper, quick"):
        read_protocol("fast", SHIPPED)


def test_a_contestant_s_own_values_stand_in_place_of_the_protocol_s() -> None:
    quick = read_protocol("quick", SHIPPED)
    own = Overrides(batch_size=2, init="published")
    resolved = quick.resolve("colour", own)
    assert (resolved.inpaint.batch_size, resolved.init) == (2, "published")
    plain = quick.resolve("lama", Overrides())
    assert (plain.classify, plain.inpaint, plain.init) == (quick.classify, quick.inpaint, quick.init)


def test_the_file_s_exceptions_go_before_a_contestant_s_own_values() -> None:
    quick = read_protocol("quick", SHIPPED)
    mine = Protocol.model_validate(quick.model_dump() | {"backbones": {"colour": {"batch_size": 3}}})
    own = Overrides(init="published", batch_size=2)
    resolved = mine.resolve("colour", own)
    assert (resolved.inpaint.batch_size, resolved.init) == (3, "published")
    assert mine.resolve("pixels", own).inpaint.batch_size == 2


def test_an_initialisation_of_the_user_s_holds_for_every_backbone() -> None:
    quick = read_protocol("quick", SHIPPED)
    mine = Protocol.model_validate(quick.model_dump() | {"backbones": {"colour": {"init": "random"}}})
    assert mine.with_init("published").resolve("colour", Overrides()).init == "published"


def test_a_seed_stays_within_its_bounds() -> None:
    quick = read_protocol("quick", SHIPPED)
    assert quick.with_seed(2**31 - 1).seed == 2**31 - 1
    with pytest.raises(InputError, match=r"The seed 2147483648 is not allowed: .* 0 to 2147483647"):
        quick.with_seed(2**31)


def test_rules_are_what_holds_for_every_backbone() -> None:
    quick = read_protocol("quick", SHIPPED)

    def changed(**values: object) -> str:
        return Protocol.model_validate(quick.model_dump() | values).rules

    assert changed(name="mine", seed=7, limits={"seconds": 1, "memory_gib": 1}) == quick.rules
    assert changed(backbones={"lama": {"batch_size": 1}}) == quick.rules
    assert changed(classify=quick.classify.model_dump() | {"learning_rate": 1.0}) != quick.rules
    assert quick.rules != read_protocol("longer", SHIPPED).rules


def test_rules_do_not_tell_how_fast_the_networks_are_computed() -> None:
    quick = read_protocol("quick", SHIPPED)

    def changed(**values: object) -> str:
        return Protocol.model_validate(quick.model_dump() | values).rules

    assert quick.precision == "auto"
    assert changed(precision="float32", fast=False) == quick.rules
    assert changed(precision="bfloat16") != quick.rules


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
        ("learning_rate = 3e-4", "learning_rate = 0", r"learning_rate: Input should be greater than 0"),
        ("learning_rate = 3e-4", "learning_rate = inf", r"learning_rate: Input should be a finite number"),
        ("batch_size = 8", "batch_size = { default = 8 }", r"inpaint\.batch_size: Input should be a valid integer"),
    ],
)
def test_a_wrong_value_says_where(tmp_path: Path, old: str, new: str, complaint: str) -> None:
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
