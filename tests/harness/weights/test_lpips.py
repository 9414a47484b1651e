"""The network of LPIPS: imported as published or refused; without it, no LPIPS is measured."""

import hashlib
import pickle
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor
from torchvision.models import alexnet

from benchmark.errors import InputError
from benchmark.metrics.reconstruction import fill_mean_colour, fill_telea
from benchmark.vocabulary import Filling
from harness.cli import weights as cli_weights
from harness.contestants import scaffold
from harness.scoring.inpainting import perceptual_distances
from harness.weights import lpips as module
from harness.weights.local import read_note
from harness.weights.lpips import ALEXNET, LPIPS, alexnet_file, convert_alexnet, lpips_warning
from harness.workspace import Workspace
from support.commands import output_of
from support.servers import serving
from support.weights import installed_files

pytestmark = pytest.mark.usefixtures("one_thread")


def published() -> dict[str, Tensor]:
    """A state dict in torchvision's layout: random convolutions, and a classifier that takes no room."""
    with torch.device("meta"):
        shapes = {key: value.shape for key, value in alexnet(weights=None).state_dict().items()}
    draws = torch.Generator().manual_seed(0)
    return {
        key: torch.randn(shape, generator=draws) * 0.05
        if key.startswith("features.")
        else torch.zeros(()).expand(shape)
        for key, shape in shapes.items()
    }


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("published") / "my alexnet.pth"
    torch.save(published(), path)
    return path


@pytest.fixture
def published_sha256(file: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The sha256 of the random file, which counts as the published one in a test."""
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    set_published(monkeypatch, sha256=sha256)
    return sha256


def set_published(monkeypatch: pytest.MonkeyPatch, **fields: str) -> None:
    entry = module.LPIPS.weights[0].model_copy(update=fields)
    monkeypatch.setattr(module, "LPIPS", LPIPS.model_copy(update={"weights": (entry,)}))


@pytest.fixture
def address(file: Path) -> Iterator[str]:
    """Address of a local web server that has the file."""
    with serving(file.parent) as address:
        yield f"{address}/{file.name.replace(' ', '%20')}"


def run(workspace: Workspace, *arguments: object) -> str:
    return output_of(cli_weights.app, workspace, *arguments)


def test_the_sha256_begins_as_the_published_name_says() -> None:
    assert ALEXNET.file == f"alexnet-owt-{ALEXNET.sha256[:8]}.pth"
    assert ALEXNET.address.endswith(ALEXNET.file)
    assert len(ALEXNET.sha256) == 64


def test_the_convolutions_are_kept_as_they_are(file: Path, tmp_path: Path) -> None:
    convert_alexnet(file, tmp_path / "out")
    source, converted = published(), load_file(tmp_path / "out")
    assert sorted(converted) == sorted(key for key in source if key.startswith("features."))
    assert all(torch.equal(converted[key], source[key]) for key in converted)


@pytest.mark.parametrize(
    ("change", "mismatch"),
    [
        (lambda state: state.pop("features.6.bias"), "features.6.bias is missing; get alexnet-owt-7be5be79.pth from "),
        (lambda state: state.pop("classifier.6.bias"), "classifier.6.bias is missing"),
        (lambda state: state.update({"features.12.bias": torch.ones(1)}), "features.12.bias is unknown"),
        (lambda state: state.update({"features.0.bias": torch.ones(3)}), r"features.0.bias is \(3,\), not \(64,\)"),
        (lambda state: state.update({"features.0.bias": 3}), r"features.0.bias is \('int',\), not \(64,\)"),
        (lambda state: state.clear(), "features.0.weight is missing, .* is missing, .* is missing, ...; get"),
    ],
)
def test_a_file_that_does_not_fit_is_refused(
    tmp_path: Path, change: Callable[[dict[str, Any]], object], mismatch: str
) -> None:
    state: dict[str, Any] = published()
    change(state)
    torch.save(state, tmp_path / "file.pth")
    with pytest.raises(InputError, match=f"^file.pth does not fit torchvision's AlexNet: {mismatch}"):
        convert_alexnet(tmp_path / "file.pth", tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_file_that_holds_no_tensors_by_name_is_refused(tmp_path: Path) -> None:
    torch.save([torch.ones(1)], tmp_path / "file.pth")
    with pytest.raises(InputError, match="does not fit torchvision's AlexNet"):
        convert_alexnet(tmp_path / "file.pth", tmp_path / "out")


class Touch:
    """Makes a file when it is unpickled."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[Path]]:
        return Path.touch, (self.path,)


def test_nothing_in_a_file_is_executed_and_a_truncated_one_refused(file: Path, tmp_path: Path) -> None:
    (tmp_path / "planted.pth").write_bytes(pickle.dumps(Touch(tmp_path / "executed")))
    (tmp_path / "half.pth").write_bytes(file.read_bytes()[:5000])
    (tmp_path / "empty.pth").touch()
    for name in ("planted.pth", "half.pth", "empty.pth"):
        with pytest.raises(InputError, match=rf"^{name}: cannot be read as weights .* truncated, or holds more than"):
            convert_alexnet(tmp_path / name, tmp_path / "out")
    assert not (tmp_path / "executed").exists()
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", [[], ["alexnet"]])
def test_a_file_is_imported_with_and_without_its_name(
    workspace: Workspace, file: Path, published_sha256: str, name: list[str]
) -> None:
    assert alexnet_file(workspace) is None
    assert lpips_warning(workspace).startswith(
        "No LPIPS of filled holes: the weights of its network are not here. `patternbench weights fetch lpips` gets"
    )
    output = run(workspace, "import", "lpips", *name, file)
    assert output.startswith("alexnet (perceptual of lpips)\n  published at https://")
    assert installed_files(workspace) == ["lpips/alexnet.json", "lpips/alexnet.safetensors"]
    assert alexnet_file(workspace) == workspace.weights / "lpips" / "alexnet.safetensors"
    assert lpips_warning(workspace) == ""
    note = read_note(LPIPS, ALEXNET, workspace)
    assert note is not None
    assert (note.file, note.sha256, note.way) == (file.name, published_sha256, "imported")


def test_another_file_is_refused(workspace: Workspace, file: Path) -> None:
    with pytest.raises(InputError, match=f"is not the published {ALEXNET.file} of lpips: .* {ALEXNET.sha256}. Get it"):
        run(workspace, "import", "lpips", file)
    assert installed_files(workspace) == []


def test_the_file_is_fetched(
    workspace: Workspace, address: str, published_sha256: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_published(monkeypatch, sha256=published_sha256, address=address)
    run(workspace, "fetch", "lpips")
    assert alexnet_file(workspace) is not None
    assert "alexnet is here: " in run(workspace, "fetch", "lpips")


@pytest.mark.usefixtures("published_sha256")
def test_the_list_ends_with_the_metric(workspace: Workspace, file: Path) -> None:
    def row() -> list[str]:
        *_, last = (line.split() for line in run(workspace, "list", "lpips").splitlines() if line.startswith("lpips"))
        return last

    assert row()[:4] == ["lpips", "alexnet", "perceptual", "no"]
    run(workspace, "import", "lpips", file)
    assert row()[:4] == ["lpips", "alexnet", "perceptual", "yes,"]


@pytest.mark.usefixtures("published_sha256")
def test_weights_of_unknown_origin_are_not_used(workspace: Workspace, file: Path) -> None:
    run(workspace, "import", "lpips", file)
    (workspace.weights / "lpips" / "alexnet.json").unlink()
    assert alexnet_file(workspace) is None
    assert "that are here were not made from the published file" in lpips_warning(workspace)


def test_no_new_backbone_may_have_the_name_of_the_metric(workspace: Workspace) -> None:
    with pytest.raises(InputError, match="'lpips' is the name of a metric"):
        scaffold.write("lpips", None, workspace)


SIDE = 64


def photos(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (4, SIDE, SIDE, 3), dtype=np.uint8)


@pytest.mark.usefixtures("published_sha256")
def test_every_filling_is_measured_with_the_weights(workspace: Workspace, file: Path) -> None:
    assert alexnet_file(workspace) is None
    run(workspace, "import", "lpips", file)
    weights = alexnet_file(workspace)
    assert weights is not None
    truth, holes = photos(0), np.zeros((4, SIDE, SIDE), np.uint8)
    holes[:, 20:40, 20:40] = 1
    fillings: dict[Filling, np.ndarray] = {
        "model": truth,
        "mean_colour": fill_mean_colour(truth, holes),
        "telea": fill_telea(truth, holes),
    }
    distances = perceptual_distances(fillings, truth, holes, weights)
    assert (distances["model"] == 0).all()
    assert (distances["mean_colour"] > 0).all()
    assert (distances["telea"] > 0).all()
    assert not np.array_equal(distances["telea"], distances["mean_colour"])
