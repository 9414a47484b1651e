"""The page on where a classifier looks."""

import html
from pathlib import PurePosixPath

from benchmark.records.localisation import Localisation, RegionValues
from benchmark.records.record import Record
from leaderboard import cells, layout
from leaderboard.entries import Entry, Section
from leaderboard.layout import DASH, INTERVALS, WHO, Row
from leaderboard.markdown import NOTHING, link
from leaderboard.plots import figures
from leaderboard.plots.localisation import overlays_file
from leaderboard.plots.style import named
from leaderboard.plots.training import watched

METHODS = {"gradcam": "Grad-CAM", "hirescam": "HiResCAM", "layercam": "LayerCAM", "eigencam": "EigenCAM"}


def focus(sections: list[Section], page: str) -> str:
    """Where the activation maps of test images lie, beside what a random map would give."""
    headers = [
        *WHO,
        "Classifier",
        *(f"Mass on {region}" for region in ("background", "body", "pattern")),
        *(f"Density on {region}" for region in ("background", "body", "pattern")),
        "Rank accuracy, pattern",
        "Empty maps",
    ]

    def rows(entry: Entry) -> list[Row]:
        return [
            [*cells.who(entry.record), name, *cells.focused(found)] for name, found in _examined(entry.record).items()
        ]

    def one(section: Section) -> str:
        examined = [found for entry in section.entries for found in _examined(entry.record).values()]
        null = next((random for found in examined if (random := _random(found))), None)
        more = [["*Random map*", NOTHING, NOTHING, *cells.focused(null), *[NOTHING] * 2]] if null else []
        heading = layout.heading(section, [found.images for found in examined]) + layout.approximate(section)
        made = layout.section_table(section, headers, rows, page, more)
        curves = f"\n\n![Density after every epoch]({figures.file('focus', section)})" if watched(section) else ""
        return f"{heading}{_methods(examined)}\n\n{made}{curves}{_overlays(section, page)}"

    return layout.block(
        layout.where(sections, lambda entry: _examined(entry.record)),
        one,
        "*Mass*: share of the map for the answer given, on the background, on the animal without its pattern, on the "
        "pattern. *Density*: the same divided by the region's share of the area; 1 = a map that knows nothing. "
        "*Rank accuracy*: of the most relevant part of the map, as large as the pattern, the share that lies on it. "
        "*Empty maps*: zero everywhere, counted as uniform. *Random map*: expected of a map whose cells are shuffled. "
        "Curves: of the probe images, mean mass divided by mean area. Shown are the test images of the highest density "
        "on the pattern, of the one closest to the median, and of the lowest; of equal ones the first by its id. "
        f"{INTERVALS}{DASH}",
    )


def _random(found: Localisation) -> Localisation | None:
    """What random maps of the same images give; None in a record that does not say."""
    if found.area is None or found.rank_null is None:
        return None
    one = {region: 1.0 if share else None for region, share in found.area.model_dump().items()}
    density = RegionValues.model_validate(one)
    return Localisation(
        mass=found.area, density=density, rank=found.rank_null, pattern_density=None, images=found.images
    )


def _methods(examined: list[Localisation]) -> str:
    """How the maps were made, where it was not by the paper's method alone."""
    found = sorted({one.method for one in examined})
    return "" if found == ["gradcam"] else f"\n\nMaps by {layout.either(METHODS.get(one, one) for one in found)}."


def _overlays(section: Section, page: str) -> str:
    """The pictures beside the records, each folded away under its name."""
    pictured = [
        (" ".join(html.escape(name).split()), overlays_file(PurePosixPath(entry.path)).as_posix())
        for name, entry in named(section)
        if any(found.localisation and found.localisation.examples for found in entry.record.classification.values())
    ]
    shown = [
        f"<details><summary>{name}: best, typical and worst test image</summary>\n\n"
        f"!{link('Maps on test images', path, page)}\n\n</details>"
        for name, path in pictured
    ]
    return "".join(f"\n\n{one}" for one in shown)


def _examined(record: Record) -> dict[str, Localisation]:
    """The maps of the test images by classifier, as far as there are any."""
    trained = {mode: record.classification.get(mode) for mode in ("shallow", "deep")} | {"untrained": record.untrained}
    return {name: found.localisation for name, found in trained.items() if found and found.localisation}
