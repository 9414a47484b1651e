"""Class activation maps (CAMs) of a classifier head, by pytorch-grad-cam."""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from backbones.kit.job import CamMethod
from backbones.kit.learning.head import Head


def class_activation_maps(
    methods: Sequence[CamMethod], head: Head, feature_maps: Tensor, targets: Tensor
) -> dict[CamMethod, NDArray[np.float32]]:
    """CAMs of the head on feature maps: how much each position contributes to a class.

    The explained network is the head, not encoder and head: the gradient at the feature map is the same, the encoder
    does not run again, and a frozen encoder (no gradient) is no special case. All methods use one gradient.

    Args:
        methods: `gradcam` (Selvaraju et al. 2017) weights each channel by its mean gradient; `hirescam` (Draelos &
            Carin 2020) multiplies gradient and activation at every position, which sums to the logit of a linear head;
            `layercam` (Jiang et al. 2021) uses the positive gradients alone; `eigencam` (Muhammad & Yeasin 2020) is
            the first principal component of the activations, for any class, with the sign of the numerical library.
        head: the classifier's head; its `feature_map` is the explained layer. Its mode stays the same.
        feature_maps: (B, C, h, w).
        targets: (B,) int64, the class to explain for each feature map.

    Returns:
        (B, h, w) float32 by method. Negative values are set to 0; then each CAM is scaled to [0, 1]. It is zero
        everywhere if no value is positive, or all are equal.
    """
    from pytorch_grad_cam import EigenCAM, GradCAM, HiResCAM, LayerCAM

    classes = {"gradcam": GradCAM, "hirescam": HiResCAM, "layercam": LayerCAM, "eigencam": EigenCAM}
    activations, training = feature_maps.detach().requires_grad_(True), head.training
    with torch.enable_grad():
        logits = head(activations).gather(1, targets[:, None])
        (gradients,) = torch.autograd.grad(logits.sum(), activations)
    cams: dict[CamMethod, NDArray[np.float32]] = {}
    for method in methods:
        with classes[method](model=head, target_layers=[head.feature_map]) as cam:
            cam.activations_and_grads.activations = [activations.detach()]
            cam.activations_and_grads.gradients = [gradients.detach()]
            cams[method] = cam.aggregate_multi_layers(cam.compute_cam_per_layer(activations, None, eigen_smooth=False))
    head.train(training)
    return cams
