"""`forward` runs every sub-network of every model; outputs equal the reference values, if those are available."""

from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor
from typer.testing import CliRunner

from backbones.deepfillv2.generator import FUSION_KEY
from backbones.kit.errors import DataError, JobError
from backbones.kit.published.forward import CHANNELS, forward, subnetworks
from harness.cli.app import app
from support.paths import REFERENCE
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
    """The reference batch by input name; for DeepFillV2's generators both masks are the first one."""
    generates = name == "deepfillv2" and part.startswith("generator")
    drawn = rule.make_inputs(SEED, 2, 64, 64)
    mask = drawn["mask"][:1].repeat(2, axis=0) if generates else drawn["mask"]
    return {"image": drawn["image01"], "gray": drawn["gray01"], "edge": drawn["edge"], "mask": mask}


@pytest.mark.parametrize(("name", "part"), PARTS)
def test_every_sub_network_gives_the_reference_values(name: str, part: str, rule: ModuleType, tmp_path: Path) -> None:
    torch.set_num_threads(1)
    recorded = np.load(REFERENCE / f"refA_{name}_{part}.npz")
    np.savez(tmp_path / "state.npz", **rule.make_weights(manifest(name, part), float(recorded["gain"])))
    np.savez(tmp_path / "input.npz", **inputs(rule, name, part))
    forward(name, part, tmp_path / "state.npz", tmp_path / "input.npz", tmp_path / "output.npz")
    got = np.load(tmp_path / "output.npz")
    names = {key.removesuffix("_index") for key in recorded.files if key.endswith("_index")}
    own_names = {"enc": "encoder"}
    compared = [key for key in names if own_names.get(key, key) in got.files]
    assert {"output"} <= set(compared)
    assert ("enc" in compared) == ("enc" in names)
    for one in compared:
        values = got[own_names.get(one, one)]
        assert list(values.shape) == recorded[f"{one}_shape"].tolist()
        expected = recorded[f"{one}_value"]
        difference = np.abs(values.ravel()[recorded[f"{one}_index"]] - expected).max()
        assert difference <= 1e-4 * np.abs(expected).max(), one


def test_the_command_reports_an_unknown_sub_network(tmp_path: Path) -> None:
    files = ["--state", str(tmp_path / "s.npz"), "--input", str(tmp_path / "i.npz"), "--output", str(tmp_path / "o")]
    result = CliRunner().invoke(app, ["backbone", "forward", "lama", "--part", "decoder", *files])
    assert "lama has no part 'decoder'; it has: generator, discriminator" in str(result.exception)


def test_inputs_and_states_are_refused_by_name(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    state, inputs_file, output = (tmp_path / f"{one}.npz" for one in ("state", "input", "output"))
    with pytest.raises(JobError, match="has no part 'x'"):
        forward("lama", "x", state, inputs_file, output)
    with pytest.raises(DataError, match=r"input\.npz: cannot be read"):
        forward("lama", "discriminator", state, inputs_file, output)
    np.savez(inputs_file, mask=np.zeros((1, 1, 32, 32)))
    with pytest.raises(DataError, match=r"input\.npz: 'image' is missing; discriminator takes image"):
        forward("lama", "discriminator", state, inputs_file, output)
    np.savez(inputs_file, image=np.zeros((1, 3, 32, 32)))
    np.savez(state, **{"model0.0.weight": np.zeros((64, 3, 4, 4), np.float32)})
    with pytest.raises(DataError, match=r"missing: model0\.0\.bias"):
        forward("lama", "discriminator", state, inputs_file, output)
    assert not output.exists()


GOOD = {
    "image": np.full((2, 3, 24, 24), 0.5),
    "gray": np.full((2, 1, 24, 24), 0.5),
    "edge": np.full((2, 1, 24, 24), 0.3),
    "mask": np.zeros((2, 1, 24, 24)),
}


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("image", np.full((2, 3, 24, 24), 200.0), r"image goes from 200 to 200, but should be in \[0, 1\]"),
        ("image", np.full((2, 3, 24, 24), -0.5), "image goes from -0.5 to -0.5"),
        ("image", np.ones((2, 3, 24, 24), np.uint8), r"image is uint8, .* divide values in 0\.\.255 by 255"),
        ("image", np.ones((2, 3, 24, 24), complex), "image is complex128, but should be real"),
        ("image", np.full((2, 3, 24, 24), np.nan), "image holds NaN or infinity"),
        ("image", np.full((2, 3, 24, 24), np.inf), "image holds NaN or infinity"),
        ("image", np.ones((2, 1, 24, 24)), r"image is \(2, 1, 24, 24\), but should be \(B, 3, H, W\)"),
        ("image", np.ones((3, 24, 24)), r"image is \(3, 24, 24\)"),
        ("image", np.ones((0, 3, 24, 24)), r"image is \(0, .* with at least one image and pixel"),
        ("image", np.ones((2, 3, 0, 24)), r"image is \(2, 3, 0, .* with at least one image and pixel"),
        ("mask", np.full((2, 1, 24, 24), 0.5), "mask holds 0.5, but should be 1 in holes and 0 elsewhere"),
        ("mask", np.full((2, 1, 24, 24), 255, np.uint8), "mask goes from 255 to 255"),
        ("mask", np.ones((2, 3, 24, 24)), r"mask is .* should be \(B, 1, H, W\)"),
        ("mask", np.zeros((1, 1, 24, 24)), r"mask is \(1, 1, 24, 24\) and image \(2, 3, 24, 24\); batch, height and"),
        ("mask", np.zeros((2, 1, 24, 28)), "mask is .* height and width must be the same"),
        ("edge", np.full((2, 1, 24, 24), 255.0), "edge goes from 255 to 255"),
        ("edge", np.full((2, 1, 24, 24), np.nan), "edge holds NaN or infinity"),
    ],
)
def test_tensors_outside_the_documented_ranges_are_refused(
    name: str, value: np.ndarray[Any, Any], problem: str, tmp_path: Path
) -> None:
    np.savez(tmp_path / "input.npz", **GOOD | {name: value})
    with pytest.raises(DataError, match=rf"input\.npz: {problem}"):
        run("edgeconnect", "inpaint_generator", tmp_path)


def run(name: str, part: str, folder: Path) -> None:
    """`forward` on files of fixed names."""
    forward(name, part, folder / "state.npz", folder / "input.npz", folder / "output.npz")


def save_state(name: str, part: str, folder: Path, **changed: Tensor) -> None:
    """Write random weights of a sub-network, some of them changed, as the state."""
    state = subnetworks(name)[part].build().state_dict() | changed
    np.savez(folder / "state.npz", **{key: value.numpy() for key, value in state.items()})


def test_a_boolean_mask_and_a_rounding_error_above_one_are_accepted(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    save_state("edgeconnect", "edge_discriminator", tmp_path)
    tensors = {"gray": np.full((1, 1, 24, 24), np.nextafter(np.float32(1), 2)), "edge": np.ones((1, 1, 24, 24), bool)}
    np.savez(tmp_path / "input.npz", **tensors)
    run("edgeconnect", "edge_discriminator", tmp_path)
    assert np.load(tmp_path / "output.npz")["output"].shape == (1, 1, 1, 1)


@pytest.mark.parametrize(
    ("name", "part", "sides", "problem"),
    [
        ("lama", "generator", (60, 64), "multiple of 8 and at least 16, not 60 x 64"),
        ("lama", "generator", (8, 8), "multiple of 8 and at least 16, not 8 x 8"),
        ("aotgan", "generator", (64, 65), "multiple of 4 and at least 36, not 64 x 65"),
        ("aotgan", "generator", (32, 32), "multiple of 4 and at least 36, not 32 x 32"),
        ("aotgan", "discriminator", (24, 23), "at least 24, not 24 x 23"),
        ("deepfillv2", "generator", (60, 64), "multiple of 8, not 60 x 64"),
        ("deepfillv2", "generator_tf", (65, 65), "multiple of 8, not 65 x 65"),
        ("edgeconnect", "edge_generator", (8, 8), "multiple of 4 and at least 12, not 8 x 8"),
        ("edgeconnect", "inpaint_generator", (65, 65), "multiple of 4 and at least 12, not 65 x 65"),
        ("edgeconnect", "edge_discriminator", (23, 24), "at least 24, not 23 x 24"),
    ],
)
def test_a_size_that_a_sub_network_does_not_take_is_refused(
    name: str, part: str, sides: tuple[int, int], problem: str
) -> None:
    torch.set_num_threads(1)
    tensors = {tensor: torch.zeros(1, channels, *sides) for tensor, channels in CHANNELS.items()}
    with pytest.raises(ValueError, match=problem):
        subnetworks(name)[part].run(subnetworks(name)[part].build().eval(), tensors)


@pytest.mark.parametrize(
    ("name", "part", "least"),
    [
        ("lama", "discriminator", 1),
        ("aotgan", "discriminator", 24),
        ("deepfillv2", "generator", 8),
        ("deepfillv2", "generator_tf", 8),
        ("deepfillv2", "discriminator", 1),
        ("edgeconnect", "inpaint_discriminator", 24),
    ],
)
def test_the_smallest_size_gives_finite_values(name: str, part: str, least: int) -> None:
    torch.set_num_threads(1)
    tensors = {tensor: torch.ones(1, channels, least, least + least % 8) for tensor, channels in CHANNELS.items()}
    with torch.no_grad():
        outputs = subnetworks(name)[part].run(subnetworks(name)[part].build().eval(), tensors)
    assert outputs["output"].isfinite().all()


def test_a_wrong_size_is_a_job_error(tmp_path: Path) -> None:
    torch.set_num_threads(1)
    save_state("aotgan", "discriminator", tmp_path)
    np.savez(tmp_path / "input.npz", image=np.zeros((1, 3, 20, 65)))
    with pytest.raises(JobError, match=r"^discriminator: It takes images .* at least 24, not 20 x 65"):
        run("aotgan", "discriminator", tmp_path)


@pytest.mark.parametrize(
    ("part", "key", "change", "problem"),
    [
        ("generator", FUSION_KEY, torch.ones_like, "another .*fuse_weight than the identity"),
        ("generator", "stage1.conv1.conv.bias", lambda bias: bias.fill_(torch.nan), "1 not finite: stage1"),
        (
            "generator",
            "stage1.conv1.conv.bias",
            lambda bias: bias.int(),
            "1 of another kind: stage1.* whole numbers, not",
        ),
        ("generator_tf", "conv1.conv.bias", lambda bias: bias.to(torch.complex64), "is complex, not floating-point"),
    ],
)
def test_a_state_that_import_would_refuse_is_refused(
    part: str, key: str, change: Callable[[Tensor], Tensor], problem: str, tmp_path: Path
) -> None:
    np.savez(tmp_path / "input.npz", image=np.zeros((1, 3, 8, 8)), mask=np.ones((1, 1, 8, 8)))
    value = subnetworks("deepfillv2")[part].build().state_dict()[key]
    save_state("deepfillv2", part, tmp_path, **{key: change(value)})
    with pytest.raises(DataError, match=problem):
        run("deepfillv2", part, tmp_path)


def test_a_layer_with_two_names_is_refused_if_its_tensors_differ(tmp_path: Path) -> None:
    np.savez(tmp_path / "input.npz", image=np.zeros((1, 3, 24, 24)))
    save_state("edgeconnect", "inpaint_discriminator", tmp_path, **{"features.0.weight_u": torch.ones(64)})
    with pytest.raises(DataError, match=r"has features\.0\.weight_u, which should equal conv1\.0\.weight_u"):
        run("edgeconnect", "inpaint_discriminator", tmp_path)


def test_an_impossible_output_path_is_refused_before_anything_is_read(tmp_path: Path) -> None:
    nothing = tmp_path / "nothing"
    with pytest.raises(JobError, match="is a folder; name the npz file"):
        forward("lama", "generator", nothing, nothing, tmp_path)
    with pytest.raises(JobError, match=r"out\.npz: there is no folder .*nothing; create it first"):
        forward("lama", "generator", nothing, nothing, nothing / "out.npz")


def test_files_of_another_format_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "input.npz", **GOOD)
    torch.save({"weight": torch.ones(1)}, tmp_path / "state.pt")
    torch.save({"weight": torch.ones(1)}, tmp_path / "old.pt", _use_new_zipfile_serialization=False)
    (tmp_path / "text.npz").write_text("text")
    (tmp_path / "text.safetensors").write_text("text")
    for name in ("state.pt", "old.pt", "text.npz", "text.safetensors"):
        with pytest.raises(DataError, match=rf"{name}: cannot be read as npz or safetensors.*\(a \.pt or \.pth file"):
            forward("lama", "discriminator", tmp_path / name, tmp_path / "input.npz", tmp_path / "output.npz")


def test_a_folder_without_sub_networks_has_none() -> None:
    assert subnetworks("kit") == {}
