"""Numbers of parameters: those that a network's output depends on."""

import torch
from torch import Tensor, nn
from torch.autograd.graph import Node
from torch.func import functional_call


def count_used(encoder: nn.Module, images: Tensor) -> int:
    """Number of parameters that the encoder's feature map depends on.

    A published network often has layers behind the feature map, such as a head that is never run. The graph that would
    give the output's gradient ends at exactly the parameters that are used; no gradient is computed. The encoder is not
    changed, and frozen parameters count too.

    Args:
        encoder: in evaluation mode.
        images: (N, 3, H, W) in [0, 1], on the encoder's device; one is enough.

    Example:
        >>> count_used(nn.Sequential(nn.Conv2d(3, 4, 1), nn.ReLU()), torch.zeros(1, 3, 2, 2))
        16
    """
    parameters = {name: tensor.detach().requires_grad_() for name, tensor in encoder.named_parameters()}
    with torch.enable_grad():
        output: Tensor = functional_call(encoder, parameters, (images,))
    leaves = _leaves(output)
    return sum(tensor.numel() for tensor in parameters.values() if id(tensor) in leaves)


def _leaves(output: Tensor) -> set[int]:
    """Identities of the tensors at which the graph of the output's gradient ends."""
    nodes, seen, leaves = [output.grad_fn], set[Node](), set[int]()
    while nodes:
        node = nodes.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        if hasattr(node, "variable"):
            leaves.add(id(node.variable))
        nodes += [parent for parent, _ in node.next_functions]
    return leaves
