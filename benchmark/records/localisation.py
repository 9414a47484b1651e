"""Record parts of CAM localisation: how class activation maps fall on background, body and pattern."""

from benchmark.records.base import Interval, RecordPart
from benchmark.vocabulary import CamMethod


class RegionShares(RecordPart):
    """A share of each region, in [0, 1]; the three add up to 1."""

    background: float
    body: float
    pattern: float


class EpochLocalisation(RegionShares):
    """Mean share of the CAMs' mass per region on the probe images after one epoch, numbered from 1."""

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
        area: mean area share of each region over all images, which is the mass of a random CAM.
        rank_null: mean area share over the images that have the region, which is the rank accuracy of a random CAM.
        method: CAM method of the protocol.
        empty: number of CAMs that are zero everywhere, because no evidence supports the answer; they count as
            uniform.
        examples: the images to show; None if no image has a pattern.
    """

    mass: RegionValues
    density: RegionValues
    rank: RegionValues
    pattern_density: Interval | None
    images: int
    area: RegionValues | None = None
    rank_null: RegionValues | None = None
    method: CamMethod = "gradcam"
    empty: int | None = None
    examples: Examples | None = None
