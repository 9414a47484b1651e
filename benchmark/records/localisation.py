"""Record parts of CAM localisation: how class activation maps fall on background, body and pattern."""

from typing import Annotated

from pydantic import Field

from benchmark.records.base import MOST, NOT_NEGATIVE, Code, Count, Interval, Metric, RecordPart
from benchmark.vocabulary import CamMethod


class RegionValues(RecordPart):
    """One number for each region: the mean over the images that have the region; None if none has."""

    background: float | None
    body: float | None
    pattern: float | None


class EpochLocalisation(RegionValues):
    """Mean share of the CAMs' mass on each region of the probe images after one epoch; empty CAMs are left out.

    Attributes:
        epoch: number of the epoch, from 1.
        cams: number of CAMs that are not empty.
        excess: density on each region less the density of the same CAMs on probe images of other units.
    """

    epoch: Annotated[int, Field(ge=1, le=MOST)]
    cams: Count
    excess: Annotated[
        RegionValues, Metric("Excess density", "density less the swap density, on the probe images", None)
    ]


class Example(RecordPart):
    """A test image to show with its CAM: its index in `TestImages`, and the CAM's density on the pattern."""

    image: Code
    density: Annotated[float, NOT_NEGATIVE]


class Examples(RecordPart):
    """The test images to show, by density on the pattern: highest, closest to the median, lowest."""

    best: Example
    typical: Example
    worst: Example


class SwapNull(RecordPart):
    """The same CAMs laid on the regions of test images of other units: what CAMs reach without following their image.

    Attributes:
        mass: mean mass over all pairs of a CAM and an image of another unit.
        density: mean density over all such pairs.
        rank: mean rank accuracy over the CAMs, of each the mean over random images of other units, equally many for
            each CAM, 1000 pairs or more in all.
    """

    mass: Annotated[RegionValues, Metric("Swap mass", "mass of the same CAMs on images of other units", None)]
    density: Annotated[RegionValues, Metric("Swap density", "density of the same CAMs on images of other units", None)]
    rank: Annotated[
        RegionValues, Metric("Swap rank accuracy", "rank accuracy of the same CAMs on images of other units", None)
    ]


Column = tuple[Annotated[float, NOT_NEGATIVE] | None, ...]
"""A number of each image; None for an empty CAM, and for a region that is not there."""


class RegionColumns(RecordPart):
    """A number of each image for each region, rounded to five decimals, in the order of `TestImages`."""

    background: Column
    body: Column
    pattern: Column


class CamsByImage(RecordPart):
    """What each CAM reaches; all numbers of a `Localisation` are computed from these.

    Attributes:
        mass: share of the CAM's mass on each region of its image.
        density: mass divided by the region's share of the area.
        rank: relevance rank accuracy.
        ceiling: highest density that a CAM of this grid can reach on the image.
        swap_mass: mean mass of the CAM on the images of other units.
        swap_density: mean density of the CAM on the images of other units that have the region.
        swap_rank: mean rank accuracy of the CAM on random images of other units that have the region.
        others_density: mean density on this image of the CAMs of other units; the other side of `swap_density`.
    """

    mass: RegionColumns
    density: RegionColumns
    rank: RegionColumns
    ceiling: RegionColumns
    swap_mass: RegionColumns
    swap_density: RegionColumns
    swap_rank: RegionColumns
    others_density: RegionColumns


class Localisation(RecordPart):
    """CAMs of the test images by one method, each for the class that the image was given.

    Means are over the CAMs that are not empty. A CAM is empty if it is zero everywhere, because no evidence supports
    the answer.

    Attributes:
        mass: share of a CAM's mass on each region (relevance mass accuracy, Arras et al. 2022).
        density: mass divided by the region's share of the area.
        rank: relevance rank accuracy (Arras et al. 2022): of the most relevant part of a CAM, as large as the region,
            the share inside the region.
        images: number of images.
        method: that made the CAMs.
        empty: number of empty CAMs.
        grid: rows and columns of a CAM.
        ceiling: mean of the highest density that a CAM of this grid can reach on each image.
        swap: the swap null; None if all CAMs that are not empty are of one unit.
        pattern_excess: interval of the density on the pattern less the swap density, by the jackknife over units; None
            with fewer than six units.
        examples: the images to show; None if no CAM is of an image with a pattern.
        by_image: what each CAM reaches.
    """

    mass: Annotated[
        RegionValues, Metric("Mass", "share of a CAM's mass on the region", None, reference="Arras et al. 2022")
    ]
    density: Annotated[RegionValues, Metric("Density", "mass divided by the region's share of the area", None)]
    rank: Annotated[
        RegionValues,
        Metric(
            "Rank accuracy",
            "share of the CAM's most relevant part, as large as the region, that is inside the region",
            True,
            reference="Arras et al. 2022",
        ),
    ]
    images: Count
    method: CamMethod
    empty: Annotated[Count, Metric("Empty CAMs", "CAMs that are zero everywhere", None)]
    grid: tuple[Count, Count]
    ceiling: Annotated[RegionValues, Metric("Ceiling", "highest density that a CAM of this grid can reach", None)]
    swap: SwapNull | None
    pattern_excess: Interval | None
    examples: Examples | None
    by_image: CamsByImage
