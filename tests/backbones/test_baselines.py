import csv
import json
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from efficientnet_lite_pytorch import EfficientNet as PackagesOwn
from PIL import Image
from torch import Tensor, nn
from torchvision.models import EfficientNet_B0_Weights, Inception_V3_Weights, efficientnet_b0, inception_v3
from torchvision.transforms.functional import normalize

from backbones.efficientnet import model as efficientnet
from backbones.efficientnet_lite0 import model as lite0
from backbones.inception import model as inception
from backbones.kit import entry
from backbones.kit.api import Backbone
from backbones.kit.facts import BACKBONES, read_facts
from backbones.kit.published.files import read_published
from harness.conformance.synthetic_packs import TWINS, write_packs
from harness.contract import Encode
from support.networks import waves
from support.paths import FISH

pytestmark = pytest.mark.usefixtures("one_thread")
MODELS = {"efficientnet": efficientnet, "inception": inception, "efficientnet_lite0": lite0}


def lived(network: nn.Module) -> nn.Module:
    """The network with other batch statistics than a new one."""
    for key, tensor in network.state_dict().items():
        if key.endswith(("running_mean", "running_var")):
            tensor.add_(torch.linspace(0.1, 0.5, tensor.numel()))
    return network.eval()


def seen_by(layer: nn.Module, encoder: nn.Module, images: Tensor) -> Tensor:
    """Input of a layer when the encoder encodes images."""
    inputs: list[Tensor] = []
    with layer.register_forward_pre_hook(lambda _, arguments: inputs.append(arguments[0])), torch.no_grad():
        encoder.eval()(images)
    return inputs[0]


@pytest.fixture(scope="module")
def package_file() -> dict[str, Tensor]:
    entry_of = read_facts("efficientnet_lite0")["weights"][0]
    return dict(read_published(Path(str(resources.files(entry_of["package"]) / entry_of["file"]))))


@pytest.fixture(scope="module")
def published(package_file: dict[str, Tensor]) -> dict[str, dict[str, Tensor]]:
    """A file in the published layout of each; random weights if the real file is not available."""
    torch.manual_seed(0)
    return {
        "efficientnet": lived(efficientnet_b0(weights=None)).state_dict(),
        "inception": lived(inception_v3(weights=None, init_weights=True)).state_dict(),
        "efficientnet_lite0": package_file,
    }


def loaded(name: str, published: dict[str, dict[str, Tensor]]) -> Backbone:
    backbone: Backbone = MODELS[name].build()
    backbone.load("imagenet", backbone.unpack("imagenet", published[name]))
    backbone.encoder.eval()
    return backbone


def test_efficientnets_feature_map_is_the_input_of_torchvisions_classifier(
    published: dict[str, dict[str, Tensor]],
) -> None:
    images = waves(2, 64, 96)
    whole = efficientnet_b0(weights=None).eval()
    whole.load_state_dict(published["efficientnet"])
    rule = EfficientNet_B0_Weights.IMAGENET1K_V1.transforms()
    with torch.no_grad():
        maps = loaded("efficientnet", published).encoder(images)
        expected = whole(normalize(images, rule.mean, rule.std))
        got = whole.classifier(maps.mean((2, 3)))
    assert maps.shape == (2, 1280, 2, 3)
    torch.testing.assert_close(got, expected)


def test_inceptions_feature_map_is_the_input_of_torchvisions_classifier(
    published: dict[str, dict[str, Tensor]],
) -> None:
    """torchvision sets `transform_input` if the network is built with its published weights."""
    images = waves(1, 299, 299)
    whole = inception_v3(weights=None, init_weights=False, transform_input=True).eval()
    whole.load_state_dict(published["inception"])
    rule = Inception_V3_Weights.IMAGENET1K_V1.transforms()
    with torch.no_grad():
        maps = loaded("inception", published).encoder(images)
        expected = whole(normalize(images, rule.mean, rule.std))
        got = whole.fc(maps.mean((2, 3)))
    assert maps.shape == (1, 2048, 8, 8)
    assert expected.std() > 0.01
    torch.testing.assert_close(got, expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("side", [40, 420])
def test_inception_resizes_as_pillow_does(side: int) -> None:
    images = waves(1, side, side)
    encoder = inception.InceptionEncoder()
    got = seen_by(encoder.Conv2d_1a_3x3, encoder, images)
    bands = [Image.fromarray(band).resize((299, 299), Image.Resampling.BILINEAR) for band in images[0].numpy()]
    expected = 2 * np.stack([np.asarray(band) for band in bands]) - 1
    np.testing.assert_allclose(got[0].numpy(), expected, atol=1e-4)


def test_inception_trains_every_parameter_of_the_encoder_and_no_other() -> None:
    encoder = inception.build().encoder.train()
    assert not any(layer.startswith(("Aux", "fc")) for layer, _ in encoder.named_modules())
    maps = encoder(waves(2, 32, 32))
    assert maps.shape == (2, 2048, 8, 8)
    maps.square().mean().backward()
    assert all(parameter.grad is not None for parameter in encoder.parameters())


def test_the_lite_feature_map_is_that_of_the_packages_own_network(package_file: dict[str, Tensor]) -> None:
    images = waves(2, 64, 96)
    own = PackagesOwn.from_name("efficientnet-lite0").eval()
    own.load_state_dict(package_file)
    with torch.no_grad():
        maps = loaded("efficientnet_lite0", {"efficientnet_lite0": package_file}).encoder(images)
        expected = own.extract_features((255 * images - 127) / 128)
    assert maps.shape == (2, 1280, 2, 3)
    torch.testing.assert_close(maps, expected, rtol=1e-4, atol=1e-4)


def test_a_job_loads_the_lite_weights_from_their_package(package_file: dict[str, Tensor], tmp_path: Path) -> None:
    write_packs(tmp_path / "packs", 32)
    job = Encode(image_size=32, seed=0, batch_size=8, init="published", pooling="average")
    (tmp_path / "data").symlink_to(tmp_path / "packs" / "twins")
    (tmp_path / "job.json").write_text(json.dumps(job.model_dump(mode="json")))
    assert entry.main(["efficientnet_lite0", "encode", "--job", str(tmp_path)]) == 0
    images = torch.from_numpy(np.load(tmp_path / "data" / "images.npy")).permute(0, 3, 1, 2)
    own = PackagesOwn.from_name("efficientnet-lite0").eval()
    own.load_state_dict(package_file)
    with torch.no_grad():
        expected = own.extract_features((images.float() - 127) / 128).mean((2, 3))
    assert len(expected) == 2 * TWINS
    np.testing.assert_allclose(np.load(tmp_path / "out" / "embeddings.npy"), expected.numpy(), rtol=1e-3, atol=1e-3)


def test_every_published_lite_layer_is_mapped_to_a_layer_of_timm(package_file: dict[str, Tensor]) -> None:
    unpacked = lite0.build().unpack("imagenet", package_file)
    assert len(unpacked) == len(package_file) - 2
    assert torch.equal(unpacked["conv_stem.weight"], package_file["_conv_stem.weight"])
    assert torch.equal(unpacked["blocks.0.0.conv_pw.weight"], package_file["_blocks.0._project_conv.weight"])
    assert torch.equal(unpacked["blocks.6.0.bn3.running_var"], package_file["_blocks.15._bn2.running_var"])


@pytest.mark.parametrize("name", MODELS)
def test_another_file_is_refused(name: str, published: dict[str, dict[str, Tensor]]) -> None:
    backbone = MODELS[name].build()
    file = published[name]
    first = next(iter(file))
    unfit: list[tuple[dict[str, Any], str]] = [
        ({key: value for key, value in file.items() if key != first}, "1 missing"),
        ({**file, "surprise.weight": torch.zeros(1)}, r"1 unknown: surprise\.weight"),
        ({**file, first: torch.zeros(3)}, r"1 of another shape: .* is \(3,\)"),
    ]
    for checkpoint, message in unfit:
        with pytest.raises(ValueError, match=message):
            backbone.load("imagenet", backbone.unpack("imagenet", checkpoint))
    for method in (backbone.unpack, backbone.load):
        with pytest.raises(ValueError, match="no published weights 'places2', only 'imagenet'"):
            method("places2", file)


@pytest.mark.parametrize("name", MODELS)
def test_feature_maps_of_random_weights_fit_into_half_precision(name: str) -> None:
    torch.manual_seed(0)
    encoder = MODELS[name].build().encoder.eval()
    with torch.no_grad():
        one, other = encoder(waves(2, 64, 64))
    for number in (one.std(), (one - other).abs().max()):
        assert 1e-4 < float(number) < 1e4


@pytest.mark.parametrize("name", ["efficientnet", "efficientnet_lite0"])
def test_sides_must_be_multiples_of_thirty_two(name: str) -> None:
    assert read_facts(name)["size_multiple"] == 32
    with pytest.raises(ValueError, match=r"multiples of 32, not \(64, 80\)"):
        MODELS[name].build().encoder(torch.zeros(1, 3, 64, 80))


@pytest.mark.parametrize("name", MODELS)
def test_the_facts_name_the_weights_that_the_code_loads(name: str) -> None:
    weights = tomllib.loads((BACKBONES / name / "backbone.toml").read_text())["weights"]
    assert [(one["name"], one["role"]) for one in weights] == [("imagenet", "encoder")]
    torchvisions = {
        "efficientnet": EfficientNet_B0_Weights.IMAGENET1K_V1.url,
        "inception": Inception_V3_Weights.IMAGENET1K_V1.url,
    }
    if name in torchvisions:
        assert weights[0]["address"] == torchvisions[name]
        assert weights[0]["address"].endswith("/" + weights[0]["file"])


def nearest_is_the_same(encoder: nn.Module, images: Tensor, identities: Any) -> float:
    """Share of images whose nearest neighbour by cosine shows the same individual."""
    with torch.no_grad():
        embeddings = torch.cat([encoder(batch).mean((2, 3)) for batch in images.split(32)])
    alike = nn.functional.normalize(embeddings).numpy()
    alike = alike @ alike.T
    np.fill_diagonal(alike, -np.inf)
    return float((identities[alike.argmax(axis=1)] == identities).mean())


@pytest.mark.shared
def test_lite_embeddings_identify_real_fish(package_file: dict[str, Tensor]) -> None:
    """Of eight, so chance is 1/8; at 224 pixels it is 0.64, measured by a random split of 80:20."""
    with (FISH / "metadata.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    photos = [Image.open(FISH / row["path"]).convert("RGB").resize((64, 64)) for row in rows]
    images = torch.from_numpy(np.stack([np.asarray(photo) for photo in photos])).permute(0, 3, 1, 2).float() / 255
    identities = np.array([row["identity"] for row in rows])
    torch.manual_seed(0)
    untrained = nearest_is_the_same(lite0.build().encoder.eval(), images, identities)
    trained = loaded("efficientnet_lite0", {"efficientnet_lite0": package_file}).encoder
    assert nearest_is_the_same(trained, images, identities) > max(0.45, 1.5 * untrained)
