import copy
import json
import tomllib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter
from torch import Tensor, nn

from backbones.aotgan import losses, model, recipe
from backbones.aotgan.discriminator import Discriminator
from backbones.aotgan.generator import AotBlock, Generator, network_input
from backbones.aotgan.losses import Adversary
from backbones.aotgan.model import AotGan, AotGanEncoder, build
from backbones.aotgan.recipe import AotGanRecipe
from backbones.aotgan.subnetworks import SUBNETWORKS
from backbones.kit.api import RecipeSettings
from backbones.kit.published.vgg import Vgg19
from support.backbones import assert_perceptual_weights_needed
from support.networks import (
    assert_equal_states,
    assert_only_holes_filled,
    fill_weights,
    relative_error,
    waves_with_holes,
)
from support.paths import REFERENCE
from support.reference import apply_rule, assert_recorded, manifest, reference_batch, ruled_vgg, shapes_of

pytestmark = pytest.mark.usefixtures("one_thread")
NO_PERCEPTUAL = RecipeSettings("none", {})
SIDE = 36


def vector(key: str, spread: Tensor) -> Tensor:
    """Small biases, and singular vectors of length 1."""
    return 0.1 * spread if key.endswith("bias") else spread / spread.norm()


def small_recipe(settings: RecipeSettings = NO_PERCEPTUAL, adversary: Adversary = Adversary.CODE) -> AotGanRecipe:
    """The published recipe with a generator of one block, in training mode."""
    torch.manual_seed(0)
    own = AotGanRecipe(Generator(blocks=1), Discriminator(), settings, adversary)
    own.networks.train()
    return own


@pytest.fixture(scope="module")
def aotgan() -> AotGan:
    """Built once; tests that change its weights build their own."""
    torch.manual_seed(0)
    contestant = build()
    contestant._generator.eval()
    return contestant


@pytest.mark.parametrize(("part", "parameters"), [("generator", 15_200_835), ("discriminator", 2_763_777)])
def test_state_dicts_have_exactly_the_published_keys_and_shapes(part: str, parameters: int) -> None:
    built = SUBNETWORKS[part].build()
    assert shapes_of(built) == manifest("aotgan", part)
    assert sum(parameter.numel() for parameter in built.parameters()) == parameters


@pytest.mark.parametrize(
    ("part", "gain", "names", "within"),
    [
        ("generator", 1.1, {"output": "output", "encoder": "enc"}, 2e-4),
        ("discriminator", 1.0, {"output": "output"}, 5e-5),
    ],
)
def test_networks_agree_with_the_authors_code(
    rule: ModuleType, part: str, gain: float, names: dict[str, str], within: float
) -> None:
    """The generator's rounding in float32 is 1e-4 of its output: so far is float64 from either processor's values."""
    network = SUBNETWORKS[part].build()
    apply_rule(rule, network, manifest("aotgan", part), gain=gain)
    recorded = np.load(REFERENCE / f"refA_aotgan_{part}.npz")
    inputs = reference_batch(rule)
    with torch.no_grad():
        outputs = SUBNETWORKS[part].run(network, {name: inputs[name] for name in SUBNETWORKS[part].inputs})
    assert outputs.keys() == names.keys()
    assert relative_error(outputs["output"], recorded["output"]) <= within
    for name, recorded_name in names.items():
        assert_recorded(recorded, recorded_name, outputs[name], within=within)


def test_losses_agree_with_the_authors_code(rule: ModuleType) -> None:
    expected = json.loads((REFERENCE / "lossA_aotgan.json").read_text())["values"]
    own = small_recipe()
    apply_rule(rule, own._discriminator, manifest("aotgan", "discriminator"))
    own._perceptual = ruled_vgg(rule)
    images, masks = 2 * reference_batch(rule)["image"] - 1, reference_batch(rule)["mask"]
    fake = 2 * reference_batch(rule, 20240602)["image"] - 1
    with torch.no_grad():
        terms = own._generator_terms(fake, images, masks)
        discriminator_loss = own._discriminator_loss(fake, images, masks)
    soft = losses.soften(masks)
    got = {
        "l1": terms["l1"],
        "style": terms["style"] / 250,
        "perceptual": terms["perceptual"] / 0.1,
        "adv_g": terms["adversarial"] / 0.01,
        "adv_d": discriminator_loss,
        "blurred_mask_mean": soft.mean(),
        "blurred_mask_max": soft.max(),
        "blurred_mask_center": soft[0, 0, 32, 32],
        "total_g": torch.stack(list(terms.values())).sum(),
    }
    assert {name: value.item() for name, value in got.items()} == pytest.approx(expected, rel=1e-5)


def test_outputs_equal_the_recorded_ones() -> None:
    images, masks = waves_with_holes(1, SIDE)
    generator, discriminator = Generator(blocks=1), Discriminator()
    for network in (generator, discriminator):
        fill_weights(network, vector)
    with torch.no_grad():
        for _ in range(5):
            verdicts = discriminator(2 * images - 1)
        got = [
            *generator(2 * images - 1, masks)[0, :, 10, 12].tolist(),
            *AotGanEncoder(generator)(images)[0, [3, 110, 219], 1, 2].tolist(),
            *verdicts.flatten()[:2].tolist(),
        ]
    expected = [
        *(-0.088135727, 0.088084608, 0.091832623),
        *(0.25191358, 0.32266313, 0.34634915),
        *(-0.045822937, -0.037770003),
    ]
    assert got == pytest.approx(expected, rel=1e-4)


def test_a_block_mixes_its_branches_by_a_gate_standardised_over_positions() -> None:
    torch.manual_seed(0)
    block, x = AotBlock(), torch.randn(2, 256, 9, 10)
    with torch.no_grad():
        branches = [branch(x) for branch in (block.block00, block.block01, block.block02, block.block03)]
        fused, gate = block.fuse(torch.cat(branches, dim=1)).double().numpy(), block.gate(x).double().numpy()
        got = block(x)
    assert [branch.shape[1:] for branch in branches] == 4 * [(64, 9, 10)]
    standard = (gate - gate.mean((2, 3), keepdims=True)) / gate.std((2, 3), ddof=1, keepdims=True)
    share = 1 / (1 + np.exp(-5 * (2 * standard - 1)))
    assert relative_error(got, x.numpy() * (1 - share) + fused * share) < 1e-5


def test_random_weights_start_small_and_without_biases(aotgan: AotGan) -> None:
    for network in (aotgan._generator, aotgan._discriminator):
        for name, parameter in network.named_parameters():
            if parameter.ndim > 1:
                assert float(parameter.detach().std()) == pytest.approx(0.02, rel=0.05), name
            else:
                assert parameter.count_nonzero() == 0, name


def test_the_encoder_is_the_first_layers_of_the_generator(aotgan: AotGan) -> None:
    images, _ = waves_with_holes(2, 48)
    assert sum(parameter.numel() for parameter in aotgan.encoder.parameters()) == 668_352
    shared_with = {id(parameter) for parameter in aotgan._generator.parameters()}
    assert {id(parameter) for parameter in aotgan.encoder.parameters()} < shared_with
    with torch.no_grad():
        expected = aotgan._generator.encoder(torch.cat((2 * images - 1, torch.zeros(2, 1, 48, 48)), dim=1))
        maps = aotgan.encoder(images)
    assert maps.shape == (2, 256, 12, 12)
    assert torch.equal(maps, expected)


def test_holes_are_white_in_the_networks_input() -> None:
    images, masks = waves_with_holes(1, 8)
    joined = network_input(2 * images - 1, masks)
    assert torch.equal(joined[:, 3:], masks)
    hole = masks.expand_as(images) == 1
    assert torch.equal(joined[:, :3][hole], torch.ones(3 * int(masks.sum())))
    assert torch.equal(joined[:, :3][~hole], (2 * images - 1)[~hole])


def test_sizes_must_be_multiples_of_four(aotgan: AotGan) -> None:
    with pytest.raises(ValueError, match=r"multiple of 4 .* not 64 x 62"):
        aotgan.encoder(torch.zeros(1, 3, 64, 62))
    assert aotgan.encoder(torch.zeros(1, 3, 4, 8)).shape == (1, 256, 1, 2)
    with pytest.raises(ValueError, match=r"at least 36, not 32 x 64"):
        aotgan.recipe(NO_PERCEPTUAL).inpaint(torch.zeros(1, 3, 32, 64), torch.zeros(1, 1, 32, 64))


def test_published_weights_reach_encoder_recipe_and_loss() -> None:
    source, fresh = build(), build()
    for name, network in source._own.items():
        fresh.load(name, fresh.unpack(name, dict(network.state_dict())))
    own = fresh.recipe(NO_PERCEPTUAL)
    expected = {"generator": source._generator, "discriminator": source._discriminator}
    for name, network in expected.items():
        assert_equal_states(own.networks[name].state_dict(), network.state_dict())
    assert torch.equal(next(fresh.encoder.parameters()), next(source._generator.parameters()))
    vgg = {"features.0.bias": torch.zeros(64), "classifier.0.bias": torch.zeros(1)}
    assert fresh.unpack("vgg19", vgg).keys() == {"features.0.bias"}


def test_other_files_are_refused(aotgan: AotGan) -> None:
    state = aotgan._generator.state_dict()
    key = "decoder.4.bias"
    less = {other: value for other, value in state.items() if other != key}
    unfit: list[tuple[str, dict[str, Tensor], str]] = [
        ("places2", less, r"The places2 checkpoint .*1 missing: decoder\.4\.bias"),
        ("places2", {**state, "extra": torch.zeros(1)}, "1 unknown: extra"),
        ("places2", {**state, key: torch.zeros(4)}, r"1 of another shape: .* is \(4,\), not \(3,\)"),
        ("places2-discriminator", state, r"14 missing: .*; 108 unknown"),
        ("celeba", state, "no published weights 'celeba'; it has places2, places2-discriminator"),
    ]
    for name, state, message in unfit:
        with pytest.raises(ValueError, match=message):
            aotgan.load(name, state)
    with pytest.raises(ValueError, match=r"more than tensors under \['optimD', 'optimG'\]"):
        aotgan.unpack("places2", {"optimG": {}, "optimD": {}})
    with pytest.raises(ValueError, match="'celeba'"):
        aotgan.unpack("celeba", {})


def test_the_settings_decide_about_the_vgg_terms(aotgan: AotGan) -> None:
    assert_perceptual_weights_needed(aotgan, "vgg19")
    own = small_recipe(RecipeSettings("published", {"vgg19": Vgg19().state_dict()}))
    reported = own.step(*waves_with_holes(1, SIDE))
    weighted = ("l1", "adversarial", "style", "perceptual")
    assert reported.keys() == {*weighted, "generator", "discriminator"}
    assert min(reported.values()) > 0
    assert reported["generator"] == pytest.approx(sum(reported[name] for name in weighted))
    assert small_recipe().step(*waves_with_holes(1, SIDE)).keys() == {"l1", "adversarial", "generator", "discriminator"}


@pytest.mark.parametrize("adversary", list(Adversary))
def test_a_step_follows_the_gradients_of_the_losses(adversary: Adversary) -> None:
    own = small_recipe(adversary=adversary)
    images, masks = waves_with_holes(2, SIDE)
    own.step(images, masks)
    generator, discriminator = copy.deepcopy(own._generator), copy.deepcopy(own._discriminator)
    signed = 2 * images - 1
    prediction = generator(signed, masks)
    composed = torch.where(masks == 1, prediction, signed)
    wish = losses.adversarial(discriminator(composed), masks, adversary)
    total = (prediction - signed).abs().mean() + 0.01 * wish
    discriminator_loss = discrimination(discriminator, composed.detach(), signed, masks)
    if adversary is Adversary.CODE:
        (total + discriminator_loss).backward()
    else:
        total.backward(inputs=list(generator.parameters()))
        discriminator_loss.backward()
    reported = own.step(images, masks)
    assert reported["generator"] == pytest.approx(total.item(), rel=1e-5)
    assert reported["discriminator"] == pytest.approx(discriminator_loss.item(), rel=1e-5)
    for mine, other in ((own._generator, generator), (own._discriminator, discriminator)):
        for one, two in zip(mine.parameters(), other.parameters(), strict=True):
            torch.testing.assert_close(one.grad, two.grad, rtol=1e-3, atol=1e-7)


@pytest.mark.parametrize(("variant", "adversary"), [("", Adversary.CODE), ("paper", Adversary.PAPER)])
def test_the_variant_decides_the_adversarial_loss(variant: str, adversary: Adversary) -> None:
    own = build(variant).recipe(NO_PERCEPTUAL)
    own.networks.eval()
    images, masks = waves_with_holes(1, SIDE)
    with torch.no_grad():
        verdicts = own._discriminator(2 * own.inpaint(images, masks) - 1)
        error = (own._generator(2 * images - 1, masks) - (2 * images - 1)).abs().mean()
        expected = error + 0.01 * losses.adversarial(verdicts, masks, adversary)
        assert own.generator_loss(images, masks).item() == pytest.approx(expected.item(), rel=1e-5)


def test_an_unknown_variant_is_refused() -> None:
    facts = tomllib.loads((Path(model.__file__).parent / "backbone.toml").read_text())
    assert ["", *facts["variants"]] == list(model.VARIANTS)
    with pytest.raises(ValueError, match="AOT-GAN has no variant 'code'; it has: paper"):
        build("code")


def discrimination(discriminator: Discriminator, composed: Tensor, real: Tensor, masks: Tensor) -> Tensor:
    """The discriminator's loss, written as one mean over composed and real images."""
    verdicts = discriminator(torch.cat((composed, real)))
    full = nn.Upsample(masks.shape[-2:], mode="bilinear", align_corners=True)(verdicts)
    labels = torch.cat((losses.soften(masks), torch.zeros_like(masks)))
    return 2 * (full - labels).square().mean()


def overfit(steps: int) -> list[dict[str, float]]:
    own = small_recipe()
    images, masks = waves_with_holes(2, SIDE)
    return [own.step(images, masks) for _ in range(steps)]


def test_training_fits_one_batch_and_is_deterministic() -> None:
    history = overfit(12)
    assert history[-1]["l1"] < 0.8 * history[0]["l1"]
    assert history[-1]["discriminator"] < history[0]["discriminator"]
    assert overfit(2) == history[:2]


def test_a_step_changes_every_layer_of_both_networks() -> None:
    own = small_recipe()
    before = copy.deepcopy(own.networks)
    own.step(*waves_with_holes(2, SIDE))
    for (name, old), new in zip(before.named_parameters(), own.networks.parameters(), strict=True):
        assert not torch.equal(old, new), name


def test_both_networks_have_the_published_adam_optimiser() -> None:
    own = small_recipe()
    assert len(own._optimisers) == len(own.networks)
    for optimiser, network in zip(own._optimisers, own.networks.values(), strict=True):
        (group,) = optimiser.param_groups
        assert (group["lr"], group["betas"], group["weight_decay"]) == (1e-4, (0.5, 0.999), 0)
        assert {id(parameter) for parameter in group["params"]} == {id(parameter) for parameter in network.parameters()}


def test_the_validation_loss_changes_no_network() -> None:
    own = small_recipe()
    images, masks = waves_with_holes(1, SIDE)
    own.step(images, masks)
    own.networks.eval()
    before = copy.deepcopy(own.networks.state_dict())
    with torch.no_grad():
        first, second = (own.generator_loss(images, masks) for _ in range(2))
    assert first.shape == ()
    assert torch.equal(first, second)
    assert_equal_states(own.networks.state_dict(), before)


def test_inpainting_keeps_known_pixels(aotgan: AotGan) -> None:
    images, masks = waves_with_holes(2, SIDE)
    with torch.no_grad():
        filled = aotgan.recipe(NO_PERCEPTUAL).inpaint(images, masks)
        predicted = (aotgan._generator(2 * images - 1, masks) + 1) / 2
    assert_only_holes_filled(filled, images, masks)
    holes = masks.expand_as(images) == 1
    assert torch.equal(filled[holes], predicted[holes])


def test_bfloat16_autocast_stays_near_float32() -> None:
    images, masks = waves_with_holes(1, SIDE)
    generator = Generator(blocks=1).eval()
    fill_weights(generator, vector)
    own = AotGanRecipe(generator, Discriminator(), NO_PERCEPTUAL)
    with torch.no_grad():
        expected = own.inpaint(images, masks)
        with torch.autocast("cpu", dtype=torch.bfloat16):
            got = own.inpaint(images, masks)
            loss = own.generator_loss(images, masks)
            soft = losses.soften(masks)
    assert got.dtype == loss.dtype == torch.float32
    assert relative_error(got, expected) < 0.1
    assert torch.equal(soft, losses.soften(masks))


@pytest.mark.parametrize("side", [40, 100])
def test_softened_masks_equal_scipys_gaussian_filter(side: int) -> None:
    _, masks = waves_with_holes(1, side)
    expected = gaussian_filter(masks[0, 0].double().numpy(), sigma=10, truncate=3.5, mode="constant")
    assert relative_error(losses.soften(masks)[0, 0], expected) < 1e-5


def test_the_generators_target_differs_between_code_and_paper() -> None:
    verdicts = torch.full((1, 1, 2, 2), 0.25)
    masks = torch.zeros(1, 1, 4, 4)
    masks[..., :2, :2] = 1
    assert float(losses.adversarial(verdicts, masks, Adversary.CODE)) == pytest.approx(0.75**2)
    assert float(losses.adversarial(verdicts, masks, Adversary.PAPER)) == pytest.approx(0.25**2 / 4)


def test_scores_are_resized_from_corner_to_corner() -> None:
    verdicts = torch.tensor([[[[0.0, 3.0], [0.0, 3.0]]]])
    masks = torch.zeros(1, 1, 4, 4)
    got = losses.discrimination(torch.zeros_like(verdicts), verdicts, masks)
    assert float(got) == pytest.approx((0 + 1 + 4 + 9) / 4)


def test_the_facts_name_the_weights_that_the_code_loads() -> None:
    facts = tomllib.loads((Path(recipe.__file__).parent / "backbone.toml").read_text())
    roles = {weights["role"]: weights for weights in facts["weights"]}
    assert roles["generator"]["name"] == model.GENERATOR_NAME
    assert roles["discriminator"]["name"] == model.DISCRIMINATOR_NAME
    assert roles["perceptual"]["name"] == recipe.PERCEPTUAL_NAME
    assert facts["size_multiple"] == 4
    assert all(len(weights["sha256"]) in {0, 64} for weights in facts["weights"])
