"""Numbers of parameters: those that a network's output depends on."""

import torch
from torch import Tensor, nn
from torch.func import functional_call


def count_used(encoder: nn.Module, images: Tensor) -> int:
    """Number of parameters that the encoder's feature map depends on.

    A published network often has layers behind the feature map, such as a head that is never run. The gradient of the
    output reaches exactly the parameters that are used. The encoder is not changed, and frozen parameters count too.

    Args:
        encoder: in evaluation mode.
        images: (N, 3, H, W) in [0, 1], on the encoder's device; one is enough.

    Example:
        >>> count_used(nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU()), torch.zeros(1, 3, 2, 2))
        16
    """
    parameters = {name: tensor.detach().requires_grad_() for name, tensor in encoder.named_parameters()}
    with torch.enable_grad():
        output = functional_call(encoder, parameters, (images,))
        if not output.requires_grad:
            return 0
        gradients = torch.autograd.grad(output.sum(), list(parameters.values()), allow_unused=True)
    used = zip(parameters.values(), gradients, strict=True)
    return sum(tensor.numel() for tensor, gradient in used if gradient is not None)
