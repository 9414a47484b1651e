"""The oracle is the authors' own network, given the same random AlexNet; hand cases take a network of one layer."""

import math
import warnings
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torchvision.models import alexnet

from benchmark.errors import InputError
from benchmark.metrics.perceptual import BATCH, SMALLEST, Lpips, distance_maps, hole_lpips, load

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
def network(file: Path) -> Lpips:
    return load(file)


@pytest.fixture(scope="module")
def authors(network: Lpips) -> nn.Module:
    """The authors' network with its shipped heads on the same AlexNet."""
    import lpips

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it calls torchvision as one did in 2021
        made = lpips.LPIPS(net="alex", version="0.1", pnet_rand=True, spatial=True, verbose=False)
    given = network.features.state_dict()
    made.net.load_state_dict({key: given[key.partition(".")[2]] for key in made.net.state_dict()})
    return made


def photos(count: int, height: int = 64, width: int = 64, seed: int = 0) -> np.ndarray:
    """Noise, coarse in every other image."""
    draws = np.random.default_rng(seed)
    images = draws.integers(0, 256, (count, height, width, 3), dtype=np.uint8)
    images[1::2] = images[1::2, :8, :8].repeat(height // 8, axis=1).repeat(width // 8, axis=2)
    return images


def authors_maps(authors: nn.Module, ones: np.ndarray, others: np.ndarray) -> np.ndarray:
    first, second = (torch.from_numpy(images).permute(0, 3, 1, 2) / 255 for images in (ones, others))
    with torch.no_grad():
        return authors(first, second, normalize=True)[:, 0].numpy()


def one_layer() -> Lpips:
    """Unit-length scaled colours, of which what is negative counts for nothing."""
    same = nn.Conv2d(3, 3, 1, bias=False)
    same.weight.data = torch.eye(3)[:, :, None, None]
    return Lpips(nn.Sequential(same, nn.ReLU()), (torch.ones(1, 3, 1, 1),))


def coloured(*colours: tuple[int, int, int]) -> np.ndarray:
    return np.stack([np.full((SMALLEST, SMALLEST, 3), colour, np.uint8) for colour in colours])


@pytest.mark.parametrize(("height", "width"), [(64, 64), (40, 96)])
def test_the_maps_are_the_authors_with_their_heads(network: Lpips, authors: nn.Module, height: int, width: int) -> None:
    ones, others = photos(4, height, width), photos(4, height, width, seed=1)
    expected = authors_maps(authors, ones, others)
    assert expected.max() > 0.05
    np.testing.assert_allclose(distance_maps(network, ones, others), expected, rtol=1e-4, atol=1e-6)


def test_a_hole_counts_by_its_own_pixels_and_an_image_once_however_large_its_hole(
    network: Lpips, authors: nn.Module
) -> None:
    truth, filled = photos(3), photos(3, seed=1)
    holes = np.zeros((3, 64, 64), np.uint8)
    holes[0, 10:40, 20:50] = 1
    holes[1, 5:9, 5:60] = 1
    maps = authors_maps(authors, filled, truth)
    expected = (maps[0, 10:40, 20:50].mean() + maps[1, 5:9, 5:60].mean()) / 2  # the third has no hole
    assert hole_lpips(network, filled, truth, holes) == pytest.approx(expected, rel=1e-4)


def test_what_is_alike_has_no_distance_and_the_order_does_not_matter(network: Lpips) -> None:
    truth, filled = photos(2), photos(2, seed=1)
    holes = np.ones((2, 64, 64), np.uint8)
    assert hole_lpips(network, truth, truth, holes) == 0
    assert hole_lpips(network, filled, truth, holes) == pytest.approx(hole_lpips(network, truth, filled, holes))
    assert distance_maps(network, truth, filled).min() >= 0


def test_colours_by_hand() -> None:
    # scaled and without what is negative, at unit length: red (1, 0, 0), green (0, 1, 0), black (0, 0, 0)
    maps = distance_maps(one_layer(), coloured(RED, WHITE, BLACK), coloured(GREEN, BLACK, BLACK))
    assert maps.shape == (3, SMALLEST, SMALLEST)
    np.testing.assert_allclose(maps[0], 2, rtol=1e-6)
    np.testing.assert_allclose(maps[1], 1, rtol=1e-6)
    assert not maps[2].any()


def test_only_the_hole_counts_where_the_network_sees_no_further_than_a_pixel() -> None:
    truth, filled = coloured(RED, RED), coloured(GREEN, WHITE)
    holes = np.zeros((2, SMALLEST, SMALLEST), np.uint8)
    holes[0, :5] = 1
    filled[0, 3:5] = RED  # three of five rows differ
    assert hole_lpips(one_layer(), filled, truth, holes) == pytest.approx(2 * 3 / 5)


def test_batches_change_nothing() -> None:
    truth, filled = photos(BATCH + 3, 32, 32), photos(BATCH + 3, 32, 32, seed=1)
    holes = np.ones((BATCH + 3, 32, 32), np.uint8)
    single = [hole_lpips(one_layer(), filled[[one]], truth[[one]], holes[[one]]) for one in range(BATCH + 3)]
    assert hole_lpips(one_layer(), filled, truth, holes) == pytest.approx(np.mean(single))


def test_the_smallest_image_is_measured_and_a_smaller_one_refused(network: Lpips) -> None:
    images = photos(1, SMALLEST + 1, SMALLEST + 1)[:, :SMALLEST, :SMALLEST]
    holes = np.ones((1, SMALLEST, SMALLEST), np.uint8)
    assert hole_lpips(network, 255 - images, images, holes) > 0
    less = images[:, 1:]
    with pytest.raises(InputError, match=r"Images of 31 x 30 pixels .* at least 31 a side.*image_size in the protocol"):
        hole_lpips(network, less, less, holes[:, 1:])


def test_what_cannot_be_compared_is_refused(network: Lpips) -> None:
    truth, holes = photos(2), np.ones((2, 64, 64), np.uint8)
    with pytest.raises(InputError, match="do not match"):
        hole_lpips(network, photos(3), truth, holes)
    with pytest.raises(InputError, match="has a hole: there is nothing to compare"):
        hole_lpips(network, truth, truth, np.zeros_like(holes))


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (lambda state: state.pop("features.3.bias"), "Missing key"),
        (lambda state: state.update({"features.13.bias": torch.ones(3)}), "Unexpected key"),
        (lambda state: state.update({"features.3.bias": torch.ones(3)}), "size mismatch"),
    ],
)
def test_other_weights_are_refused(file: Path, tmp_path: Path, fault: object, said: str) -> None:
    from safetensors.torch import load_file

    state = load_file(file)
    fault(state)
    save_file(state, tmp_path / "other.safetensors")
    with pytest.raises(InputError, match=rf"other.safetensors: not the convolutions of AlexNet .*{said}.*fetch"):
        load(tmp_path / "other.safetensors")


def test_a_damaged_or_missing_file_is_refused(file: Path, tmp_path: Path) -> None:
    (tmp_path / "half").write_bytes(file.read_bytes()[:1000])
    for name in ("half", "none"):
        with pytest.raises(InputError, match=f"{name}: not the convolutions of AlexNet"):
            load(tmp_path / name)
