"""Records of classifiers that name given shares of the test and validation images rightly."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmark.records.record import Record
from support.records import blank_record, trained

CLASSES = 6


@dataclass(frozen=True)
class Design:
    """How many images a classifier names rightly; every image is a unit unless units are fewer.

    Attributes:
        tested: share of the test images.
        validated: share of the validation images after the last epoch.
        images: number of each.
        units: number of each; 0 = of the images.
        epochs: shares of the validation images after the epochs before.
    """

    tested: float
    validated: float
    images: int = 36
    units: int = 0
    epochs: tuple[float, ...] = ()


def answers(labels: tuple[int, ...], share: float) -> tuple[int, ...]:
    """The first images named rightly, the others as the next individual."""
    right = round(share * len(labels))
    return (*labels[:right], *((label + 1) % CLASSES for label in labels[right:]))


def answered_record(design: Design, mode: str = "deep", **fields: Any) -> Record:
    """A record of one classifier that answers as designed; `untrained` is a mode here.

    Args:
        design: of its answers.
        mode: of the classifier.
        fields: other fields of the record.
    """
    labels = tuple(range(CLASSES)) * (design.images // CLASSES)
    units = design.units or design.images
    groups = tuple(int(group) for group in np.arange(design.images) * units // design.images)
    images = {"labels": labels, "groups": groups, "by": "stretches"}
    classifier = trained(
        design.tested,
        answers=answers(labels, design.tested),
        validation=[
            {"epoch": number, "answers": answers(labels, share)}
            for number, share in enumerate((*design.epochs, design.validated), start=1)
        ],
    )
    return blank_record(
        individuals=CLASSES,
        test_images=images | {"identities": tuple("abcdef"), "train_images": (9,) * CLASSES},
        validation_images=images,
        **({"untrained": classifier} if mode == "untrained" else {"classification": {mode: classifier}}),
        **fields,
    )
