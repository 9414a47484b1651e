import numpy as np
import pytest
import torch
from torch import Tensor, nn
from torchvision.models import vgg19

from backbones.kit.published.vgg import Vgg19, gram, load_vgg19, unpack_vgg19
from support.networks import assert_equal_states

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def network() -> Vgg19:
    """Kaiming initialisation, so that the deepest feature maps differ from zero."""
    torch.manual_seed(0)
    built = Vgg19()
    for parameter in built.parameters():
        if parameter.ndim > 1:
            nn.init.kaiming_normal_(parameter)
    return built


def torchvision_layers() -> nn.Sequential:
    """torchvision's layers; the large classifier gets no memory."""
    with torch.device("meta"):
        layers = vgg19(weights=None, init_weights=False).features
    assert isinstance(layers, nn.Sequential)
    return layers


def test_every_activation_equals_torchvisions(network: Vgg19) -> None:
    layers = torchvision_layers()
    layers.load_state_dict(network.features.state_dict(), strict=True, assign=True)
    counts = enumerate((2, 2, 4, 4, 4), start=1)
    names = [f"relu{block}_{number}" for block, count in counts for number in range(1, count + 1)]
    images = torch.rand(1, 3, 32, 32)
    maps = network(images, names)
    assert list(maps) == names
    expected = images
    with torch.no_grad():
        for layer in layers:
            expected = layer(expected)
            if isinstance(layer, nn.ReLU):
                name = names.pop(0)
                assert maps[name].max() > 0
                torch.testing.assert_close(maps[name], expected)
    assert names == []


def test_layers_after_the_last_requested_one_do_not_run(network: Vgg19) -> None:
    ran = []
    handles = [layer.register_forward_hook(lambda *_: ran.append(1)) for layer in network.features]
    network(torch.zeros(1, 3, 8, 8), ("relu1_1", "relu2_1"))
    for handle in handles:
        handle.remove()
    assert len(ran) == len(("conv1_1", "relu1_1", "conv1_2", "relu1_2", "pool1", "conv2_1", "relu2_1"))


def test_an_unknown_layer_is_refused(network: Vgg19) -> None:
    with pytest.raises(ValueError, match="no layer 'relu3_5'; its layers are conv1_1, relu1_1"):
        network(torch.zeros(1, 3, 8, 8), ("relu1_1", "relu3_5"))


def test_images_have_gradients_and_weights_have_none(network: Vgg19) -> None:
    images = torch.rand(1, 3, 16, 16, requires_grad=True)
    network(images, ("relu3_1",))["relu3_1"].sum().backward()
    assert images.grad is not None
    assert images.grad.abs().max() > 0
    assert all(parameter.grad is None for parameter in network.parameters())
    assert not any(module.training for module in network.modules())


def test_the_published_file_loads_without_its_classifier(network: Vgg19) -> None:
    published = {**network.state_dict(), "classifier.0.weight": torch.zeros(1)}
    loaded = load_vgg19(unpack_vgg19(published))
    assert_equal_states(loaded.state_dict(), network.state_dict())
    assert loaded.state_dict().keys() == {f"features.{key}" for key in torchvision_layers().state_dict()}
    del published["features.34.bias"]
    with pytest.raises(ValueError, match=r"VGG-19 does not fit the network \(1 missing: features\.34\.bias\)"):
        load_vgg19(unpack_vgg19(published))


def test_gram_matrices_by_hand() -> None:
    maps = torch.tensor([[[[1.0, 2.0]], [[3.0, -1.0]]]])
    assert torch.equal(gram(maps), torch.tensor([[[5.0, 1.0], [1.0, 10.0]]]) / 4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_gram_matrices_keep_float32_under_autocast(dtype: torch.dtype) -> None:
    maps: Tensor = torch.rand(2, 5, 6, 7).to(dtype)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        got = gram(maps)
    exact = maps.double().numpy()
    np.testing.assert_allclose(got.numpy(), np.einsum("bchw,bdhw->bcd", exact, exact) / (5 * 6 * 7), rtol=1e-5)
