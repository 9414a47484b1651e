"""Class activation maps (CAMs) of a classifier head, by pytorch-grad-cam."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from backbones.kit.job import CamMethod
from backbones.kit.learning.head import Head


def class_activation_maps(method: CamMethod, head: Head, feature_maps: Tensor, targets: Tensor) -> NDArray[np.float32]:
    """CAMs of the head on feature maps: how much each position contributes to a class.

    The explained network is the head, not encoder and head: the gradient at the feature map is the same, the encoder
    does not run again, and a frozen encoder (no gradient) is no special case.

    Args:
        method: `gradcam` (Selvaraju et al. 2017) weights each channel by its mean gradient; `hirescam` (Draelos & Carin
            2020) multiplies gradient and activation at every position, which sums to the logit of a linear head;
            `layercam` (Jiang et al. 2021) uses the positive gradients alone; `eigencam` (Muhammad & Yeasin 2020) is
            the first principal component of the activations, for any class, with the sign of the numerical library.
        head: the classifier's head; its `feature_map` is the explained layer. Its mode stays the same.
        feature_maps: (B, C, h, w).
        targets: (B,) int64, the class to explain for each feature map.

    Returns:
        (B, h, w) float32. Negative values are set to 0; then each CAM is scaled to [0, 1]. It is zero everywhere if no
        value is positive, or all are equal.
    """
    from pytorch_grad_cam import EigenCAM, GradCAM, HiResCAM, LayerCAM
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    training = head.training
    class_targets = [ClassifierOutputTarget(int(target)) for target in targets]
    cam_class = {"gradcam": GradCAM, "hirescam": HiResCAM, "layercam": LayerCAM, "eigencam": EigenCAM}[method]
    cam = cam_class(model=head, target_layers=[head.feature_map])
    try:
        with torch.enable_grad():
            cams: NDArray[np.float32] = cam(
                input_tensor=feature_maps.detach().requires_grad_(True), targets=class_targets
            )
    finally:
        cam.activations_and_grads.release()
        head.zero_grad(set_to_none=True)
        head.train(training)
    return cams
