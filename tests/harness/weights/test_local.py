"""Paths of published weights, notes of their origin, and the licence of a variant."""

import sys
from pathlib import Path

import pytest

from benchmark.errors import RunError
from harness.contestants.registry import BackboneFacts
from harness.weights.local import (
    entries_of_all_variants,
    note_path,
    read_note,
    run_licence,
    weights_path,
    with_metadata,
)
from harness.workspace import Workspace
from support.weights import backbone, entry, put_in_place


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


def test_each_variant_has_a_folder_if_any_text_is_one(workspace: Workspace) -> None:
    net = backbone(entry("own"), variants=["*"])
    texts = ["", "resnet18.a1_in1k", "hub:me/net", "hub-me-net", "hub/me/net", "..", "."]
    paths = [weights_path(net.model_copy(update={"variant": text}), net.weights[0], workspace) for text in texts]
    assert [path.parent.relative_to(workspace.weights).as_posix() for path in paths[:2]] == [
        "net",
        "net/resnet18.a1_in1k",
    ]
    assert paths[2].parent.name.startswith("hub-me-net-")
    assert len(set(paths)) == len(texts)
    assert {path.parent.parent for path in paths[1:]} == {workspace.weights / "net"}


PRINTS_LICENCE = """
import json, sys
print(json.dumps({"licence": "CC-BY-NC-4.0", "address": "https://hub.example/" + sys.argv[1]}))
"""
HUB = backbone(entry("own", about=[sys.executable, "-c", PRINTS_LICENCE, "{variant}"]), variants=["*"])


def hub(variant: str) -> BackboneFacts:
    return HUB.model_copy(update={"variant": variant})


def test_a_variant_s_licence_comes_from_the_command_until_a_note_has_it(workspace: Workspace) -> None:
    (own,) = HUB.weights
    described = with_metadata(hub("hub:a"), own, workspace)
    assert (described.licence, described.address) == ("CC-BY-NC-4.0", "https://hub.example/hub:a")
    assert run_licence(hub("hub:a"), "published", workspace) == "CC-BY-NC-4.0"
    assert run_licence(hub("a"), "random", workspace) == "MIT"
    noted = own.model_copy(update={"licence": "noted"})
    put_in_place(hub("hub:a").model_copy(update={"weights": (noted,)}), workspace, "")
    assert with_metadata(hub("hub:a"), own, workspace).licence == "noted"
    assert run_licence(hub("hub:a"), "published", workspace) == "noted"
    assert with_metadata(HUB, own, workspace) == own


@pytest.mark.parametrize(
    ("command", "message"),
    [("raise SystemExit(4)", "exit code 4"), ("print('{}')", "no licence"), ("raise OSError('x')", "OSError: x$")],
)
def test_a_command_that_prints_no_licence_is_an_error(workspace: Workspace, command: str, message: str) -> None:
    own = HUB.weights[0].model_copy(update={"about": ("{python}", "-c", command)})
    with pytest.raises(RunError, match=message):
        with_metadata(hub("a"), own, workspace)


def test_entries_of_all_variants_list_each_file_once(workspace: Workspace) -> None:
    net = backbone(entry("plain", variants=[""]), entry("edge", variants=["edge"]), entry("all"), variants=["edge"])
    pairs = [(owner.label, one.name) for owner, one in entries_of_all_variants(net, workspace)]
    assert pairs == [("net", "plain"), ("net", "all"), ("net:edge", "edge")]


def test_of_unlimited_variants_those_on_the_disk_are_listed(workspace: Workspace) -> None:
    net = backbone(entry("own"), variants=["*"])
    put_in_place(net.model_copy(update={"variant": "hub:me/net"}), workspace, sha256="")
    pairs = [(owner.label, one.name) for owner, one in entries_of_all_variants(net, workspace)]
    assert pairs == [("net", "own"), ("net:hub:me/net", "own")]


def test_an_unreadable_note_counts_as_none(workspace: Workspace) -> None:
    net = backbone(entry("own"))
    assert read_note(net, net.weights[0], workspace) is None
    put_in_place(net, workspace)
    note_path(net, net.weights[0], workspace).write_text('{"backbone": "net"}')
    assert read_note(net, net.weights[0], workspace) is None
