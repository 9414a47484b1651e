"""Scores of the probes: classifiers that the harness fits on frozen embeddings."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.classification import scores
from benchmark.probing.coordinates import reduce_pair
from benchmark.probing.probes import ProbeAnswers, linear_probe, nearest_neighbour_probe
from benchmark.records.classification import Probe, Probes
from benchmark.vocabulary import EncoderState, SplitPart
from harness.execution import job_files
from harness.execution.results import StageResult
from harness.scoring.test_set import TestSet, units_in


def score(
    embeddings: Mapping[EncoderState, StageResult],
    references: Mapping[EncoderState, Mapping[SplitPart, StageResult]],
    test_set: TestSet,
) -> dict[EncoderState, Probes]:
    """Fit both probes on the training images of every encoder state, and score them on the known test images.

    Args:
        embeddings: the encoded test images, by encoder state.
        references: the encoded training images, by encoder state and part.
        test_set: the test images.

    Returns:
        Nothing for a state without encoded training images, as in a disjoint split.
    """
    return {
        state: _score(stage, references[state]["train"], test_set)
        for state, stage in embeddings.items()
        if "train" in references[state]
    }


def _score(test: StageResult, train: StageResult, test_set: TestSet) -> Probes:
    rows = test_set.crops.rows("train")
    labels = test_set.numbered(rows.labels)
    groups = units_in(test_set.crops, rows.labels, rows.positions).numbers
    pair = reduce_pair(*(np.load(stage.file(job_files.EMBEDDINGS), mmap_mode="r") for stage in (train, test)))
    return Probes(
        linear=_probe(linear_probe(pair, labels, groups, test_set.seed), test_set),
        nearest=_probe(nearest_neighbour_probe(pair, labels, groups, test_set.seed), test_set),
    )


def _probe(probe: ProbeAnswers, test_set: TestSet) -> Probe:
    answers: NDArray[np.int64] = test_set.train_classes[probe.answers]
    known = test_set.known
    labels, answered = (test_set.numbered(numbers[known]) for numbers in (test_set.labels, answers))
    return Probe(
        test=scores(labels, answered, len(test_set.train_classes)),
        answers=tuple(answers.tolist()),
        intervals=test_set.score_intervals(answers),
        choice=probe.choice,
        converged=probe.converged,
    )
