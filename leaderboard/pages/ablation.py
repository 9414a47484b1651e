"""The page of the region ablation: accuracy by the regions that are left of an image."""

from collections.abc import Mapping

from benchmark.records.classification import TestImages, VariantScores
from benchmark.vocabulary import MODES, REGION_VARIANTS, Mode, RegionVariant
from leaderboard import headings
from leaderboard.columns import Column, Row, Table, number_column
from leaderboard.derived import pattern_gain, reliance
from leaderboard.evidence import chance_mark
from leaderboard.formats import decimals, not_trained_text, signed
from leaderboard.markdown import paragraphs
from leaderboard.page import CHANCE, NOT_TRAINED, Note, Page
from leaderboard.record_files import Section
from leaderboard.rows import backbone_row

Ablation = Mapping[RegionVariant, VariantScores]

SHOWN_MODES: tuple[Mode, ...] = ("deep", "shallow")
"""Modes in the order of their tables."""

RELIANCE = "Background / Body"
PATTERN_GAIN = "No background - No pattern"
RELIANCE_LEGEND = (
    f"*{RELIANCE}*: reliance on the background; above 1, the background alone identifies better than the body without "
    "its pattern."
)
PATTERN_GAIN_LEGEND = (
    f"*{PATTERN_GAIN}*: what the pattern is worth; below 0, the background is worth more than the pattern."
)


def _rows(section: Section) -> list[Row[Ablation]]:
    return [backbone_row(file, file.record.ablation.get(mode, {}), mode) for file in section.files for mode in MODES]


def marked(scores: Ablation, images: TestImages | None = None) -> dict[RegionVariant, str]:
    """Accuracies in Markdown: all the best bold, all the worst italic, compared as shown; none if all are equal.

    Args:
        scores: by region variant.
        images: the test images; None = not recorded.
    """
    accuracies = {variant: decimals(score.accuracy) for variant, score in scores.items()}
    distinct = set(accuracies.values())
    marks = {min(distinct): "*", max(distinct): "**"} if len(distinct) > 1 else {}
    rows = images.ablated if images else ()
    chance = {variant: chance_mark(score.answers, images, rows=rows) for variant, score in scores.items()}
    return {
        variant: f"{marks.get(text, '')}{text}{marks.get(text, '')}{chance[variant]}"
        for variant, text in accuracies.items()
    }


def _variant_column(variant: RegionVariant) -> Column[Ablation]:
    title = variant.replace("_", " ").capitalize()

    def cell(row: Row[Ablation]) -> str | None:
        if row.file is None or row.part is None:
            return None
        loss = next((loss for head, loss in row.file.not_trained.items() if head == (row.variant, variant)), None)
        return marked(row.part, row.file.record.test_images).get(variant) if loss is None else not_trained_text(loss)

    return Column(title, cell)


TABLE = Table(
    "Backbone",
    (
        *map(_variant_column, REGION_VARIANTS),
        number_column(RELIANCE, reliance, legend=RELIANCE_LEGEND, compared={"deep": f"Deep, {RELIANCE}"}),
        number_column(
            PATTERN_GAIN,
            pattern_gain,
            form=signed,
            legend=PATTERN_GAIN_LEGEND,
            compared={"deep": f"Deep, {PATTERN_GAIN}"},
        ),
    ),
    _rows,
)


def _section(section: Section, page: str) -> str:
    heading = headings.heading(section, _images(section))
    finished = [record for record in section.records if record.status == "ok"]
    if finished and not any(record.ablation for record in finished):
        return paragraphs(
            heading,
            "No ablation: it needs a region mask for every image, and the records of this data set hold none.",
        )
    tables = [text for mode in SHOWN_MODES for text in (f"**{mode.capitalize()}**", TABLE.text(section, page, mode))]
    return paragraphs(heading, headings.approximate_masks(section), *tables)


def _images(section: Section) -> list[int]:
    return [
        score.images for record in section.records for scores in record.ablation.values() for score in scores.values()
    ]


PAGE = Page(
    file="leaderboard/ablation.md",
    block="ablation",
    order=2,
    section=_section,
    tables=(TABLE,),
    notes=(Note("**Best** and *worst* of each row, as shown."), CHANCE, NOT_TRAINED),
    compared=TABLE,
)
