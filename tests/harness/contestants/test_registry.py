"""The registry reads each backbone.toml into checked facts, and names the field that is wrong."""

import re
from pathlib import Path

import pytest

from benchmark.errors import InputError
from harness.contestants import registry as contestants
from harness.workspace import Workspace
from support.checkout import write_plain
from support.paths import ROOT

SHIPPED = Workspace(ROOT)


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    """A workspace whose one backbone is `plain`."""
    write_plain(tmp_path)
    return Workspace(tmp_path)


def append(text: str, workspace: Workspace) -> None:
    path = workspace.backbones / "plain" / "backbone.toml"
    path.write_text(path.read_text() + text)


def test_values_by_protocol_are_typed(workspace: Workspace) -> None:
    append('[batch_size]\npaper = 4\n[init]\nquick = "published"\n', workspace)
    facts = contestants.find("plain", workspace)
    assert facts.batch_size == {"paper": 4}
    assert facts.init == {"quick": "published"}


def test_values_by_protocol_may_be_left_out(workspace: Workspace) -> None:
    facts = contestants.find("plain", workspace)
    assert (facts.batch_size, facts.init) == ({}, {})


@pytest.mark.parametrize(
    ("table", "problem"),
    [
        ("[learning_rate]\nquick = 1e-3\n", r"learning_rate: Extra inputs are not permitted"),
        ("[batch_size]\npaper = 0\n", r"batch_size\.paper: Input should be greater than or equal to 1"),
        ('[init]\nquick = "pretrained"\n', r"init\.quick: Input should be 'random' or 'published'"),
        ("[surprise]\nquick = 1\n", r"surprise: Extra inputs are not permitted"),
    ],
)
def test_a_wrong_value_is_named(table: str, problem: str, workspace: Workspace) -> None:
    append(table, workspace)
    with pytest.raises(InputError, match=rf"backbone\.toml: {problem}\. See docs/contract\.md"):
        contestants.find("plain", workspace)


def test_the_shipped_backbones_have_values_for_shipped_protocols_only() -> None:
    protocols = {path.stem for path in SHIPPED.protocols.glob("*.toml")}
    for name in contestants.names(SHIPPED):
        label = f"{name}:resnet18" if not contestants.runs_without_variant(name, SHIPPED) else name
        facts = contestants.find(label, SHIPPED)
        assert {*facts.batch_size, *facts.init} <= protocols


def test_a_backbone_toml_that_is_not_utf_8_is_refused(workspace: Workspace) -> None:
    path = workspace.backbones / "plain" / "backbone.toml"
    path.write_bytes(path.read_bytes() + "# für mich\n".encode("latin-1"))
    with pytest.raises(InputError, match=r"backbone\.toml: not TOML: .*utf-8"):
        contestants.find("plain", workspace)


def test_an_unknown_backbone_is_refused_with_the_closest_name(workspace: Workspace) -> None:
    with pytest.raises(InputError, match=r"Unknown backbone 'plan'; there are: plain\. Did you mean 'plain'\?"):
        contestants.find("plan", workspace)


def test_the_kit_reads_the_newest_contract_and_a_command_what_it_states() -> None:
    facts = contestants.BackboneFacts(name="mine", title="Mine", paper="", licence="", capabilities=(), input={})
    own = facts.model_copy(update={"command": ("mine",)})
    assert (facts.reads, own.reads, own.model_copy(update={"contract": "2"}).reads) == ("2", "1", "2")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", "x" * 41),
        ("title", ""),
        ("title", r"\u001B[31m"),
        ("title", r"a\nb"),
        ("title", r"\u202Egnp"),
        ("name", "../plain"),
        ("name", "Plain"),
        ("licence", r"\u0007"),
        ("paper", "x" * 1000),
    ],
)
def test_text_that_no_table_can_show_is_refused(field: str, value: str, workspace: Workspace) -> None:
    path = workspace.backbones / "plain" / "backbone.toml"
    path.write_text(re.sub(rf"(?m)^{field} = .*$", lambda _: f'{field} = "{value}"', path.read_text()))
    with pytest.raises(InputError, match=rf"{field}: .*See docs/contract\.md") as error:
        contestants.find("plain", workspace)
    assert str(error.value).isprintable()


@pytest.mark.parametrize("variant", ["\x1b[31m", "a\nb", "x" * 201, "\u202e"])
def test_a_variant_is_one_short_line(variant: str, workspace: Workspace) -> None:
    path = workspace.backbones / "plain" / "backbone.toml"
    path.write_text('variants = ["*"]\n' + path.read_text())
    with pytest.raises(InputError, match="cannot be a variant") as error:
        contestants.find(f"plain:{variant}", workspace)
    assert str(error.value).isprintable()
