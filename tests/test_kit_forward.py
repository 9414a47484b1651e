"""Every part of every model, through the forward tool: against the reference values where those are at hand."""

from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from backbones.kit.errors import DataError, JobError
from backbones.kit.forward import forward, parts
from harness.cli import app
from support.paths import FACTS
from support.reference import manifest

PARTS = [
    ("lama", "generator"),
    ("lama", "discriminator"),
    ("aotgan", "generator"),
    ("aotgan", "discriminator"),
    ("deepfillv2", "generator"),
    ("deepfillv2", "generator_tf"),
    ("deepfillv2", "discriminator"),
    ("edgeconnect", "edge_generator"),
    ("edgeconnect", "edge_discriminator"),
    ("edgeconnect", "inpaint_generator"),
    ("edgeconnect", "inpaint_discriminator"),
]
SEED = 20240601


def inputs(rule: ModuleType, name: str, part: str) -> dict[str, np.ndarray[Any, Any]]:
    """The reference batch by the names that the tool takes; DeepFillV2's generators were given the first mask twice."""
    generates = name == "deepfillv2" and part.startswith("generator")
    drawn = rule.make_inputs(SEED, 2, 64, 64)
    mask = drawn["mask"][:1].repeat(2, axis=0) if generates else drawn["mask"]
    return {"image": drawn["image01"], "gray": drawn["gray01"], "edge": drawn["edge"], "mask": mask}


@pytest.mark.shared
@pytest.mark.parametrize(("name", "part"), PARTS)
def test_every_part_gives_the_reference_values(name: str, part: str, rule: ModuleType, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    recorded = np.load(FACTS / f"refA_{name}_{part}.npz")
    np.savez(tmp_path / "state.npz", **rule.make_weights(manifest(name, part), float(recorded["gain"])))
    np.savez(tmp_path / "input.npz", **inputs(rule, name, part))
    forward(name, part, tmp_path / "state.npz", tmp_path / "input.npz", tmp_path / "output.npz")
    got = np.load(tmp_path / "output.npz")
    names = {key.removesuffix("_index") for key in recorded.files if key.endswith("_index")}
    shown = {"enc": "encoder"}
    compared = [one for one in names if shown.get(one, one) in got.files]
    assert {"output"} <= set(compared)
    assert ("enc" in compared) == ("enc" in names)
    for one in compared:
        values = got[shown.get(one, one)]
        assert list(values.shape) == recorded[f"{one}_shape"].tolist()
        expected = recorded[f"{one}_value"]
        difference = np.abs(values.ravel()[recorded[f"{one}_index"]] - expected).max()
        assert difference <= 1e-4 * np.abs(expected).max(), one


def test_the_command_says_what_is_wrong(tmp_path: Path) -> None:
    files = ["--state", str(tmp_path / "s.npz"), "--input", str(tmp_path / "i.npz"), "--output", str(tmp_path / "o")]
    said = CliRunner().invoke(app, ["backbone", "forward", "lama", "--part", "decoder", *files])
    assert "lama has no part 'decoder'; it has: generator, discriminator" in str(said.exception)


def test_inputs_and_states_are_refused_by_name(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    state, given, output = (tmp_path / f"{one}.npz" for one in ("state", "input", "output"))
    with pytest.raises(JobError, match="has no part 'x'"):
        forward("lama", "x", state, given, output)
    with pytest.raises(DataError, match=r"input\.npz: cannot be read"):
        forward("lama", "discriminator", state, given, output)
    np.savez(given, mask=np.zeros((1, 1, 32, 32)))
    with pytest.raises(DataError, match=r"input\.npz: lacks 'image'; discriminator takes image"):
        forward("lama", "discriminator", state, given, output)
    np.savez(given, image=np.zeros((1, 3, 32, 32)))
    np.savez(state, **{"model0.0.weight": np.zeros((64, 3, 4, 4), np.float32)})
    with pytest.raises(DataError, match=r"missing: model0\.0\.bias"):
        forward("lama", "discriminator", state, given, output)
    assert not output.exists()


def test_a_backbone_without_parts_says_so() -> None:
    assert parts("kit") == {}
