"""Published files are read for their tensors; what else they hold is passed over or refused, never executed."""

import sys
from collections import defaultdict
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch

from backbones.kit.errors import DataError
from backbones.kit.published import FRAMEWORKS, read_published


def test_what_is_no_mapping_of_weights_is_refused(tmp_path: Path) -> None:
    torch.save(torch.zeros(3), tmp_path / "tensor.pt")
    with pytest.raises(DataError, match="holds a Tensor, not weights by name"):
        read_published(tmp_path / "tensor.pt")
    np.save(tmp_path / "array.npy", np.zeros(3))
    with pytest.raises(DataError, match="cannot be read as weights"):
        read_published(tmp_path / "array.npy")


def test_a_file_cut_off_anywhere_is_refused(tmp_path: Path) -> None:
    """Torch ends some of them with an error that says nothing."""
    path = tmp_path / "old.pth"
    torch.save({"weight": torch.zeros(3)}, path, _use_new_zipfile_serialization=False)
    whole = path.read_bytes()
    assert set(read_published(path)) == {"weight"}
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        with pytest.raises(DataError, match=r"old\.pth: cannot be read as weights \(\w+.*The file is truncated"):
            read_published(path)


class Framework:
    """As one of a training framework: with attributes, and children among them."""

    def __init__(self, **attributes: object) -> None:
        self.__dict__.update(attributes)


@pytest.fixture
def frameworks(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Classes with the frameworks' names, to be written as these write them."""
    classes = {}
    for name in [*FRAMEWORKS, "omegaconf.omegaconf.OmegaConf"]:
        module, _, own = name.rpartition(".")
        classes[own] = type(own, (Framework,), {"__module__": module})
        found = sys.modules.get(module) or ModuleType(module)
        setattr(found, own, classes[own])
        monkeypatch.setitem(sys.modules, module, found)
        monkeypatch.setitem(sys.modules, module.partition(".")[0], ModuleType("top"))
    return classes


def test_what_lightning_leaves_beside_the_weights_is_passed_over(
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
    assert [list(found["scores"].items()) for found in read["callbacks"].values()] == [[("fid", 3)]]
    with pytest.raises(DataError, match="cannot be read as weights"):
        read_published(tmp_path / "other.ckpt")
