"""The page of the shortcut calibration: what changes as the background of the training images identifies more."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from benchmark.records.classification import Classification, VariantScores
from benchmark.records.localisation import Localisation
from benchmark.records.record import Record
from benchmark.vocabulary import MODES, Mode, RegionVariant
from leaderboard import evidence, headings
from leaderboard.classifiers import never_above_chance
from leaderboard.columns import Column, Row, Table, number_column, variant_column
from leaderboard.contestants import accuracy_interval
from leaderboard.derived import by_hirescam, excess_density, pattern_gain, reliance
from leaderboard.evidence import chance_mark
from leaderboard.formats import bracketed, decimals, difference, not_trained_text, signed
from leaderboard.markdown import escape, paragraphs
from leaderboard.page import CHANCE, INTERVALS, NOT_TRAINED, Note, Page
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
        test_note: text after the test accuracy.
        validation_note: text after the validation accuracy.
        status: why there is no score; empty if there is one, or if the run failed.
    """

    strength: float | None
    classifier: Classification | None
    validation: Ablation
    test: Ablation
    test_note: str = ""
    validation_note: str = ""
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
        f"{bracketed(accuracy_interval(record, classifier.answers))}{chance_mark(classifier.answers, record)}",
        chance_mark(validation["all"].answers, record, validated) if validated else "",
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


def _excess_interval(part: Calibrated) -> str:
    cams = _cams(part)
    return bracketed(cams.pattern_excess) if cams else ""


def _cams_shown(row: Row[Calibrated]) -> str | None:
    cams = _cams(row.part)
    return cams_shown(cams) if cams else None


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
            note=lambda part: part.test_note,
            instead=lambda part: part.status,
            legend="*Clean test*: the same images at every strength, without the shortcut.",
        ),
        number_column(
            "Accuracy, validation",
            _validation_accuracy,
            note=lambda part: part.validation_note,
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
            note=_excess_interval,
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


def _calibrated_backbones(section: Section) -> str:
    """Which backbones have a trained head at two strengths or more, so that a change with the strength can be seen."""
    strengths: defaultdict[str, set[float]] = defaultdict(set)
    for row in _rows(section):
        if row.part and row.part.classifier and row.part.strength is not None:
            weights = f" ({row.weights})" if row.weights else ""
            strengths[f"{row.name}{weights}, {row.variant}"].add(row.part.strength)
    several = {name: sorted(values) for name, values in strengths.items() if len(values) > 1}
    if not several:
        return "Nothing is calibrated yet: no backbone whose head is trained has two strengths."
    texts = [f"{name}, at {', '.join(map(decimals, values))}" for name, values in several.items()]
    return f"Trained heads with two strengths or more: {'; '.join(texts)}. The other rows calibrate nothing."


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
        Note("The figure shows only the accuracy of such a classifier."),
    ),
    plots=(shortcut.PLOT,),
    experiment="shortcut",
    regroup=experiments,
    empty="No records yet; `patternbench experiment shortcut` writes them.",
)
