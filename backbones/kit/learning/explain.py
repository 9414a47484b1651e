"""Class activation maps of a classifier head, through pytorch-grad-cam."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from backbones.kit.job import Method
from backbones.kit.learning.head import Head


def activation_maps(method: Method, head: Head, maps: Tensor, targets: Tensor) -> NDArray[np.float32]:
    """Where in the feature map the evidence for a class lies.

    The head is explained on given maps, not the whole network on images: the gradient at the map is the same, the
    encoder need not run again, and a frozen encoder (no gradient) is no special case.

    Args:
        method: `gradcam` (Selvaraju et al. 2017) weighs each channel by its mean gradient; `hirescam` (Draelos & Carin
            2020) multiplies gradient and activation at every position, and so adds up to the logit of a linear head;
            `layercam` (Jiang et al. 2021) does so with the positive gradients alone; `eigencam` (Muhammad & Yeasin
            2020) is the first principal component of the activations, whatever the class, its sign as the numerical
            library happens to give it.
        head: the classifier; its `map` is the explained layer. Left in the mode that it was in.
        maps: (B, C, h, w) feature maps.
        targets: (B,) int64 classes to explain.

    Returns:
        (B, h, w), of each map the positive part, its least value moved to 0 and its greatest scaled to 1; all zero
        where nothing speaks for the class, or all positions equally.
    """
    from pytorch_grad_cam import EigenCAM, GradCAM, HiResCAM, LayerCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    training = head.training
    wanted = [ClassifierOutputTarget(int(target)) for target in targets]
    kind = {"gradcam": GradCAM, "hirescam": HiResCAM, "layercam": LayerCAM, "eigencam": EigenCAM}[method]
    cam = kind(model=head, target_layers=[head.map])
    try:
        with torch.enable_grad():
            explained: NDArray[np.float32] = cam(input_tensor=maps.detach().requires_grad_(True), targets=wanted)
    finally:
        cam.activations_and_grads.release()
        head.zero_grad(set_to_none=True)
        head.train(training)
    return explained
