"""Grad-CAM (Selvaraju et al. 2017) of a classifier head, through pytorch-grad-cam."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from backbones.kit.head import Head


def grad_cam(head: Head, maps: Tensor, targets: Tensor) -> NDArray[np.float32]:
    """Where in the feature map the evidence for a class lies.

    The head is explained on given maps, not the whole network on images: the gradient at the map is the same, the
    encoder need not run again, and a frozen encoder (no gradient) is no special case.

    Args:
        head: the classifier; its `map` is the explained layer. Left in the mode that it was in.
        maps: (B, C, h, w) feature maps.
        targets: (B,) int64 classes to explain.

    Returns:
        (B, h, w), of each map the positive part, its least value moved to 0 and its greatest scaled to 1; all zero
        where nothing speaks for the class, or all positions equally.
    """
    from pytorch_grad_cam import GradCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    training = head.training
    wanted = [ClassifierOutputTarget(int(target)) for target in targets]
    cam = GradCAM(model=head, target_layers=[head.map])
    try:
        with torch.enable_grad():
            explained: NDArray[np.float32] = cam(input_tensor=maps.detach().requires_grad_(True), targets=wanted)
    finally:
        cam.activations_and_grads.release()
        head.zero_grad(set_to_none=True)
        head.train(training)
    return explained
