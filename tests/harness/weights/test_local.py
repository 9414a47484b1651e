"""Which published weights a run needs, where they lie, and what is said where they are not there."""

import hashlib
from pathlib import Path
from typing import Any, Literal, cast

import pytest

from benchmark.errors import InputError, RunError
from benchmark.protocol import ResolvedProtocol
from harness.contestants.registry import BackboneFacts
from harness.execution.plan import plan
from harness.execution.spec import DataBundle, RunSpec
from harness.weights.local import (
    Note,
    find,
    informed,
    licence,
    licence_warning,
    needed,
    note_path,
    of_all_variants,
    own_files,
    place,
    read_note,
    state,
)
from harness.workspace import Workspace
from support.pets import cut, pets


def entry(name: str, role: str = "generator", **other: Any) -> dict[str, Any]:
    published = {"licence": "MIT", "address": f"https://weights.example/{name}.pt", "file": f"{name}.pt"}
    return {"name": name, "role": role} | published | other


def facts(*weights: dict[str, Any], **other: Any) -> BackboneFacts:
    plain = {"name": "net", "title": "Net", "paper": "", "licence": "MIT", "input": {}, "weights": weights}
    return BackboneFacts.model_validate({"capabilities": ["train:inpaint"]} | plain | other)


def protocol(init: str, perceptual: str = "none") -> ResolvedProtocol:
    return ResolvedProtocol.model_validate(
        {
            "name": "tiny",
            "image_size": 32,
            "seed": 0,
            "init": init,
            "precision": "float32",
            "inpaint": {"epochs": 1, "patience": 1, "perceptual": perceptual, "batch_size": 1},
            "classify": {"epochs": 1, "batch_size": 1, "learning_rate": 1e-3, "pooling": "flatten"},
            "ablation": {"images_per_individual": 1},
            "cam": {"probes_per_individual": 1},
            "limits": {"seconds": 1, "memory_gib": 1},
        }
    )


PUBLISHED = protocol("published", "published")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def lay(
    backbone: BackboneFacts,
    workspace: Workspace,
    made_from: str | None = None,
    way: Literal["fetched", "imported"] = "fetched",
) -> None:
    """Put some file in place for every entry, with a note of a published file of some sha256."""
    for one in backbone.own_weights:
        path = place(backbone, one, workspace)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"weights")
        if made_from is not None:
            note = Note(
                backbone=backbone.name,
                variant=backbone.variant,
                file=one.file,
                sha256=made_from,
                address=one.address,
                licence=one.licence,
                way=way,
                date="2026-01-01T00:00:00+00:00",
            )
            note_path(backbone, one, workspace).write_text(note.model_dump_json())


NET = facts(entry("own"), entry("judge", "discriminator"), entry("look", "perceptual"))


@pytest.mark.parametrize(
    ("init", "perceptual", "expected"),
    [
        ("random", "none", set()),
        ("published", "none", {"own", "judge"}),
        ("random", "published", {"look"}),
        ("published", "published", {"own", "judge", "look"}),
    ],
)
def test_a_run_needs_what_its_protocol_asks_for(
    workspace: Workspace, init: str, perceptual: str, expected: set[str]
) -> None:
    lay(NET, workspace)
    files = needed(NET, protocol(init, perceptual), workspace)
    assert files == {name: workspace.weights / "net" / f"{name}.safetensors" for name in expected}


def test_a_backbone_that_does_not_inpaint_needs_no_perceptual_network(workspace: Workspace) -> None:
    encoder = NET.model_copy(update={"capabilities": ("train:shallow",)})
    lay(encoder, workspace)
    assert set(needed(encoder, PUBLISHED, workspace)) == {"own", "judge"}


def test_what_comes_with_a_package_is_no_file(workspace: Workspace) -> None:
    assert needed(facts(entry("own", package="netweights")), PUBLISHED, workspace) == {}


def test_a_variant_needs_its_own_weights_and_those_of_all(workspace: Workspace) -> None:
    both = facts(entry("plain", variants=[""]), entry("edge", variants=["edge"]), entry("all"), variants=["edge"])
    edge = both.model_copy(update={"variant": "edge"})
    lay(edge, workspace)
    assert set(needed(edge, PUBLISHED, workspace)) == {"edge", "all"}
    with pytest.raises(InputError, match=r"^net needs the published weights 'plain' \(MIT\), which are not here"):
        needed(both, PUBLISHED, workspace)


def test_missing_weights_are_named_with_licence_command_and_the_way_without(workspace: Workspace) -> None:
    lay(facts(entry("judge")), workspace)
    with pytest.raises(InputError) as caught:
        needed(NET.model_copy(update={"variant": "edge"}), PUBLISHED, workspace)
    assert str(caught.value) == (
        "net:edge needs the published weights 'own' (MIT), 'look' (MIT), which are not here. Get them with "
        "`patternbench weights fetch net:edge`, or, from a file that you have, with `patternbench weights import "
        "net:edge own FILE`. Or decide to go without: INIT=random starts from random weights, and the row says so; "
        'perceptual = "none" in the protocol leaves out the terms of the loss that need them.'
    )


def test_only_the_way_that_helps_is_offered(workspace: Workspace) -> None:
    with pytest.raises(InputError) as caught:
        needed(NET, protocol("random", "published"), workspace)
    assert "INIT=random" not in str(caught.value)
    with pytest.raises(InputError) as caught:
        needed(NET, protocol("published"), workspace)
    assert 'perceptual = "none"' not in str(caught.value)


def test_converted_weights_must_come_from_the_published_file_where_its_sha256_is_known(workspace: Workspace) -> None:
    net = facts(entry("own", sha256="AB12"))
    (own,) = net.weights
    assert state(net, own, workspace) == "missing"
    lay(net, workspace)
    assert state(net, own, workspace) == "outdated"  # nobody knows what it was made from
    lay(net, workspace, made_from="cd34")
    assert state(net, own, workspace) == "outdated"
    with pytest.raises(InputError, match="The files of own that are here do not come from the published ones"):
        needed(net, PUBLISHED, workspace)
    lay(net, workspace, made_from="ab12")
    assert state(net, own, workspace) == "here"
    assert set(needed(net, PUBLISHED, workspace)) == {"own"}


def test_the_users_own_files_start_a_run_whose_row_says_so(workspace: Workspace) -> None:
    net = facts(entry("own", sha256="AB12"), entry("other"))
    lay(net, workspace, made_from="cd34", way="imported")
    given = needed(net, PUBLISHED, workspace)
    found = own_files(net, given, workspace)
    assert found == {"own"}
    nothing = cast("Any", None)
    spec = RunSpec(net, nothing, PUBLISHED, "", given, found, "cpu", 1)
    assert spec.init_label == "own (own file)+other"


def test_a_contestant_with_a_command_keeps_its_file_as_published(workspace: Workspace) -> None:
    sha256 = hashlib.sha256(b"weights").hexdigest()
    net = facts(entry("own", file="models/best.h5", sha256=sha256), command=["net"])
    lay(net, workspace)
    assert needed(net, PUBLISHED, workspace) == {"own": workspace.weights / "net" / "models" / "best.h5"}
    (workspace.weights / "net" / "models" / "best.h5").write_bytes(b"something else")
    with pytest.raises(InputError, match="do not come from the published ones"):
        needed(net, PUBLISHED, workspace)


def test_where_any_text_is_a_variant_each_has_a_folder(workspace: Workspace) -> None:
    net = facts(entry("own"), variants=["*"])
    texts = ["", "resnet18.a1_in1k", "hub:me/net", "hub-me-net", "hub/me/net", "..", "."]
    paths = [place(net.model_copy(update={"variant": text}), net.weights[0], workspace) for text in texts]
    assert [path.parent.relative_to(workspace.weights).as_posix() for path in paths[:2]] == [
        "net",
        "net/resnet18.a1_in1k",
    ]
    assert paths[2].parent.name.startswith("hub-me-net-")
    assert len(set(paths)) == len(texts)
    assert {path.parent.parent for path in paths[1:]} == {workspace.weights / "net"}


SAYS = """
import json, sys
if sys.argv[1] == "nosuch":
    print("there is no nosuch", file=sys.stderr)
    sys.exit(2)
print(json.dumps({"licence": "CC-BY-NC-4.0", "address": "https://hub.example/" + sys.argv[1]}))
"""
"""A command that knows every variant but one."""
HUB = facts(
    entry("own", about=["{python}", "-c", SAYS, "{variant}"], fetch=["{python}", "get.py", "{variant}", "{output}"]),
    variants=["*"],
    published_only=["hub:*"],
    capabilities=["train:shallow"],
)


def of(variant: str) -> BackboneFacts:
    return HUB.model_copy(update={"variant": variant})


def test_what_differs_between_variants_is_asked_until_it_is_noted(workspace: Workspace) -> None:
    (own,) = HUB.weights
    asked = informed(of("hub:a"), own, workspace)
    assert (asked.licence, asked.address) == ("CC-BY-NC-4.0", "https://hub.example/hub:a")
    assert licence(of("hub:a"), "published", workspace) == "CC-BY-NC-4.0"
    assert licence(of("a"), "random", workspace) == "MIT"
    lay(of("hub:a").model_copy(update={"weights": (own.model_copy(update={"licence": "noted"}),)}), workspace, "")
    assert informed(of("hub:a"), own, workspace).licence == "noted"
    assert licence(of("hub:a"), "published", workspace) == "noted"
    assert informed(HUB, own, workspace) == own


@pytest.mark.parametrize("init", ["random", "published"])
def test_a_variant_that_there_is_not_is_refused_before_anything_runs(workspace: Workspace, init: str) -> None:
    with pytest.raises(InputError, match=r"^there is no nosuch$"):
        needed(of("nosuch"), protocol(init), workspace)
    assert needed(of("a"), protocol("random"), workspace) == {}


@pytest.mark.parametrize(
    ("command", "said"),
    [("raise SystemExit(4)", "exit code 4"), ("print('{}')", "no licence"), ("raise OSError('x')", "OSError: x$")],
)
def test_a_command_that_says_no_licence_is_told(workspace: Workspace, command: str, said: str) -> None:
    own = HUB.weights[0].model_copy(update={"about": ("{python}", "-c", command)})
    with pytest.raises(RunError, match=said):
        informed(of("a"), own, workspace)


def test_what_its_files_alone_tell_never_starts_from_random_weights(workspace: Workspace) -> None:
    with pytest.raises(InputError, match=r"^net:hub:a cannot start from random weights: .* INIT=published starts"):
        needed(of("hub:a"), protocol("random"), workspace)
    with pytest.raises(InputError) as caught:
        needed(of("hub:a"), protocol("published"), workspace)
    assert str(caught.value) == (
        "net:hub:a needs the published weights 'own' (CC-BY-NC-4.0), which are not here. Get them with `patternbench "
        "weights fetch net:hub:a`, or, in a checkout on a machine that reaches https://hub.example/hub:a, run `python "
        "get.py hub:a own.pt`; with that file here, `patternbench weights import net:hub:a own own.pt`."
    )
    with pytest.raises(InputError, match="Or decide to go without: INIT=random"):
        needed(of("a"), protocol("published"), workspace)


def test_an_untrained_control_stands_beside_all_that_can_start_from_random_weights(tmp_path: Path) -> None:
    data = pets(tmp_path)
    crops = cut(data)
    plain, controlled = (
        plan(RunSpec(of(variant), DataBundle(data, crops.split), PUBLISHED, "", {}, frozenset(), "cpu", 1), crops)
        for variant in ("hub:a", "a")
    )
    added = {stage.name for stage in controlled} - {stage.name for stage in plain}
    assert added == {"encode-untrained", "classify-untrained", "predict-untrained", "gallery-untrained"}


def test_all_variants_are_listed_with_each_file_once(workspace: Workspace) -> None:
    net = facts(entry("plain", variants=[""]), entry("edge", variants=["edge"]), entry("all"), variants=["edge"])
    found = [(own.label, one.name) for own, one in of_all_variants(net, workspace)]
    assert found == [("net", "plain"), ("net", "all"), ("net:edge", "edge")]


def test_of_endless_variants_those_on_the_disk_are_listed(workspace: Workspace) -> None:
    net = facts(entry("own"), variants=["*"])
    lay(net.model_copy(update={"variant": "hub:me/net"}), workspace, made_from="")
    found = [(own.label, one.name) for own, one in of_all_variants(net, workspace)]
    assert found == [("net", "own"), ("net:hub:me/net", "own")]


def test_a_note_that_cannot_be_read_is_none(tmp_path: Path) -> None:
    assert read_note(tmp_path / "no.json") is None
    (tmp_path / "a.json").write_text('{"backbone": "net"}')
    assert read_note(tmp_path / "a.json") is None


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("owl", r"net has no published weights 'owl'; it has: own, judge, look\. Did you mean 'own'\?$"),
        ("x", r"it has: own, judge, look\.$"),
    ],
)
def test_an_unknown_name_is_told_with_those_there_are(name: str, said: str) -> None:
    assert find(NET, "judge").role == "discriminator"
    with pytest.raises(InputError, match=said):
        find(NET, name)


def test_a_name_of_another_variant_is_told() -> None:
    net = facts(entry("edge", variants=["edge", "edge2"]), entry("plain", variants=[""]), variants=["edge", "edge2"])
    with pytest.raises(InputError, match=r"'edge'; it has: plain\. Those are for net:edge\.$"):
        find(net, "edge")
    with pytest.raises(InputError, match=r"net:edge has no .* 'plain'; it has: edge\. Those are for net\.$"):
        find(net.model_copy(update={"variant": "edge"}), "plain")


@pytest.mark.parametrize(
    "licence", ["CC-BY-NC-4.0", "CC BY-NC 4.0", "non-commercial", "Noncommercial use", "academic use only"]
)
def test_a_licence_against_commercial_use_is_warned_of(licence: str) -> None:
    assert licence_warning(licence) == "Not for commercial use."


@pytest.mark.parametrize(
    "licence", ["", " ", "none", "not stated", "BSD-3-Clause for the code; the weights carry no statement of their own"]
)
def test_a_licence_that_is_not_stated_is_warned_of(licence: str) -> None:
    assert licence_warning(licence).startswith("No licence is stated")


def test_both_warnings_may_hold() -> None:
    assert licence_warning("none stated; converted from weights under CC BY-NC 4.0").startswith("Not for commercial")
    assert "No licence is stated" in licence_warning("none stated; converted from weights under CC BY-NC 4.0")


@pytest.mark.parametrize("licence", ["Apache-2.0", "MIT", "BSD-3-Clause", "CC-BY-4.0", "NCSA"])
def test_a_free_licence_is_not_warned_of(licence: str) -> None:
    assert licence_warning(licence) == ""
