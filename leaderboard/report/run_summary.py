"""The last lines of benchmark runs: the answer of one in about ten lines, or one line for each of several."""

from collections.abc import Sequence

from benchmark.records.record import Record
from benchmark.vocabulary import ClassifierKind, RegionVariant
from leaderboard.classifiers import Classifiers, Measure, rows
from leaderboard.columns import Row
from leaderboard.contestants import contestants, without_looking
from leaderboard.evidence import RANKED
from leaderboard.formats import decimals
from leaderboard.pages.classification import TITLES, better_text
from leaderboard.pages.summary import Recognised, recognised
from leaderboard.record_files import RecordFile, Section, sections
from leaderboard.report.summary import INDENT, line
from leaderboard.report.words import with_interval

NOT_LOOKING = {"chance": "any individual of training", "majority": "the commonest individual"}
"""The best answer without looking at the animal, where it is no metadata column."""


def run_summary(records: Sequence[Record], files: Sequence[RecordFile], paths: dict[str, str]) -> list[str]:
    """The answer of the runs of a command.

    Seeds of one contestant on one split are one answer. One answer takes about ten lines of at most 80 columns, several
    take a line each. Paths are never cut, since people copy them.

    Args:
        records: of the runs, at least one; failed ones are left out.
        files: every record of the same folder.
        paths: files that hold more, by what they are.
    """
    answers = {}
    for record in records:
        if record.status == "ok":
            section = _section(record, files)
            (row,) = (row for row in rows(section) if not row.variant and record.key in _keys(row))
            answers[row.file.path if row.file else record.key] = section, row
    lines: list[str] = []
    if len(answers) == 1:
        lines = [line(label, text) for label, text in _answer(*next(iter(answers.values()))).items()]
    elif answers:
        labels = {path: row.file.record.backbone for path, (_, row) in answers.items() if row.file}
        indent = max(INDENT, *(len(label) + 2 for label in labels.values()))
        lines = [line(labels[path], _in_a_line(*answer), indent) for path, answer in answers.items()]
    return [*lines, *(f"{label:<{INDENT}}{path}" for label, path in paths.items())]


def _section(record: Record, files: Sequence[RecordFile]) -> Section:
    """The records that are compared with a record, and itself; itself alone if the tables leave it out."""
    experiment = record.experiment.name if record.experiment else None
    for section in sections(files, experiment):
        if any(one.key == record.key for one in section.records):
            return section
    own = next(file for file in files if file.record.key == record.key)
    return Section(record.dataset, record.split, record.protocol, (own.judged(),))


def _keys(row: Row[Classifiers]) -> set[str]:
    return {file.record.key for file in row.seeds}


def _recognised(section: Section, row: Row[Classifiers]) -> Recognised:
    assert row.part is not None
    (one,) = (one for one in contestants(section) if one.first.key in _keys(row))
    return recognised(row.part.measures["linear"], one)


def _answer(section: Section, row: Row[Classifiers]) -> dict[str, str]:
    """The lines on one contestant by their labels."""
    assert row.file is not None
    assert row.part is not None
    record, part, kind = row.file.record, row.part, _headline(row)
    seeds = [file.record.seed for file in row.seeds]
    found = _recognised(section, row)
    others = {other: part.measures[other] for other in TITLES if other != kind}
    return {
        "Run": f"{record.title}, weights {record.init}, seed {', '.join(map(str, seeds))}, protocol {record.protocol}",
        "Data": f"{record.dataset}, split {record.split}: {_test(record)}",
        "Named rightly": _score(row, kind),
        "Chance": _chance(record, part, kind),
        "Background": _alone(found, "background"),
        "Pattern": _alone(found, "pattern"),
        "Verdict": found.regions["reliance"].verdict.name if found.regions else "not known: no region masks",
        "Rank-1": _rank1(record),
        "Others": "; ".join(
            f"{TITLES[other].lower()} {measure.status if measure.accuracy is None else decimals(measure.accuracy)}"
            for other, measure in others.items()
            if measure.accuracy is not None or measure.status
        )
        or "no other classifier",
        "Rank": part.rank(kind) or "none: nothing to compare with, or too few units to rank by",
    }


def _in_a_line(section: Section, row: Row[Classifiers]) -> str:
    found, kind = _recognised(section, row), _headline(row)
    verdict = f"; {found.regions['reliance'].verdict.name}" if found.regions else ""
    generated = any(record.experiment for record in section.records)
    return f"{_score(row, kind)}, {section.dataset if generated else f'split {section.split}'}{verdict}"


def _headline(row: Row[Classifiers]) -> ClassifierKind:
    """The first classifier by which tables rank that the row has."""
    assert row.part is not None
    measures = row.part.measures
    return next((kind for kind in RANKED if measures[kind].accuracy is not None), RANKED[0])


def _score(row: Row[Classifiers], kind: ClassifierKind) -> str:
    assert row.part is not None
    measure = row.part.measures[kind]
    return f"{_measured(measure)} by {TITLES[kind].lower()}" if measure.accuracy is not None else _measured(measure)


def _measured(measure: Measure) -> str:
    """An accuracy, or why there is none."""
    if measure.accuracy is None:
        return measure.status or "no test individual is in training"
    return with_interval(measure.accuracy, measure.interval)


def _test(record: Record) -> str:
    images = f"{len(record.test_images.labels)} test images, " if record.test_images else ""
    return f"{images}{record.individuals} individuals"


def _rank1(record: Record) -> str:
    """Of re-identification by the encoder before it sees a label, by cosine where there are several distances."""
    by_distance = record.retrieval.get("initial", {})
    found = by_distance.get("cosine") or next(iter(by_distance.values()), None)
    if found is None or found.rank1 is None:
        return "not measured"
    return f"{with_interval(found.rank1, found.rank1_interval)} of {found.queries} test images find their individual"


def _chance(record: Record, part: Classifiers, kind: ClassifierKind) -> str:
    best = without_looking(record)
    if best is None:
        return decimals(1 / record.candidate_count)
    name = NOT_LOOKING.get(best.name, f"{best.name} alone")
    better = better_text(part.measures[kind].better)
    return f"{decimals(best.accuracy)} by {name}; better than chance: {better or 'not tested'}"


def _alone(found: Recognised, region: RegionVariant) -> str:
    if not found.regions:
        return "not known: no region masks"
    one = found.regions["reliance"].ablation.accuracies.get(region)
    return f"{with_interval(one.accuracy, one.interval)} alone" if one else "not measured"
