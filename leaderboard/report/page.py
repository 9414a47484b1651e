"""The report as one HTML file without outside requests."""

import base64
import io
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.records.field import FieldRecord
from leaderboard.formats import decimals
from leaderboard.report import figure, focus, limits, photos, scores
from leaderboard.report.advice import advice
from leaderboard.report.answer import answer, chance, verdict
from leaderboard.report.facts import best_first, beyond_chance, confusions, counting, group_noun, reference, scheme_of
from leaderboard.report.words import capitalised, counted, unit_noun, with_interval

if TYPE_CHECKING:
    from jinja2 import Template
    from PIL.Image import Image

FOLDER = Path(__file__).parent
THUMBNAIL = 168
"""Longest side of a photo in pixels."""

QUALITY = 80
"""Of its JPEG."""

MOST_NAMES = 12
"""Names that an advice lists."""


def render(
    records: Sequence[FieldRecord], photo: Callable[[int], "Image"], square: Callable[[int], focus.Square]
) -> str:
    """The report on one data set: HTML with its style and pictures inside.

    Args:
        records: one for each encoder, of the same photos; in any order.
        photo: opens the photo of this index, upright, in any size and mode.
        square: what the encoder sees of the photo of this index.

    Raises:
        InputError: there is no record, or the records are not of the same photos.
    """
    ordered = best_first(records)
    best = ordered[0]
    shown = counting(best)

    @cache
    def source(index: int) -> str:
        return data_uri(photo(index))

    def looked_at(example: int) -> list[tuple[str, str]]:
        assert best.focus is not None
        one = best.focus.examples[example]
        return [(title, data_uri(image)) for title, image in focus.pictures(square(one.photo), one.cam)]

    return _template().render(
        style=(FOLDER / "report.css").read_text(encoding="utf-8"),
        records=ordered,
        best=best,
        scores=shown,
        size=_size(best),
        answer=answer(ordered),
        blocks=scores.blocks(ordered),
        chance=chance(shown),
        could_show=limits.could_show(best),
        folds=limits.folds_sentence(best),
        memory=limits.memory_sentence(best),
        panels=figure.panels(shown),
        panel_width=figure.WIDTH,
        bar_height=figure.BAR,
        without_looking=decimals(reference(shown)),
        side_by_side=[_beside(record) for record in ordered],
        confusions=confusions(best)[: photos.SHOWN_CONFUSIONS],
        confusion_count=len(confusions(best)),
        wrong=photos.wrong(best),
        rightly=photos.rightly(best),
        suspects=photos.suspected(best),
        focus=focus.strips(best),
        focus_sentence=focus.focus_sentence(best.focus) if best.focus else "",
        looked_at=looked_at,
        left_out=_left_out(best),
        advice=advice(best),
        most_names=MOST_NAMES,
        source=source,
    )


def data_uri(image: "Image") -> str:
    """A photo as a small JPEG within an address.

    Args:
        image: in any mode; transparency becomes white.
    """
    from PIL import Image as Images

    small = image.copy() if image.mode == "RGB" else image.convert("RGBA")
    small.thumbnail((THUMBNAIL, THUMBNAIL))
    flat = Images.new("RGB", small.size, "white")
    flat.paste(small, mask=small.getchannel("A") if small.mode == "RGBA" else None)
    buffer = io.BytesIO()
    flat.save(buffer, "JPEG", quality=QUALITY, optimize=True)
    return f"data:image/jpeg;base64,{base64.b64encode(buffer.getvalue()).decode('ascii')}"


def _template() -> "Template":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.jinja")


def _size(record: FieldRecord) -> str:
    """The data set in numbers."""
    texts = [counted(len(record.photos), "photo"), counted(len(record.identities), "individual")]
    if record.unit_kind != "images":
        units = len(set(record.units))
        texts.append(f"{units} {unit_noun(record.unit_kind, units)}")
    return " · ".join(texts)


def _beside(record: FieldRecord) -> dict[str, str]:
    """An encoder's row in the table of the regions."""
    found = counting(record)
    regions = found.regions.get("reliance", {})
    cells = {
        name: with_interval(regions[name].accuracy, regions[name].interval) if name in regions else ""
        for name in ("background", "pattern")
    }
    return {
        "title": record.title,
        "init": record.init,
        "whole": with_interval(found.linear.accuracy, found.linear.interval),
        "verdict": str(verdict(record)),
        "better": beyond_chance(found),
        **cells,
    }


def _left_out(record: FieldRecord) -> list[str]:
    """What was left out or assumed, as sentences."""
    found = counting(record)
    sentences = list(record.remarks)
    untested = len(record.photos) - found.tested
    if untested:
        where = f" from other {group_noun(found.column)}" if found.column else ""
        photo = capitalised(counted(untested, "photo"))
        sentences.append(f"{photo} could not be tested: there is no other photo of the individual{where}.")
    if scheme_of(record) == "random":
        sentences.append(
            "No column says which photos were taken together, so near-copies may be on both sides of every test."
        )
    if record.approximate_regions:
        sentences.append("Some region masks were proposed by a program and corrected by nobody.")
    retrieval = record.retrieval.across or record.retrieval.anywhere
    adjacent = retrieval.adjacent_frames
    if adjacent is not None:
        sentences.append(
            f"Re-identification leaves out photos at most {adjacent.window} frames from the one that searches."
        )
    if retrieval.unmatched:
        sentences.append(
            f"Re-identification leaves out {counted(retrieval.unmatched, 'photo')} without another one to find."
        )
    return sentences
