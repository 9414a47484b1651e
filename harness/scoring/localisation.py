"""Where classifiers look: from the maps that stages wrote to the parts of a record, and to the picture beside it."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmark.data.catalogue import BACKGROUND, PATTERN
from benchmark.metrics.cam_localisation import means, per_image, pick, region_area, region_mass
from benchmark.records.classification import Classification
from benchmark.records.localisation import EpochLocalisation, Example, Examples, Localisation, RegionValues
from benchmark.vocabulary import CamMethod, Mode, RegionVariant
from harness.execution.packs import Packer
from harness.execution.stages import Done
from harness.scoring.test_set import Examination
from leaderboard.plots.localisation import focus_overlays
from leaderboard.plots.style import picture

HEADING = "Numbers: density of the map on the pattern; 1 = a random map"


def after_epochs(
    training: Done, packer: Packer, probes: int
) -> tuple[tuple[EpochLocalisation, ...], RegionValues | None]:
    """Where the maps of the probe images lay after each epoch, and what random maps give.

    Returns:
        Nothing and None where there are no maps or no regions.
    """
    if not _measurable(training, packer):
        return (), None
    regions = packer.regions(packer.probes(probes))
    masses = [region_mass(epoch, regions) for epoch in np.load(training.file("cams.npy"))]
    focus = tuple(EpochLocalisation(epoch=epoch, **mass._asdict()) for epoch, mass in enumerate(masses, start=1))
    return focus, RegionValues(**region_area(regions)._asdict())


def on_test_images(prediction: Done, examination: Examination, method: CamMethod) -> Localisation | None:
    """Where the maps of the test images lie, and which of them to show; None where there are no maps or no regions."""
    if not _measurable(prediction, examination.packer):
        return None
    maps = np.load(prediction.file("cams.npy"))
    found = per_image(maps, examination.packer.regions(examination.positions))
    return Localisation(
        mass=_regions(found.mass),
        density=_regions(found.density),
        rank=_regions(found.rank),
        pattern_density=examination.interval(found.density[:, PATTERN]),
        images=len(found.mass),
        area=_regions(found.area),
        rank_null=_regions(np.where(found.area > 0, found.area, np.nan)),
        method=method,
        empty=int((~maps.any(axis=(1, 2))).sum()),
        examples=_picked(found.density[:, PATTERN], examination.positions),
    )


def overlays(
    classification: Mapping[Mode, Classification],
    predictions: Mapping[Mode, Mapping[RegionVariant, Done]],
    packer: Packer,
) -> Image.Image | None:
    """The examples test images of the deep and of the shallow classifier under their maps; None where none is examples."""
    modes: tuple[Mode, ...] = ("deep", "shallow")
    titles, places, maps = [], [], []
    for mode in modes:
        focus = classification[mode].localisation if mode in classification else None
        if focus and focus.examples:
            cams = np.load(predictions[mode]["all"].file("cams.npy"), mmap_mode="r")
            for rule, shown in focus.examples:
                titles.append(f"{mode}, {rule}: {shown.density:.2f}")
                places.append(shown.image)
                maps.append(cams[shown.image])
    if not places:
        return None
    images = np.load(packer.test("all").path / "images.npy", mmap_mode="r")[places]
    regions = packer.regions(packer.rows("test").positions[places])
    outlined = {"animal": regions > BACKGROUND, "pattern": regions == PATTERN}
    return picture(focus_overlays(images, maps, outlined, titles, HEADING))


def _measurable(stage: Done, packer: Packer) -> bool:
    return stage.file("cams.npy").exists() and packer.patterned


def _regions(values: NDArray[np.float64]) -> RegionValues:
    return RegionValues(**means(values)._asdict())


def _picked(density: NDArray[np.float64], positions: NDArray[np.int64]) -> Examples | None:
    """By the rule of `pick`, in the order of the images' ids, which is that of the catalogue; None without pattern."""
    if np.isnan(density).all():
        return None
    by_id = np.argsort(positions)
    found = {rule: int(by_id[place]) for rule, place in pick(density[by_id])._asdict().items()}
    return Examples(**{rule: Example(image=image, density=float(density[image])) for rule, image in found.items()})
