"""Records of the shortcut calibration, made by hand."""

from benchmark.records.base import Interval
from benchmark.records.classification import Classification, Scores, VariantScores
from benchmark.records.localisation import RegionValues, SwapNull
from benchmark.records.provenance import Experiment
from benchmark.records.record import Record
from benchmark.vocabulary import REGION_VARIANTS, Mode, RegionVariant
from leaderboard.pages.shortcut import PAGE
from leaderboard.record_files import RecordFile, Section
from support import records
from support.records import blank_record, group_baseline, localised


def scores(accuracy: float, images: int = 40) -> VariantScores:
    """Equal scores."""
    return VariantScores(accuracy=accuracy, recall=accuracy, f1=accuracy, images=images, answers=(), losses=())


def ablated(**accuracies: float) -> dict[RegionVariant, VariantScores]:
    """Scores by region variant; 0.5 for those that are not named."""
    return {variant: scores(accuracies.get(variant, 0.5), 20) for variant in REGION_VARIANTS}


def trained(accuracy: float, excess: float | None = 0.2) -> Classification:
    """A classifier with this test accuracy and excess density on the pattern, each with an interval of ± 0.1."""
    share = RegionValues(background=0.5, body=0.3, pattern=0.2)
    dense, swapped = (RegionValues(background=0.6, body=1.1, pattern=value) for value in (1 + (excess or 0), 1))
    interval = None if excess is None else Interval(low=excess - 0.1, high=excess + 0.1, groups=40)
    swap = None if excess is None else SwapNull(mass=share, density=swapped, rank=share)
    localisation = localised(
        share.model_dump(),
        density=dense,
        images=40,
        empty=2,
        method="hirescam",
        swap=swap,
        pattern_excess=interval,
    )
    around = Interval(low=accuracy - 0.1, high=accuracy + 0.1, groups=40)
    test = Scores(accuracy=accuracy, recall=accuracy, f1=accuracy, images=40)
    return records.trained(accuracy, test=test, localisations=(localisation,), intervals={"accuracy": around})


def record(
    backbone: str,
    strength: float,
    modes: dict[Mode, Classification],
    validation: dict[Mode, dict[RegionVariant, VariantScores]],
    *,
    seed: int = 0,
    frames: int = 144,
    protocol: str = "quick",
) -> Record:
    """A record of the experiment.

    Args:
        backbone: name; its title is in capitals.
        strength: of the shortcut.
        modes: classifiers by mode.
        validation: scores on the validation images by mode and region variant.
        seed: of the run.
        frames: of each video.
        protocol: name of the protocol.
    """
    video = group_baseline(1 / 3, f1=0.3, adjusted_rand=0.3, mutual_information=0.6)
    return blank_record(
        key=f"{backbone}{strength}{seed}{frames}{protocol}".encode().hex(),
        backbone=backbone,
        title=backbone.upper(),
        dataset=f"shortcut-{strength:g}",
        split="clean-test",
        protocol=protocol,
        seed=seed,
        classification=modes,
        ablation={mode: ablated(background=0.3, body=0.6) for mode in modes},
        validation=validation,
        group_baselines={"video": video},
        experiment=Experiment(name="shortcut", strength=strength, frames=frames, seed=1),
    )


def reader(
    strength: float, clean: float, validated: float, *, seed: int = 0, frames: int = 144, protocol: str = "quick"
) -> Record:
    """A record of one shallow classifier.

    Args:
        strength: of the shortcut.
        clean: accuracy on the clean test images.
        validated: accuracy on the validation images.
        seed: of the run.
        frames: of each video.
        protocol: name of the protocol.
    """
    validation = ablated(background=0.8, body=0.4, no_background=0.7, no_pattern=0.9, all=validated)
    return record(
        "reader",
        strength,
        {"shallow": trained(clean)},
        {"shallow": validation},
        seed=seed,
        frames=frames,
        protocol=protocol,
    )


def files(*records: Record) -> list[RecordFile]:
    """The records in their files."""
    return [RecordFile(one, f"leaderboard/records/{one.dataset}/{one.protocol}/{one.key}.json") for one in records]


def experiment_of(*records: Record) -> Section:
    """The only section of the page for these records."""
    (experiment,) = PAGE.sections(files(*records))
    return experiment
