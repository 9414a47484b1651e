"""The tables of the README: by what the built-in animals are recognised, in short."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from benchmark.splitting.split import LEAK_FREE
from benchmark.vocabulary import RegionVariant
from leaderboard import classifiers, evidence, headings
from leaderboard.classifiers import Gain, Measure
from leaderboard.columns import Column, Row, Table, number_column, render
from leaderboard.contestants import contestants
from leaderboard.formats import bracketed, signed
from leaderboard.markdown import link, paragraphs
from leaderboard.page import Note, Page
from leaderboard.pages.classification import NEEDED, better_text
from leaderboard.pages.region_accuracies import Ablation, difference, probed
from leaderboard.record_files import PAPER_SPLIT, Section
from leaderboard.run_link import failure
from leaderboard.verdict import MOSTLY, UNTOLD, Alone, Verdict, compared

BUILT_IN = "zebrafish-synth"
"""The data set that comes with the project."""

SPLITS = (*LEAK_FREE, PAPER_SPLIT)
"""The splits that are shown, in their order: those whose test images all show individuals of training."""

WHOLE_LEGEND = (
    "*Whole image*: share of the test images that a linear probe names rightly; the probe is fitted on the frozen "
    "embeddings of whole training images. Brackets: 95 % interval over units."
)
ALONE_LEGEND = (
    "*Background alone*, *Pattern alone*: the same probe is shown test images in which the rest is hidden. This asks "
    "what the probe relies on, not what a region holds (see the region ablation)."
)
BETTER_LEGEND = (
    "*Better than chance?*: whether whole images are named better than by the best answer without looking at the "
    f"animal, which is named above the table (by units, 5 %). {NEEDED}"
)
VERDICT_LEGEND = (
    "*Verdict*: *pattern* or *background* if it alone is better than chance and the interval of *Pattern - background* "
    f"excludes 0. It is *mostly* that region if it alone keeps at least {100 * MOSTLY:.0f} % of what whole images gain "
    "over the best answer without looking, else *more* that than the other. *Both*: each alone is better than chance, "
    f"no difference is shown. *{UNTOLD.capitalize()}*: everything else. It does not mean that neither is used: a probe "
    "that never saw hidden regions may be misled by them."
)
BASELINES = Note(
    "*Start*: the weights that the encoder starts from. *control*: raw pixels or colours, which learn nothing. "
    "*video alone* and its like: baselines that see no image."
)


@dataclass(frozen=True)
class Recognised:
    """What a row shows.

    Attributes:
        whole: the linear probe on whole images.
        regions: the same probe on one region; None without region masks, and for a baseline.
        advantage: its accuracy on the pattern less that on the background; None as for `regions`.
        verdict: by which of the two it names the animals; None as for `regions`.
    """

    whole: Measure
    regions: Ablation | None = None
    advantage: Gain | None = None
    verdict: Verdict | None = None


def recognised(whole: Measure, regions: Ablation | None) -> Recognised:
    """By what a contestant's linear probe names the animals.

    Args:
        whole: the probe on whole images.
        regions: the probe on one region; None without region masks.
    """
    advantage = difference(regions, "pattern", "background") if regions else None
    if regions is None or advantage is None:
        return Recognised(whole)
    return Recognised(whole, regions, advantage, _verdict(whole, regions, advantage))


def _verdict(whole: Measure, regions: Ablation, advantage: Gain) -> Verdict:
    """By which region the linear probe names the animals.

    Args:
        whole: the probe on whole images.
        regions: the probe on one region.
        advantage: its accuracy on the pattern less that on the background.
    """
    if advantage.interval is None or regions.unseen is None:
        return Verdict(UNTOLD, "the units are too few")
    if whole.better is None or whole.better.verdict != "yes":
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
            regions = probed(by_path[row.file.path], "initial", "reliance") if row.file else None
            part = recognised(row.part.measures["linear"], regions)
            rows.append(Row(row.name, row.weights, part, row.file, seeds=row.seeds))
    return rows


def _region_column(header: str, variant: RegionVariant, legend: str) -> Column[Recognised]:
    """Accuracy on one region.

    Args:
        header: Markdown above the column.
        variant: the region.
        legend: see `Column`.
    """
    return number_column(
        header,
        lambda part: part.regions.accuracies[variant].accuracy if part.regions else None,
        note=lambda part: bracketed(part.regions.accuracies[variant].interval) if part.regions else "",
        legend=legend,
    )


def _verdict_cell(row: Row[Recognised]) -> str | None:
    """The verdict, or why a run failed."""
    if row.part and row.part.verdict:
        return row.part.verdict.name
    return (row.file and failure(row.file.record)) or None


START: Column[Recognised] = Column("Start", lambda row: row.weights, align="left")
TABLE = Table(
    "Backbone",
    (
        number_column(
            "Whole image",
            lambda part: part.whole.accuracy,
            note=lambda part: bracketed(part.whole.interval),
            legend=WHOLE_LEGEND,
        ),
        _region_column("Background alone", "background", ALONE_LEGEND),
        _region_column("Pattern alone", "pattern", ALONE_LEGEND),
        number_column(
            "Pattern - background",
            lambda part: part.advantage.value if part.advantage else None,
            form=signed,
            note=lambda part: bracketed(part.advantage.interval) if part.advantage else "",
        ),
        Column(
            "Better than chance?",
            lambda row: better_text(row.part.whole.better) if row.part else None,
            BETTER_LEGEND,
            "left",
        ),
        Column("Verdict", _verdict_cell, VERDICT_LEGEND, "left"),
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
    return Column("Backbone", lambda row: link(row.name, row.file.path, page) if row.file else row.name, align="left")


def _conclusion(parts: Iterable[Recognised]) -> str:
    """How many contestants are better than chance, and how many have each verdict; empty without a linear probe."""
    probed_parts = [part for part in parts if part.whole.accuracy is not None]
    if not probed_parts:
        return ""
    better = sum(part.whole.better is not None and part.whole.better.verdict == "yes" for part in probed_parts)
    counts = Counter(part.verdict.name for part in probed_parts if part.verdict)
    verdicts = "; ".join(f"{name}: {count}" for name, count in sorted(counts.items()))
    sentence = f"Better than chance: {better} of {len(probed_parts)} contestants."
    return f"{sentence} Verdicts: {verdicts}." if verdicts else sentence


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
)
