"""Record parts of CAM localisation: how class activation maps fall on background, body and pattern."""

from typing import Annotated

from benchmark.records.base import Interval, Metric, RecordPart
from benchmark.vocabulary import CamMethod


class RegionShares(RecordPart):
    """A share of each region, in [0, 1]; the three add up to 1."""

    background: float
    body: float
    pattern: float


class EpochLocalisation(RegionShares):
    """Mean share of the CAMs' mass on each region of the probe images after one epoch, numbered from 1."""

    epoch: int


class RegionValues(RecordPart):
    """One number for each region: the mean over the images that have the region; None if none has."""

    background: float | None
    body: float | None
    pattern: float | None


class Example(RecordPart):
    """A test image to show with its CAM: its index in `TestImages`, and the CAM's density on the pattern."""

    image: int
    density: float


class Examples(RecordPart):
    """The test images to show, by density on the pattern: highest, closest to the median, lowest."""

    best: Example
    typical: Example
    worst: Example


class Localisation(RecordPart):
    """CAMs of the test images, each for the class that the image was given.

    Attributes:
        mass: share of a CAM's mass on each region (relevance mass accuracy, Arras et al. 2022).
        density: mass divided by the region's share of the area; 1 = a random CAM.
        rank: relevance rank accuracy (Arras et al. 2022): of the most relevant part of a CAM, as large as the region,
            the share inside the region.
        pattern_density: interval of the density on the pattern; None with too few groups.
        images: number of images.
        area: mean area share of each region over all images, which is the expected mass of a random CAM.
        rank_null: mean area share over the images that have the region, which is the expected rank accuracy of a
            random CAM.
        method: CAM method of the protocol.
        empty: number of CAMs that are zero everywhere, because no evidence supports the answer; they count as
            uniform.
        examples: the images to show; None if no image has a pattern.
    """

    mass: Annotated[
        RegionValues, Metric("Mass", "share of a CAM's mass on the region", None, reference="Arras et al. 2022")
    ]
    density: Annotated[
        RegionValues, Metric("Density", "mass divided by the region's share of the area; 1 = a random CAM", None)
    ]
    rank: Annotated[
        RegionValues,
        Metric(
            "Rank accuracy",
            "share of the CAM's most relevant part, as large as the region, that is inside the region",
            True,
            reference="Arras et al. 2022",
        ),
    ]
    pattern_density: Interval | None
    images: int
    area: Annotated[
        RegionValues | None, Metric("Mass, random CAM", "mean area share of the region over all images", None)
    ] = None
    rank_null: Annotated[
        RegionValues | None,
        Metric("Rank accuracy, random CAM", "mean area share over the images that have the region", None),
    ] = None
    method: CamMethod = "gradcam"
    empty: Annotated[int | None, Metric("Empty CAMs", "CAMs that are zero everywhere, counted as uniform", None)] = None
    examples: Examples | None = None
