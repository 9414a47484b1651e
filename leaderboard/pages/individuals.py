"""The page on each individual: how often it is recognised, and whom it is taken for."""

from statistics import median

from benchmark.records.classification import TestImages
from benchmark.vocabulary import Mode
from leaderboard import cells, layout
from leaderboard.entries import Entry, Section
from leaderboard.layout import DASH, WHO, Row
from leaderboard.markdown import NOTHING, escape
from leaderboard.plots import figures
from leaderboard.plots.confusion import MOST, confused

MODES: tuple[Mode, ...] = ("shallow", "deep")
COLUMNS = 12
"""Individuals that have a column each, at most."""

SPREAD = ("Lowest", "Median", "Highest", "Never recognised")


def individuals(sections: list[Section], page: str) -> str:
    """Recall of each individual by each classifier, or of many individuals its spread; confusion matrices."""

    def one(section: Section) -> str:
        count = max(entry.record.individuals for entry in section.entries)
        test = next((entry.record.test_images for entry in section.entries if entry.record.test_images), None)
        each = count <= COLUMNS
        columns = _names(test, count) if each else SPREAD

        def rows(entry: Entry) -> list[Row]:
            record = entry.record
            found = {mode: record.classification[mode].individual_recall for mode in MODES if _known(entry, mode)}
            return [
                [*cells.who(record), mode, *(_each(recall, count) if each else _spread(recall))]
                for mode, recall in found.items()
            ]

        images = [["*Test images*", NOTHING, NOTHING, *_images(test, count), NOTHING, NOTHING]] if each and test else []
        made = layout.section_table(section, [*WHO, "Classifier", *columns], rows, page, images)
        return f"{layout.heading(section, layout.test_images(section))}\n\n{made}{_matrices(section)}"

    return layout.block(
        layout.where(sections, lambda entry: any(_known(entry, mode) for mode in MODES)),
        one,
        "Recall: of an individual's test images the share that was named rightly. Matrices: of the test images of the "
        "individual shown, the share that was taken for each; a grey row: no image that could be named. Where names "
        "find no room there, individuals are numbered in the order of their names, from 0. Of more than "
        f"{COLUMNS} individuals the table has the spread: lowest, median and highest recall, and how many of the "
        f"individuals shown were never recognised. {DASH}",
    )


def _known(entry: Entry, mode: Mode) -> bool:
    found = entry.record.classification.get(mode)
    return bool(found and found.individual_recall)


def _names(test: TestImages | None, count: int) -> list[str]:
    """Of the individuals where the records say them, else their numbers."""
    if test and len(test.identities) == count:
        return [escape(name) for name in test.identities]
    return [f"No. {number}" for number in range(count)]


def _images(test: TestImages, count: int) -> Row:
    return [str(test.labels.count(number)) for number in range(count)]


def _each(recall: tuple[float | None, ...], count: int) -> Row:
    """Of records with fewer individuals the rest stays empty."""
    shown = [NOTHING if value is None else f"{value:.2f}" for value in recall]
    return [*shown, *[NOTHING] * (count - len(shown))]


def _spread(recall: tuple[float | None, ...]) -> Row:
    known = [value for value in recall if value is not None]
    values = (min(known), median(known), max(known))
    return [*(f"{value:.2f}" for value in values), f"{known.count(0)} of {len(known)}"]


def _matrices(section: Section) -> str:
    if confused(section):
        return f"\n\n![Confusion matrices of the deep classifiers]({figures.file('confusion', section)})"
    many = any(_known(entry, "deep") and entry.record.individuals > MOST for entry in section.entries)
    left_out = f"\n\nOf more than {MOST} individuals no confusion matrix is shown; the records hold all answers."
    return left_out if many else ""
