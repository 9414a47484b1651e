"""The page of the shortcut calibration: what changes as the background of the training images identifies more."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import NamedTuple

from benchmark.metrics.score_intervals import of_difference
from benchmark.records.base import Interval
from benchmark.records.classification import Classification, VariantScores
from benchmark.records.localisation import Localisation
from benchmark.records.record import Record
from benchmark.vocabulary import MODES, Mode, RegionVariant
from leaderboard import evidence, headings
from leaderboard.classifiers import never_above_chance
from leaderboard.columns import Brackets, Column, Row, Table, number_column, variant_column
from leaderboard.contestants import accuracy_interval
from leaderboard.derived import by_hirescam, excess_density, pattern_gain, reliance
from leaderboard.evidence import chance_mark, is_above_chance
from leaderboard.formats import bracketed, decimals, difference, not_trained_text, signed
from leaderboard.markdown import escape, paragraphs
from leaderboard.page import CHANCE, INTERVALS, NOT_TRAINED, SEVERAL_SEEDS, Note, Page
from leaderboard.pages.ablation import PATTERN_GAIN, PATTERN_GAIN_LEGEND, RELIANCE, RELIANCE_LEGEND
from leaderboard.pages.classification import NEVER_ABOVE_CHANCE
from leaderboard.pages.focus import EXCESS_LEGEND, MAPS_LEGEND, cams_shown
from leaderboard.plots import shortcut
from leaderboard.record_files import Place, RecordFile, Section, grouped
from leaderboard.rows import backbone_row

Ablation = Mapping[RegionVariant, VariantScores]


@dataclass(frozen=True)
class Calibrated:
    """What a row shows: a classifier trained with the shortcut.

    Attributes:
        strength: of the shortcut.
        classifier: None if the run failed, or if its head is not trained.
        validation: scores on the validation images, which have the shortcut, by region variant.
        test: scores on the test images, which do not have it, by region variant.
        interval: of the test accuracy; None if there is none.
        test_above: whether the test accuracy is significantly better than chance; None if that is not known.
        validation_above: the same of the validation accuracy.
        status: why there is no score; empty if there is one, or if the run failed.
    """

    strength: float | None
    classifier: Classification | None
    validation: Ablation
    test: Ablation
    interval: Interval | None = None
    test_above: bool | None = None
    validation_above: bool | None = None
    status: str = ""


def experiments(sections: Iterable[Section]) -> list[Section]:
    """One section for each design and protocol, with the strengths of each backbone in ascending order."""
    return grouped((file for section in sections for file in (*section.files, *section.left_out)), _design)


def _design(record: Record) -> Place:
    """The design in place of the data set; each strength has data of its own."""
    experiment = record.experiment
    assert experiment is not None
    title = f"{experiment.frames} pictures a video, data seed {experiment.seed}"
    return Place(title, record.split, record.protocol, "", "")


def _strength(record: Record) -> float | None:
    return record.experiment.strength if record.experiment else None


def _rows(section: Section) -> list[Row[Calibrated]]:
    """A row for each classifier; one for a failed run."""
    return [row for file in section.files for row in _file_rows(file)]


def _file_rows(file: RecordFile) -> list[Row[Calibrated]]:
    rows = [
        backbone_row(file, _calibrated(file.record, mode), mode) for mode in MODES if mode in file.record.classification
    ]
    rows += [
        backbone_row(file, Calibrated(_strength(file.record), None, {}, {}, status=not_trained_text(loss)), head)
        for (head, variant), loss in file.not_trained.items()
        if variant == "all" and head in MODES
    ]
    return rows or [backbone_row(file, Calibrated(_strength(file.record), None, {}, {}))]


def _calibrated(record: Record, mode: Mode) -> Calibrated:
    classifier, validation = record.classification[mode], record.validation[mode]
    validated = record.validation_images
    return Calibrated(
        _strength(record),
        classifier,
        validation,
        record.ablation[mode],
        accuracy_interval(record, classifier.answers),
        is_above_chance(classifier.answers, record),
        is_above_chance(validation["all"].answers, record, validated) if validated else None,
    )


def _validation_accuracy(part: Calibrated) -> float | None:
    return part.validation["all"].accuracy if part.validation else None


def _test_accuracy(part: Calibrated) -> float | None:
    return part.classifier.test.accuracy if part.classifier else None


def _loss(part: Calibrated) -> float | None:
    clean, validated = _test_accuracy(part), _validation_accuracy(part)
    return None if clean is None or validated is None else difference(clean, validated)


def _ablation_columns(images: str, scores: Callable[[Calibrated], Ablation]) -> tuple[Column[Calibrated], ...]:
    return (
        number_column(
            f"{RELIANCE}, {images}", lambda part: reliance(scores(part)), form=signed, legend=RELIANCE_LEGEND
        ),
        number_column(
            f"{PATTERN_GAIN}, {images}",
            lambda part: pattern_gain(scores(part)),
            form=signed,
            legend=PATTERN_GAIN_LEGEND,
        ),
    )


def _cams(part: Calibrated | None) -> Localisation | None:
    """The CAMs of the clean test images."""
    return by_hirescam(part.classifier) if part and part.classifier else None


def _excess(part: Calibrated) -> float | None:
    cams = _cams(part)
    return excess_density(cams) if cams else None


def _excess_interval(part: Calibrated) -> Interval | None:
    cams = _cams(part)
    return cams.pattern_excess if cams else None


def _cams_shown(row: Row[Calibrated]) -> str | None:
    cams = _cams(row.part)
    return cams_shown(cams) if cams else None


class Measured(NamedTuple):
    """A number of a row that may change with the strength, and its interval; None if there is none."""

    value: Callable[[Calibrated], float | None]
    interval: Callable[[Calibrated], Interval | None] = lambda _: None


CHANGES: Mapping[str, Measured] = {
    "accuracy on validation images": Measured(_validation_accuracy),
    "accuracy on clean test images": Measured(_test_accuracy, lambda part: part.interval),
    f"*{RELIANCE}* of validation images": Measured(lambda part: reliance(part.validation)),
    "excess density": Measured(_excess, _excess_interval),
}
"""What the text above a table says of each calibrated head, by name."""

IMAGES = "the validation or the clean test images"

TABLE = Table(
    "Backbone",
    (
        variant_column("Classifier"),
        number_column(
            "Shortcut",
            lambda part: part.strength,
            legend="*Shortcut*: share of the time that a fish of the training and validation images is in its own "
            "zone of the tank.",
        ),
        number_column(
            "Accuracy, clean test",
            _test_accuracy,
            note=Brackets(lambda part: part.interval, mark=lambda part: chance_mark(part.test_above)),
            instead=lambda part: part.status,
            legend="*Clean test*: the same images at every strength, without the shortcut.",
        ),
        number_column(
            "Accuracy, validation",
            _validation_accuracy,
            note=Brackets(lambda _: None, mark=lambda part: chance_mark(part.validation_above)),
            legend="*Validation*: images with the shortcut of their row, after the last epoch; they choose nothing.",
        ),
        number_column(
            "Difference",
            _loss,
            form=signed,
            legend="*Difference*: clean test less validation, which is lost when the background no longer identifies.",
        ),
        *_ablation_columns("validation", lambda part: part.validation),
        *_ablation_columns("clean test", lambda part: part.test),
        number_column(
            "Excess density on pattern, clean test",
            _excess,
            form=signed,
            note=Brackets(_excess_interval),
            legend=EXCESS_LEGEND,
        ),
        Column("CAMs, clean test", _cams_shown, legend=f"{MAPS_LEGEND} They are by HiResCAM."),
    ),
    _rows,
)


def _section(section: Section, _page: str) -> str:
    tested = headings.test_images(section)
    validated = sorted(
        {scores["all"].images for record in section.records for scores in record.validation.values() if "all" in scores}
    )
    facts = f"{headings.facts(section, tested)} and {headings.either(validated)} validation images."
    return paragraphs(
        headings.title(section),
        _calibrated_backbones(section),
        facts,
        evidence.sentences(section),
        _audit(section),
        TABLE.text(section),
        shortcut.PLOT.image(section),
        never_above_chance(section, lambda record: f"{record.title} at strength {decimals(_strength(record) or 0)}"),
    )


Heads = Mapping[str, Mapping[float, list[Calibrated]]]
"""The seeds of each head that has learnt something, by its name and by strength in ascending order."""


def _has_learnt(part: Calibrated) -> bool:
    """Whether a head is trained, and better than chance on the validation or the clean test images."""
    return part.classifier is not None and bool(part.test_above or part.validation_above)


def _learnt(section: Section) -> Heads:
    """The heads that have learnt something; one of several seeds at the strengths at which all its seeds have."""
    seeds: defaultdict[str, defaultdict[float, list[Calibrated]]] = defaultdict(lambda: defaultdict(list))
    for row in _rows(section):
        if row.part and row.part.strength is not None:
            weights = f" ({row.weights})" if row.weights else ""
            seeds[f"{row.name}{weights}, {row.variant}"][row.part.strength].append(row.part)
    return {
        name: {strength: parts for strength, parts in sorted(found.items()) if all(map(_has_learnt, parts))}
        for name, found in seeds.items()
    }


def _calibrated_backbones(section: Section) -> str:
    """Which heads have learnt something at two strengths or more, so that a change can be seen, and what changes."""
    several, once = {}, []
    for name, strengths in _learnt(section).items():
        if len(strengths) > 1:
            several[name] = strengths
        elif strengths:
            once.append(f"{name}, at {decimals(min(strengths))}")
    no_change = "Better than chance at one strength alone, so that no change can be seen"
    alone = f" {no_change}: {'; '.join(once)}." if once else ""
    if not several:
        return f"Nothing is calibrated yet: no head is better than chance, on {IMAGES}, at two strengths.{alone}"
    texts = [f"{name}, at {', '.join(map(decimals, strengths))}" for name, strengths in several.items()]
    changes = " ".join(_changes(name, strengths) for name, strengths in several.items())
    return (
        f"Heads that are better than chance, on {IMAGES}, at two strengths or more: {'; '.join(texts)}.{alone} "
        f"The other rows calibrate nothing. {changes}"
    )


def _changes(name: str, strengths: Mapping[float, list[Calibrated]]) -> str:
    """What changes from the lowest strength of a head to the highest, in one sentence."""
    low, high = min(strengths), max(strengths)
    texts = [_change(label, measure, strengths[low], strengths[high]) for label, measure in CHANGES.items()]
    return f"{name}, from {decimals(low)} to {decimals(high)}: {'; '.join(filter(None, texts))}."


def _change(label: str, measure: Measured, before: list[Calibrated], after: list[Calibrated]) -> str:
    """How one number changes: by how much, and whether its interval shows it; empty if one of the two is missing."""
    numbers = [[number for part in parts if (number := measure.value(part)) is not None] for parts in (before, after)]
    if not all(numbers):
        return ""
    first, last = map(fmean, numbers)
    intervals = [measure.interval(parts[0]) if len(parts) == 1 else None for parts in (before, after)]
    if intervals[0] is None or intervals[1] is None:
        return f"{label} {signed(last - first)}"
    found = of_difference(last, intervals[1], first, intervals[0])
    word = "rises" if found.low > 0 else "falls" if found.high < 0 else "is not shown to change"
    return f"{label} {word} ({signed(last - first)}{bracketed(found)})"


def _audit(section: Section) -> str:
    """The audit of the split, with the strengths at which it is not clean; empty if no record has one."""
    audits = {
        record.experiment.strength: record.audit for record in section.records if record.experiment and record.audit
    }
    sentences = [f"*{escape(sentence)}.*" for sentence in dict.fromkeys(audit.sentence for audit in audits.values())]
    faults = [
        f"At strength {decimals(strength)}: {escape('; '.join(audit.faults))}."
        for strength, audit in sorted(audits.items())
        if audit.faults
    ]
    return " ".join([*sentences, *faults])


PAGE = Page(
    file="leaderboard/shortcut.md",
    block="shortcut",
    title="shortcut calibration",
    order=9,
    section=_section,
    tables=(TABLE,),
    notes=(
        Note(f"{INTERVALS} The interval of the excess density is by the jackknife."),
        CHANCE,
        NOT_TRAINED,
        NEVER_ABOVE_CHANCE,
        SEVERAL_SEEDS,
        Note(
            "A head that is at chance on the validation images has learnt nothing that could be seen there: its "
            "*Background - Body* and its excess density mean nothing, and the figure shows only its accuracy."
        ),
        Note(
            "*Changes* above the table are from the lowest to the highest strength at which a head is better than "
            "chance. In brackets: 95 % interval, from the two intervals as if the images were "
            "independent, which is too wide (MOVER); a change without brackets has no interval."
        ),
    ),
    plots=(shortcut.PLOT,),
    experiment="shortcut",
    regroup=experiments,
    empty="No records yet; `patternbench experiment shortcut` writes them.",
)
