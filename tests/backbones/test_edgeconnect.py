import copy
import json
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from skimage.color import rgb2gray
from skimage.feature import canny
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy, l1_loss

from backbones.edgeconnect import losses, recipe
from backbones.edgeconnect.discriminator import Discriminator
from backbones.edgeconnect.edges import canny_edges, to_gray
from backbones.edgeconnect.generators import EdgeGenerator, InpaintGenerator
from backbones.edgeconnect.model import PUBLISHED, EdgeConnect, build
from backbones.edgeconnect.recipe import TRAINED, EdgeConnectRecipe, Networks
from backbones.edgeconnect.subnetworks import SUBNETWORKS
from backbones.kit.api import RecipeSettings
from backbones.kit.published.vgg import Vgg19
from support import reference
from support.backbones import assert_perceptual_weights_needed
from support.networks import assert_equal_states, assert_only_holes_filled, fill_weights, relative_error, square_holes
from support.paths import REFERENCE
from support.reference import apply_rule, assert_recorded, manifest, reference_batch, shapes_of

pytestmark = pytest.mark.usefixtures("one_thread")
NO_PERCEPTUAL = RecipeSettings("none", {})
PARAMETERS = {
    "edge_generator": 10_761_089,
    "edge_discriminator": 2_762_752,
    "inpaint_generator": 10_774_595,
    "inpaint_discriminator": 2_763_776,
}


def vector(key: str, spread: Tensor) -> Tensor:
    """Small biases, and singular vectors of a length near 1."""
    return spread * (0.1 if key.endswith("bias") else spread.numel() ** -0.5)


def striped_images(batch: int, side: int) -> tuple[Tensor, Tensor]:
    """Coloured stripes in 8-bit steps, with one square hole each."""
    rows, columns = torch.meshgrid(torch.arange(side), torch.arange(side), indexing="ij")
    stripes = [((rows * (one + 1) + columns * 2) // 8 % 3) * (110 - 20 * one) for one in range(3)]
    images = torch.stack([torch.stack(stripes).roll(one * 3, dims=-1) for one in range(batch)]) / 255
    return images, square_holes(batch, side)


def small_recipe(phase: str = "edge", settings: RecipeSettings = NO_PERCEPTUAL) -> EdgeConnectRecipe:
    """The published recipe on generators of one block, in training mode."""
    torch.manual_seed(0)
    networks = Networks(EdgeGenerator(blocks=1), InpaintGenerator(blocks=1), Discriminator(2), Discriminator(3))
    own = EdgeConnectRecipe(networks, settings)
    own.networks.train()
    own.begin(phase)
    return own


@pytest.fixture(scope="module")
def edgeconnect() -> EdgeConnect:
    """Built once; tests that change its weights build their own."""
    torch.manual_seed(0)
    contestant = build()
    contestant.network.eval()
    return contestant


@pytest.fixture(scope="module")
def ruled(rule: ModuleType) -> dict[str, Any]:
    """The sub-networks by name, with the weights of the reference values."""
    networks = {part: SUBNETWORKS[part].build() for part in SUBNETWORKS}
    for part, network in networks.items():
        apply_rule(rule, network, manifest("edgeconnect", part))
    return networks


@pytest.mark.parametrize("part", SUBNETWORKS)
def test_state_dicts_have_exactly_the_published_keys_and_shapes(part: str) -> None:
    with torch.device("meta"):
        built = SUBNETWORKS[part].build()
    assert shapes_of(built) == manifest("edgeconnect", part)
    assert sum(parameter.numel() for parameter in built.parameters()) == PARAMETERS[part]


@pytest.mark.parametrize("part", SUBNETWORKS)
def test_networks_agree_with_the_authors_code(rule: ModuleType, ruled: dict[str, Any], part: str) -> None:
    recorded = np.load(REFERENCE / f"refA_edgeconnect_{part}.npz")
    with torch.no_grad():
        outputs = SUBNETWORKS[part].run(ruled[part], reference_batch(rule))
    names = {key: key.replace("encoder", "enc") for key in outputs}
    assert {f"{name}_value" for name in names.values()} == {key for key in recorded.files if key.endswith("_value")}
    assert relative_error(outputs["output"], recorded["output"]) <= 1e-5
    for key, name in names.items():
        assert_recorded(recorded, name, outputs[key], within=1e-5)


@pytest.fixture(scope="module")
def ruled_vgg(rule: ModuleType) -> Vgg19:
    return reference.ruled_vgg(rule)


def test_losses_agree_with_the_authors_code(rule: ModuleType, ruled: dict[str, Any], ruled_vgg: Vgg19) -> None:
    expected = json.loads((REFERENCE / "lossA_edgeconnect.json").read_text())["values"]
    real, fake = reference_batch(rule), reference_batch(rule, 20240602)
    own = small_recipe()
    own._networks = Networks(
        edge_generator=own._networks.edge_generator,
        generator=lambda *_: fake["image"],  # type: ignore[arg-type]
        edge_discriminator=ruled["edge_discriminator"],
        discriminator=ruled["inpaint_discriminator"],
    )
    of_edges = own._edge_losses(fake["gray"], real["gray"], real["edge"])
    of_images = own._inpaint_losses(real["image"], real["edge"], real["mask"])
    got = {
        "edge_d": of_edges["discriminator"],
        "edge_g_adv": of_edges["adversarial"],
        "edge_fm_x10": of_edges["feature_matching"],
        "inpaint_d": of_images["discriminator"],
        "inpaint_g_adv": of_images["adversarial"] / 0.1,
        "l1_over_mask": of_images["l1"],
        "perceptual": losses.perceptual(ruled_vgg, fake["image"], real["image"]),
        "style": losses.style(ruled_vgg, fake["image"], real["image"], real["mask"]),
    }
    assert {name: value.item() for name, value in got.items()} == pytest.approx(expected, rel=1e-4)


def test_perceptual_losses_agree_with_another_implementation(rule: ModuleType, ruled_vgg: Vgg19) -> None:
    expected = json.loads((REFERENCE / "lossA_aotgan.json").read_text())["values"]
    mean, deviation = (
        torch.tensor(values).view(1, 3, 1, 1) for values in ((0.485, 0.456, 0.406), (0.229, 0.224, 0.225))
    )
    real, fake = ((reference_batch(rule, seed)["image"] - mean) / deviation for seed in (20240601, 20240602))
    everywhere = torch.ones(2, 1, 64, 64)
    assert losses.perceptual(ruled_vgg, fake, real).item() == pytest.approx(expected["perceptual"], rel=1e-4)
    assert losses.style(ruled_vgg, fake, real, everywhere).item() == pytest.approx(expected["style"], rel=1e-4)


def test_outputs_equal_the_recorded_ones() -> None:
    images, masks = striped_images(1, 32)
    inputs = {"image": images, "gray": to_gray(images), "edge": canny_edges(images), "mask": masks}
    got = []
    for part in SUBNETWORKS.values():
        network = part.build()
        fill_weights(network, vector)
        with torch.no_grad():
            part.run(network, inputs)  # in training mode: the singular vectors turn to the weights
            outputs = part.run(network.eval(), inputs)
        got += [float(outputs[key].std()) for key in ("output", "encoder") if key in outputs]
    expected = [0.1236366, 0.5903174, 0.004990353, 0.2467372, 0.5734224, 0.004087515]
    assert got == pytest.approx(expected, rel=1e-4)


def test_a_step_in_brightness_gives_one_line_of_edges() -> None:
    images = torch.zeros(1, 3, 24, 24)
    images[..., 12:] = 1
    edges = canny_edges(images)
    assert edges.shape == (1, 1, 24, 24)
    assert set(edges.unique().tolist()) == {0, 1}
    assert edges[..., 2:-2, 11:13].amax(dim=-1).all()  # near the border it is not looked for
    assert edges.sum() == edges[..., 11:13].sum()
    hole = torch.zeros(1, 1, 24, 24)
    hole[..., 6:18] = 1
    assert canny_edges(images, hole).sum() == 0


def test_gray_and_edges_are_those_of_scikit_image() -> None:
    images, masks = striped_images(2, 32)
    for image, mask, gray, edges, known in zip(
        images, masks, to_gray(images), canny_edges(images), canny_edges(images, masks), strict=True
    ):
        expected = rgb2gray((image * 255).round().byte().permute(1, 2, 0).numpy())
        assert relative_error(gray[0], expected) < 1e-6
        assert np.array_equal(edges[0], canny(expected, sigma=2))
        assert np.array_equal(known[0], canny(expected, sigma=2, mask=mask[0].numpy() == 0))
        assert 0 < known.sum() < edges.sum()


def test_edges_do_not_depend_on_differences_below_eight_bits() -> None:
    images, _ = striped_images(1, 32)
    noise = torch.rand(images.shape, generator=torch.Generator().manual_seed(0)) - 0.5
    assert torch.equal(canny_edges(images + noise / 256), canny_edges(images))


def test_the_encoder_is_the_first_layers_of_the_inpainting_generator_on_true_edges(edgeconnect: EdgeConnect) -> None:
    images, _ = striped_images(2, 48)
    assert sum(parameter.numel() for parameter in edgeconnect.encoder.parameters()) == 668_352
    shared_with = {id(parameter) for parameter in edgeconnect._networks.generator.parameters()}
    assert {id(parameter) for parameter in edgeconnect.encoder.parameters()} < shared_with
    with torch.no_grad():
        maps = edgeconnect.encoder(images)
        expected = edgeconnect._networks.generator.encoder(torch.cat((images, canny_edges(images)), dim=1))
        alone = edgeconnect.encoder(images[1:])
    assert maps.shape == (2, 256, 12, 12)
    assert torch.equal(maps, expected)
    torch.testing.assert_close(alone, maps[1:])


def test_the_variant_edge_encodes_with_the_edge_generator() -> None:
    contestant = build("edge")
    contestant.encoder.eval()
    images, _ = striped_images(1, 32)
    assert sum(parameter.numel() for parameter in contestant.encoder.parameters()) == 665_216
    with torch.no_grad():
        joined = torch.cat((to_gray(images), canny_edges(images), torch.zeros(1, 1, 32, 32)), dim=1)
        assert torch.equal(contestant.encoder(images), contestant._networks.edge_generator.encoder(joined))
    with pytest.raises(ValueError, match="no variant 'colour'; it has: edge"):
        build("colour")


def test_bfloat16_autocast_encodes_and_trains(edgeconnect: EdgeConnect) -> None:
    images, masks = striped_images(2, 32)
    own = small_recipe("joint")
    with torch.autocast("cpu", dtype=torch.bfloat16):
        with torch.no_grad():
            maps = edgeconnect.encoder(images)
        got = own.step(images, masks)
    expected = small_recipe("joint").step(images, masks)
    with torch.no_grad():
        assert relative_error(maps.float(), edgeconnect.encoder(images)) < 0.1
    assert got == pytest.approx(expected, rel=0.05)


def test_sizes_must_be_multiples_of_four(edgeconnect: EdgeConnect) -> None:
    with pytest.raises(ValueError, match=r"multiple of 4 .* not 64 x 62"):
        edgeconnect.encoder(torch.zeros(1, 3, 64, 62))
    with pytest.raises(ValueError, match=r"at least 24, not 20 x 20"):
        edgeconnect.recipe(NO_PERCEPTUAL).inpaint(torch.zeros(1, 3, 20, 20), torch.zeros(1, 1, 20, 20))


def test_the_smallest_sizes_work(edgeconnect: EdgeConnect) -> None:
    with torch.no_grad():
        assert edgeconnect.encoder(striped_images(1, 8)[0]).shape == (1, 256, 2, 2)
        images, masks = [tensor[..., :12, :12] for tensor in striped_images(1, 24)]
        assert edgeconnect._networks.generator(images, masks, masks).shape == (1, 3, 12, 12)
    assert small_recipe("joint").step(*striped_images(1, 24))["generator"] > 0


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_checkpoint_loads(edgeconnect: EdgeConnect, name: str) -> None:
    field, key = PUBLISHED[name]
    source, target = getattr(edgeconnect._networks, field).state_dict(), build()
    twice = {each.replace("conv1.", "features."): value for each, value in source.items() if each.startswith("conv1.")}
    state = target.unpack(
        name, {"iteration": 7, key: {f"module.{each}": one for each, one in (source | twice).items()}}
    )
    target.load(name, state)
    loaded = getattr(target._networks, field).state_dict()
    assert_equal_states(loaded, source)


def test_missing_vectors_of_an_old_pytorch_checkpoint_are_computed(edgeconnect: EdgeConnect) -> None:
    judge = copy.deepcopy(edgeconnect._networks.edge_discriminator).train()
    with torch.no_grad():  # a training pass makes the vectors belong to the weights
        judge(torch.zeros(1, 2, 24, 24))
    state = judge.state_dict()
    old = {key: value for key, value in state.items() if not key.endswith("weight_v")}
    got = edgeconnect.unpack("places2-edge-discriminator", {"discriminator": old})
    torch.testing.assert_close(got, dict(state), rtol=1e-3, atol=1e-4)


def test_another_checkpoint_is_refused(edgeconnect: EdgeConnect) -> None:
    generator, judge = "places2-inpaint-generator", "places2-inpaint-discriminator"
    with pytest.raises(ValueError, match=r"no published weights 'celeba'; it has: places2-edge-generator"):
        edgeconnect.unpack("celeba", {})
    with pytest.raises(ValueError, match=r"under 'generator'; this one has the keys \['discriminator'\]"):
        edgeconnect.unpack(generator, {"discriminator": {}})
    state = edgeconnect._networks.discriminator.state_dict()
    copied = {"features.0.weight_u": state["conv1.0.weight_u"]}
    assert edgeconnect.unpack(judge, {"discriminator": state | copied}).keys() == state.keys()
    copied["features.0.weight_u"] = copied["features.0.weight_u"] + 1
    with pytest.raises(ValueError, match=r"has features\.0\.weight_u, which should equal conv1\.0\.weight_u"):
        edgeconnect.unpack(judge, {"discriminator": state | copied})
    with pytest.raises(ValueError, match=r"44 missing: .*; 15 unknown"):
        edgeconnect.load(generator, state)
    less = {key: value for key, value in state.items() if key != "conv5.0.weight_orig"}
    with pytest.raises(ValueError, match=r"1 missing: conv5\.0\.weight_orig"):
        edgeconnect.load(judge, less)


def test_the_settings_decide_about_the_perceptual_terms(edgeconnect: EdgeConnect) -> None:
    assert_perceptual_weights_needed(edgeconnect, "vgg19")
    checkpoint = {**Vgg19().state_dict(), "classifier.0.bias": torch.zeros(1)}
    state = edgeconnect.unpack(recipe.PERCEPTUAL_NAME, checkpoint)
    own = small_recipe("inpaint", RecipeSettings("published", {recipe.PERCEPTUAL_NAME: state}))
    reported = own.step(*striped_images(2, 32))
    terms = ("l1", "adversarial", "perceptual", "style")
    assert reported.keys() == {*terms, "generator", "discriminator"}
    assert min(reported.values()) > 0
    assert reported["generator"] == pytest.approx(sum(reported[name] for name in terms))


def changed(before: dict[str, Any], networks: nn.ModuleDict) -> set[str]:
    return {
        name
        for name, network in networks.items()
        if any(not torch.equal(value, before[name][key]) for key, value in network.state_dict().items())
    }


@pytest.mark.parametrize(
    ("phase", "expected"),
    [
        ("edge", {"edge_generator", "edge_discriminator"}),
        ("inpaint", {"generator", "discriminator"}),
        ("inpaint-predicted", {"generator", "discriminator"}),
        ("joint", {"edge_generator", "edge_discriminator", "generator", "discriminator"}),
    ],
)
def test_each_phase_changes_its_networks_and_no_other(phase: str, expected: set[str]) -> None:
    own = small_recipe(phase)
    before = {name: copy.deepcopy(network.state_dict()) for name, network in own.networks.items()}
    own.networks.eval()
    with torch.no_grad():
        own.generator_loss(*striped_images(2, 32))
    assert changed(before, own.networks) == set()
    own.step(*striped_images(2, 32))
    assert changed(before, own.networks) == expected


def authors_losses(own: Networks, phase: str, images: Tensor, masks: Tensor) -> dict[str, Tensor]:
    """The loss that each network of a phase minimises, term by term as specified, with a graph for all of them."""

    def discriminator_losses(discriminator: Discriminator, fake: Tensor, real: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        of_real, of_fake = discriminator(real), discriminator(fake.detach())
        on_both = [
            binary_cross_entropy(maps[-1].sigmoid(), torch.full_like(maps[-1], label))
            for maps, label in ((of_real, 1), (of_fake, 0))
        ]
        maps = discriminator(fake)
        matching = sum(l1_loss(one, other.detach()) for one, other in zip(maps, of_real, strict=True))
        return sum(on_both) / 2, binary_cross_entropy(maps[-1].sigmoid(), torch.ones_like(maps[-1])), matching

    gray, edges = to_gray(images), canny_edges(images)
    objectives: dict[str, Tensor] = {}
    led_by = edges
    if phase != "inpaint":
        own.edge_generator.train(phase != "inpaint-predicted")
        predicted = own.edge_generator(gray, edges, masks)
        led_by = torch.where(masks == 1, predicted if phase == "joint" else predicted.detach(), edges)
    if phase != "edge":
        prediction = own.generator(images, led_by, masks)
        on_both, fooled, _ = discriminator_losses(own.discriminator, prediction, images)
        l1 = (prediction - images).abs().mean() / (masks.sum() / masks.numel())
        objectives |= {"generator": l1 + 0.1 * fooled, "discriminator": on_both}
    if phase in {"edge", "joint"}:
        pairs = [torch.cat((gray, one), dim=1) for one in (predicted, edges)]
        on_both, fooled, matching = discriminator_losses(own.edge_discriminator, *pairs)
        objectives |= {"edge_generator": fooled + 10 * matching, "edge_discriminator": on_both}
    return objectives


@pytest.mark.parametrize("phase", TRAINED)
def test_a_step_descends_each_networks_own_loss(phase: str) -> None:
    own = small_recipe(phase)
    images, masks = striped_images(2, 32)
    twin = Networks(*(copy.deepcopy(network) for network in own._networks))
    expected = authors_losses(twin, phase, images, masks)
    reported = own.step(images, masks)
    totals = {name: total.item() for name, total in expected.items()}
    if phase == "edge":
        totals = {name.removeprefix("edge_"): total for name, total in totals.items()}
    assert {name: reported[name] for name in totals} == pytest.approx(totals, rel=1e-4)
    if phase == "joint":
        expected["edge_generator"] = expected["edge_generator"] + expected["generator"]
    for name, loss in expected.items():
        network, other = getattr(own._networks, name), getattr(twin, name)
        gradients = torch.autograd.grad(loss, list(other.parameters()), retain_graph=True)
        largest = max(float(gradient.abs().max()) for gradient in gradients)
        for parameter, gradient in zip(network.parameters(), gradients, strict=True):
            torch.testing.assert_close(parameter.grad, gradient, rtol=1e-3, atol=1e-5 * largest)


def test_optimisers_are_as_published_and_new_in_every_phase() -> None:
    own = small_recipe()
    own.step(*striped_images(1, 24))
    assert own._optimiser.state
    own.begin("joint")
    assert not own._optimiser.state
    rates = [group["lr"] for group in own._optimiser.param_groups]
    assert rates == [1e-4, 1e-5, 1e-4, 1e-5]
    assert {group["betas"] for group in own._optimiser.param_groups} == {(0.0, 0.9)}
    with pytest.raises(ValueError, match="no phase 'both'; it has: edge, inpaint, inpaint-predicted, joint"):
        own.begin("both")


def overfit(steps: int) -> list[dict[str, float]]:
    own = small_recipe("joint")
    images, masks = striped_images(2, 24)
    return [own.step(images, masks) for _ in range(steps)]


def test_training_fits_one_batch_and_is_deterministic() -> None:
    history = overfit(5)
    for loss in ("generator", "edge_generator", "discriminator", "edge_discriminator"):
        assert history[-1][loss] < history[0][loss]
    assert history[-1]["l1"] < 0.9 * history[0]["l1"]
    assert overfit(2) == history[:2]


def test_inpainting_keeps_known_pixels_and_ignores_the_content_of_holes(edgeconnect: EdgeConnect) -> None:
    images, masks = striped_images(2, 32)
    own = edgeconnect.recipe(NO_PERCEPTUAL)
    with torch.no_grad():
        filled = own.inpaint(images, masks)
        assert torch.equal(own.inpaint(images * (1 - masks), masks), filled)
    assert_only_holes_filled(filled, images, masks)


def test_images_without_a_hole_do_not_count_in_the_l1_term() -> None:
    images, masks = striped_images(3, 24)
    masks[1] = 0
    prediction = (images + 0.25 * torch.rand(images.shape)).requires_grad_()
    loss = losses.hole_l1(prediction, images, masks)
    alone = losses.hole_l1(prediction[[0, 2]], images[[0, 2]], masks[[0, 2]])
    assert loss.item() == pytest.approx(alone.item(), rel=1e-6)
    loss.backward()  # type: ignore[no-untyped-call]
    assert prediction.grad is not None
    assert prediction.grad.flatten(1).any(dim=1).tolist() == [True, False, True]
    assert losses.hole_l1(prediction, images, torch.zeros_like(masks)).item() == 0


def test_with_a_hole_in_every_image_the_l1_term_equals_the_published_one_exactly() -> None:
    images, masks = striped_images(3, 24)
    prediction = images + 0.25 * torch.rand(images.shape)
    assert torch.equal(losses.hole_l1(prediction, images, masks), (prediction - images).abs().mean() / masks.mean())


def test_random_weights_are_drawn_as_published(edgeconnect: EdgeConnect) -> None:
    for network in edgeconnect._networks:
        for name, parameter in network.named_parameters():
            if name.endswith("bias"):
                assert not parameter.any()
            else:
                assert float(parameter.detach().std()) == pytest.approx(0.02, rel=0.05)


def test_the_facts_name_the_weights_that_the_code_loads() -> None:
    facts = tomllib.loads((Path(recipe.__file__).parent / "backbone.toml").read_text())
    roles = {weights["name"]: weights["role"] for weights in facts["weights"]}
    assert roles == {name: entry.key for name, entry in PUBLISHED.items()} | {recipe.PERCEPTUAL_NAME: "perceptual"}
    assert facts["size_multiple"] == 4
    assert facts["variants"] == ["edge"]
    assert all(len(weights["sha256"]) in {0, 64} for weights in facts["weights"])
