"""Record parts on the origin of the numbers: stages, digests, machine, experiment, failure."""

from typing import Annotated, Literal

from pydantic import Field

from benchmark.records.base import MOST, Count, Digest, Key, Line, RecordPart, Seed, Time
from benchmark.vocabulary import Arithmetic, RunnerName

Measured = Annotated[float, Field(ge=0, le=MOST)]
"""Seconds, images a second or MiB."""


class Experiment(RecordPart):
    """An experiment of our own that a run belongs to; its record appears on the page of the experiment alone.

    Attributes:
        name: of the experiment.
        strength: of the background shortcut in training and validation images, in [0, 1]; test images have none.
        frames: number of frames generated for each video.
        seed: of the data.
    """

    name: Literal["shortcut"]
    strength: Annotated[float, Field(ge=0, le=1)]
    frames: Count
    seed: Seed


class Failure(RecordPart):
    """Why a run ended early: the stage, one sentence, and the end of its log."""

    stage: Line
    cause: Annotated[str, Field(max_length=10_000)]
    log: Annotated[str, Field(max_length=1_000_000)]


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

    key: Key
    seconds: Measured
    images_per_second: Measured | None = None
    peak_memory_mib: Measured | None = None
    threads: Count | None = None
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

    commit: Annotated[str, Field(pattern=r"^([0-9a-f]{7,64}(\+changes)?)?$")]
    code: Digest
    image: Digest
    data: Digest
    split: Digest
    protocol: Digest
    rules: Digest
    scoring: Count
    weights: dict[Line, Digest]
    runner: RunnerName
    hardware: dict[Line, Line]
    versions: dict[Line, Line]
    started: Time
    finished: Time
    stages: dict[Line, Stage]
