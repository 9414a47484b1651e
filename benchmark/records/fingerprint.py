"""Record part that recognises an encoder by what it makes of a few images."""

from typing import Annotated

from pydantic import Field

from benchmark.records.base import MOST, Code, RecordPart


class Fingerprint(RecordPart):
    """Embeddings of a few test images, each as a few numbers (`benchmark.verification.fingerprints`).

    Two encoders that differ in a weight have other fingerprints, although no embedding can be restored from one.

    Attributes:
        images: indices of the images in `TestImages`.
        dimensions: of an embedding.
        lengths: Euclidean length of each image's embedding, to four significant digits.
        projections: of each image, its embedding, scaled to length 1, along random directions; to four decimals.
    """

    images: tuple[Code, ...]
    dimensions: Annotated[int, Field(ge=1, le=MOST)]
    lengths: tuple[Annotated[float, Field(ge=0)], ...]
    projections: tuple[tuple[float, ...], ...]
