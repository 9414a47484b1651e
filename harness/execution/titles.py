"""What each stage does, in words for people."""

from collections.abc import Mapping

from benchmark.vocabulary import (
    ENCODER_STATES,
    MODES,
    REGION_VARIANTS,
    SPLIT_PARTS,
    EncoderState,
    Mode,
    RegionVariant,
    SplitPart,
)
from harness.execution import plan

SCORE = "score"
"""Name of the step that computes the scores of the finished stages; it is no job."""

CROPS = "crops"
"""Name of the step that cuts the crops; it is no job."""

PHOTOS = "encode-photos"
"""Name of the job of a field survey that encodes every photo."""

SAMPLE_MAPS = "feature-maps"
"""Name of the job of a field survey that makes the feature maps of some photos."""

ANSWER = "answer-photos"
"""Name of a field survey's step that scores the embeddings; it is no job."""

_IMAGES: Mapping[RegionVariant, str] = {
    "all": "whole images",
    "background": "the background alone",
    "body": "the body alone",
    "pattern": "the pattern alone",
    "no_background": "images without background",
    "no_body": "images without body",
    "no_pattern": "images without pattern",
}
_FIT: Mapping[Mode, str] = {
    "shallow": "fit a linear classifier on",
    "deep": "fine-tune the encoder with a classifier on",
}
_CLASSIFIER: Mapping[Mode, str] = {"shallow": "linear classifier", "deep": "fine-tuned classifier"}
_ENCODER: Mapping[EncoderState, str] = {
    "untrained": ", untrained encoder",
    "initial": "",
    "finetuned": ", fine-tuned encoder",
}
_PART: Mapping[SplitPart, str] = {"train": "training images", "val": "validation images", "test": "test images"}


def _classifiers() -> dict[str, str]:
    titles: dict[str, str] = {}
    for mode in MODES:
        for variant in REGION_VARIANTS:
            fitting, answering = plan.classifier(mode, variant)
            titles[fitting] = f"{_FIT[mode]} {_IMAGES[variant]}"
            titles[answering] = f"name {_IMAGES[variant]} of the test by the {_CLASSIFIER[mode]}"
    return titles


_UNTRAINED = dict(
    zip(
        plan.UNTRAINED_CLASSIFIER,
        (
            "fit a linear classifier on whole images, untrained encoder",
            "name whole images of the test by the linear classifier, untrained encoder",
        ),
        strict=True,
    )
)

TITLES: Mapping[str, str] = (
    {
        CROPS: "cut the photos to the animals",
        SCORE: "compute the scores",
        PHOTOS: "encode every photo",
        SAMPLE_MAPS: "make feature maps of some photos",
        ANSWER: "answer every photo by the others, and score the answers",
        plan.INPAINT: "learn to fill holes in training images",
        plan.FILL: "fill holes of test photos",
    }
    | {name: f"encode test images{_ENCODER[state]}" for state, name in plan.ENCODE.items()}
    | {
        plan.reference(state, part): f"encode {_PART[part]}{_ENCODER[state]}"
        for state in ENCODER_STATES
        for part in SPLIT_PARTS
    }
    | {
        plan.regions(state, part): f"encode {_PART[part]} region by region{_ENCODER[state]}"
        for state in ENCODER_STATES
        for part in SPLIT_PARTS
    }
    | _UNTRAINED
    | _classifiers()
)
"""By the name of the stage."""


def title(stage: str) -> str:
    """What a stage does; its name if that is not known."""
    return TITLES.get(stage, stage)
