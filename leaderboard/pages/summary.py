"""The tables of the README: by what the built-in animals are recognised, in short."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from benchmark.splitting.split import LEAK_FREE
from benchmark.vocabulary import REGION_QUESTIONS, RegionQuestion, RegionVariant
from leaderboard import classifiers, evidence, headings
from leaderboard.classifiers import Gain, Measure
from leaderboard.columns import Brackets, Column, Row, Table, marked, number_column, render
from leaderboard.contestants import Contestant, contestants
from leaderboard.formats import FEW, decimals
from leaderboard.markdown import link, paragraphs
from leaderboard.page import Note, Page
from leaderboard.pages.classification import NEEDED, better_text, count_note
from leaderboard.pages.region_accuracies import Ablation, RegionAccuracy, difference, probed
from leaderboard.record_files import PAPER_SPLIT, Section
from leaderboard.run_link import failure
from leaderboard.verdict import MOSTLY, UNTOLD, Alone, Verdict, compared

BUILT_IN = "zebrafish-synth"
"""The data set that comes with the project."""

SPLITS = (*LEAK_FREE, PAPER_SPLIT)
"""The splits that are shown, in their order: those whose test images all show individuals of training."""

WHOLE_LEGEND = (
    "*Whole image*: share of the test images that a linear probe names rightly; the probe is fitted on the frozen "
    f"embeddings of whole training images. Brackets: 95 % interval over units. Fewer than {FEW} right answers are "
    "counted too."
)
BETTER_LEGEND = (
    "*Better than chance?*: whether whole images are named better than by the best answer without looking at the "
    f"animal, which is named above the table (by units, 5 %). {NEEDED}"
)
ALONE_LEGEND = (
    "*Background alone*, *Pattern alone*: a probe is fitted on images in which the rest is hidden, and shown the same. "
    "This asks what each region holds."
)
TELLS_LEGEND = (
    "*Told apart by*: the verdict on these two. *Background* or *pattern* if it alone is better than chance and the "
    "interval of their difference excludes 0; the [region ablation](leaderboard/ablation.md) shows that interval. It "
    "is *mostly* that region if it alone keeps at least "
    f"{100 * MOSTLY:.0f} % of what whole images gain over chance, else *more* that than the other. *Both*: each alone "
    "is better than chance, and no difference is shown: a high score does not show that the pattern is recognised, "
    "because the place would do, and a region of which training holds a near-copy is recognised as that copy. "
    f"*{UNTOLD.capitalize()}*: everything else."
)
RELIES_LEGEND = (
    "*Probe relies on*: the same verdict on the probe of whole images, shown the background and the pattern "
    "alone; in parentheses its accuracies on the two. It has never seen hidden regions and may be misled by them, so "
    "*cannot tell* does not mean that neither is used. Intervals are on the page of the "
    "[region ablation](leaderboard/ablation.md)."
)
BASELINES = Note(
    "*Start*: the weights that the encoder starts from. *control*: raw pixels or colours, which learn nothing. "
    "*video alone* and its like: baselines that see no image."
)


@dataclass(frozen=True)
class Regions:
    """One question of the region ablation.

    Attributes:
        ablation: the accuracies of the linear probe.
        verdict: by which of pattern and background it names the animals.
    """

    ablation: Ablation
    verdict: Verdict


@dataclass(frozen=True)
class Recognised:
    """What a row shows.

    Attributes:
        whole: the linear probe on whole images.
        regions: by question; empty without region masks, and for a baseline.
    """

    whole: Measure
    regions: Mapping[RegionQuestion, Regions] = field(default_factory=dict)


def recognised(whole: Measure, one: Contestant | None) -> Recognised:
    """What the row of a contestant shows, or of a baseline.

    Args:
        whole: the probe on whole images.
        one: the contestant; None for a baseline.
    """
    regions: dict[RegionQuestion, Regions] = {}
    for question in REGION_QUESTIONS:
        ablation = probed(one, "initial", question) if one else None
        if ablation and (advantage := difference(ablation, "pattern", "background")):
            regions[question] = Regions(ablation, _verdict(question, whole, ablation, advantage))
    return Recognised(whole, regions)


def _verdict(question: RegionQuestion, whole: Measure, regions: Ablation, advantage: Gain) -> Verdict:
    """By which region the linear probe names the animals.

    Args:
        question: a probe of whole images relies on a region only if it is better than chance itself.
        whole: the probe on whole images.
        regions: the probe on one region.
        advantage: its accuracy on the pattern less that on the background.
    """
    if advantage.interval is None or regions.unseen is None:
        return Verdict(UNTOLD, "the units are too few")
    if question == "reliance" and (whole.better is None or whole.better.verdict != "yes"):
        return Verdict(UNTOLD, "whole images are not shown to be named better than chance")
    unseen = regions.unseen.accuracy
    return compared(_alone(regions, "pattern", unseen), _alone(regions, "background", unseen), advantage.interval)


def _alone(regions: Ablation, variant: RegionVariant, unseen: float) -> Alone:
    """What a region shows alone.

    Args:
        regions: the accuracies.
        variant: the region.
        unseen: accuracy of the best answer without looking at the animal.
    """
    one, whole = regions.accuracies[variant], regions.accuracies["all"]
    carries = one.better is not None and one.better.verdict == "yes"
    return Alone(carries, one.accuracy - unseen >= MOSTLY * (whole.accuracy - unseen))


def _rows(section: Section) -> list[Row[Recognised]]:
    """Contestants and the baselines that see no image, best first."""
    by_path = {one.files[0].path: one for one in contestants(section)}
    rows: list[Row[Recognised]] = []
    for row in classifiers.rows(section):
        if row.part and not row.variant:
            part = recognised(row.part.measures["linear"], by_path[row.file.path] if row.file else None)
            rows.append(Row(row.name, row.weights, part, row.file, seeds=row.seeds))
    return rows


def _region_column(header: str, variant: RegionVariant) -> Column[Recognised]:
    """Accuracy of a probe that is fitted on one region and shown the same.

    Args:
        header: Markdown above the column.
        variant: the region.
    """

    def accuracy(part: Recognised) -> RegionAccuracy | None:
        return part.regions["information"].ablation.accuracies[variant] if part.regions else None

    return number_column(
        header,
        lambda part: found.accuracy if (found := accuracy(part)) else None,
        note=lambda part: found.note if (found := accuracy(part)) else "",
        legend=ALONE_LEGEND,
    )


def _tells_cell(row: Row[Recognised]) -> str | None:
    """The verdict on what the regions hold."""
    return row.part.regions["information"].verdict.name if row.part and row.part.regions else None


def _relies_cell(row: Row[Recognised]) -> str | None:
    """The verdict on what the probe of whole images relies on, with its accuracies; or why a run failed."""
    if not row.part or not row.part.regions:
        return (row.file and failure(row.file.record)) or None
    regions = row.part.regions["reliance"]
    background, pattern = (decimals(regions.ablation.accuracies[name].accuracy) for name in ("background", "pattern"))
    return f"{regions.verdict.name} ({background}, {pattern})"


CONCLUSIONS: Mapping[RegionQuestion, str] = {
    "information": "By what the animals can be told apart",
    "reliance": "What the probe of whole images relies on",
}
"""Beginnings of the sentences above a table; the number of contestants with a verdict follows it."""

START: Column[Recognised] = Column("Start", lambda row: row.weights, align="left")
TABLE = Table(
    "Backbone",
    (
        number_column(
            "Whole image",
            lambda part: part.whole.accuracy,
            note=Brackets(lambda part: part.whole.interval, before=lambda part: count_note(part.whole)),
            legend=WHOLE_LEGEND,
        ),
        Column(
            "Better than chance?",
            lambda row: better_text(row.part.whole.better) if row.part else None,
            BETTER_LEGEND,
            "left",
        ),
        _region_column("Background alone", "background"),
        _region_column("Pattern alone", "pattern"),
        Column("Told apart by", _tells_cell, TELLS_LEGEND, "left"),
        Column("Probe relies on (background, pattern)", _relies_cell, RELIES_LEGEND, "left"),
    ),
    _rows,
)


def _section(section: Section, page: str) -> str:
    rows = _rows(section)
    facts = headings.facts(section, headings.test_images(section))
    return paragraphs(
        f"**{headings.name(section)}** ({facts})",
        headings.left_out(section),
        evidence.sentences(section),
        headings.audit(section),
        _conclusion([row.part for row in rows if row.file and row.part]),
        render([_name_column(page), START, *TABLE.columns], rows),
    )


def _name_column(page: str) -> Column[Recognised]:
    """The names of the rows, each linked to its record, or to the first of its seeds."""

    def cell(row: Row[Recognised]) -> str:
        return marked(replace(row, name=link(row.name, row.file.path, page)) if row.file else row)

    return Column("Backbone", cell, align="left")


def _conclusion(parts: Iterable[Recognised]) -> str:
    """How many contestants are better than chance, and the verdicts, in words; empty without a linear probe."""
    scored = [part for part in parts if part.whole.accuracy is not None]
    if not scored:
        return ""
    better = sum(part.whole.better is not None and part.whole.better.verdict == "yes" for part in scored)
    sentences = [f"Whole images are named better than chance by {better} of {len(scored)} contestants."]
    for question, text in CONCLUSIONS.items():
        counts = Counter(part.regions[question].verdict.name for part in scored if question in part.regions)
        if counts:
            found = ", ".join(f"{name} ({count})" for name, count in counts.most_common())
            sentences.append(f"{text}: {found}.")
    return " ".join(sentences)


def _ordered(sections: Iterable[Section]) -> list[Section]:
    """The sections of the splits that are shown, those that leak less first."""
    shown = (section for section in sections if section.split in SPLITS)
    return sorted(shown, key=lambda section: SPLITS.index(section.split))


PAGE = Page(
    file="README.md",
    block="leaderboard",
    order=11,
    section=_section,
    tables=(TABLE,),
    notes=(BASELINES,),
    dataset=BUILT_IN,
    regroup=_ordered,
    in_terminal=False,
    linked=True,
)
