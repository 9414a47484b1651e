"""The tensors of published files are read; other objects are ignored or refused, never executed."""

import argparse
import sys
from collections import defaultdict
from fractions import Fraction
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from backbones.kit.errors import DataError
from backbones.kit.published.files import FRAMEWORKS, read_published


def test_a_file_without_a_mapping_of_weights_is_refused(tmp_path: Path) -> None:
    torch.save(torch.zeros(3), tmp_path / "tensor.pt")
    with pytest.raises(DataError, match="holds a Tensor, not weights by name"):
        read_published(tmp_path / "tensor.pt")
    np.save(tmp_path / "array.npy", np.zeros(3))
    np.savez(tmp_path / "arrays.npz", np.zeros(3))
    (tmp_path / "page.pt").write_text("<html>")
    (tmp_path / "text.pt").write_text("hello")
    (tmp_path / "empty.pt").touch()
    for name in ("array.npy", "arrays.npz", "page.pt", "text.pt", "empty.pt"):
        with pytest.raises(DataError, match=rf"{name}: cannot .* because it is no file that PyTorch wrote\. Get"):
            read_published(tmp_path / name)
    (tmp_path / "text.safetensors").write_text("hello")
    with pytest.raises(DataError, match="because it is truncated, damaged or no safetensors file"):
        read_published(tmp_path / "text.safetensors")
    for name in ("none.pt", "none.safetensors"):
        with pytest.raises(DataError, match=rf"{name}: cannot be read: .*No such file"):
            read_published(tmp_path / name)


class Program:
    """An object that runs code when it is unpickled."""

    def __reduce__(self) -> tuple[Any, ...]:
        return (eval, ("1",))


@pytest.mark.parametrize("zipped", [True, False])
def test_a_program_is_named_and_the_message_does_not_explain_how_to_run_it(zipped: bool, tmp_path: Path) -> None:
    torch.save({"a": Program()}, tmp_path / "x.pt", _use_new_zipfile_serialization=zipped)
    with pytest.raises(DataError, match="because it holds more than tensors: it names eval, which") as caught:
        read_published(tmp_path / "x.pt")
    assert "weights_only" not in str(caught.value)


@pytest.mark.filterwarnings("ignore:.*torch.jit")
def test_a_torchscript_program_is_reported_as_such(tmp_path: Path) -> None:
    torch.jit.save(torch.jit.script(torch.nn.Identity()), tmp_path / "x.pt")
    with pytest.raises(DataError, match="holds more than tensors: it is a TorchScript program, which was not run"):
        read_published(tmp_path / "x.pt")


def test_a_file_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    """For some cuts torch raises an error without a helpful message."""
    path = tmp_path / "old.pth"
    torch.save({"weight": torch.zeros(3)}, path, _use_new_zipfile_serialization=False)
    whole = path.read_bytes()
    assert set(read_published(path)) == {"weight"}
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        # a cut within a name leaves a beginning that looks like a name that is not allowed
        problem = "(is truncated or damaged|holds more than tensors)" if size > 1 else "is no file that PyTorch wrote"
        with pytest.raises(DataError, match=rf"old\.pth: cannot be read as weights because it {problem}"):
            read_published(path)


class Framework:
    """Like an object of a training framework: with attributes, some of which are such objects."""

    def __init__(self, **attributes: object) -> None:
        self.__dict__.update(attributes)


@pytest.fixture
def frameworks(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Classes with the frameworks' names, which pickle as theirs do."""
    classes = {}
    for name in [*FRAMEWORKS, "omegaconf.omegaconf.OmegaConf"]:
        module, _, own = name.rpartition(".")
        classes[own] = type(own, (Framework,), {"__module__": module})
        namespace = sys.modules.get(module) or ModuleType(module)
        setattr(namespace, own, classes[own])
        monkeypatch.setitem(sys.modules, module, namespace)
        monkeypatch.setitem(sys.modules, module.partition(".")[0], ModuleType("top"))
    return classes


def test_objects_of_lightning_besides_the_weights_are_ignored(
    frameworks: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    node = frameworks["AnyNode"](_metadata=frameworks["Metadata"](ref_type=Any, object_type=int), _val=3)
    inner = frameworks["ListConfig"](_content=[node], _metadata=frameworks["ContainerMetadata"](object_type=list))
    settings = frameworks["DictConfig"](_content={"batch": node, "more": inner}, _metadata={"object_type": dict})
    scores = defaultdict(int, fid=3)
    checkpoint = {
        "epoch": 39,
        "callbacks": {frameworks["ModelCheckpoint"]: {"best_model_score": torch.ones(1), "scores": scores}},
        "hyper_parameters": settings,
        "state_dict": {"generator.weight": torch.arange(3.0)},
    }
    torch.save(checkpoint, tmp_path / "best.ckpt")
    torch.save({"state_dict": {}, "config": frameworks["OmegaConf"]()}, tmp_path / "other.ckpt")
    for name in {name.rpartition(".")[0] for name in FRAMEWORKS}:
        monkeypatch.delitem(sys.modules, name)
    read = read_published(tmp_path / "best.ckpt")
    assert read["epoch"] == 39
    assert torch.equal(read["state_dict"]["generator.weight"], torch.arange(3.0))
    assert vars(read["hyper_parameters"]) == {}
    assert [list(callback["scores"].items()) for callback in read["callbacks"].values()] == [[("fid", 3)]]
    with pytest.raises(DataError, match="cannot be read as weights"):
        read_published(tmp_path / "other.ckpt")


@pytest.mark.parametrize(
    "extra",
    [
        {"callbacks": {"best_model_score": np.float32(0.3)}},
        {"best": np.float64(1.5), "counts": np.arange(3)},
        {"hparams": argparse.Namespace(lr=1e-3, out=Path("runs"))},
        {"path": Path("x")},
    ],
)
def test_numbers_options_and_paths_beside_the_weights_are_passed_over(tmp_path: Path, extra: dict[str, Any]) -> None:
    torch.save({"state_dict": {"x": torch.ones(2)}, **extra}, tmp_path / "own.ckpt")
    torch.testing.assert_close(read_published(tmp_path / "own.ckpt")["state_dict"]["x"], torch.ones(2))


@pytest.mark.parametrize("inner", [True, False])
def test_the_prefix_of_several_gpus_is_removed(tmp_path: Path, inner: bool) -> None:
    weights = {"module.a": torch.ones(2), "module.b.module.c": torch.zeros(1)}
    torch.save({"generator": weights} if inner else weights, tmp_path / "own.pth")
    content = read_published(tmp_path / "own.pth")
    assert set(content["generator"] if inner else content) == {"a", "b.module.c"}


def test_keys_that_only_partly_have_the_prefix_stay(tmp_path: Path) -> None:
    torch.save({"module.a": torch.ones(2), "b": torch.zeros(1)}, tmp_path / "own.pth")
    assert set(read_published(tmp_path / "own.pth")) == {"module.a", "b"}


def test_the_owner_of_a_refused_file_is_told_what_to_save(tmp_path: Path) -> None:
    torch.save({"state_dict": {}, "own": Fraction(1, 2)}, tmp_path / "own.ckpt")
    with pytest.raises(DataError, match=r"names fractions\.Fraction.*torch\.save\(network\.state_dict\(\), FILE\)"):
        read_published(tmp_path / "own.ckpt")
