"""The paper's own numbers, as printed in its tables.

Source: "Exploring Clustering Capability of Inpainting Model Embeddings for Pattern-based Individual Identification"
(2026), Tables 1 to 4. Each number comes from one run on AAU Zebrafish Re-Identification with a random split.
"""

from collections.abc import Mapping
from typing import NamedTuple

from benchmark.vocabulary import EncoderState, Mode, RegionVariant

DATASET, SPLIT, PROTOCOL = "aau-zebrafish", "random", "paper"
"""What a record must be of to be compared with the paper."""

CHANCE = 1 / 6
"""One over the number of individuals; the paper prints 0.17."""

INPAINTING_MODELS = {"aotgan": "AOT-GAN", "deepfillv2": "DeepFillV2", "edgeconnect": "EdgeConnect", "lama": "LaMa"}
"""Backbones that learn to inpaint, with their titles."""

BASELINES = {"efficientnet": "EfficientNet", "inception": "InceptionV3"}
"""Backbones that start from ImageNet, with their titles."""

TITLES: Mapping[str, str] = INPAINTING_MODELS | BASELINES

VARIANTS: tuple[RegionVariant, ...] = (
    "background",
    "body",
    "pattern",
    "no_background",
    "no_body",
    "no_pattern",
    "all",
)
"""Columns of the ablation; the paper calls the body fish."""

ABLATION: Mapping[Mode, Mapping[str, tuple[float, ...]]] = {
    "deep": {
        "aotgan": (0.75, 0.88, 0.85, 0.82, 0.89, 0.93, 0.97),
        "deepfillv2": (0.68, 0.75, 0.63, 0.75, 0.89, 0.68, 0.97),
        "edgeconnect": (0.64, 0.93, 0.78, 0.97, 0.82, 0.60, 0.99),
        "lama": (0.89, 0.96, 0.93, 0.99, 0.98, 0.94, 0.99),
        "efficientnet": (0.17,) * 7,
        "inception": (0.17,) * 7,
    },
    "shallow": {
        "aotgan": (0.76, 0.32, 0.17, 0.46, 0.86, 0.68, 0.75),
        "deepfillv2": (0.67, 0.69, 0.63, 0.75, 0.76, 0.64, 0.60),
        "edgeconnect": (0.44, 0.95, 0.83, 0.17, 0.82, 0.76, 0.97),
        "lama": (0.86, 0.97, 0.94, 0.99, 0.94, 0.97, 0.99),
        "efficientnet": (0.76, 0.93, 0.93, 0.97, 0.92, 0.92, 0.96),
        "inception": (0.69, 0.85, 0.88, 0.94, 0.79, 0.82, 0.89),
    },
}
"""Accuracy on the test images in the order of `VARIANTS`, by mode and backbone."""


class Training(NamedTuple):
    """An inpainting training (Table 3): lowest validation generator loss, images a step, steps up to it."""

    loss: float
    batch_size: int
    iterations: int


INPAINTING: Mapping[str, Training] = {
    "aotgan": Training(18.673, 8, 13000),
    "deepfillv2": Training(0.066796, 8, 10000),
    "edgeconnect": Training(0.070038, 8, 9000),
    "lama": Training(4.2551, 4, 12784),
}


class Clusters(NamedTuple):
    """k-means on the embeddings of the test images; the fields have the names of the record's."""

    adjusted_rand: float
    mutual_information: float
    silhouette: float
    davies_bouldin: float
    calinski_harabasz: float


CLUSTERING: Mapping[str, Mapping[EncoderState, Clusters]] = {
    "aotgan": {
        "initial": Clusters(0.127, 0.339, 0.060, 3.224, 36.558),
        "finetuned": Clusters(0.228, 0.572, 0.181, 1.945, 84.635),
    },
    "deepfillv2": {
        "initial": Clusters(0.114, 0.315, 0.033, 4.154, 22.690),
        "finetuned": Clusters(0.140, 0.322, 0.033, 3.696, 27.429),
    },
    "edgeconnect": {
        "initial": Clusters(0.137, 0.324, 0.049, 3.469, 23.148),
        "finetuned": Clusters(0.157, 0.418, 0.038, 3.792, 19.092),
    },
    "lama": {
        "initial": Clusters(0.136, 0.331, 0.042, 3.425, 27.705),
        "finetuned": Clusters(0.117, 0.284, 0.031, 4.051, 19.171),
    },
}
"""By backbone and encoder state."""


def accuracy(backbone: str, mode: Mode, variant: RegionVariant) -> float:
    """The paper's accuracy of one cell.

    >>> accuracy("lama", "deep", "no_pattern")
    0.94

    Args:
        backbone: name of its folder.
        mode: of the classifier.
        variant: region variant.
    """
    return ABLATION[mode][backbone][VARIANTS.index(variant)]
