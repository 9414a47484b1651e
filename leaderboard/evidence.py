"""Pages on what embeddings and classifiers rest on: re-identification, and where a classifier looks."""

from benchmark.records import Embedded, ExaminedFocus, Record
from leaderboard import cells, layout
from leaderboard.entries import Entry, Section
from leaderboard.layout import DASH, INTERVALS, WHO, Row
from leaderboard.markdown import escape

PREFIXES: dict[Embedded, str] = {"inpainting": "", "untrained": "random-", "deep": "ref-"}


def retrieval(sections: list[Section], page: str) -> str:
    """Test images looking for their individual among the training images, by cosine and Euclidean distance."""
    measures = ("rank-1", "rank-5", "mAP")
    headers = ["Encoder", "Initial weights", *(f"{way} {one}" for way in ("Cosine", "Euclidean") for one in measures)]

    def rows(entry: Entry) -> list[Row]:
        record = entry.record
        return [
            [
                escape(f"{prefix}{record.backbone}"),
                cells.who(record)[1] if kind != "untrained" else "random",
                *cells.retrieved(record.retrieval[kind].get("cosine")),
                *cells.retrieved(record.retrieval[kind].get("euclidean")),
            ]
            for kind, prefix in PREFIXES.items()
            if kind in record.retrieval
        ]

    def one(section: Section) -> str:
        found = [by for entry in section.entries for ways in entry.record.retrieval.values() for by in ways.values()]
        queries = {one.queries for one in found}
        unmatched = {one.unmatched for one in found}
        lone = f", {layout.either(sorted(unmatched))} without a match in training left out" if any(unmatched) else ""
        said = f"{layout.facts(section, [])}, {layout.either(sorted(queries))} queries{lone}."
        made = layout.section_table(section, headers, rows, page)
        return f"## {layout.name(section)}\n\n{said}{layout.audited(section)}\n\n{made}"

    return layout.block(
        layout.where(sections, lambda entry: entry.record.retrieval),
        one,
        f"`ref-`: after deep classification; `random-`: the same encoder with random weights. {INTERVALS}{DASH}",
    )


def focus(sections: list[Section], page: str) -> str:
    """Where the Grad-CAM maps of test images lie, beside what a random map would give."""
    headers = [
        *WHO,
        "Classifier",
        *(f"Mass on {region}" for region in ("background", "fish", "pattern")),
        *(f"Density on {region}" for region in ("background", "fish", "pattern")),
        "Rank accuracy, pattern",
    ]

    def rows(entry: Entry) -> list[Row]:
        return [
            [*cells.who(entry.record), name, *cells.focused(found)] for name, found in _examined(entry.record).items()
        ]

    def one(section: Section) -> str:
        images = [found.images for entry in section.entries for found in _examined(entry.record).values()]
        return f"{layout.heading(section, images)}\n\n{layout.section_table(section, headers, rows, page)}"

    return layout.block(
        layout.where(sections, lambda entry: _examined(entry.record)),
        one,
        "*Mass*: share of the Grad-CAM map for the answer given, on the background, on the animal without its pattern, "
        "on the pattern. *Density*: the same divided by the region's share of the area; 1 = a map that knows nothing. "
        "*Rank accuracy*: of the most relevant part of the map, as large as the pattern, the share that lies on it. "
        f"{INTERVALS}{DASH}",
    )


def _examined(record: Record) -> dict[str, ExaminedFocus]:
    """The maps of the test images by classifier, as far as there are any."""
    trained = {mode: record.classification.get(mode) for mode in ("shallow", "deep")} | {"untrained": record.untrained}
    return {name: found.test_focus for name, found in trained.items() if found and found.test_focus}
