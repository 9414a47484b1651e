"""The page of encoders: their sizes and the sizes of their embeddings."""

import math

from benchmark.records.base import metric_of
from benchmark.records.inpainting import Encoder
from leaderboard import headings
from leaderboard.columns import Column, Row, Table, metric_column, number_column
from leaderboard.formats import whole
from leaderboard.markdown import paragraphs
from leaderboard.page import Page
from leaderboard.plots import encoder_sizes
from leaderboard.record_files import Section
from leaderboard.rows import backbone_row


def _rows(section: Section) -> list[Row[Encoder]]:
    return [backbone_row(file, file.record.encoder) for file in section.files]


def _feature_map(row: Row[Encoder]) -> str | None:
    return " x ".join(map(str, row.part.shape)) if row.part else None


PARAMETERS: Column[Encoder] = metric_column(
    metric_of(Encoder, "parameters"), lambda encoder: encoder.parameters, form=whole
)
TABLE = Table(
    "Backbone",
    (
        PARAMETERS,
        Column("Feature map", _feature_map, legend="*Feature map*: channels x height x width."),
        number_column("Embedding, flattened", lambda encoder: math.prod(encoder.shape), form=whole),
        number_column("Embedding, averaged", lambda encoder: encoder.shape[0], form=whole),
    ),
    _rows,
    main=PARAMETERS,
)


def _section(section: Section, _page: str) -> str:
    sizes = {record.encoder.image_size for record in section.records if record.encoder}
    return paragraphs(
        headings.title(section),
        f"Images of {headings.either(sorted(sizes))} pixels a side.",
        TABLE.text(section),
        encoder_sizes.PLOT.image(section),
    )


PAGE = Page(
    file="leaderboard/encoders.md",
    block="encoders",
    title="encoders",
    order=7,
    section=_section,
    tables=(TABLE,),
    plots=(encoder_sizes.PLOT,),
    has=lambda section: any(record.encoder for record in section.records),
)
