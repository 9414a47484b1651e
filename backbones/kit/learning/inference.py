"""An encoder made ready for encoding: the same function, computed with fewer passes over memory."""

from collections.abc import Iterator
from itertools import pairwise

import torch
from torch import Tensor, nn
from torch.nn.utils.fusion import fuse_conv_bn_weights

from backbones.kit.arithmetic import Arithmetic

PIXELS_AT_ONCE = 2**18
"""Pixels of the images that a processor encodes at once: four images of 256 pixels. More only take more memory."""

MATRIX_LAYERS = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear)
"""Layers whose weights autocast would convert to bfloat16 in every pass."""


def images_at_once(batch_size: int, image_size: int, device: str) -> int:
    """Number of images that are encoded at once, at most the job's `batch_size`.

    Examples:
        >>> images_at_once(8, 256, "cpu"), images_at_once(8, 64, "cpu"), images_at_once(8, 1024, "cpu")
        (4, 8, 1)
        >>> images_at_once(8, 256, "cuda")
        8
    """
    if device != "cpu":
        return batch_size
    return min(batch_size, max(1, PIXELS_AT_ONCE // image_size**2))


def optimise(encoder: nn.Module, arithmetic: Arithmetic) -> nn.Module:
    """Change an encoder in evaluation mode so that it computes the same with fewer passes; it cannot be trained again.

    Batch normalisation becomes part of the convolution before it, where nothing else reads that convolution's output:
    in an `nn.Sequential`, and in pairs that a module lists as `normalised_convolutions`. ReLUs overwrite their input
    where nothing else reads it. In bfloat16, weights are converted once, and feature maps lie in memory position by
    position ("channels last"), as the units for bfloat16 read them.

    Args:
        encoder: in evaluation mode; changed in place.
        arithmetic: that it will compute in.

    Returns:
        The encoder.
    """
    once = _used_once(encoder)
    for module in list(encoder.modules()):
        for owner, conv_name, norm_name in _normalised(module):
            conv, norm = owner.get_submodule(conv_name), owner.get_submodule(norm_name)
            if {conv, norm} <= once and _can_fold(conv, norm):
                _fold(owner, conv_name, norm_name)
        if type(module) is nn.Sequential:
            _overwrite(list(module.children()))
    if arithmetic == "bfloat16":
        for module in encoder.modules():
            if type(module) in MATRIX_LAYERS and _is_plain(module):
                module.to(torch.bfloat16)
        encoder.to(memory_format=torch.channels_last)
    return encoder


def arrange(images: Tensor, arithmetic: Arithmetic) -> Tensor:
    """The images in the memory layout that an optimised encoder keeps throughout."""
    return images.contiguous(memory_format=torch.channels_last if arithmetic == "bfloat16" else torch.contiguous_format)


def _used_once(encoder: nn.Module) -> set[nn.Module]:
    """Modules with one place in the encoder."""
    places: dict[nn.Module, int] = {}
    for _, module in encoder.named_modules(remove_duplicate=False):
        places[module] = places.get(module, 0) + 1
    return {module for module, count in places.items() if count == 1}


def _normalised(module: nn.Module) -> Iterator[tuple[nn.Module, str, str]]:
    """A module, and the names in it of a convolution and of the batch norm that alone reads its output."""
    if type(module) is nn.Sequential:
        for (conv, _), (norm, _) in pairwise(module.named_children()):
            yield module, conv, norm
    for conv, norm in getattr(module, "normalised_convolutions", ()):
        yield module, conv, norm


def _can_fold(conv: nn.Module, norm: nn.Module) -> bool:
    is_pair = type(conv) is nn.Conv2d and type(norm) is nn.BatchNorm2d
    return is_pair and _is_plain(conv) and _is_plain(norm) and norm.running_mean is not None


def _is_plain(module: nn.Module) -> bool:
    """Whether nothing hooks into the module, as spectral normalisation does."""
    return not (module._forward_pre_hooks or module._forward_hooks or hasattr(module, "parametrizations"))  # noqa: SLF001


def _fold(owner: nn.Module, conv_name: str, norm_name: str) -> None:
    conv, norm = owner.get_submodule(conv_name), owner.get_submodule(norm_name)
    assert isinstance(conv, nn.Conv2d)
    assert isinstance(norm, nn.BatchNorm2d)
    assert norm.running_mean is not None
    assert norm.running_var is not None
    conv.weight, conv.bias = fuse_conv_bn_weights(
        conv.weight, conv.bias, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias
    )
    owner.set_submodule(norm_name, nn.Identity())


def _overwrite(layers: list[nn.Module]) -> None:
    """Let each ReLU overwrite what the layer before it computed; other layers may return their own input."""
    fresh = (nn.Conv2d, nn.BatchNorm2d, nn.InstanceNorm2d)
    for before, layer in pairwise(layer for layer in layers if type(layer) is not nn.Identity):
        if type(layer) is nn.ReLU and type(before) in fresh:
            layer.inplace = True
