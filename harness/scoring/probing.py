"""Scores of the probes: classifiers that the harness fits on frozen embeddings."""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.classification import scores
from benchmark.probing.coordinates import cosines, reduce
from benchmark.probing.probes import ProbeAnswers, linear_probe, nearest_neighbour_probe
from benchmark.records.classification import Probe, ProbePair, Probes
from benchmark.vocabulary import EncoderState, RegionVariant
from harness.execution import job_files
from harness.execution.plan import ABLATED
from harness.execution.results import RegionStages, Results, StageResult
from harness.scoring.test_set import TestSet, units_in

Embeddings = NDArray[np.floating]
"""(N, D), memory-mapped."""


def score(results: Results, test_set: TestSet) -> dict[EncoderState, Probes]:
    """Fit both probes on the training images of every encoder state, and score them on the known test images.

    Args:
        results: of the run.
        test_set: the test images.

    Returns:
        Nothing for a state without encoded training images, as in a disjoint split.
    """
    return {
        state: _score(stage, results.references[state]["train"], results.regions.get(state), test_set)
        for state, stage in results.embeddings.items()
        if "train" in results.references[state]
    }


def _score(test: StageResult, train: StageResult, regions: RegionStages | None, test_set: TestSet) -> Probes:
    pairs = partial(_pairs, test_set=test_set)
    shown, fitted = (_by_variant(regions.test), _by_variant(regions.train)) if regions else ({}, {})
    whole, *reliance = pairs(_embeddings(train), _embeddings(test), *shown.values())
    information = [pairs(fitted[variant], shown[variant])[0] for variant in shown]
    return Probes(
        linear=whole.linear,
        nearest=whole.nearest,
        regions={
            variant: {"reliance": on_whole, "information": on_variant}
            for variant, on_whole, on_variant in zip(shown, reliance, information, strict=True)
        },
    )


def _pairs(train: Embeddings, *tests: Embeddings, test_set: TestSet) -> list[ProbePair]:
    """Both probes, fitted once, for each set of test images that they are shown."""
    rows = test_set.crops.rows("train")
    labels = test_set.numbered(rows.labels)
    groups = units_in(test_set.crops, rows.labels, rows.positions).numbers
    linear = linear_probe(reduce(train, *tests), labels, groups, test_set.seed)
    nearest = nearest_neighbour_probe(cosines(train, *tests), labels, groups, test_set.seed)
    return [
        ProbePair(linear=one, nearest=other)
        for one, other in zip(_probes(linear, test_set), _probes(nearest, test_set), strict=True)
    ]


def _probes(probe: ProbeAnswers, test_set: TestSet) -> list[Probe]:
    return [_probe(probe, test_set.train_classes[numbers], test_set) for numbers in probe.answers]


def _probe(probe: ProbeAnswers, answers: NDArray[np.int64], test_set: TestSet) -> Probe:
    known = test_set.known
    labels, answered = (test_set.numbered(numbers[known]) for numbers in (test_set.labels, answers))
    return Probe(
        test=scores(labels, answered, len(test_set.train_classes)),
        answers=tuple(answers.tolist()),
        intervals=test_set.score_intervals(answers),
        choice=probe.choice,
        converged=probe.converged,
    )


def _embeddings(stage: StageResult) -> Embeddings:
    embeddings: Embeddings = np.load(stage.file(job_files.EMBEDDINGS), mmap_mode="r")
    return embeddings


def _by_variant(stage: StageResult) -> dict[RegionVariant, Embeddings]:
    """The embeddings of each region variant, of a stage that encodes all of them."""
    embeddings = _embeddings(stage)
    images = len(embeddings) // len(ABLATED)
    return {variant: embeddings[number * images : (number + 1) * images] for number, variant in enumerate(ABLATED)}
