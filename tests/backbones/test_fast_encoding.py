"""The fast path of encoding computes what the plain path computes, for every contestant; and loads no decoder."""

import gc
import json
import weakref
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import nn

from backbones.kit import arithmetic, entry, loading, runtime
from backbones.kit.errors import DataError
from backbones.kit.facts import BACKBONES
from backbones.kit.job import EncodeJob
from backbones.kit.learning.calibrate import calibrate
from backbones.kit.learning.encode import encode
from backbones.kit.published import checkpoints

pytestmark = pytest.mark.usefixtures("one_thread")

SIZE, COUNT = 64, 3
INPAINTING = [
    ("lama", ""), ("aotgan", ""), ("deepfillv2", ""), ("deepfillv2", "tf-attention"), ("edgeconnect", ""),
    ("edgeconnect", "edge"),
]  # fmt: skip
OTHERS = [
    ("efficientnet", ""), ("efficientnet_lite0", ""), ("inception", ""), ("colour", ""), ("pixels", ""),
    ("timm", "resnet18"), ("timm", "vit_tiny_patch16_224"),
]  # fmt: skip

Embeddings = NDArray[np.float32]


@pytest.fixture
def job(tmp_path: Path) -> EncodeJob:
    """An encode job on smooth random images."""
    data = tmp_path / "data"
    data.mkdir()
    (tmp_path / "out").mkdir()
    coarse = torch.rand(COUNT, 3, 8, 8, generator=torch.Generator().manual_seed(5))
    images = nn.functional.interpolate(coarse, (SIZE, SIZE), mode="bicubic").clamp(0, 1)
    pixels = (255 * images).byte().permute(0, 2, 3, 1).numpy()
    np.save(data / "images.npy", pixels)
    np.save(data / "calibration.npy", pixels)
    (data / "table.csv").write_text("\n".join(("id", *map(str, range(COUNT)))))
    return EncodeJob(
        folder=tmp_path, variant="", image_size=SIZE, seed=1, precision="float32", fast=False, batch_size=2,
        init="random", weights={}, checkpoint=None, threads=1, device="cpu", pooling="flatten", dtype="float32",
        classes=None, explain=[],
    )  # fmt: skip


def changed(job: EncodeJob, **changes: Any) -> EncodeJob:
    return EncodeJob(**vars(job) | changes)


def embeddings_of(name: str, job: EncodeJob) -> Embeddings:
    torch.manual_seed(job.seed)
    encoder = loading.load_encoder(name, job)
    calibrate(job, encoder)
    encode(job, encoder)
    embeddings: Embeddings = np.load(job.out / "embeddings.npy")
    return embeddings


def least_cosine(first: Embeddings, second: Embeddings) -> float:
    one, other = first.astype(np.float64), second.astype(np.float64)
    products = (one * other).sum(axis=1)
    return float((products / np.linalg.norm(one, axis=1) / np.linalg.norm(other, axis=1)).min())


@pytest.mark.parametrize(("name", "variant"), [*INPAINTING, *OTHERS])
def test_the_fast_path_gives_the_embeddings_of_the_plain_path(name: str, variant: str, job: EncodeJob) -> None:
    plain = embeddings_of(name, changed(job, variant=variant))
    fast = embeddings_of(name, changed(job, variant=variant, fast=True))
    assert least_cosine(plain, fast) > 1 - 1e-7
    assert np.abs(plain - fast).max() <= 1e-3 * np.abs(plain).max()


@pytest.mark.parametrize(("name", "variant"), INPAINTING)
def test_fast_embeddings_in_bfloat16_point_where_plain_ones_do(name: str, variant: str, job: EncodeJob) -> None:
    plain = embeddings_of(name, changed(job, variant=variant))
    fast = embeddings_of(name, changed(job, variant=variant, fast=True, precision="bfloat16"))
    assert least_cosine(plain, fast) >= 0.999


@pytest.mark.parametrize(("name", "chosen"), [("lama", "bfloat16"), ("inception", "float32")])
def test_auto_takes_bfloat16_for_contestants_that_keep_their_embeddings_in_it(
    name: str, chosen: str, job: EncodeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Deep networks with random weights do not: their embeddings in bfloat16 have cosines of 0.7 to 0.9."""
    monkeypatch.setattr(arithmetic, "has_bfloat16_units", lambda _device: True)
    monkeypatch.setattr(runtime, "prepare", lambda _job: torch.manual_seed(1))
    entry.run(name, changed(job, precision="auto", fast=True))
    assert json.loads((job.out / "result.json").read_text())["precision"] == chosen


def test_the_contestants_of_bfloat16_are_those_tested_here() -> None:
    stated = {path.parent.name for path in BACKBONES.glob("*/backbone.toml") if "bfloat16 = true" in path.read_text()}
    assert stated == {name for name, _ in INPAINTING}


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
@pytest.mark.parametrize(("name", "variant"), INPAINTING)
def test_fast_embeddings_do_not_depend_on_the_batch(name: str, variant: str, precision: str, job: EncodeJob) -> None:
    fast = changed(job, variant=variant, fast=True, precision=precision)
    together, single = embeddings_of(name, fast), embeddings_of(name, changed(fast, batch_size=1))
    tolerance = 1e-5 if precision == "float32" else 2e-2
    assert np.abs(together - single).max() <= tolerance * np.abs(single).max()


def trained(name: str, job: EncodeJob, **extra: torch.Tensor) -> EncodeJob:
    """The same job on a checkpoint of the whole network."""
    torch.manual_seed(job.seed)
    network = loading.build_backbone(name, job.variant).network
    checkpoints.save(job.folder / "checkpoint.safetensors", {"backbone": network.state_dict() | extra})
    return changed(job, checkpoint=job.folder / "checkpoint.safetensors")


@pytest.mark.parametrize(("name", "variant"), INPAINTING)
def test_only_the_encoder_is_in_memory(
    name: str, variant: str, job: EncodeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_checkpoint = trained(name, changed(job, variant=variant))
    expected = loading.load_backbone(name, with_checkpoint)
    built: list[weakref.ref[nn.Module]] = []
    sizes: list[int] = []
    build = loading.build_backbone

    def remember(*args: Any) -> Any:
        backbone = build(*args)
        assert all(tensor.is_meta for tensor in backbone.network.parameters())
        built.append(weakref.ref(backbone.network))
        sizes.append(sum(tensor.numel() for tensor in backbone.network.parameters()))
        return backbone

    monkeypatch.setattr(loading, "build_backbone", remember)
    encoder = loading.load_encoder(name, with_checkpoint)
    gc.collect()
    assert [network() for network in built] == [None]
    assert sum(tensor.numel() for tensor in encoder.parameters()) < sizes[0] / 5
    assert encoder.state_dict().keys() == expected.encoder.state_dict().keys()
    for key, tensor in expected.encoder.state_dict().items():
        loaded = encoder.state_dict()[key]
        assert torch.equal(tensor, loaded)
        assert loaded.untyped_storage().nbytes() == loaded.nbytes  # no view of the file


@pytest.mark.parametrize(("name", "variant"), INPAINTING)
def test_a_key_that_the_whole_network_lacks_is_refused(name: str, variant: str, job: EncodeJob) -> None:
    wrong = trained(name, changed(job, variant=variant), **{"decoder.surprise": torch.zeros(1)})
    with pytest.raises(DataError, match=r"1 unknown: decoder\.surprise"):
        loading.load_encoder(name, wrong)


def test_a_decoder_of_another_shape_is_refused_though_it_is_not_read(job: EncodeJob) -> None:
    key = "generator.decoder.4.bias"
    wrong = trained("aotgan", job, **{key: torch.zeros(5)})
    with pytest.raises(DataError, match=r"1 of another shape: generator\.decoder\.4\.bias is \(5,\), not \(3,\)"):
        loading.load_encoder("aotgan", wrong)


def test_weights_that_are_not_finite_are_refused(job: EncodeJob) -> None:
    key = "generator.encoder.1.bias"
    wrong = trained("aotgan", job, **{key: torch.full((64,), torch.nan)})
    with pytest.raises(DataError, match=r"The weights of aotgan are not finite: layers\.1\.bias"):
        loading.load_encoder("aotgan", wrong)


def test_fast_jobs_keep_freed_memory(job: EncodeJob, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    monkeypatch.setattr(runtime, "keep_freed_memory", lambda: calls.append("kept"))
    monkeypatch.setattr(torch, "use_deterministic_algorithms", lambda *_, **__: None)
    runtime.prepare(changed(job, fast=False))
    assert not calls
    runtime.prepare(changed(job, fast=True))
    assert calls == ["kept"]
