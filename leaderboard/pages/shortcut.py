"""The page of the shortcut calibration: what moves as the background of the training images tells more."""

from collections import defaultdict
from collections.abc import Iterable

from benchmark.records.classification import Classification
from benchmark.records.record import Record
from leaderboard import cells, layout, metrics
from leaderboard.entries import Entry, Section
from leaderboard.layout import CHANCE, DASH, WHO, Row
from leaderboard.markdown import NOTHING, escape
from leaderboard.pages.tables import DERIVED, MODES, NEVER
from leaderboard.plots import figures

EMPTY = "No records yet; `patternbench experiment shortcut` writes them."
ABLATED = [f"{name}, {images}" for images in ("validation", "clean test") for name in DERIVED]
MEASURES = [
    "Accuracy, clean test",
    "Accuracy, validation",
    "Difference",
    *ABLATED,
    "Density on pattern, clean test",
    "Empty maps, clean test",
]


def experiments(sections: Iterable[Section]) -> list[Section]:
    """The sections of all strengths of one design and protocol as one, a backbone's strengths in ascending order."""
    found: defaultdict[tuple[str, str, str], list[Entry]] = defaultdict(list)
    for section in sections:
        for entry in section.entries:
            experiment = entry.record.experiment
            assert experiment is not None
            title = f"{experiment.frames} pictures a video, data seed {experiment.seed}"
            found[title, section.split, section.protocol].append(entry)
    return [Section(*place, tuple(sorted(entries, key=_order))) for place, entries in sorted(found.items())]


def shortcut(sections: list[Section], page: str) -> str:
    """One table an experiment, with a row for each classifier and strength, and the figure below it."""

    def one(section: Section) -> str:
        tested, validated = layout.test_images(section), _validation_images(section)
        known = {
            f"{entry.record.group_baselines['video'].accuracy:.2f}"
            for entry in section.entries
            if entry.record.group_baselines
        }
        video = f" The video alone scores {layout.either(sorted(known))}." if known else ""
        said = f"{layout.facts(section, tested)}, {layout.either(validated)} validation images.{video}"
        made = layout.section_table(section, [*WHO, "Classifier", "Shortcut", *MEASURES], _rows, page)
        curves = f"![What moves with the strength of the shortcut]({figures.shortcut_file(section)})"
        heading = f"## {layout.name(section)}\n\n{said}{_audited(section)}"
        return f"{heading}\n\n{made}\n\n{curves}" if tested else f"{heading}\n\n{made}"

    if not sections:
        return EMPTY
    return layout.block(
        experiments(sections),
        one,
        "*Shortcut*: share of the time that a fish of the training and validation images is in its own zone of the "
        "tank. *Clean test*: the same images at every strength, without the shortcut. *Validation*: images with the "
        "shortcut of their row, after the last epoch; they chose nothing. *Difference*: clean test less validation, "
        "what is lost when the background stops telling. *Background / Fish*: above 1, the background tells more than "
        "the animal without its pattern. *No background - No pattern*: what the pattern is worth. *Density*: of the "
        "maps on the pattern; 1 = a map that knows nothing. *Empty maps*: zero everywhere, for nothing speaks for the "
        "answer by this method; they count as uniform, and where all are empty there is no density. Brackets: 95 % "
        "interval by bootstrap over test images, "
        "which are fewer than they seem: fish stay in one place for a while. "
        f"{CHANCE}{NEVER}In the figure such a classifier has its accuracy alone. {DASH}",
    )


def _audited(section: Section) -> str:
    """The audit of the split as a paragraph of its own, with the strengths at which it is not clean."""
    records = [entry.record for entry in section.entries]
    found = {record.experiment.strength: record.audit for record in records if record.experiment and record.audit}
    said = [f"*{escape(sentence)}.*" for sentence in dict.fromkeys(audit.sentence for audit in found.values())]
    faults = {strength: "; ".join(audit.faults) for strength, audit in sorted(found.items()) if audit.faults}
    said += [f"At strength {strength:.2f}: {escape(fault)}." for strength, fault in faults.items()]
    return f"\n\n{' '.join(said)}" if said else ""


def _rows(entry: Entry) -> list[Row]:
    """A row for each classifier; one for a failed run."""
    record = entry.record
    who, strength = cells.who(record), f"{record.experiment.strength:.2f}" if record.experiment else NOTHING
    if not record.classification:
        return [[*who, NOTHING, strength, *[NOTHING] * len(MEASURES)]]
    rows = []
    for mode in MODES:
        if mode not in record.classification:
            continue
        trained, seen = record.classification[mode], record.validation[mode]
        ablated = [*cells.relied(seen), *cells.relied(record.ablation[mode])]
        shown = [
            cells.classified(trained)[0],
            cells.accuracy(seen["all"]),
            cells.difference(trained.test.accuracy, seen["all"].accuracy),
            *ablated,
            *_dense(trained),
        ]
        rows.append([*who, mode, strength, *shown])
    return rows


def _dense(trained: Classification) -> list[str]:
    """Density on the pattern with its interval, and how many maps are empty."""
    found, density = trained.localisation, metrics.density(trained)
    if found is None:
        return [NOTHING] * 2
    shown = NOTHING if density is None else f"{density:.2f}{cells.between(found.pattern_density)}"
    return [shown, cells.empty(found)]


def _validation_images(section: Section) -> list[int]:
    return sorted({seen["all"].images for entry in section.entries for seen in entry.record.validation.values()})


def _order(entry: Entry) -> tuple[str, str, str, float, int]:
    record: Record = entry.record
    strength = record.experiment.strength if record.experiment else 0
    return record.title.casefold(), record.backbone, record.init, strength, record.seed
