"""The page of focus: where the CAMs of the test images fall."""

import html
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from benchmark.records.base import Metric, metric_of
from benchmark.records.classification import Classification
from benchmark.records.localisation import Example, Localisation
from benchmark.records.record import Record
from benchmark.vocabulary import MODES, REGIONS, CamMethod, Region
from leaderboard import headings
from leaderboard.columns import Beside, Brackets, Column, Row, Table, metric_column, number_column
from leaderboard.derived import excess_density, share_of_ceiling, swap_share_of_ceiling
from leaderboard.formats import decimals, signed
from leaderboard.markdown import escape, folded, link, paragraphs
from leaderboard.page import SEVERAL_SEEDS, Note, Page
from leaderboard.plots import cam_density
from leaderboard.plots.localisation import METHODS, overlays_file
from leaderboard.plots.style import named
from leaderboard.record_files import Section
from leaderboard.rows import backbone_row

MASS, DENSITY, RANK = (metric_of(Localisation, name) for name in ("mass", "density", "rank"))
COMPARED: CamMethod = "hirescam"
"""CAM method whose numbers are compared between splits: no other has numbers for nearly every row."""

EXCESS_LEGEND = (
    "*Excess density*: density on the pattern less the swap density, that of the same CAMs laid on the test images of "
    "other units. CAMs that ignore the image, such as a blob in the middle of every crop, have an excess of 0, however "
    "high their density; above 0, CAMs follow the pattern of their own image, or something that lies where it lies."
)
MAPS_LEGEND = (
    "*CAMs*: those that are not zero everywhere, of all test images. Means are over these alone. Where a CAM is zero "
    "everywhere, no position speaks for the answer by this method."
)


@dataclass(frozen=True)
class Shown:
    """What a row shows: the CAMs of one classifier by one method.

    Attributes:
        classifier: a mode or `untrained`.
        localisation: of its CAMs.
    """

    classifier: str
    localisation: Localisation


def cams_shown(localisation: Localisation) -> str:
    """How many CAMs are not zero everywhere."""
    reason = ": all are zero" if localisation.empty == localisation.images else ""
    return f"{localisation.images - localisation.empty} of {localisation.images}{reason}"


def _shown(record: Record) -> list[Shown]:
    """CAM localisation on the test images by classifier, `untrained` included, and method."""
    classifiers = {mode: record.classification.get(mode) for mode in MODES} | {"untrained": record.untrained}
    return [
        Shown(name, localisation)
        for name, classifier in classifiers.items()
        if classifier
        for localisation in classifier.localisations
    ]


def _in_section(section: Section) -> list[Localisation]:
    return [shown.localisation for record in section.records for shown in _shown(record)]


def _rows(section: Section) -> list[Row[Shown]]:
    """A row for each classifier and CAM method."""
    return [
        backbone_row(file, shown, f"{shown.classifier} {shown.localisation.method}")
        for file in section.files
        for shown in _shown(file.record)
    ]


def _region_column(metric: Metric, field: str, region: Region) -> Column[Shown]:
    """A metric on a region, followed by its swap null."""

    def on_region(part: object) -> float | None:
        values: Mapping[str, float | None] = getattr(part, field).model_dump()
        return values[region]

    return metric_column(
        metric,
        lambda shown: on_region(shown.localisation),
        header=f"{metric.title} on {region}",
        note=Beside(lambda shown: on_region(shown.localisation.swap) if shown.localisation.swap else None),
    )


def _grid(localisation: Localisation) -> str:
    """Rows and columns of a CAM."""
    return " x ".join(map(str, localisation.grid))


IDENTITY: tuple[Column[Shown], ...] = (
    Column("Classifier", lambda row: row.part.classifier if row.part else None),
    Column("Method", lambda row: METHODS[row.part.localisation.method] if row.part else None),
)
EXCESS: Column[Shown] = number_column(
    "Excess density on pattern",
    lambda shown: excess_density(shown.localisation),
    form=signed,
    note=Brackets(lambda shown: shown.localisation.pattern_excess),
    legend=EXCESS_LEGEND,
    compared={f"{mode} {COMPARED}": f"{mode.capitalize()} excess density on pattern" for mode in MODES},
)
TABLE = Table(
    "Backbone",
    (
        *IDENTITY,
        EXCESS,
        _region_column(DENSITY, "density", "pattern"),
        number_column(
            "Share of ceiling",
            lambda shown: share_of_ceiling(shown.localisation),
            note=Beside(lambda shown: swap_share_of_ceiling(shown.localisation)),
            legend="*Share of ceiling*: density on the pattern divided by the highest density that CAMs of this grid "
            "reach on these images, with all mass in the cell that has most of the pattern. It says nothing without "
            "the same share of the swapped CAMs in parentheses: CAMs that ignore the image can have a high share.",
        ),
        Column(
            "Grid",
            lambda row: _grid(row.part.localisation) if row.part else None,
            legend="*Grid*: rows and columns of a CAM. Coarse grids have low densities and small differences of them: "
            "compare rows of one grid, by their excess.",
        ),
        Column("CAMs", lambda row: cams_shown(row.part.localisation) if row.part else None, legend=MAPS_LEGEND),
    ),
    _rows,
    main=EXCESS,
)
ALL_REGIONS = Table(
    "Backbone",
    (
        *IDENTITY,
        *(_region_column(MASS, "mass", region) for region in REGIONS),
        *(_region_column(DENSITY, "density", region) for region in REGIONS[:2]),
        _region_column(RANK, "rank", "pattern"),
    ),
    _rows,
    main=EXCESS,
)


def _section(section: Section, page: str) -> str:
    return paragraphs(
        headings.heading(section, [localisation.images for localisation in _in_section(section)], classified=False),
        headings.approximate_masks(section),
        TABLE.text(section),
        "**The same CAMs on all regions**",
        ALL_REGIONS.text(section),
        cam_density.PLOT.image(section),
        _turned(section),
        *_overlays(section, page),
    )


def _turned(section: Section) -> str:
    """The classifiers whose curve ends on the other side of 0 than their row of the table; empty without curves."""
    pairs = [
        (f"{' '.join(name.split())}, {mode}", classifier.probe_localisation[-1], classifier.localisations[0])
        for name, file in cam_density.probed(section)
        for mode, classifier in file.record.classification.items()
        if classifier.probe_localisation and classifier.localisations
    ]
    known = [
        (name, epoch.excess.pattern, epoch.cams, row)
        for name, epoch, shown in pairs
        if epoch.excess.pattern is not None and (row := excess_density(shown)) is not None
    ]
    turned = [one for one in known if one[1] * one[3] < 0]
    texts = [f"{escape(name)} ({signed(end)} over {cams} CAMs, {signed(row)})" for name, end, cams, row in turned]
    if not known:
        return ""
    if not texts:
        return "Every curve ends on the same side of 0 as the row of the same method in the table."
    return (
        "Curves that end on the other side of 0 than the row of the same method, with the end of the curve and the "
        f"number of the table: {'; '.join(texts)}. These are other images, and a curve has no interval: its sign alone "
        "shows nothing."
    )


def _overlays(section: Section, page: str) -> list[str]:
    """The pictures beside the records, each folded away under its name, with the table's measures of each image."""
    pictures = [
        (" ".join(html.escape(name).split()), overlays_file(PurePosixPath(file.path)).as_posix(), file.record)
        for name, file in named(section)
        if any(_pictured(classifier) for classifier in file.record.classification.values())
    ]
    return [
        folded(
            f"{name}: best, typical and worst test image",
            f"!{link('CAMs on test images', path, page)}",
            "\n".join(_captions(record)),
        )
        for name, path, record in pictures
    ]


def _pictured(classifier: Classification) -> Localisation | None:
    """The CAMs that a picture shows: those of the first method that has examples."""
    return next((one for one in classifier.localisations if one.examples), None)


def _captions(record: Record) -> list[str]:
    """A line for each test image of a record's picture, with its density, its excess and its share of the ceiling."""
    shown = {mode: cams for mode in MODES if (one := record.classification.get(mode)) and (cams := _pictured(one))}
    return [
        f"- {mode}, {METHODS[cams.method]}, {rule}: {_measures(cams, example)}"
        for mode, cams in shown.items()
        for rule, example in (cams.examples or ())
    ]


def _measures(localisation: Localisation, example: Example) -> str:
    """The density of one test image in words, with its excess and its share of the ceiling where they are known."""
    excess, share = _of_image(localisation, example)
    swapped = "" if excess is None else f", excess {signed(excess)}"
    ceiling = "" if share is None else f", {decimals(share)} of the ceiling"
    return f"density {decimals(example.density)}{swapped}{ceiling}"


def _of_image(localisation: Localisation, example: Example) -> tuple[float | None, float | None]:
    """Excess density of one test image, and its share of the ceiling; None where the record does not hold it."""
    swaps, ceilings = localisation.by_image.swap_density.pattern, localisation.by_image.ceiling.pattern
    swap = swaps[example.image] if example.image < len(swaps) else None
    ceiling = ceilings[example.image] if example.image < len(ceilings) else None
    return None if swap is None else example.density - swap, example.density / ceiling if ceiling else None


PAGE = Page(
    file="leaderboard/focus.md",
    block="focus",
    title="focus",
    order=5,
    section=_section,
    tables=(TABLE, ALL_REGIONS),
    notes=(
        Note("In parentheses: the swap null, the same CAMs on the test images of other units."),
        Note(
            "CAMs explain the answer that the classifier gives. The pictures show the test images with the highest "
            "density on the pattern, with the density closest to the median, and with the lowest; of equal ones the "
            "first by its id. They are of the protocol's method, or of HiResCAM where that has no CAM to show. The "
            "number in a picture is the density; the lines below it add what the table has: the "
            "excess over the same CAM on test images of other units, and the share of the ceiling of this image."
        ),
        Note(
            "Brackets: 95 % interval of the excess by the jackknife over units (an individual in a stretch of a "
            "recording, or in an encounter); over images if units are not recorded, and then it is too narrow, and "
            "the swap null contains near-copies.",
        ),
        SEVERAL_SEEDS,
        Note(
            f"Between splits, CAMs by {METHODS[COMPARED]} are compared. Curves: excess density on the *probe images* "
            "after every epoch, by the protocol's method. The probe images are the first validation images of each "
            "individual, as many as the protocol says; the tables are of the test images, after the last epoch. So a "
            "curve can end on the other side of 0 than its row, above all with few CAMs that are not zero everywhere, "
            "and a row of another method (such as HiResCAM) weights the same feature map otherwise. A curve has no "
            "interval: only the table shows whether CAMs follow the pattern.",
        ),
    ),
    compared=TABLE,
    plots=(cam_density.PLOT,),
    has=_in_section,
)
