"""Record parts on the origin of the numbers: stages, digests, machine, experiment, failure."""

from typing import Literal

from benchmark.records.base import RecordPart
from benchmark.vocabulary import Arithmetic, RunnerName


class Experiment(RecordPart):
    """An experiment of our own that a run belongs to; its record appears on the page of the experiment alone.

    Attributes:
        name: of the experiment.
        strength: of the background shortcut in training and validation images, in [0, 1]; test images have none.
        frames: number of frames generated for each video.
        seed: of the data.
    """

    name: Literal["shortcut"]
    strength: float
    frames: int
    seed: int


class Failure(RecordPart):
    """Why a run ended early: the stage, one sentence, and the end of its log."""

    stage: str
    cause: str
    log: str


class Stage(RecordPart):
    """One finished stage.

    Attributes:
        key: its address in the store, sha256 over all inputs.
        seconds: wall time of the container or process.
        images_per_second: as the backbone reported it; None if it did not.
        peak_memory_mib: highest resident memory as the backbone reported it.
        threads: number of processor threads available to it.
        precision: arithmetic that the networks computed in, as the backbone reported it; None if it did not.
    """

    key: str
    seconds: float
    images_per_second: float | None = None
    peak_memory_mib: float | None = None
    threads: int | None = None
    precision: Arithmetic | None = None


class Provenance(RecordPart):
    """Everything that made the numbers, so that they can be made again.

    Attributes:
        commit: of the project, with `+changes` if the working tree differed; empty outside a checkout.
        code: digest of the backbone's folder and of the kit.
        image: digest of the Docker image; empty for the process runner.
        data: digest of the packed data and of the data set's metadata.
        split: digest of the split's images with their individuals, sets and parts.
        protocol: digest of the protocol as resolved for this backbone.
        rules: digest of the protocol's values that hold for every backbone.
        scoring: version of the scoring.
        weights: sha256 of the published weights used, by name; `lpips` are those of the perceptual distance.
        runner: `process` or `docker`.
        hardware: processor, cores, memory_gib, gpu, system.
        versions: of Python and the libraries, as the backbone reported them.
        started: UTC, ISO 8601.
        finished: UTC, ISO 8601.
        stages: by name.
    """

    commit: str
    code: str
    image: str
    data: str
    split: str
    protocol: str
    rules: str
    scoring: int
    weights: dict[str, str]
    runner: RunnerName
    hardware: dict[str, str]
    versions: dict[str, str]
    started: str
    finished: str
    stages: dict[str, Stage]
