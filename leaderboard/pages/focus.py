"""The page of focus: where the CAMs of the test images fall."""

import html
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath

from benchmark.records.base import metric_of
from benchmark.records.localisation import Localisation, RegionValues
from benchmark.records.record import Record
from benchmark.vocabulary import MODES, REGIONS, CamMethod, Region
from leaderboard import headings
from leaderboard.columns import Column, Row, Table, explain, metric_column, variant_column
from leaderboard.derived import all_empty
from leaderboard.formats import bracketed
from leaderboard.markdown import link, paragraphs
from leaderboard.page import INTERVALS, Note, Page
from leaderboard.plots import cam_density
from leaderboard.plots.localisation import overlays_file
from leaderboard.plots.style import named
from leaderboard.record_files import Section
from leaderboard.rows import backbone_row

METHODS: dict[CamMethod, str] = {
    "gradcam": "Grad-CAM",
    "hirescam": "HiResCAM",
    "layercam": "LayerCAM",
    "eigencam": "EigenCAM",
}
MASS, DENSITY, RANK, EMPTY = (metric_of(Localisation, name) for name in ("mass", "density", "rank", "empty"))


def empty_cams(localisation: Localisation) -> str | None:
    """How many CAMs are zero everywhere; None if the record does not hold it."""
    return None if localisation.empty is None else f"{localisation.empty} of {localisation.images}"


def _localisations(record: Record) -> dict[str, Localisation]:
    """CAM localisation on the test images by classifier, `untrained` included."""
    classifiers = {mode: record.classification.get(mode) for mode in MODES} | {"untrained": record.untrained}
    return {
        name: classifier.localisation
        for name, classifier in classifiers.items()
        if classifier and classifier.localisation
    }


def _all_localisations(section: Section) -> list[Localisation]:
    return [localisation for record in section.records for localisation in _localisations(record).values()]


def _rows(section: Section) -> list[Row[Localisation]]:
    """A row for each classifier, and one of random CAMs if a record holds the regions' areas."""
    rows = [
        backbone_row(file, localisation, name)
        for file in section.files
        for name, localisation in _localisations(file.record).items()
    ]
    random = next((random for one in _all_localisations(section) if (random := _random(one))), None)
    return [*rows, Row("*Random CAM*", None, random)] if random else rows


def _random(localisation: Localisation) -> Localisation | None:
    """What random CAMs of the same images give; None if the record does not hold the regions' areas."""
    if localisation.area is None or localisation.rank_null is None:
        return None
    ones = {region: 1.0 if share else None for region, share in localisation.area.model_dump().items()}
    return Localisation(
        mass=localisation.area,
        density=RegionValues.model_validate(ones),
        rank=localisation.rank_null,
        pattern_density=None,
        images=localisation.images,
    )


def _region_value(
    values: Callable[[Localisation], RegionValues], region: Region
) -> Callable[[Localisation], float | None]:
    """The number of a region; None if all CAMs are empty."""

    def value(localisation: Localisation) -> float | None:
        by_region: Mapping[str, float | None] = values(localisation).model_dump()
        return None if all_empty(localisation) else by_region[region]

    return value


def _mass_column(region: Region) -> Column[Localisation]:
    return metric_column(
        MASS, _region_value(lambda localisation: localisation.mass, region), header=f"{MASS.title} on {region}"
    )


def _density_column(region: Region) -> Column[Localisation]:
    pattern = region == "pattern"
    name = f"{DENSITY.title.lower()} on {region}"

    def interval(localisation: Localisation) -> str:
        return "" if all_empty(localisation) or not pattern else bracketed(localisation.pattern_density)

    return metric_column(
        DENSITY,
        _region_value(lambda localisation: localisation.density, region),
        header=f"{DENSITY.title} on {region}",
        note=interval,
        compared={mode: f"{mode.capitalize()} {name}" for mode in MODES} if pattern else {},
    )


TABLE = Table(
    "Backbone",
    (
        variant_column("Classifier"),
        *map(_mass_column, REGIONS),
        *map(_density_column, REGIONS),
        metric_column(
            RANK, _region_value(lambda localisation: localisation.rank, "pattern"), header=f"{RANK.title}, pattern"
        ),
        Column(
            EMPTY.title,
            lambda row: empty_cams(row.part) if row.part else None,
            legend=f"{explain(EMPTY)} If all are empty, the row has no other numbers.",
        ),
    ),
    _rows,
)


def _section(section: Section, page: str) -> str:
    localisations = _all_localisations(section)
    return paragraphs(
        headings.heading(section, [localisation.images for localisation in localisations]),
        headings.approximate_masks(section),
        _methods(localisations),
        TABLE.text(section, page),
        cam_density.PLOT.image(section),
        *_overlays(section, page),
    )


def _methods(localisations: list[Localisation]) -> str:
    """How the CAMs were made; empty if by the paper's method alone."""
    methods = sorted({localisation.method for localisation in localisations})
    return "" if methods == ["gradcam"] else f"CAMs by {headings.either(METHODS[method] for method in methods)}."


def _overlays(section: Section, page: str) -> list[str]:
    """The pictures beside the records, each folded away under its name."""
    pictures = [
        (" ".join(html.escape(name).split()), overlays_file(PurePosixPath(file.path)).as_posix())
        for name, file in named(section)
        if any(
            classifier.localisation and classifier.localisation.examples
            for classifier in file.record.classification.values()
        )
    ]
    return [
        paragraphs(
            f"<details><summary>{name}: best, typical and worst test image</summary>",
            f"!{link('CAMs on test images', path, page)}",
            "</details>",
        )
        for name, path in pictures
    ]


PAGE = Page(
    file="leaderboard/focus.md",
    block="focus",
    order=5,
    section=_section,
    tables=(TABLE,),
    notes=(
        Note(
            "CAMs explain the answer that the classifier gives. *Random CAM*: expected of a CAM whose cells are "
            "shuffled. Curves: mean mass divided by mean area, on the probe images. The pictures show the test images "
            "with the highest density on the pattern, with the density closest to the median, and with the lowest; of "
            "equal ones the first by its id."
        ),
        Note(INTERVALS),
    ),
    compared=TABLE,
    plots=(cam_density.PLOT,),
    has=_all_localisations,
)
