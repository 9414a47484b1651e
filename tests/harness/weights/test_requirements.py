"""Which published weights a run needs, and the error if they are missing."""

import hashlib
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from benchmark.errors import InputError
from benchmark.protocol import Overrides, Protocol, ResolvedProtocol
from benchmark.vocabulary import Init
from harness.contestants.registry import BackboneFacts
from harness.execution.plan import plan
from harness.execution.spec import DataBundle, RunSpec
from harness.weights.local import own_files, state
from harness.weights.requirements import required_files
from harness.workspace import Workspace
from support.weights import backbone, entry, put_in_place


def protocol(init: str, perceptual: str = "none", backbones: dict[str, Any] | None = None) -> ResolvedProtocol:
    """A protocol resolved for the backbone `net`."""
    plain = {
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
        "backbones": backbones or {},
    }
    return Protocol.model_validate(plain).resolve("net", Overrides())


PUBLISHED = protocol("published", "published")


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path)


NET = backbone(entry("own"), entry("judge", "discriminator"), entry("look", "perceptual"))


@pytest.mark.parametrize(
    ("init", "perceptual", "backbones", "expected"),
    [
        ("random", "none", {}, set()),
        ("published", "none", {}, {"own", "judge"}),
        ("random", "published", {}, {"look"}),
        ("published", "published", {}, {"own", "judge", "look"}),
        ("random", "none", {"net": {"init": "published"}}, {"own", "judge"}),
        ("published", "none", {"net": {"init": "random"}}, set()),
        ("published", "none", {"other": {"init": "random"}}, {"own", "judge"}),
    ],
)
def test_the_protocol_decides_which_weights_a_run_needs(
    workspace: Workspace, init: Init, perceptual: str, backbones: dict[str, Any], expected: set[str]
) -> None:
    put_in_place(NET, workspace)
    files = required_files(NET, protocol(init, perceptual, backbones), workspace)
    assert files == {name: workspace.weights / "net" / f"{name}.safetensors" for name in expected}


def test_a_backbone_that_does_not_inpaint_needs_no_perceptual_network(workspace: Workspace) -> None:
    encoder = NET.model_copy(update={"capabilities": ("train:shallow",)})
    put_in_place(encoder, workspace)
    assert set(required_files(encoder, PUBLISHED, workspace)) == {"own", "judge"}


def test_weights_in_a_package_need_no_file(workspace: Workspace) -> None:
    assert required_files(backbone(entry("own", package="netweights")), PUBLISHED, workspace) == {}


def test_a_variant_needs_its_own_weights_and_those_of_all_variants(workspace: Workspace) -> None:
    both = backbone(entry("plain", variants=[""]), entry("edge", variants=["edge"]), entry("all"), variants=["edge"])
    edge = both.model_copy(update={"variant": "edge"})
    put_in_place(edge, workspace)
    assert set(required_files(edge, PUBLISHED, workspace)) == {"edge", "all"}
    with pytest.raises(InputError, match=r"^net needs the published weights 'plain' \(MIT\), which are not here"):
        required_files(both, PUBLISHED, workspace)


def test_missing_weights_are_named_with_licence_command_and_the_way_without(workspace: Workspace) -> None:
    put_in_place(backbone(entry("judge")), workspace)
    with pytest.raises(InputError) as caught:
        required_files(NET.model_copy(update={"variant": "edge"}), PUBLISHED, workspace)
    assert str(caught.value) == (
        "net:edge needs the published weights 'own' (MIT), 'look' (MIT), which are not here. Get them with "
        "`patternbench weights fetch net:edge`, or, from a file that you have, with `patternbench weights import "
        "net:edge own FILE`. Or go without: INIT=random starts from random weights, and the row shows it; "
        'perceptual = "none" in the protocol leaves out the terms of the loss that need them.'
    )


def test_only_the_alternative_that_helps_is_offered(workspace: Workspace) -> None:
    with pytest.raises(InputError) as caught:
        required_files(NET, protocol("random", "published"), workspace)
    assert "INIT=random" not in str(caught.value)
    with pytest.raises(InputError) as caught:
        required_files(NET, protocol("published"), workspace)
    assert 'perceptual = "none"' not in str(caught.value)


def test_weights_must_be_made_from_the_published_file_if_its_sha256_is_known(workspace: Workspace) -> None:
    net = backbone(entry("own", sha256="AB12" * 16))
    (own,) = net.weights
    assert state(net, own, workspace) == "missing"
    put_in_place(net, workspace)
    assert state(net, own, workspace) == "unverified"  # no note of their origin
    put_in_place(net, workspace, sha256="cd34")
    assert state(net, own, workspace) == "unverified"
    with pytest.raises(InputError, match="The files of own that are here were not made from the published ones"):
        required_files(net, PUBLISHED, workspace)
    put_in_place(net, workspace, sha256="ab12" * 16)
    assert state(net, own, workspace) == "present"
    assert set(required_files(net, PUBLISHED, workspace)) == {"own"}


def test_the_users_own_files_start_a_run_whose_row_shows_it(workspace: Workspace) -> None:
    net = backbone(entry("own", sha256="AB12" * 16), entry("other"))
    put_in_place(net, workspace, sha256="cd34", way="imported")
    weights = required_files(net, PUBLISHED, workspace)
    own = own_files(net, weights, workspace)
    assert own == {"own", "other"}
    assert run_spec(net, PUBLISHED, weights=weights, own_files=own).init_label == "own (own file)+other (own file)"


def test_a_contestant_with_a_command_keeps_its_file_as_published(workspace: Workspace) -> None:
    sha256 = hashlib.sha256(b"weights").hexdigest()
    net = backbone(entry("own", file="models/best.h5", sha256=sha256), command=["net"])
    put_in_place(net, workspace)
    assert required_files(net, PUBLISHED, workspace) == {"own": workspace.weights / "net" / "models" / "best.h5"}
    (workspace.weights / "net" / "models" / "best.h5").write_bytes(b"something else")
    with pytest.raises(InputError, match="were not made from the published ones"):
        required_files(net, PUBLISHED, workspace)


PRINTS_LICENCE = """
import json, sys
if sys.argv[1] == "nosuch":
    print("there is no nosuch", file=sys.stderr)
    sys.exit(2)
print(json.dumps({"licence": "CC-BY-NC-4.0", "address": "https://hub.example/" + sys.argv[1]}))
"""
HUB = backbone(
    entry(
        "own",
        about=["{python}", "-c", PRINTS_LICENCE, "{variant}"],
        fetch=["{python}", "get.py", "{variant}", "{output}"],
    ),
    variants=["*"],
    published_only=["hub:*"],
    capabilities=["train:shallow"],
)


def hub(variant: str) -> BackboneFacts:
    return HUB.model_copy(update={"variant": variant})


@pytest.mark.parametrize("init", ["random", "published"])
def test_an_unknown_variant_is_refused_before_anything_runs(workspace: Workspace, init: Init) -> None:
    with pytest.raises(InputError, match=r"^there is no nosuch$"):
        required_files(hub("nosuch"), protocol(init), workspace)
    assert required_files(hub("a"), protocol("random"), workspace) == {}


def test_a_network_that_only_its_files_define_never_starts_from_random_weights(workspace: Workspace) -> None:
    with pytest.raises(InputError, match=r"^net:hub:a cannot start from random weights: .* INIT=published starts"):
        required_files(hub("hub:a"), protocol("random"), workspace)
    with pytest.raises(InputError) as caught:
        required_files(hub("hub:a"), protocol("published"), workspace)
    assert str(caught.value) == (
        "net:hub:a needs the published weights 'own' (CC-BY-NC-4.0), which are not here. Get them with `patternbench "
        "weights fetch net:hub:a`, or, in a checkout on a machine that reaches https://hub.example/hub:a, run `python "
        "get.py hub:a own.pt`; with that file here, `patternbench weights import net:hub:a own own.pt`."
    )
    with pytest.raises(InputError, match="Or go without: INIT=random"):
        required_files(hub("a"), protocol("published"), workspace)


def test_a_backbone_that_can_start_from_random_weights_has_an_untrained_control() -> None:
    without, with_control = (len(plan(run_spec(hub(variant), PUBLISHED), inpaints=False)) for variant in ("hub:a", "a"))
    assert with_control == without + 4  # the test images, a training, its predictions, the gallery


def run_spec(owner: BackboneFacts, resolved: ResolvedProtocol, **fields: Any) -> RunSpec:
    """A run on a data set without images."""
    catalogue = SimpleNamespace(rows=[], has_regions=False, identities=("fox", "owl"))
    data = DataBundle(cast("Any", catalogue), cast("Any", SimpleNamespace(ids=lambda *_: [])))
    plain: dict[str, Any] = {"rules": "", "weights": {}, "own_files": frozenset(), "device": "cpu", "workers": 1}
    return RunSpec(owner, data, resolved, **plain | fields)
