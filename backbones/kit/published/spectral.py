"""Spectral normalisation of convolutions (Miyato et al., ICLR 2018), with the state dict keys of published files.

These are the keys of `torch.nn.utils.spectral_norm`, which is deprecated; its successor has other keys.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize

EPSILON = 1e-12
RANK_TOLERANCE = 1e-4
"""Singular values below this share of the largest are treated as zero: float32 rounding of `weight_u` exceeds them."""


def spectral_norm(module: nn.Module) -> nn.Module:
    """Make a convolution divide its weight by the weight's largest singular value.

    The weight is a matrix with one row per output channel. Each forward pass in training mode updates its singular
    vectors by one power iteration; in evaluation mode they do not change.

    Args:
        module: an `nn.Conv2d` or `nn.ConvTranspose2d`. Its parameter `weight` becomes `weight_orig`; the buffers
            `weight_u` and `weight_v` are the left and right singular vector.

    Returns:
        The same module.

    Raises:
        TypeError: the module is of another type.
    """
    if not isinstance(module, nn.Conv2d | nn.ConvTranspose2d):
        raise TypeError(f"spectral_norm takes nn.Conv2d or nn.ConvTranspose2d, not {type(module).__name__}.")
    weight = module.weight
    assert isinstance(weight, nn.Parameter)
    del module.weight
    module.register_parameter("weight_orig", weight)
    rows, columns = _matrix(module, weight).shape
    module.register_buffer("weight_u", normalize(weight.new_empty(rows).normal_(), dim=0, eps=EPSILON))
    module.register_buffer("weight_v", normalize(weight.new_empty(columns).normal_(), dim=0, eps=EPSILON))
    module.register_forward_pre_hook(_normalise)
    module.register_forward_hook(_drop_weight, always_call=True)
    return module


def fill_weight_v(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Add the `weight_v` that state dicts of PyTorch before 1.1 lack, and drop the redundant `weight` they contain.

    The right vector was the normalised product of the transposed weight and an earlier left vector. So it is in the row
    space, and the weight maps it onto a multiple of `weight_u`: the pseudo-inverse recovers it.

    Raises:
        ValueError: a `weight_u` has no `weight_orig` with as many output channels, or that holds NaN or infinity.
    """
    filled = dict(state)
    vectors = [key for key, value in state.items() if key.endswith("weight_u") and isinstance(value, Tensor)]
    stems = [key.removesuffix("weight_u") for key in vectors]
    for stem in stems:
        if stem + "weight_v" not in state:
            matrix = _stored_matrix(state, stem).double()
            inverse = torch.linalg.pinv(matrix, rtol=RANK_TOLERANCE)
            left = state[stem + "weight_u"]
            filled[stem + "weight_v"] = normalize(inverse @ left.double(), dim=0, eps=EPSILON).to(left.dtype)
            filled.pop(stem + "weight", None)
    return filled


def _normalise(module: nn.Module, _inputs: Any) -> None:  # noqa: ANN401 - a hook's arguments
    weight, u, v = module.weight_orig, module.weight_u, module.weight_v
    assert isinstance(weight, Tensor)
    assert isinstance(u, Tensor)
    assert isinstance(v, Tensor)
    with torch.autocast(weight.device.type, enabled=False):
        matrix = _matrix(module, weight)
        if module.training:
            with torch.no_grad():
                v.copy_(normalize(matrix.T @ u, dim=0, eps=EPSILON))
                u.copy_(normalize(matrix @ v, dim=0, eps=EPSILON))
            # Backward needs the vectors of this pass, even if another pass updates the buffers before it.
            u, v = u.clone(), v.clone()
        module.weight = weight / torch.dot(u, matrix @ v)


def _drop_weight(module: nn.Module, _inputs: Any, _output: Any) -> None:  # noqa: ANN401 - a hook's arguments
    """Drop the normalised weight: it is no state, and a module with its autograd graph cannot be copied."""
    del module.weight


def _matrix(module: nn.Module, weight: Tensor) -> Tensor:
    rows_first = weight.transpose(0, 1) if isinstance(module, nn.ConvTranspose2d) else weight
    return rows_first.flatten(1)


def _stored_matrix(state: Mapping[str, Tensor], stem: str) -> Tensor:
    rows = state[stem + "weight_u"].numel()
    weight = state.get(stem + "weight_orig")
    if not isinstance(weight, Tensor) or rows not in weight.shape[:2]:
        raise ValueError(
            f"{stem}weight_u has {rows} values, but there is no {stem}weight_orig with as many output channels. "
            "Is it a state dict of a network with spectral normalisation?"
        )
    if not weight.isfinite().all():
        raise ValueError(f"{stem}weight_orig holds NaN or infinity.")
    # A transposed convolution stores its input channels first.
    return (weight if weight.shape[0] == rows else weight.transpose(0, 1)).flatten(1)
