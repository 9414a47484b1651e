import json
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from backbones.kit.api import RecipeSettings
from backbones.kit.learning.batch_norms import BatchNorms
from backbones.lama import losses, recipe
from backbones.lama.discriminator import Discriminator
from backbones.lama.generator import FourierUnit, Generator
from backbones.lama.model import Lama, LamaEncoder, build
from backbones.lama.perceptual import ResNet50Dilated
from backbones.lama.recipe import LamaRecipe
from support.backbones import assert_perceptual_weights_needed
from support.networks import (
    assert_equal_states,
    assert_only_holes_filled,
    fill_weights,
    relative_error,
    waves_with_holes,
)
from support.paths import REFERENCE
from support.reference import apply_rule, assert_recorded, manifest, reference_batch, shapes_of

pytestmark = pytest.mark.usefixtures("one_thread")
NO_PERCEPTUAL = RecipeSettings("none", {})


def vector(key: str, spread: Tensor) -> Tensor:
    """Shifts around 0, scales and variances around 1."""
    return 0.1 * spread + (0 if key.endswith(("bias", "running_mean")) else 1)


def small_recipe(settings: RecipeSettings = NO_PERCEPTUAL) -> LamaRecipe:
    """The published recipe on a generator of two blocks, in training mode."""
    torch.manual_seed(0)
    own = LamaRecipe(Generator(blocks=2), settings)
    own.networks.train()
    return own


@pytest.fixture(scope="module")
def lama() -> Lama:
    """Built once; tests that change its weights build their own."""
    torch.manual_seed(0)
    contestant = build()
    contestant._generator.eval()
    return contestant


@pytest.fixture(scope="module")
def ruled_discriminator(rule: ModuleType) -> Discriminator:
    network = Discriminator()
    apply_rule(rule, network, manifest("lama", "discriminator"))
    return network


@pytest.mark.parametrize(
    ("network", "part", "parameters"),
    [
        (Generator, "generator", 50_975_875),
        (Discriminator, "discriminator", 6_962_369),
        (ResNet50Dilated, "resnet_pl", 23_631_808),
    ],
)
def test_state_dicts_have_exactly_the_published_keys_and_shapes(
    network: type[nn.Module], part: str, parameters: int
) -> None:
    with torch.device("meta"):
        built = network()
    assert shapes_of(built) == manifest("lama", part)
    assert sum(parameter.numel() for parameter in built.parameters()) == parameters


def test_generator_and_encoder_agree_with_the_authors_code(rule: ModuleType) -> None:
    contestant = build()
    apply_rule(rule, contestant._generator, manifest("lama", "generator"), gain=0.8)
    inputs = reference_batch(rule)
    images, masks = inputs["image"], inputs["mask"]
    recorded = np.load(REFERENCE / "refA_lama_generator.npz")
    with torch.no_grad():
        output = contestant._generator(images, masks)
        pair = contestant._generator.model[:5](torch.cat((images * (1 - masks), masks), dim=1))
    assert relative_error(output, recorded["output"]) <= 1e-4
    assert_recorded(recorded, "output", output, within=1e-4)
    assert_recorded(recorded, "enc", torch.cat(pair, dim=1), within=1e-4)


def test_discriminator_agrees_with_the_authors_code(rule: ModuleType, ruled_discriminator: Discriminator) -> None:
    recorded = np.load(REFERENCE / "refA_lama_discriminator.npz")
    with torch.no_grad():
        logits, features = ruled_discriminator(reference_batch(rule)["image"])
    assert relative_error(logits, recorded["output"]) <= 1e-4
    assert_recorded(recorded, "output", logits, within=1e-4)
    for layer, feature in enumerate(features):
        assert_recorded(recorded, f"feat{layer}", feature, within=1e-4)


def test_losses_agree_with_the_authors_code(rule: ModuleType, ruled_discriminator: Discriminator) -> None:
    expected = json.loads((REFERENCE / "lossA_lama.json").read_text())["values"]
    perceptual = ResNet50Dilated()
    apply_rule(rule, perceptual, manifest("lama", "resnet_pl"), prefix="resnet50dilated.")
    inputs, fake = reference_batch(rule), reference_batch(rule, 20240602)["image"]
    real, masks = inputs["image"], inputs["mask"]
    own = LamaRecipe(Generator(blocks=0), NO_PERCEPTUAL)
    own._discriminator, own._perceptual = ruled_discriminator, perceptual
    terms = own._generator_terms(fake, real, masks)
    discriminator_terms = own._discriminator_terms(fake, real, masks)
    got = {
        "d_total": torch.stack(list(discriminator_terms.values())).sum(),
        "d_r1_term": discriminator_terms["gradient_penalty"],
        "g_adv": terms["adversarial"],
        "fm": terms["feature_matching"],
        "l1": terms["l1"],
        "resnet_pl": terms["perceptual"],
        **{f"resnet_feat{stage}_mean": maps.mean() for stage, maps in enumerate(perceptual(real))},
    }
    assert {name: value.item() for name, value in got.items()} == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("width", [6, 7])
def test_the_fourier_unit_equals_numpys_computation(width: int) -> None:
    unit = FourierUnit(3).eval()
    fill_weights(unit, vector)
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 3, 5, width))
    spectrum = np.fft.rfft2(x, norm="ortho")
    parts = np.empty((2, 6, *spectrum.shape[2:]))
    parts[:, 0::2], parts[:, 1::2] = spectrum.real, spectrum.imag
    mixed = np.einsum("oi,bihw->bohw", unit.conv_layer.weight.detach().numpy()[:, :, 0, 0], parts)
    scale, shift, mean, variance = (
        value.detach().numpy()[:, None, None]
        for value in (unit.bn.weight, unit.bn.bias, unit.bn.running_mean, unit.bn.running_var)
        if value is not None
    )
    rectified = np.maximum((mixed - mean) / np.sqrt(variance + 1e-5) * scale + shift, 0)
    expected = np.fft.irfft2(rectified[:, 0::2] + 1j * rectified[:, 1::2], s=(5, width), norm="ortho")
    with torch.no_grad():
        assert relative_error(unit(torch.from_numpy(x).float()), expected) < 1e-5


def test_outputs_equal_the_recorded_ones() -> None:
    images, masks = waves_with_holes(1, 32)
    generator, discriminator, perceptual = Generator(blocks=2), Discriminator(), ResNet50Dilated()
    for network in (generator, discriminator, perceptual):
        fill_weights(network.eval(), vector)
    with torch.no_grad():
        got = [
            *generator(images, masks)[0, :, 10, 12].tolist(),
            *LamaEncoder(generator)(images)[0, [12, 200, 400], 1, 2].tolist(),
            float(discriminator(images)[0].mean()),
            *(float(maps.mean()) for maps in perceptual(images)),
        ]
    expected = [
        *(0.5027135, 0.4936994, 0.5277209),
        *(0.1244493, 0.2819285, 0.002059401),
        0.01711353,
        *(0.3168358, 0.2955607, 0.2810157, 0.1944275),
    ]
    assert got == pytest.approx(expected, rel=1e-4)


def test_the_encoder_is_the_first_layers_of_the_generator(lama: Lama) -> None:
    images, _ = waves_with_holes(2, 48)
    assert sum(parameter.numel() for parameter in lama.encoder.parameters()) == 1_562_752
    shared_with = {id(parameter) for parameter in lama._generator.parameters()}
    assert {id(parameter) for parameter in lama.encoder.parameters()} < shared_with
    with torch.no_grad():
        local, distant = lama._generator.model[:5](torch.cat((images, torch.zeros(2, 1, 48, 48)), dim=1))
        maps = lama.encoder(images)
    assert maps.shape == (2, 512, 6, 6)
    assert torch.equal(maps[:, :128], local)
    assert torch.equal(maps[:, 128:], distant)


def test_sizes_must_be_multiples_of_eight(lama: Lama) -> None:
    with pytest.raises(ValueError, match=r"multiple of 8 .* not 64 x 60"):
        lama.encoder(torch.zeros(1, 3, 64, 60))
    with pytest.raises(ValueError, match=r"at least 16, not 8 x 8"):
        lama.recipe(NO_PERCEPTUAL).inpaint(torch.zeros(1, 3, 8, 8), torch.zeros(1, 1, 8, 8))


def test_a_published_checkpoint_loads(lama: Lama) -> None:
    beside = dict.fromkeys(("discriminator.model0.0.bias", "loss_resnet_pl.impl.bn1.bias"), torch.zeros(1))
    beside["val_evaluator.scores.fid.model.bias"] = torch.zeros(1)
    fresh = build()
    published = {"epoch": 39, "state_dict": {**lama.network.state_dict(), **beside}}
    fresh.load("big-lama", fresh.unpack("big-lama", published))
    assert_equal_states(fresh.network.state_dict(), lama.network.state_dict())


def test_another_checkpoint_is_refused(lama: Lama) -> None:
    state = lama.network.state_dict()
    key = "generator.model.34.bias"
    less = {other: value for other, value in state.items() if other != key}
    unfit: list[tuple[dict[str, Any], str]] = [
        ({"state_dict": less}, r"1 missing: generator\.model\.34\.bias"),
        ({"state_dict": {**state, "generator_average.x": torch.zeros(1)}}, "1 unknown: generator_average"),
        ({"state_dict": {**state, key: torch.zeros(4)}}, r"1 of another shape: .* is \(4,\), not \(3,\)"),
        ({"state_dict": lama._generator.state_dict()}, r"989 missing: .*; 989 unknown"),
        (state, "under 'state_dict'"),
    ]
    for checkpoint, message in unfit:
        with pytest.raises(ValueError, match=message):
            lama.load("big-lama", lama.unpack("big-lama", checkpoint))
    with pytest.raises(ValueError, match="'big-lama'"):
        lama.unpack("small-lama", {"state_dict": state})


def test_the_perceptual_network_loads_its_published_file_strictly() -> None:
    source = ResNet50Dilated()
    fill_weights(source, vector)
    published = {key: value for key, value in source.state_dict().items() if "num_batches" not in key}
    published["bn1._tmp_running_mean"] = torch.zeros(64)
    loaded = ResNet50Dilated.published(published)
    assert_equal_states(loaded.state_dict(), source.state_dict())
    del published["layer3.2.conv2.weight"]
    with pytest.raises(ValueError, match=r"1 missing: layer3\.2\.conv2\.weight"):
        ResNet50Dilated.published(published)


def test_the_settings_decide_about_the_perceptual_term(lama: Lama) -> None:
    assert_perceptual_weights_needed(lama, "ade20k-resnet50dilated")
    network = ResNet50Dilated()
    own = small_recipe(RecipeSettings("published", {recipe.PERCEPTUAL_NAME: network.state_dict()}))
    losses_by_name = own.step(*waves_with_holes(2, 32))
    assert own._perceptual is not None
    assert not any(module.training for module in own._perceptual.modules())
    weighted = ("l1", "adversarial", "feature_matching", "perceptual")
    assert losses_by_name["perceptual"] > 0
    assert losses_by_name["generator"] == pytest.approx(sum(losses_by_name[name] for name in weighted))


def test_a_step_descends_each_networks_own_loss() -> None:
    own = small_recipe()
    images, masks = waves_with_holes(2, 32)
    generator, discriminator = own._generator, own._discriminator
    before = [next(network.parameters()).clone() for network in (generator, discriminator)]
    prediction = generator(images, masks)
    fake_logits, fake = discriminator(prediction)
    _, real = discriminator(images)
    matching = torch.stack([(one - other).square().mean() for one, other in zip(fake, real, strict=True)]).mean()
    total = 10 * torch.log1p(torch.exp(-fake_logits)).mean() + 100 * matching
    total = total + 10 * ((1 - masks) * (prediction - images).abs()).mean()
    expected = clipped(torch.autograd.grad(total, list(generator.parameters())))
    discriminator_loss = torch.stack(list(own._discriminator_terms(prediction.detach(), images, masks).values())).sum()
    expected += clipped(torch.autograd.grad(discriminator_loss, list(discriminator.parameters())))
    reported = own.step(images, masks)
    got = [parameter.grad for network in own.networks.values() for parameter in network.parameters()]
    assert reported["generator"] == pytest.approx(total.item(), rel=1e-4)
    for one, other in zip(got, expected, strict=True):
        assert one is not None
        torch.testing.assert_close(one, other, rtol=1e-2, atol=1e-5)
    for network, old in zip((generator, discriminator), before, strict=True):
        assert not torch.equal(next(network.parameters()), old)


def clipped(gradients: tuple[Tensor, ...]) -> list[Tensor]:
    norm = torch.stack([gradient.square().sum() for gradient in gradients]).sum().sqrt()
    return [gradient * min(1.0, 1 / float(norm)) for gradient in gradients]


def overfit(steps: int) -> list[dict[str, float]]:
    own = small_recipe()
    images, masks = waves_with_holes(2, 32)
    return [own.step(images, masks) for _ in range(steps)]


def test_training_fits_one_batch_and_is_deterministic() -> None:
    history = overfit(10)
    assert history[-1]["generator"] < 0.7 * history[0]["generator"]
    assert history[-1]["l1"] < 0.7 * history[0]["l1"]
    assert history[-1]["discriminator"] < history[0]["discriminator"]
    assert overfit(2) == history[:2]


def test_inpainting_keeps_known_pixels(lama: Lama) -> None:
    images, masks = waves_with_holes(2, 32)
    with torch.no_grad():
        filled = lama.recipe(NO_PERCEPTUAL).inpaint(images, masks)
    assert_only_holes_filled(filled, images, masks)


def test_the_content_of_holes_does_not_reach_the_generator(lama: Lama) -> None:
    images, masks = waves_with_holes(1, 32)
    with torch.no_grad():
        assert torch.equal(lama._generator(images, masks), lama._generator(images * (1 - masks), masks))


def test_bfloat16_autocast_keeps_the_fourier_transform_in_float32(lama: Lama) -> None:
    images, masks = waves_with_holes(1, 32)
    with torch.no_grad():
        expected = lama._generator(images, masks)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            got = lama._generator(images, masks)
    assert relative_error(got.float(), expected) < 0.1


def test_known_regions_are_real_in_the_discriminators_loss() -> None:
    logits = torch.tensor([[[[2.0, -1.0], [0.5, 0.0]]]])
    masks = torch.zeros(1, 1, 4, 4)
    masks[..., :2, :2] = 1
    as_fake, as_real = np.log1p(np.exp(2.0)), np.log1p(np.exp([1.0, -0.5, 0.0]))
    expected = np.log1p(np.exp(-3.0)) + (as_fake + as_real.sum()) / 4
    got = losses.discrimination(torch.full((1, 1, 2, 2), 3.0), logits, masks)
    assert float(got) == pytest.approx(expected)


def test_the_facts_name_the_weights_that_the_code_loads() -> None:
    facts = tomllib.loads((Path(recipe.__file__).parent / "backbone.toml").read_text())
    roles = {weights["role"]: weights for weights in facts["weights"]}
    assert roles["generator"]["name"] == "big-lama"
    assert roles["perceptual"]["name"] == recipe.PERCEPTUAL_NAME
    assert facts["size_multiple"] == 8
    assert all(len(weights["sha256"]) in {0, 64} for weights in facts["weights"])


def test_batch_norms_measure_the_same_statistics_without_the_loss() -> None:
    """Settling runs what the norms see; the perceptual network, which has none of its own, does not run."""
    images, masks = waves_with_holes(2, 32)
    settings = RecipeSettings("published", {recipe.PERCEPTUAL_NAME: ResNet50Dilated().state_dict()})
    statistics = []
    for method in ("generator_loss", "run_norms"):
        own = small_recipe(settings)
        own.networks.eval()
        norms, passes = BatchNorms(own.networks), []
        assert own._perceptual is not None
        own._perceptual.register_forward_hook(lambda *_, passes=passes: passes.append(1))
        with torch.no_grad(), norms.settling():
            getattr(own, method)(images, masks)
        statistics.append(norms.statistics())
        assert len(passes) == (2 if method == "generator_loss" else 0)
    torch.testing.assert_close(statistics[0], statistics[1], rtol=0, atol=0)
