"""Fingerprints of the encoder states of a run."""

from collections.abc import Mapping

import numpy as np

from benchmark.records.fingerprint import Fingerprint
from benchmark.verification.fingerprints import fingerprint
from benchmark.vocabulary import EncoderState
from harness.execution import job_files
from harness.execution.results import StageResult


def score(embeddings: Mapping[EncoderState, StageResult]) -> dict[EncoderState, Fingerprint]:
    """The fingerprint of each encoder state.

    Args:
        embeddings: the stages that encoded the test images, by encoder state.
    """
    return {
        state: fingerprint(np.load(stage.file(job_files.EMBEDDINGS), mmap_mode="r"))
        for state, stage in embeddings.items()
    }
