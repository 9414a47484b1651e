import json
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import timm
import torch
from huggingface_hub import ModelCardData
from huggingface_hub.errors import RepositoryNotFoundError
from PIL import Image
from safetensors.torch import load_file, save_file
from timm.data import create_transform
from torch import Tensor, nn

from backbones.kit import entry
from backbones.kit.facts import read_facts
from backbones.timm import about, fetch, miewid, published
from backbones.timm.encoder import TimmEncoder, feature_map
from backbones.timm.model import build
from harness.conformance.synthetic_packs import CLASSES, TWINS, write_packs
from harness.contract import Encode, TrainClassify
from support.networks import assert_equal_states

pytestmark = pytest.mark.usefixtures("one_thread")
HUB = "hf-hub:wild/tiny-descriptor"
CONFIG = {
    "architecture": "test_vit",
    "num_classes": 5,
    "num_features": 64,
    "pretrained_cfg": {
        "input_size": [3, 64, 64],
        "fixed_input_size": True,
        "interpolation": "bilinear",
        "mean": [0.4, 0.5, 0.6],
        "std": [0.2, 0.3, 0.25],
        "num_classes": 5,
        "first_conv": "patch_embed.proj",
        "classifier": "head",
    },
    "model_args": {"img_size": 64, "depth": 2},
}
"""config.json of a hub model: a network that differs from timm's own of that name."""


def random_network(name: str, **arguments: Any) -> Any:
    torch.manual_seed(0)
    return timm.create_model(name, num_classes=0, **arguments).eval()


NETWORKS: dict[str, tuple[Callable[[], Any], tuple[int, int], tuple[int, ...]]] = {
    "resnet18": (lambda: random_network("resnet18"), (160, 224), (512, 5, 7)),
    "convnext_atto": (lambda: random_network("convnext_atto"), (160, 224), (320, 5, 7)),
    "efficientnet_lite0": (lambda: random_network("efficientnet_lite0"), (160, 224), (1280, 5, 7)),
    "vit_tiny_patch16_224": (lambda: random_network("vit_tiny_patch16_224"), (64, 64), (192, 14, 14)),
    "swin_tiny_patch4_window7_224": (lambda: random_network("swin_tiny_patch4_window7_224"), (64, 64), (768, 7, 7)),
    "vit_small_patch14_dinov2": (
        lambda: random_network("vit_small_patch14_dinov2", img_size=(56, 84)),
        (64, 96),
        (384, 4, 6),
    ),
}
"""Constructor of each network, height and width of the images, and shape of the expected feature map."""


@pytest.mark.parametrize("name", NETWORKS)
def test_a_change_in_a_corner_of_the_image_changes_that_corner_of_the_feature_map(name: str) -> None:
    make, (height, width), shape = NETWORKS[name]
    images = torch.rand(1, 3, height, width, generator=torch.Generator().manual_seed(0)).repeat(5, 1, 1, 1)
    corners = [(down, across) for down in (0, 1) for across in (0, 1)]
    for image, (down, across) in zip(images[1:], corners, strict=True):
        tall, wide = height // 4, width // 4
        corner = image[:, down * (height - tall) :, across * (width - wide) :][:, :tall, :wide]
        corner.copy_(1 - corner)
    with torch.no_grad():
        maps = TimmEncoder(make())(images)
    assert maps.shape == (5, *shape)
    for changed, (down, across) in zip(maps[1:], corners, strict=True):
        row, column = divmod(int((changed - maps[0]).abs().sum(0).argmax()), shape[2])
        assert (row >= shape[1] / 2, column >= shape[2] / 2) == (bool(down), bool(across))


@pytest.mark.parametrize("name", ["resnet18", "vit_tiny_patch16_224", "vit_small_patch14_dinov2"])
def test_the_feature_map_is_the_last_one_of_timms_forward_intermediates(name: str) -> None:
    make, (height, width), _ = NETWORKS[name]
    network = make()
    images = torch.rand(1, 3, height, width)
    inner, inputs = network.forward_features, []
    network.forward_features = lambda images: inputs.append(images) or inner(images)
    with torch.no_grad():
        maps = TimmEncoder(network)(images)
        expected = network.forward_intermediates(inputs[0], indices=1, norm=True, intermediates_only=True)[-1]
    torch.testing.assert_close(maps, expected)


@pytest.mark.parametrize(("name", "height", "width"), [("vit_tiny_patch16_224", 300, 200), ("resnet18", 64, 96)])
def test_preprocessing_is_that_of_timm(name: str, height: int, width: int) -> None:
    """Up to the rounding to bytes between timm's resizing and its normalisation."""
    network = random_network(name)
    config = network.pretrained_cfg
    size = (224, 224) if config["fixed_input_size"] else (height, width)
    ramp = np.linspace(0, 255, height * width * 3).reshape(height, width, 3)
    photo = (ramp + 40 * np.sin(np.arange(width) / 5)[:, None]).clip(0, 255).astype(np.uint8)
    prepare = create_transform(
        input_size=(3, *size),
        interpolation=config["interpolation"],
        mean=config["mean"],
        std=config["std"],
        crop_pct=1.0,
        crop_mode="squash",
    )
    inputs: list[Tensor] = []
    first = network.get_submodule(config["first_conv"])
    first.register_forward_pre_hook(lambda _, arguments: inputs.append(arguments[0]))
    with torch.no_grad():
        TimmEncoder(network)(torch.from_numpy(photo).permute(2, 0, 1)[None].float() / 255)
    expected = prepare(Image.fromarray(photo))
    assert inputs[0].shape[1:] == (3, *size)
    torch.testing.assert_close(inputs[0][0], expected, rtol=0, atol=2 / 255 / min(config["std"]))


def test_a_network_without_a_single_feature_map_is_refused() -> None:
    with pytest.raises(ValueError, match="gives no single feature map"):
        TimmEncoder(random_network("pit_ti_224"))(torch.zeros(1, 3, 64, 64))
    with pytest.raises(ValueError, match="gives no single feature map"):
        feature_map([torch.zeros(1, 4, 2, 2)] * 2, random_network("test_resnet"), (64, 64))


def test_a_size_that_the_network_does_not_take_is_refused() -> None:
    network = random_network("test_vit", dynamic_img_size=True)
    encoder = TimmEncoder(network)
    assert encoder(torch.zeros(1, 3, 48, 80)).shape == (1, 64, 3, 5)
    with pytest.raises(ValueError, match=r"does not take images of \(48, 50\): .*divisible by patch size"):
        encoder(torch.zeros(1, 3, 48, 50))


@pytest.mark.parametrize(
    ("variant", "message"),
    [
        ("", "timm needs a variant, such as timm:resnet18"),
        ("resnet19", "has no network 'resnet19'. Close names: resnet18"),
        ("resnet18.nonsense", "resnet18 has no weights 'nonsense'; it has: a1_in1k"),
        ("hf-hub:nowhere", "no address on the hub; expected hf-hub:ORG/NAME"),
        ("local-dir:/etc", "has no network 'local-dir:/etc'"),
    ],
)
def test_an_unknown_variant_is_refused(variant: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        build(variant)


def card(monkeypatch: pytest.MonkeyPatch, **stated: str) -> None:
    """Give every model on the hub this card; without fields, no card."""
    info = SimpleNamespace(card_data=ModelCardData(**stated) if stated else None)
    monkeypatch.setattr(about, "model_info", lambda *_, **__: info)


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that replaces the hub: ORG/NAME/FILE."""

    def download(repo_id: str, filename: str, **_: object) -> str:
        return str(tmp_path / "hub" / repo_id / filename)

    monkeypatch.setattr("timm.models._hub.hf_hub_download", download)
    card(monkeypatch, license="cc-by-nc-4.0")
    return tmp_path / "hub"


def publish(hub: Path, address: str, config: dict[str, Any], state: dict[str, Tensor]) -> None:
    (hub / address).mkdir(parents=True)
    (hub / address / "config.json").write_text(json.dumps(config))
    save_file(state, hub / address / "model.safetensors")


def tiny_descriptor() -> Any:
    torch.manual_seed(1)
    return timm.create_model("test_vit", num_classes=5, img_size=64, depth=2).eval()


def run(folder: Path, job: Any, data: Path) -> Path:
    """Do a job as a runner does, and return the folder of its results."""
    folder.mkdir()
    (folder / "data").symlink_to(data)
    (folder / "job.json").write_text(json.dumps(job.model_dump(mode="json")))
    assert entry.main(["timm", job.verb, "--job", str(folder)]) == 0
    return folder / "out"


def test_a_hub_model_is_fetched_trained_and_encodes(hub: Path, tmp_path: Path) -> None:
    source = tiny_descriptor()
    publish(hub, "wild/tiny-descriptor", CONFIG, source.state_dict())
    fetched, weights = tmp_path / "fetched.safetensors", tmp_path / "weights.safetensors"
    assert fetch.main([HUB, str(fetched)]) == 0
    convert = ["--variant", HUB, "--entry", "pretrained", "--input", str(fetched), "--output", str(weights)]
    assert entry.main(["timm", "convert", *convert]) == 0

    write_packs(tmp_path / "packs", 64)
    common = {
        "variant": HUB,
        "image_size": 64,
        "seed": 0,
        "batch_size": 4,
        "init": "published",
        "weights": {"pretrained": str(weights)},
        "pooling": "average",
    }
    encoded = run(tmp_path / "encode", Encode(**common), tmp_path / "packs" / "twins")
    images = torch.from_numpy(np.load(tmp_path / "packs" / "twins" / "images.npy")).permute(0, 3, 1, 2) / 255
    mean, std = (torch.tensor(CONFIG["pretrained_cfg"][what]).view(3, 1, 1) for what in ("mean", "std"))
    with torch.no_grad():
        tokens = source.forward_features((images - mean) / std)
    embeddings = np.load(encoded / "embeddings.npy")
    np.testing.assert_allclose(embeddings, tokens[:, 1:].mean(dim=1).numpy(), atol=1e-5)

    job = TrainClassify(**common, mode="deep", classes=CLASSES, epochs=1, learning_rate=1e-3, explain=("gradcam",))
    trained = run(tmp_path / "train", job, tmp_path / "packs" / "train")
    assert np.load(trained / "cams-gradcam.npy").shape == (1, CLASSES, 4, 4)
    job = Encode(**common, checkpoint=str(trained / "checkpoint.safetensors"), classes=CLASSES, explain=("gradcam",))
    encoded = run(tmp_path / "encode-again", job, tmp_path / "packs" / "twins")
    assert not np.allclose(np.load(encoded / "embeddings.npy"), embeddings, atol=1e-3)
    assert np.load(encoded / "cams-gradcam.npy").shape == (2 * TWINS, 4, 4)


def test_describing_a_hub_model_without_its_file_names_the_fetch_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert entry.main(["timm", "describe", "--variant", HUB]) == 2
    message = capsys.readouterr().err
    assert f"`patternbench weights fetch timm:{HUB}`" in message
    assert "`describe` and `check`, which start from random weights, do not work for it" in message


@pytest.mark.parametrize(
    ("variant", "licence", "page"),
    [
        ("convnextv2_atto", "cc-by-nc-4.0", "timm/convnextv2_atto.fcmae_ft_in1k"),
        ("resnet18.a1_in1k", "apache-2.0", "timm/resnet18.a1_in1k"),
        ("coatnet_0_224", "apache-2.0", "timm"),
        (f"{HUB}@v1.0", "cc-by-nc-4.0", "wild/tiny-descriptor"),
    ],
)
@pytest.mark.usefixtures("hub")
def test_the_licence_is_printed_before_the_download(
    capsys: pytest.CaptureFixture[str], variant: str, licence: str, page: str
) -> None:
    assert about.main([variant, ""]) == 0
    assert json.loads(capsys.readouterr().out) == {"licence": licence, "address": f"https://huggingface.co/{page}"}


def test_a_licence_that_the_hub_does_not_state_is_reported_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    card(monkeypatch)
    assert about.about(HUB)["licence"] == "not stated"
    card(monkeypatch, license="other", license_name="own-terms")
    assert about.about(HUB)["licence"] == "own-terms"
    for error, expected in ((OSError("no route"), about.UNREACHED), (KeyError("sea monster"), about.UNREACHED)):
        monkeypatch.setattr(about, "model_info", raising(error))
        assert about.about(HUB)["licence"] == expected


def test_the_licence_of_an_unknown_variant_is_an_error(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert about.main(["resnet19", ""]) == 2
    assert "has no network 'resnet19'. Close names: resnet18" in capsys.readouterr().err
    response: Any = SimpleNamespace(headers={}, request=None)
    monkeypatch.setattr(about, "model_info", raising(RepositoryNotFoundError("404", response=response)))
    assert about.main([HUB, ""]) == 2
    assert "wild/tiny-descriptor: the hub has no such model" in capsys.readouterr().err


def raising(error: Exception) -> Callable[..., Any]:
    def call(*_: object, **__: object) -> Any:
        raise error

    return call


def test_the_fetched_file_of_a_hub_model_keeps_its_licence(
    hub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(hub, "wild/tiny-descriptor", CONFIG, tiny_descriptor().state_dict())
    fetch.fetch(HUB, tmp_path / "fetched.safetensors")
    monkeypatch.setattr(about, "model_info", raising(OSError("no route")))
    assert about.about(HUB, tmp_path / "fetched.safetensors")["licence"] == "cc-by-nc-4.0"
    assert about.about(HUB, hub / "wild/tiny-descriptor/model.safetensors")["licence"] == about.UNREACHED
    (tmp_path / "other").write_bytes(b"other")
    assert published.licence_in(tmp_path / "other") == published.licence_in(tmp_path / "no") == ""


def test_weights_of_timms_own_networks_are_fetched_without_classifier(hub: Path, tmp_path: Path) -> None:
    torch.manual_seed(1)
    source = timm.create_model("test_resnet")
    publish(hub, "timm/test_resnet.r160_in1k", {}, source.state_dict())
    fetch.fetch("test_resnet", tmp_path / "fetched.safetensors")
    fetched = load_file(tmp_path / "fetched.safetensors")
    expected = {key: value for key, value in source.state_dict().items() if not key.startswith("fc.")}
    assert fetched.keys() - expected.keys() == {"config"}
    backbone = build("test_resnet")
    backbone.load("pretrained", backbone.unpack("pretrained", fetched))
    loaded = backbone.encoder.network.state_dict()
    assert_equal_states(loaded, expected)
    by_hand = backbone.unpack("pretrained", load_file(hub / "timm/test_resnet.r160_in1k/model.safetensors"))
    assert_equal_states(by_hand, fetched)


def test_files_that_are_not_the_variants_are_refused(hub: Path, tmp_path: Path) -> None:
    publish(hub, "wild/tiny-descriptor", CONFIG, tiny_descriptor().state_dict())
    fetch.fetch(HUB, tmp_path / "fetched.safetensors")
    fetched = load_file(tmp_path / "fetched.safetensors")
    backbone = build("test_vit")
    with pytest.raises(ValueError, match=f"weights of timm:{HUB}, not of timm:test_vit"):
        backbone.load("pretrained", fetched)
    with pytest.raises(ValueError, match=r"missing: .*; 1 unknown: surprise"):
        backbone.unpack("pretrained", {"surprise": torch.zeros(1)})
    with pytest.raises(ValueError, match="only 'pretrained'"):
        backbone.load("imagenet", fetched)
    backbone = build(HUB)
    with pytest.raises(ValueError, match="1 missing: cls_token"):
        backbone.load("pretrained", {key: value for key, value in fetched.items() if key != "cls_token"})
    with pytest.raises(ValueError, match=f"`patternbench weights fetch timm:{HUB}`"):
        backbone.unpack("pretrained", tiny_descriptor().state_dict())


def test_an_incomplete_timm_network_is_not_fetched(
    hub: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "fetched.safetensors"
    publish(hub, "wild/other-library", {"model_name": "resnet18", "pretrained_cfg": {}}, {"x": torch.zeros(1)})
    less = tiny_descriptor().state_dict()
    del less["norm.bias"]
    publish(hub, "wild/tiny-descriptor", CONFIG, less)
    in_part = timm.create_model("dla46x_c").state_dict()
    del in_part["level5.root.conv.weight"]
    publish(hub, "timm/dla46x_c.in1k", {}, in_part)
    refused = {
        "hf-hub:wild/other-library": "has no 'architecture'",
        HUB: r"norm.bias",
        "dla46x_c": "leave 1 tensors random, such as level5.root.conv.weight",
        "resnet19": "has no network 'resnet19'",
        "hf-hub:wild/nothing-there": "No such file",
    }
    for variant, message in refused.items():
        assert fetch.main([variant, str(output)]) == 1
        printed = capsys.readouterr().err
        assert printed.startswith(f"timm:{variant} was not fetched: ")
        assert message in printed
    assert fetch.main([HUB]) == 2
    assert "usage" in capsys.readouterr().err
    assert not output.exists()


def test_miewid_is_converted_strictly_from_its_own_layout(
    hub: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with torch.device("meta"):
        assert timm.create_model(miewid.ARCHITECTURE).num_features == 2152  # an embedding of MiewID has as many
    monkeypatch.setattr(miewid, "ARCHITECTURE", "test_efficientnet")
    monkeypatch.setattr(miewid, "hf_hub_download", lambda address, file, **_: str(hub / address / file))
    source = random_network("test_efficientnet")
    state = {f"backbone.{key}": value for key, value in source.state_dict().items()}
    head = nn.BatchNorm1d(source.num_features).state_dict()
    state |= {"pooling.p": torch.ones(1)} | {f"bn.{key}": value for key, value in head.items()}
    publish(hub, "conservationxlabs/miewid-msv3", {}, state)
    variant = "hf-hub:conservationxlabs/miewid-msv3@main"
    fetch.fetch(variant, tmp_path / "fetched.safetensors")
    backbone = build(variant)
    backbone.load("pretrained", load_file(tmp_path / "fetched.safetensors"))
    images = torch.rand(1, 3, 64, 64)
    mean, std = (torch.tensor(one).view(3, 1, 1) for one in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225)))
    with torch.no_grad():
        expected = source.forward_features((images - mean) / std)
        torch.testing.assert_close(backbone.encoder.eval()(images), expected, rtol=1e-4, atol=1e-4)

    other = {"final.weight": torch.ones(1), **{key: state[key] for key in state if key != "backbone.bn1.weight"}}
    save_file(other, hub / "conservationxlabs/miewid-msv3" / "model.safetensors")
    assert fetch.main([variant, str(tmp_path / "again.safetensors")]) == 1
    assert "1 missing: bn1.weight; 1 unknown: final.weight" in capsys.readouterr().err


def test_the_facts_state_the_commands_of_fetch_and_about() -> None:
    facts = read_facts("timm")
    assert facts["variants"] == ["*"]
    assert facts["weights"][0]["name"] == "pretrained"
    assert facts["published_only"] == ["hf-hub:*"]
    assert facts["weights"][0]["about"] == ["{python}", "-m", about.__name__, "{variant}", "{input}"]
    assert facts["weights"][0]["fetch"] == ["{python}", "-m", fetch.__name__, "{variant}", "{output}"]
