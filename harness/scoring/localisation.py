"""Localisation of the CAMs that stages wrote: how they fall on the regions of their images."""

import numpy as np
from numpy.typing import NDArray

from benchmark.data.catalogue import PATTERN
from benchmark.metrics.cam_localisation import means, per_image, pick, region_area, region_mass
from benchmark.records.localisation import EpochLocalisation, Example, Examples, Localisation, RegionValues
from benchmark.vocabulary import CamMethod
from harness.execution.crops import CropSet
from harness.execution.results import StageResult
from harness.scoring.test_set import TestSet


def after_epochs(training: StageResult, crops: CropSet, probes: NDArray[np.int64]) -> tuple[EpochLocalisation, ...]:
    """Region shares of the probe images' CAMs after every epoch; empty without CAMs or regions.

    Args:
        training: of a classifier.
        crops: of the data set.
        probes: (P,) positions of the probe images in the crops.
    """
    if not _is_measurable(training, crops):
        return ()
    regions = crops.regions[probes]
    masses = [region_mass(cams, regions) for cams in np.load(training.file("cams.npy"))]
    return tuple(EpochLocalisation(epoch=epoch, **mass._asdict()) for epoch, mass in enumerate(masses, start=1))


def probe_area(training: StageResult, crops: CropSet, probes: NDArray[np.int64]) -> RegionValues | None:
    """Mean area shares of the regions in the probe images; None without CAMs or regions. Arguments as above."""
    if not _is_measurable(training, crops):
        return None
    return RegionValues(**region_area(crops.regions[probes])._asdict())


def on_test_images(prediction: StageResult, test_set: TestSet, method: CamMethod) -> Localisation | None:
    """Localisation of the test images' CAMs, with the examples to show; None without CAMs or regions.

    Args:
        prediction: of a classifier.
        test_set: the test images.
        method: of the CAMs.
    """
    if not _is_measurable(prediction, test_set.crops):
        return None
    cams = np.load(prediction.file("cams.npy"))
    measures = per_image(cams, test_set.crops.regions[test_set.positions])
    return Localisation(
        mass=_region_means(measures.mass),
        density=_region_means(measures.density),
        rank=_region_means(measures.rank),
        pattern_density=test_set.interval(measures.density[:, PATTERN]),
        images=len(measures.mass),
        area=_region_means(measures.area),
        rank_null=_region_means(np.where(measures.area > 0, measures.area, np.nan)),
        method=method,
        empty=int((~cams.any(axis=(1, 2))).sum()),
        examples=_examples(measures.density[:, PATTERN], test_set.positions),
    )


def _is_measurable(stage: StageResult, crops: CropSet) -> bool:
    return stage.file("cams.npy").exists() and crops.has_pattern


def _region_means(values: NDArray[np.float64]) -> RegionValues:
    return RegionValues(**means(values)._asdict())


def _examples(density: NDArray[np.float64], positions: NDArray[np.int64]) -> Examples | None:
    """The images to show by the rule of `pick`, in the catalogue's order; None if no image has a pattern."""
    if np.isnan(density).all():
        return None
    by_id = np.argsort(positions)
    rows = {rule: int(by_id[row]) for rule, row in pick(density[by_id])._asdict().items()}
    return Examples(**{rule: Example(image=row, density=float(density[row])) for rule, row in rows.items()})
