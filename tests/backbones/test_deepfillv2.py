import copy
import json
import tomllib
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from backbones.deepfillv2 import losses, model
from backbones.deepfillv2.attention import ContextualAttention, reduce_nearest
from backbones.deepfillv2.discriminator import Discriminator, SpectralConvolution
from backbones.deepfillv2.generator import TENSORFLOW, Generator
from backbones.deepfillv2.layers import Convolution, GatedConvolution, pad_same
from backbones.deepfillv2.model import VARIANTS, DeepFillV2, build
from backbones.deepfillv2.recipe import DeepFillV2Recipe
from backbones.deepfillv2.subnetworks import SUBNETWORKS
from backbones.kit.api import RecipeSettings
from support import networks
from support.networks import assert_equal_states, assert_only_holes_filled, relative_error, waves
from support.paths import REFERENCE
from support.reference import apply_rule, assert_recorded, manifest, reference_batch, shapes_of

pytestmark = pytest.mark.usefixtures("one_thread")
GAIN = 2.1
"""Gain of the generator's weights, so that every layer has an effect."""

SETTINGS = RecipeSettings("published", {})
FUSION_KEY = "stage2.contextual_attention.fuse_weight"
RECORDED = {
    "output": "output",
    "stage1": "stage1",
    "enc": "encoder",
    "enc_stage2_conv": "encoder_convolution",
    "enc_stage2_attn": "encoder_attention",
    "attn_out": "attention",
}
"""Names of the reference tensors, and the sub-network's names of them."""


def fill_weights(network: nn.Module) -> None:
    """Weights by a rule and small biases."""
    networks.fill_weights(network, lambda _, spread: 0.01 * spread, gain=GAIN, skip={FUSION_KEY})


def waves_with_holes(batch: int, side: int) -> tuple[Tensor, Tensor]:
    """Smooth images in [0, 1], each with a square hole at another position."""
    masks = torch.zeros(batch, 1, side, side)
    for number in range(batch):
        masks[number, :, side // 4 : side // 2, number * side // 4 : side // 4 + number * side // 4] = 1
    return waves(batch, side, side), masks


@pytest.fixture(scope="module")
def filled() -> DeepFillV2:
    """With weights for which every layer has an effect; tests that change them build their own."""
    contestant = build()
    fill_weights(contestant.network.eval())
    return contestant


def ruled(rule: ModuleType, part: str) -> nn.Module:
    network = SUBNETWORKS[part].build()
    apply_rule(rule, network, manifest("deepfillv2", part), gain=GAIN if part.startswith("generator") else 1.0)
    return network


@pytest.mark.parametrize("part", SUBNETWORKS)
def test_state_dicts_have_exactly_the_published_keys_and_shapes_in_their_order(part: str) -> None:
    with torch.device("meta"):
        built = SUBNETWORKS[part].build()
    assert list(shapes_of(built).items()) == list(manifest("deepfillv2", part).items())
    expected = 4_052_478 if part.startswith("generator") else 5_946_816
    assert sum(parameter.numel() for parameter in built.parameters()) == expected


@pytest.mark.parametrize("part", ["generator", "generator_tf"])
def test_generators_agree_with_the_authors_code(rule: ModuleType, part: str) -> None:
    network, batch = ruled(rule, part), reference_batch(rule)
    recorded = np.load(REFERENCE / f"refA_deepfillv2_{part}.npz")
    with torch.no_grad():
        one_mask = SUBNETWORKS[part].run(network, batch | {"mask": batch["mask"][:1].expand(2, -1, -1, -1)})
        own_masks = SUBNETWORKS[part].run(network, batch)
    for name, own in RECORDED.items():
        assert_recorded(recorded, name, one_mask[own], within=1e-5, moments=1e-5)
    for name in ("output", "stage1"):
        assert relative_error(one_mask[name], recorded[name]) <= 1e-5
    authors = recorded["output_per_sample_masks"]
    assert relative_error(own_masks["output_first_mask"], authors) <= 1e-5
    assert relative_error(own_masks["output"][:1], authors[:1]) <= 1e-5
    assert relative_error(own_masks["output"][1:], authors[1:]) > 0.1


@pytest.mark.parametrize("part", ["discriminator", "discriminator_tf"])
def test_discriminators_agree_with_the_authors_code(rule: ModuleType, part: str) -> None:
    recorded = np.load(REFERENCE / f"refA_deepfillv2_{part}.npz")
    with torch.no_grad():
        scores = SUBNETWORKS[part].run(ruled(rule, part), reference_batch(rule))["output"]
    assert_recorded(recorded, "output", scores, within=1e-5, moments=1e-5)
    assert relative_error(scores, recorded["output"]) <= 1e-5


def test_losses_agree_with_the_authors_code(rule: ModuleType) -> None:
    expected = json.loads((REFERENCE / "lossA_deepfillv2.json").read_text())["values"]
    batch = reference_batch(rule)
    real, masks = 2 * batch["image"] - 1, batch["mask"]
    fake = 2 * reference_batch(rule, 20240602)["image"] - 1
    own = DeepFillV2Recipe(Generator(), same=False)
    discriminator = ruled(rule, "discriminator")
    assert isinstance(discriminator, Discriminator)
    own._discriminator = discriminator
    with torch.no_grad():
        discriminator_loss = own._discrimination(fake, real, masks)
        terms = own._generator_terms(real, fake, real, masks)
    got = {"d_hinge": discriminator_loss, "g_adv": terms["adversarial"], "l1": terms["l1_stage2"]}
    assert {name: value.item() for name, value in got.items()} == pytest.approx(expected, rel=1e-4)
    assert terms["l1_stage1"] == 0


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ("generator", {"output": 0.1611236, "stage1": 0.03551300, "encoder": 0.3238685, "attention": 0.1325066}),
        ("generator_tf", {"output": 0.1350810, "stage1": 0.03369306, "encoder": 0.3182945, "attention": 0.1272473}),
        ("discriminator", {"output": 0.004306843}),
        ("discriminator_tf", {"output": 0.004373111}),
    ],
)
def test_outputs_equal_the_recorded_ones(part: str, expected: dict[str, float]) -> None:
    network = SUBNETWORKS[part].build().eval()
    fill_weights(network)
    with torch.no_grad():
        outputs = SUBNETWORKS[part].run(network, dict(zip(("image", "mask"), waves_with_holes(2, 32), strict=True)))
    assert {name: float(outputs[name].std()) for name in expected} == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize(
    ("side", "kernel", "before", "after"), [(8, 3, 0, 1), (7, 3, 1, 1), (8, 5, 1, 2), (3, 5, 2, 2), (2, 5, 1, 2)]
)
def test_same_padding_equals_tensorflows(side: int, kernel: int, before: int, after: int) -> None:
    padded = pad_same(torch.ones(1, 1, side, 8), kernel, stride=2)
    assert padded[0, 0, :, 4].tolist() == [0] * before + [1] * side + [0] * after


def test_the_paddings_differ_only_with_a_stride() -> None:
    x = torch.rand(1, 2, 8, 8)
    for stride, dilation, equal in ((1, 1, True), (1, 4, True), (2, 1, False)):
        pair = [Convolution(2, 3, stride=stride, dilation=dilation, same=same) for same in (False, True)]
        pair[1].load_state_dict(pair[0].state_dict())
        one, other = (convolution(x) for convolution in pair)
        assert one.shape == other.shape == (1, 3, 8 // stride, 8 // stride)
        assert torch.equal(one, other) == equal


def test_a_gated_convolution_is_features_times_gate() -> None:
    layer, x = GatedConvolution(2, 3), torch.randn(1, 2, 6, 6)
    both = nn.functional.conv2d(x, layer.weight, padding=1).detach().numpy()
    features, gate = both[:, :3], both[:, 3:]
    expected = np.where(features > 0, features, np.exp(features) - 1) / (1 + np.exp(-gate))
    assert relative_error(layer(x).detach(), expected) < 1e-5
    rectified = GatedConvolution(2, 3, activation=nn.functional.relu)
    rectified.load_state_dict(layer.state_dict())
    assert relative_error(rectified(x).detach(), np.maximum(features, 0) / (1 + np.exp(-gate))) < 1e-5


def largest(tensor: Tensor) -> float:
    return float(tensor.detach().abs().max())


def test_initial_weights_are_drawn_as_published() -> None:
    generator = Generator()
    gated = generator.stage1.middle[0]
    bound = (6 / (192 * 9)) ** 0.5
    assert 0.99 * bound < largest(gated.weight) <= bound
    assert all(not layer.bias.any() for layer in generator.modules() if isinstance(layer, nn.Conv2d))
    assert 0 < largest(generator.stage1.decoder[6].weight) <= (1 / (12 * 9)) ** 0.5
    vectors = [layer.weight_u for layer in Discriminator().modules() if isinstance(layer, SpectralConvolution)]
    assert all(0.3 < float(vector.std()) < 1.2 and largest(vector) <= 2 for vector in vectors)


def test_reduction_takes_top_left_values_or_spans_from_corner_to_corner() -> None:
    x = torch.arange(8.0).expand(1, 1, 8, 8)
    assert reduce_nearest(x, 2, aligned=False)[0, 0, 0].tolist() == [0, 2, 4, 6]
    assert reduce_nearest(x, 2, aligned=True)[0, 0, 0].tolist() == [0, 2, 5, 7]
    assert reduce_nearest(x.mT, 2, aligned=True)[0, 0, :, 0].tolist() == [0, 2, 5, 7]
    assert reduce_nearest(x, 8, aligned=True).tolist() == [[[[0.0]]]]


Array = NDArray[np.float64]


def attend_by_hand(x: Array, mask: Array, picks: list[list[int]], cells: list[list[int]], *, fusion: bool) -> Array:
    """Contextual attention of one image, patch by patch; `picks` and `cells` are the kept rows and columns."""
    (height, width), channels = (len(picks[0]), len(picks[1])), len(x)
    places = [(row, column) for row in range(height) for column in range(width)]
    small = np.pad(x[:, picks[0]][:, :, picks[1]], ((0, 0), (1, 1), (1, 1)))
    wide = np.pad(x, ((0, 0), (1, 1), (1, 1)))
    holes = np.pad(mask[cells[0]][:, cells[1]], 1)
    match = [small[:, row : row + 3, column : column + 3].ravel() for row, column in places]
    score = np.array([[one @ other / max(np.linalg.norm(one), 1e-4) for other in match] for one in match])
    if fusion:
        for order in (places, sorted(places, key=lambda place: place[::-1])):
            index = [places.index(place) for place in order]
            sorted_score = np.pad(score[np.ix_(index, index)], 1)
            summed = sum(sorted_score[shift : shift + len(index), shift : shift + len(index)] for shift in range(3))
            score[np.ix_(index, index)] = summed
    known = np.array([not holes[row : row + 3, column : column + 3].any() for row, column in places], dtype=float)
    share = np.exp(10 * score * known[:, None])
    share *= known[:, None] / share.sum(axis=0)
    out = np.zeros((channels, 2 * height + 2, 2 * width + 2))
    for target, (row, column) in enumerate(places):
        for source, (from_row, from_column) in enumerate(places):
            patch = wide[:, 2 * from_row : 2 * from_row + 4, 2 * from_column : 2 * from_column + 4]
            out[:, 2 * row : 2 * row + 4, 2 * column : 2 * column + 4] += share[source, target] * patch / 4
    return out[:, 1:-1, 1:-1]


@pytest.mark.parametrize(
    ("aligned", "picks", "cells"),
    [
        (False, [[0, 2, 4, 6], [0, 2, 4, 6, 8, 10]], [[0, 8, 16, 24], [0, 8, 16, 24, 32, 40]]),
        (True, [[0, 2, 5, 7], [0, 2, 4, 7, 9, 11]], [[0, 10, 21, 31], [0, 9, 19, 28, 38, 47]]),
    ],
)
@pytest.mark.parametrize("fusion", [False, True])
def test_attention_equals_its_definition(
    aligned: bool, picks: list[list[int]], cells: list[list[int]], fusion: bool
) -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((2, 3, 8, 12)) * 0.3
    masks = np.zeros((2, 1, 32, 48))
    masks[0, 0, 20:, 35:] = masks[1, 0, :9, 9:20] = 1
    attention = ContextualAttention(aligned=aligned, fusion=fusion)
    got = attention(torch.from_numpy(x), torch.from_numpy(masks))
    for image, mask, one in zip(x, masks, got, strict=True):
        assert relative_error(one, attend_by_hand(image, mask[0], picks, cells, fusion=fusion)) < 1e-9


def test_attention_is_zero_if_everything_is_hole() -> None:
    assert not ContextualAttention()(torch.rand(1, 2, 8, 8), torch.ones(1, 1, 32, 32)).any()


def test_steep_scores_leave_no_subnormal_numbers_and_finite_gradients() -> None:
    x = (3 * torch.randn(1, 4, 16, 16)).requires_grad_()
    ContextualAttention()(x, torch.zeros(1, 1, 64, 64)).square().sum().backward()
    assert x.grad is not None
    assert x.grad.isfinite().all()
    sizes = x.grad[x.grad != 0].abs()
    assert float(sizes.min()) > torch.finfo(torch.float32).tiny


def test_every_image_of_a_batch_has_its_own_mask(filled: DeepFillV2) -> None:
    images, masks = waves_with_holes(3, 32)
    assert not torch.equal(masks[0], masks[1])
    generator = filled._generator
    with torch.no_grad():
        together = generator(images, masks)[1]
        alone = [generator(images[number, None], masks[number, None])[1] for number in range(3)]
    assert relative_error(together, torch.cat(alone)) < 1e-5


def test_the_content_of_holes_does_not_reach_the_generator(filled: DeepFillV2) -> None:
    images, masks = waves_with_holes(1, 32)
    with torch.no_grad():
        one, other = (filled._generator(inputs, masks)[1] for inputs in (images, images * (1 - masks) + masks))
    assert torch.equal(one, other)


@pytest.mark.parametrize("same", [False, True])
def test_every_pass_of_the_discriminator_normalises_its_weights(same: bool) -> None:
    images, masks = waves_with_holes(1, 32)
    network = Discriminator(same=same).eval()
    fill_weights(network)
    scaled = copy.deepcopy(network)
    layers = [layer for layer in network.modules() if isinstance(layer, SpectralConvolution)]
    assert len(layers) == 6
    with torch.no_grad():
        for layer in scaled.modules():
            if isinstance(layer, SpectralConvolution):
                layer.weight.mul_(7)
        torch.testing.assert_close(network(images, masks), scaled(images, masks))
        before = layers[0].weight.clone()
        for _ in range(30):
            network(images, masks)
    assert not torch.equal(before, layers[0].weight)
    for layer in layers[:2]:  # the others' decompositions take seconds
        values = np.linalg.svd(layer.weight.detach().flatten(1).numpy(), compute_uv=False)
        assert values[0] == pytest.approx(1, abs=0.02)


def test_no_gradient_flows_through_the_singular_value() -> None:
    layer, x = SpectralConvolution(2, 3, same=False), torch.randn(1, 2, 4, 4)
    layer(x).square().sum().backward()
    weight = layer.weight.detach().clone().requires_grad_()
    assert layer.bias is not None
    nn.functional.conv2d(x, weight, layer.bias.detach(), stride=2, padding=2).square().sum().backward()
    assert weight.grad is not None
    torch.testing.assert_close(layer.weight.grad, weight.grad)


@pytest.mark.parametrize(
    ("variant", "front", "parameters"),
    [
        ("", "encoder", 317_664),
        ("convolution", "encoder_convolution", 159_600),
        ("attention", "encoder_attention", 284_112),
        ("tf", "encoder", 317_664),
        ("tf-convolution", "encoder_convolution", 159_600),
        ("tf-attention", "encoder_attention", 284_112),
    ],
)
def test_an_encoder_is_the_first_layers_of_one_of_the_generators_networks(
    variant: str, front: str, parameters: int
) -> None:
    contestant = build(variant)
    fill_weights(contestant.network.eval())
    assert sum(parameter.numel() for parameter in contestant.encoder.parameters()) == parameters
    own = {id(parameter) for parameter in contestant.network.parameters()}
    assert {id(parameter) for parameter in contestant.encoder.parameters()} < own
    images, masks = waves_with_holes(2, 32)
    part = SUBNETWORKS["generator_tf" if variant.startswith("tf") else "generator"]
    with torch.no_grad():
        maps = contestant.encoder(images)
        outputs = part.run(contestant.network, {"image": images, "mask": torch.zeros_like(masks)})
    assert maps.shape == (2, 96, 8, 8)
    assert torch.equal(maps, outputs[front])


def test_sizes_must_be_multiples_of_eight(filled: DeepFillV2) -> None:
    with pytest.raises(ValueError, match=r"multiple of 8, not 64 x 60"):
        filled.encoder(torch.zeros(1, 3, 64, 60))
    with pytest.raises(ValueError, match=r"multiple of 8, not 12 x 8"):
        filled.recipe(SETTINGS).inpaint(torch.zeros(1, 3, 12, 8), torch.zeros(1, 1, 12, 8))
    with torch.no_grad():
        assert filled.recipe(SETTINGS).inpaint(torch.zeros(1, 3, 8, 16), torch.ones(1, 1, 8, 16)).shape == (1, 3, 8, 16)


@pytest.mark.parametrize(("variant", "name"), [("", "places2"), ("tf-attention", "places2-tf")])
def test_a_published_checkpoint_loads(variant: str, name: str) -> None:
    source, fresh = build(variant), build(variant)
    state = source.network.state_dict()
    old = {key: value for key, value in state.items() if key != FUSION_KEY}
    unpacked = fresh.unpack(name, {"G": old, "D": {"conv1.conv_sn.bias": torch.zeros(64)}, "n_iter": 5})
    assert unpacked.keys() == state.keys()
    fresh.load(name, unpacked)
    assert_equal_states(fresh.network.state_dict(), state)


def test_another_checkpoint_is_refused(filled: DeepFillV2) -> None:
    state = filled.network.state_dict()
    key = "stage2.conv_to_rgb.conv.bias"
    other_layout = build("tf").network.state_dict()
    unfit: list[tuple[dict[str, Tensor], str]] = [
        ({other: value for other, value in state.items() if other != key}, rf"1 missing: {key}"),
        (state | {"stage3.bias": torch.zeros(1)}, "1 unknown: stage3.bias"),
        (state | {key: torch.zeros(4)}, r"1 of another shape: .* is \(4,\), not \(3,\)"),
        (other_layout, "84 missing: .*; 84 unknown"),
        (state | {FUSION_KEY: torch.ones(1, 1, 3, 3)}, "another .*fuse_weight than the identity"),
    ]
    for content, message in unfit:
        with pytest.raises(ValueError, match=message):
            filled.load("places2", filled.unpack("places2", {"G": content}))
    with pytest.raises(ValueError, match="under 'G'"):
        filled.unpack("places2", state)
    for use in (filled.unpack, filled.load):
        with pytest.raises(ValueError, match="no weights 'places2-tf', only 'places2'"):
            use("places2-tf", state)


def test_own_names_of_layers_are_refused_as_published_keys(filled: DeepFillV2) -> None:
    own = dict(filled._generator.named_parameters())
    with pytest.raises(ValueError, match="84 unknown"):
        filled.load("places2", own)


def test_an_unknown_variant_is_refused() -> None:
    with pytest.raises(ValueError, match="no variant 'gated'; it has: convolution, attention, tf, tf-conv"):
        build("gated")


def small_recipe(variant: str = "") -> DeepFillV2Recipe:
    """In training mode."""
    torch.manual_seed(0)
    contestant = build(variant)
    own = contestant.recipe(SETTINGS)
    own.networks.train()
    return own


def test_a_step_updates_the_discriminator_and_then_the_generator_against_it() -> None:
    own = small_recipe()
    fill_weights(own._generator)
    generator, discriminator = copy.deepcopy(own._generator), copy.deepcopy(own._discriminator)
    images, masks = waves_with_holes(2, 32)
    reported = own.step(images, masks)

    signed = 2 * images - 1
    coarse, fine = generator(signed, masks)
    composed = torch.where(masks.bool(), fine, signed)
    scores = discriminator(torch.cat((signed, composed.detach())), masks.repeat(2, 1, 1, 1))
    hinge = 0.5 * (1 - scores[:2]).clamp_min(0).mean() + 0.5 * (1 + scores[2:]).clamp_min(0).mean()
    hinge.backward()
    expected = [parameter.grad for parameter in discriminator.parameters()]
    torch.optim.Adam(discriminator.parameters(), lr=1e-4, betas=(0.5, 0.999)).step()
    total = (coarse - signed).abs().mean() + (fine - signed).abs().mean() - discriminator(composed, masks).mean()
    expected = [*torch.autograd.grad(total, list(generator.parameters())), *expected]

    assert reported["discriminator"] == pytest.approx(hinge.item(), rel=1e-5)
    assert reported["generator"] == pytest.approx(total.item(), rel=1e-5)
    got = [parameter.grad for network in own.networks.values() for parameter in network.parameters()]
    for one, other in zip(got, expected, strict=True):
        assert one is not None
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-6)
    for one, other in zip(own._discriminator.parameters(), discriminator.parameters(), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-4, atol=1e-6)
    assert not torch.equal(own._generator.stage1.encoder[0].weight, generator.stage1.encoder[0].weight)


def overfit(variant: str, steps: int) -> tuple[list[dict[str, float]], DeepFillV2Recipe]:
    own = small_recipe(variant)
    fill_weights(own._generator)
    images, masks = waves_with_holes(2, 32)
    return [own.step(images, masks) for _ in range(steps)], own


@pytest.mark.parametrize("variant", ["", "tf"])
def test_training_fits_one_batch_and_is_deterministic(variant: str) -> None:
    history, own = overfit(variant, 7)
    assert history[-1]["l1_stage1"] < 0.85 * history[0]["l1_stage1"]
    assert history[-1]["l1_stage2"] < 0.7 * history[0]["l1_stage2"]
    again, earlier = overfit(variant, 2)
    assert again == history[:2]
    for one, other in zip(own.networks.parameters(), earlier.networks.parameters(), strict=True):
        assert not torch.equal(one, other)


def test_validation_reports_the_generators_total() -> None:
    own = small_recipe()
    fill_weights(own.networks["generator"])
    images, masks = waves_with_holes(2, 32)
    with torch.no_grad():
        loss = own.generator_loss(images, masks)
        coarse, fine = own._generator(2 * images - 1, masks)
        scores = own._discriminator(masks * fine + (1 - masks) * (2 * images - 1), masks)
    l1 = (coarse - 2 * images + 1).abs().mean() + (fine - 2 * images + 1).abs().mean()
    assert float(loss) == pytest.approx(float(l1 - scores.mean()), rel=1e-2)


def test_hinge_losses_by_hand() -> None:
    real, fake = torch.tensor([[2.0, 0.5]]), torch.tensor([[-3.0, 1.0]])
    assert float(losses.discrimination(real, fake)) == pytest.approx((0.25 + 1) / 2)
    assert float(losses.adversarial(fake)) == 1.0


def test_inpainting_keeps_known_pixels(filled: DeepFillV2) -> None:
    images, masks = waves_with_holes(2, 32)
    with torch.no_grad():
        inpainted = filled.recipe(SETTINGS).inpaint(images, masks)
        expected = (filled._generator(2 * images - 1, masks)[1] + 1) / 2
    assert_only_holes_filled(inpainted, images, masks)
    holes = masks.expand_as(images) == 1
    torch.testing.assert_close(inpainted[holes], expected[holes])


def test_bfloat16_autocast_keeps_the_attention_and_the_spectral_norm_in_float32() -> None:
    x, masks = torch.randn(1, 4, 8, 8), torch.zeros(1, 1, 32, 32)
    attention, layer = ContextualAttention(), SpectralConvolution(4, 8, same=False)
    twin = copy.deepcopy(layer)
    expected, _ = attention(x, masks), twin(x)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert torch.equal(attention(x, masks), expected)
        assert layer(x).dtype == torch.bfloat16
    assert torch.equal(layer.weight, twin.weight)


@pytest.mark.parametrize("same", [False, True])
def test_bfloat16_gradients_are_correct_on_feature_maps_of_width_one(same: bool) -> None:
    torch.manual_seed(0)
    layer, x = Convolution(256, 256, 5, stride=2, same=same), torch.randn(2, 256, 2, 1)
    (expected,) = torch.autograd.grad(layer(x).square().sum(), [layer.weight])
    for _ in range(6):
        junk = [torch.full((256 * 256 * 5,), torch.nan) for _ in range(8)]  # NaN marks reads beyond the map
        del junk
        with torch.autocast("cpu", dtype=torch.bfloat16):
            (got,) = torch.autograd.grad(layer(x).float().square().sum(), [layer.weight])
        assert relative_error(got, expected) < 0.02


def test_the_facts_name_the_variants_and_weights_of_the_code() -> None:
    facts = tomllib.loads((Path(model.__file__).parent / "backbone.toml").read_text())
    assert ["", *facts["variants"]] == list(VARIANTS)
    assert facts["size_multiple"] == 8
    for variant, (layout, _) in VARIANTS.items():
        named = [weights["name"] for weights in facts["weights"] if variant in weights["variants"]]
        assert named == ["places2-tf" if layout is TENSORFLOW else "places2"]
        assert build(variant)._published == named[0]
    assert all(len(weights["sha256"]) in {0, 64} for weights in facts["weights"])
