"""The rules of a field survey, which are the same for every contestant and data set."""

from dataclasses import dataclass

from benchmark.vocabulary import Fill, Pooling

NAME = "field"
"""Name of the protocol."""


@dataclass(frozen=True)
class FieldSettings:
    """Values of a field survey.

    Attributes:
        image_size: side of the images in pixels, for a contestant without a size of its own.
        pooling: how a feature map becomes an embedding.
        fill: what replaces hidden regions.
        batch_size: images that are encoded at once.
        seed: of folds and intervals.
        seconds: longest time of the encoding.
        memory_gib: most memory of the encoding.
    """

    image_size: int = 224
    pooling: Pooling = "average"
    fill: Fill = "zero"
    batch_size: int = 32
    seed: int = 0
    seconds: int = 4 * 3600
    memory_gib: int = 16
