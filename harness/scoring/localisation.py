"""Localisation of the CAMs that stages wrote: how they fall on the regions of their images."""

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.cam_localisation import localise, mass_after_epochs, region_area
from benchmark.records.localisation import EpochLocalisation, Localisation, RegionShares
from benchmark.vocabulary import CamMethod
from harness.execution import job_files
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
    return mass_after_epochs(np.load(training.file(job_files.CAMS)), crops.regions[probes])


def probe_area(training: StageResult, crops: CropSet, probes: NDArray[np.int64]) -> RegionShares | None:
    """Mean area shares of the regions in the probe images; None without CAMs or regions. Arguments as above."""
    if not _is_measurable(training, crops):
        return None
    return region_area(crops.regions[probes])


def on_test_images(prediction: StageResult, test_set: TestSet, method: CamMethod) -> Localisation | None:
    """Localisation of the test images' CAMs, with the examples to show; None without CAMs or regions.

    Args:
        prediction: of a classifier.
        test_set: the test images.
        method: of the CAMs.
    """
    if not _is_measurable(prediction, test_set.crops):
        return None
    return localise(
        np.load(prediction.file(job_files.CAMS)),
        test_set.crops.regions[test_set.positions],
        order=test_set.positions,
        groups=test_set.groups,
        seed=test_set.seed,
        method=method,
    )


def _is_measurable(stage: StageResult, crops: CropSet) -> bool:
    return stage.file(job_files.CAMS).exists() and crops.has_pattern
