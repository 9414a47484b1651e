"""The oracle is the published formula on the same random AlexNet; hand cases use a network of one layer."""

import math
from collections.abc import Callable
from importlib import metadata
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional
from torchvision.models import alexnet

from benchmark.errors import InputError
from benchmark.metrics.perceptual import BATCH, SMALLEST, distance_maps, hole_lpips, load

pytestmark = pytest.mark.usefixtures("one_thread")


RED, GREEN, WHITE, BLACK = (255, 0, 0), (0, 255, 0), (255, 255, 255), (0, 0, 0)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """AlexNet's convolutions with random weights that keep signals alive."""
    with torch.device("meta"):
        shapes = {key: value.shape for key, value in alexnet(weights=None).features.state_dict().items()}
    draws = torch.Generator().manual_seed(0)
    state = {
        f"features.{key}": torch.randn(shape, generator=draws) * math.sqrt(2 / max(1, math.prod(shape[1:])))
        for key, shape in shapes.items()
    }
    path = tmp_path_factory.mktemp("weights") / "alexnet.safetensors"
    save_file(state, path)
    return path


@pytest.fixture(scope="module")
def network(file: Path) -> nn.Module:
    return load(file)


def photos(count: int, height: int = 64, width: int = 64, seed: int = 0) -> np.ndarray:
    """Noise, coarse in every other image."""
    draws = np.random.default_rng(seed)
    images = draws.integers(0, 256, (count, height, width, 3), dtype=np.uint8)
    images[1::2] = images[1::2, :8, :8].repeat(height // 8, axis=1).repeat(width // 8, axis=2)
    return images


def formula(file: Path, images: np.ndarray, others: np.ndarray) -> np.ndarray:
    """Eq. 1 of the paper before the mean over positions: each layer's map enlarged to the images' size, summed."""
    convolutions = alexnet(weights=None).features[:-1].eval()
    convolutions.load_state_dict({key.removeprefix("features."): value for key, value in load_file(file).items()})
    path = Path(str(metadata.distribution("lpips").locate_file("lpips/weights/v0.1/alex.pth")))
    heads = torch.load(path, map_location="cpu", weights_only=True)
    maps = []
    with torch.no_grad():
        for layer, (one, other) in enumerate(
            zip(activations(convolutions, images), activations(convolutions, others), strict=True)
        ):
            distance = functional.conv2d((one - other).square(), heads[f"lin{layer}.model.1.weight"])
            maps.append(functional.interpolate(distance, images.shape[1:3], mode="bilinear", align_corners=False))
    return torch.cat(maps, dim=1).sum(dim=1).numpy()


def activations(convolutions: nn.Sequential, images: np.ndarray) -> list[Tensor]:
    """(N, C, h, w) after every ReLU, at length 1 at every position."""
    mean, deviation = (
        torch.tensor(values)[:, None, None] for values in ((-0.030, -0.088, -0.188), (0.458, 0.448, 0.450))
    )
    values = (torch.from_numpy(images).permute(0, 3, 1, 2).float() / 255 * 2 - 1 - mean) / deviation
    layers = []
    for layer in convolutions:
        values = layer(values)
        if isinstance(layer, nn.ReLU):
            layers.append(values / (values.square().sum(dim=1, keepdim=True).sqrt() + 1e-10))
    return layers


class OneLayer(nn.Module):
    """Colours without their negative values, as one layer of features."""

    def forward(self, images: Tensor) -> list[Tensor]:
        return [images.relu()]


def one_layer(file: Path) -> nn.Module:
    """The authors' network on `OneLayer`, with a head that weighs all channels equally."""
    network = load(file)
    network.net, network.L = OneLayer(), 1
    head = nn.Conv2d(3, 1, 1, bias=False)
    head.weight.data.fill_(1)
    network.lins = nn.ModuleList([head])
    return network


def coloured(*colours: tuple[int, int, int]) -> np.ndarray:
    return np.stack([np.full((SMALLEST, SMALLEST, 3), colour, np.uint8) for colour in colours])


@pytest.mark.parametrize(("height", "width"), [(64, 64), (40, 96)])
def test_the_maps_are_those_of_the_formula(network: nn.Module, file: Path, height: int, width: int) -> None:
    images, others = photos(4, height, width), photos(4, height, width, seed=1)
    expected = formula(file, images, others)
    assert expected.max() > 0.05
    np.testing.assert_allclose(distance_maps(network, images, others), expected, rtol=1e-4, atol=1e-6)


def test_a_hole_counts_by_its_own_pixels_and_each_image_equally(network: nn.Module, file: Path) -> None:
    truth, filled = photos(3), photos(3, seed=1)
    holes = np.zeros((3, 64, 64), np.uint8)
    holes[0, 10:40, 20:50] = 1
    holes[1, 5:9, 5:60] = 1
    maps = formula(file, filled, truth)
    expected = [maps[0, 10:40, 20:50].mean(), maps[1, 5:9, 5:60].mean()]  # the third has no hole
    assert hole_lpips(network, filled, truth, holes) == pytest.approx(expected, rel=1e-4)
    assert hole_lpips(network, filled, truth, holes).mean() == pytest.approx(0.07220515, abs=1e-6)


def test_equal_images_have_no_distance_and_the_order_does_not_matter(network: nn.Module) -> None:
    truth, filled = photos(2), photos(2, seed=1)
    holes = np.ones((2, 64, 64), np.uint8)
    assert not hole_lpips(network, truth, truth, holes).any()
    assert hole_lpips(network, filled, truth, holes) == pytest.approx(hole_lpips(network, truth, filled, holes))
    assert distance_maps(network, truth, filled).min() >= 0


def test_colours_by_hand(file: Path) -> None:
    # scaled and without what is negative, at unit length: red (1, 0, 0), green (0, 1, 0), black (0, 0, 0)
    maps = distance_maps(one_layer(file), coloured(RED, WHITE, BLACK), coloured(GREEN, BLACK, BLACK))
    assert maps.shape == (3, SMALLEST, SMALLEST)
    np.testing.assert_allclose(maps[0], 2, rtol=1e-6)
    np.testing.assert_allclose(maps[1], 1, rtol=1e-6)
    assert not maps[2].any()


def test_only_the_hole_counts_if_the_network_sees_single_pixels(file: Path) -> None:
    truth, filled = coloured(RED, RED), coloured(GREEN, WHITE)
    holes = np.zeros((2, SMALLEST, SMALLEST), np.uint8)
    holes[0, :5] = 1
    filled[0, 3:5] = RED  # three of five rows differ
    assert hole_lpips(one_layer(file), filled, truth, holes) == pytest.approx([2 * 3 / 5])


def test_batches_do_not_change_the_result(file: Path) -> None:
    network = one_layer(file)
    truth, filled = photos(BATCH + 3, 32, 32), photos(BATCH + 3, 32, 32, seed=1)
    holes = np.ones((BATCH + 3, 32, 32), np.uint8)
    single = [hole_lpips(network, filled[[row]], truth[[row]], holes[[row]])[0] for row in range(BATCH + 3)]
    assert hole_lpips(network, filled, truth, holes) == pytest.approx(single)


def test_the_smallest_image_is_accepted_and_a_smaller_one_refused(network: nn.Module) -> None:
    images = photos(1, SMALLEST + 1, SMALLEST + 1)[:, :SMALLEST, :SMALLEST]
    holes = np.ones((1, SMALLEST, SMALLEST), np.uint8)
    assert hole_lpips(network, 255 - images, images, holes) > 0
    less = images[:, 1:]
    with pytest.raises(InputError, match=r"Images of 31 x 30 pixels .* at least 31 a side.*image_size in the protocol"):
        hole_lpips(network, less, less, holes[:, 1:])


def test_arrays_that_cannot_be_compared_are_refused(network: nn.Module) -> None:
    truth, holes = photos(2), np.ones((2, 64, 64), np.uint8)
    with pytest.raises(InputError, match="do not match"):
        hole_lpips(network, photos(3), truth, holes)
    with pytest.raises(InputError, match="has a hole: there is nothing to compare"):
        hole_lpips(network, truth, truth, np.zeros_like(holes))


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (lambda state: state.pop("features.3.bias"), "Missing key"),
        (lambda state: state.update({"features.13.bias": torch.ones(3)}), "Unexpected key"),
        (lambda state: state.update({"features.3.bias": torch.ones(3)}), "size mismatch"),
    ],
)
def test_other_weights_are_refused(
    file: Path, tmp_path: Path, fault: Callable[[dict[str, Tensor]], object], message: str
) -> None:
    state = load_file(file)
    fault(state)
    save_file(state, tmp_path / "other.safetensors")
    with pytest.raises(InputError, match=rf"other.safetensors: not the convolutions of AlexNet .*{message}.*fetch"):
        load(tmp_path / "other.safetensors")


def test_a_damaged_or_missing_file_is_refused(file: Path, tmp_path: Path) -> None:
    (tmp_path / "half").write_bytes(file.read_bytes()[:1000])
    for name in ("half", "none"):
        with pytest.raises(InputError, match=f"{name}: not the convolutions of AlexNet"):
            load(tmp_path / name)
