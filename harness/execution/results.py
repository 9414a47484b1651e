"""The finished stages of a run, and the files that they wrote."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from benchmark.records.provenance import Stage
from benchmark.vocabulary import (
    ENCODER_STATES,
    MODES,
    REGION_VARIANTS,
    SPLIT_PARTS,
    EncoderState,
    Mode,
    RegionVariant,
    SplitPart,
)
from harness.contract import Result
from harness.execution import job_files, plan
from harness.execution.store import Entry


@dataclass(frozen=True)
class StageResult:
    """A finished stage.

    Attributes:
        entry: where it is stored.
        result: content of its result.json.
        note: what the record keeps of it.
    """

    entry: Entry
    result: Result
    note: Stage

    def file(self, name: str) -> Path:
        """Path of one of its output files."""
        return self.entry.path / job_files.OUT / name


@dataclass(frozen=True)
class Classifier:
    """The two stages of a classifier: its training, and its predictions for the test images."""

    training: StageResult
    prediction: StageResult


@dataclass(frozen=True)
class RegionStages:
    """Test and training images, each encoded in every region variant of `plan.ABLATED`, one variant after the other."""

    test: StageResult
    train: StageResult


@dataclass(frozen=True)
class Results:
    """The finished stages of a run, by their names in the plan."""

    stages: Mapping[str, StageResult]

    @property
    def inpainting(self) -> StageResult | None:
        """The inpainting training; None if backbone or data do not allow it."""
        return self.stages.get(plan.INPAINT)

    @property
    def reconstruction(self) -> StageResult | None:
        """Test images whose holes the trained model filled; None as for `inpainting`, or without test photos."""
        return self.stages.get(plan.FILL)

    @property
    def embeddings(self) -> dict[EncoderState, StageResult]:
        """Test images as embedded by each state of the encoder that the run has."""
        return {state: self.stages[name] for state, name in plan.ENCODE.items() if name in self.stages}

    @property
    def untrained(self) -> Classifier | None:
        """The shallow classifier on the untrained encoder; None if the run has no such control."""
        training, prediction = plan.UNTRAINED_CLASSIFIER
        return Classifier(self.stages[training], self.stages[prediction]) if training in self.stages else None

    @property
    def references(self) -> dict[EncoderState, dict[SplitPart, StageResult]]:
        """Images to which test images are compared, by encoder state and part: train, and in an open split val too."""
        return {
            state: {
                part: self.stages[name] for part in SPLIT_PARTS if (name := plan.reference(state, part)) in self.stages
            }
            for state in ENCODER_STATES
        }

    @property
    def regions(self) -> dict[EncoderState, RegionStages]:
        """The region variants as embedded by each state of the encoder for which the run has them."""
        return {
            state: RegionStages(self.stages[plan.regions(state, "test")], self.stages[plan.regions(state, "train")])
            for state in ENCODER_STATES
            if plan.regions(state, "test") in self.stages
        }

    @property
    def classifiers(self) -> dict[Mode, dict[RegionVariant, Classifier]]:
        """The classifiers by mode and region variant, in the order of the vocabulary."""
        classifiers: dict[Mode, dict[RegionVariant, Classifier]] = {}
        for mode in MODES:
            for variant in REGION_VARIANTS:
                training, prediction = plan.classifier(mode, variant)
                if training in self.stages:
                    stages = Classifier(self.stages[training], self.stages[prediction])
                    classifiers.setdefault(mode, {})[variant] = stages
        return classifiers

    @property
    def notes(self) -> dict[str, Stage]:
        """What the record keeps of each stage, by name."""
        return {name: stage.note for name, stage in self.stages.items()}
