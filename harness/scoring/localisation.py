"""Localisation of the CAMs that stages wrote: how they fall on the regions of their images."""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.cams.localisation import after_epochs, localise
from benchmark.records.localisation import EpochLocalisation, Localisation
from benchmark.vocabulary import CamMethod
from harness.execution import job_files
from harness.execution.crops import CropSet
from harness.execution.results import StageResult
from harness.scoring.test_set import TestSet, units_in


def on_probes(
    training: StageResult, crops: CropSet, probes: NDArray[np.int64], method: CamMethod
) -> tuple[EpochLocalisation, ...]:
    """Localisation of the probe images' CAMs after every epoch; empty without CAMs or regions.

    Args:
        training: of a classifier.
        crops: of the data set.
        probes: (P,) positions of the probe images in the crops.
        method: of the CAMs.
    """
    if not _is_measurable(training, crops, method):
        return ()
    units = units_in(crops, crops.labels(probes), probes)
    return after_epochs(_cams(training, method), crops.regions[probes], units.numbers)


def on_test_images(
    prediction: StageResult, test_set: TestSet, methods: Iterable[CamMethod]
) -> tuple[Localisation, ...]:
    """Localisation of the test images' CAMs by each method, with the examples to show; empty without CAMs or regions.

    Args:
        prediction: of a classifier.
        test_set: the test images.
        methods: of the CAMs.
    """
    return tuple(
        localise(
            _cams(prediction, method),
            test_set.crops.regions[test_set.positions],
            order=test_set.positions,
            groups=test_set.groups,
            seed=test_set.seed,
            method=method,
        )
        for method in methods
        if _is_measurable(prediction, test_set.crops, method)
    )


def _cams(stage: StageResult, method: CamMethod) -> NDArray[np.float32]:
    cams: NDArray[np.float32] = np.load(stage.file(job_files.cams(method)))
    return cams


def _is_measurable(stage: StageResult, crops: CropSet, method: CamMethod) -> bool:
    return stage.file(job_files.cams(method)).exists() and crops.has_pattern
