"""The page of inpainting: the training of each model, and how well it fills holes."""

from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

from benchmark.records.base import Interval, metric_of
from benchmark.records.inpainting import Inpainting, Reconstruction, ReconstructionDifference
from benchmark.vocabulary import Filling
from leaderboard import headings
from leaderboard.columns import Brackets, Column, Row, Table, always, metric_column, number_column, variant_column
from leaderboard.contestants import contestants
from leaderboard.formats import count, decimals, four, three
from leaderboard.markdown import NOTHING, paragraphs
from leaderboard.page import SEVERAL_SEEDS, Note, Page
from leaderboard.plots import inpainting_grid, losses
from leaderboard.record_files import Section
from leaderboard.rows import backbone_row
from leaderboard.verdict import UNTOLD

BASELINES: dict[Filling, str] = {"mean_colour": "*Mean colour*", "telea": "*Telea*"}
"""Names of the fillings that learn nothing."""

COMPARED: dict[Filling, str] = {"mean_colour": "mean colour", "telea": "Telea"}
"""The same names in the column of the filling."""

WITHIN = Note(
    "The windows of *Hole SSIM* are limited to the hole, because pixels outside are equal by construction.",
    shown=lambda section: bool(_fillings(section)),
)

PAIRED = (
    "Differences are paired by photo; brackets: 95 % interval over units (photos of one animal in one "
    "stretch of a recording), of which at least six are needed."
)

ENOUGH_PHOTOS = 80
"""Photos that a published page needs: a difference of 0.5 dB between a model and a baseline needs about 77."""

CONCLUSIONS = Note(
    "*What can be concluded*: a model restores hidden pixels better than a filling that learns nothing only if PSNR, "
    "SSIM and, where it is measured, LPIPS all favour it, with intervals that exclude 0; where they disagree, neither "
    "is better. *What cannot*: whether its encoder tells individuals apart, because restoring pixels is not "
    "identifying; or which of two models is better, because models are not tested against each other."
)
UNSEEN = Note(
    "*Test photos*: crops from the whole split, without flips, that inpainting was neither trained nor validated on. "
    "Left out are other crops of a trained photo, images equal to a trained one up to mirroring, and the frames next "
    "to a trained frame of the same recording. Where the heading says *in four flips*, as with `paper`, they are the "
    "inpainting set's own test images.",
    shown=lambda section: bool(_fillings(section)),
)

OVER_UNITS = "Brackets: 95 % interval over units, of which at least six are needed."

LPIPS_LEGEND = (
    "It is the version 0.1 on AlexNet; the mean of its map over the hole cannot be compared with published means over "
    f"whole images. `{NOTHING}` there: the weights of its network were not on the disk when the run was scored; "
    "`patternbench weights fetch lpips` gets them. If the record is deleted, the next run computes it, without "
    "training again."
)


MEASURES = ("psnr", "ssim", "lpips")
"""The measures that all have to favour a model; the hole's L1 says the same as its PSNR."""

BOTH, NEITHER = "better than both fillings", "better than neither"
VERDICT_LEGEND = (
    f"*Verdict*: *{BOTH}*, or *better than X only*: PSNR, SSIM and, where it is measured, LPIPS all favour the model "
    f"over that filling, with paired intervals that exclude 0. *{NEITHER.capitalize()}*: against each of the two at "
    f"least one measure favours the filling, with an interval that excludes 0. *{UNTOLD.capitalize()}*: everything "
    "else, such as too few units, or intervals that contain 0. An interval is longer on the side of rare large "
    "differences, of which few units show too few."
)


def is_better(difference: ReconstructionDifference) -> bool | None:
    """Whether a model fills better than a filling that learns nothing.

    True if the intervals of all measures favour the model, False if one favours the filling, else None: cannot tell.
    """
    measured = [name for name in MEASURES if getattr(difference, name) is not None]
    intervals = [difference.intervals.get(name) for name in measured]
    higher = [metric_of(ReconstructionDifference, name).higher_is_better for name in measured]
    ends = [
        (one.low, one.high) if up else (-one.high, -one.low) for one, up in zip(intervals, higher, strict=True) if one
    ]
    if any(high < 0 for _, high in ends):
        return False
    return True if ends and len(ends) == len(measured) and all(low > 0 for low, _ in ends) else None


def verdict(training: Inpainting) -> str | None:
    """Which of the fillings a model is better than, in words; None without differences."""
    better = {name: is_better(training.differences[name]) for name in COMPARED if name in training.differences}
    ahead = [COMPARED[name] for name, one in better.items() if one]
    if not better:
        return None
    if ahead:
        return BOTH if len(ahead) == len(COMPARED) else f"better than {ahead[0]} only"
    return NEITHER if all(one is False for one in better.values()) else UNTOLD


class Filled(NamedTuple):
    """What a row shows: a training, None for a baseline, and errors of its filling, None without test photos."""

    training: Inpainting | None
    filling: Reconstruction | None


def _fillings(section: Section) -> list[dict[Filling, Reconstruction]]:
    """The measured fillings of each record that has any; records that have LPIPS come first."""
    fillings = [record.inpainting.reconstruction for record in section.records if record.inpainting]
    return sorted(filter(None, fillings), key=lambda by_name: any(one.lpips is None for one in by_name.values()))


def _rows(section: Section) -> list[Row[Filled]]:
    """A row for each record that inpaints; the baselines of the first record that has all errors."""
    rows = [
        backbone_row(file, Filled(training, training.reconstruction.get("model")))
        for file in section.files
        if (training := file.record.inpainting)
    ]
    baselines = [
        Row(title, None, Filled(None, fillings[name]))
        for fillings in _fillings(section)[:1]
        for name, title in BASELINES.items()
    ]
    return [*rows, *baselines]


def _training(number: Callable[[Inpainting], float]) -> Callable[[Filled], float | None]:
    return lambda part: number(part.training) if part.training else None


def _filling(number: Callable[[Reconstruction], float | None]) -> Callable[[Filled], float | None]:
    return lambda part: number(part.filling) if part.filling else None


def _interval(name: str) -> Callable[[Filled], Interval | None]:
    """The interval of an error, by the name of its field."""
    return lambda part: part.filling.intervals.get(name) if part.filling else None


def _has_settled(section: Section) -> bool:
    """Whether the two rules can keep different epochs in any record."""
    return any(bool(record.inpainting and record.inpainting.settled) for record in section.records)


RULES = Note(
    "*Kept by*: the rule by which the epoch was kept. `lowest` is the paper's: the lowest validation loss, on the "
    "curve *running statistics*. `settled`, on the curve *settled statistics*: the same after the statistics of batch "
    "normalisation were computed anew for the weights of that epoch; with the running statistics of training, the "
    "loss of a network that learns fast jumps. *Epoch by lowest, settled*: the epochs that the two rules keep.",
    shown=_has_settled,
)


def _rule(row: Row[Filled]) -> str | None:
    return row.part.training.rule if row.part and row.part.training else None


def _verdict_cell(row: Row[Filled]) -> str | None:
    return verdict(row.part.training) if row.part and row.part.training else None


def _kept(row: Row[Filled]) -> str | None:
    training = row.part.training if row.part else None
    return f"{training.kept['lowest']}, {training.kept['settled']}" if training else None


def _difference_rows(section: Section) -> list[Row[ReconstructionDifference]]:
    """A row for each record and each filling that its model is compared with."""
    return [
        backbone_row(file, training.differences[name], title)
        for file in section.files
        if (training := file.record.inpainting)
        for name, title in COMPARED.items()
        if name in training.differences
    ]


def _has_differences(section: Section) -> bool:
    """Whether any record of the section has them; none has without test photos."""
    return bool(_difference_rows(section))


PSNR = metric_of(Reconstruction, "psnr")
PSNR_COLUMN: Column[Filled] = metric_column(PSNR, _filling(lambda filling: filling.psnr), compared={"": PSNR.title})
SSIM = metric_of(Reconstruction, "ssim")

TABLE = Table(
    "Backbone",
    (
        Column("Verdict", _verdict_cell, VERDICT_LEGEND, "left", _has_differences),
        number_column(
            "Loss",
            _training(lambda training: training.loss),
            form=four,
            legend="*Loss*: generator loss of the kept epoch on the validation images, in the backbone's own units; "
            "lower is better. It is in the ring in the figure of losses. Losses of different backbones cannot "
            "be compared.",
        ),
        number_column(
            "Epoch",
            _training(lambda training: training.epoch),
            form=count,
            legend="*Epoch*: the kept epoch, counted from 1 over all phases.",
        ),
        Column("Kept by", _rule, shown=_has_settled),
        Column("Epoch by lowest, settled", _kept, shown=_has_settled),
        metric_column(metric_of(Inpainting, "iterations"), _training(lambda training: training.iterations), form=count),
        metric_column(metric_of(Inpainting, "batch_size"), _training(lambda training: training.batch_size), form=count),
        metric_column(
            metric_of(Reconstruction, "l1"),
            _filling(lambda filling: filling.l1),
            form=four,
            note=Brackets(_interval("l1"), 4),
            legend=OVER_UNITS,
        ),
        metric_column(
            PSNR,
            _filling(lambda filling: filling.psnr),
            note=Brackets(_interval("psnr")),
            legend=OVER_UNITS,
            compared={"": PSNR.title},
        ),
        metric_column(
            SSIM,
            _filling(lambda filling: filling.ssim),
            form=three,
            note=Brackets(_interval("ssim"), 3),
            legend=OVER_UNITS,
            compared={"": SSIM.title},
        ),
        metric_column(
            metric_of(Reconstruction, "lpips"),
            _filling(lambda filling: filling.lpips),
            form=three,
            note=Brackets(_interval("lpips"), 3),
            legend=f"{OVER_UNITS} {LPIPS_LEGEND}",
        ),
    ),
    _rows,
    main=PSNR_COLUMN,
)


def _too_few_units(section: Section) -> bool:
    return any(row.part and not row.part.intervals for row in _difference_rows(section))


def _has(name: str) -> Callable[[Section], bool]:
    """Whether any difference of a section has a value in a field that may lack one."""
    return lambda section: any(row.part and getattr(row.part, name) is not None for row in _difference_rows(section))


def _difference_column(
    name: str,
    value: Callable[[ReconstructionDifference], float | None],
    digits: int,
    shown: Callable[[Section], bool] = always,
) -> Column[ReconstructionDifference]:
    return metric_column(
        metric_of(ReconstructionDifference, name),
        value,
        form=lambda number: decimals(number, digits, "+"),
        note=Brackets(lambda part: part.intervals.get(name), digits),
        legend=PAIRED,
        shown=shown,
    )


PSNR_DIFFERENCE = _difference_column("psnr", lambda difference: difference.psnr, 2)
DIFFERENCES = Table(
    "Backbone",
    (
        variant_column("Filling"),
        _difference_column("l1", lambda difference: difference.l1, 4),
        PSNR_DIFFERENCE,
        _difference_column("ssim", lambda difference: difference.ssim, 3),
        _difference_column("lpips", lambda difference: difference.lpips, 3, _has("lpips")),
        metric_column(
            metric_of(ReconstructionDifference, "detectable"),
            lambda difference: difference.detectable,
            shown=_has("detectable"),
        ),
    ),
    _difference_rows,
    shown=_has_differences,
)


def _measured(section: Section) -> list[Reconstruction]:
    """All fillings of the section."""
    return [filling for fillings in _fillings(section) for filling in fillings.values()]


def _heading(section: Section) -> str:
    """The heading, with the number of photos, and what they can show."""
    measured = _measured(section)
    flipped = any(filling.photos != filling.images for filling in measured)
    photos = [filling.photos for filling in measured]
    facts = headings.facts(section, photos, f"photos{' in four flips' if flipped else ''}")
    return paragraphs(headings.title(section), f"{facts}.", _power(section), headings.audit(section))


def _power(section: Section) -> str:
    """What the test photos can show, and whether they are enough; empty without differences."""
    differences = [row.part for row in _difference_rows(section) if row.part]
    if not differences:
        return ""
    photos = sorted({one.photos for one in differences})
    units = sorted({one.units for one in differences})
    known = [one.detectable for one in differences if one.detectable is not None]
    of = f" of {headings.either(units)} units"
    found = f": a difference in PSNR of {decimals(max(known))} dB is found with 80 % probability" if known else ""
    warning = f" Fewer than {ENOUGH_PHOTOS} photos: the numbers are shown, but do not rank rows by them."
    return f"{headings.either(photos)} photos{of}{found}.{warning if photos[0] < ENOUGH_PHOTOS else ''}"


def _conclusion(section: Section) -> str:
    """How many models have each verdict; one whose seeds differ cannot be told. Empty without differences."""
    found = []
    for one in contestants(section):
        seeds = [text for record in one.records if record.inpainting and (text := verdict(record.inpainting))]
        found += [seeds[0] if len(set(seeds)) == 1 else UNTOLD] if seeds else []
    counts = Counter(found)
    texts = [
        f"{name} ({counts[name]})" for name in sorted(counts, key=lambda name: (name != BOTH, name == UNTOLD, name))
    ]
    better = sum(count for name, count in counts.items() if name not in (NEITHER, UNTOLD))
    shown = f"Models that are shown to be better than a filling that learns nothing: {better} of {len(found)}"
    return f"{shown}. Verdicts: {', '.join(texts)}." if found else ""


def _differences(section: Section) -> str:
    if not _has_differences(section):
        return ""
    few = "Fewer than six units: no interval is computed, and no difference is shown."
    return paragraphs(
        "### Against fillings that learn nothing",
        few if _too_few_units(section) else "",
        DIFFERENCES.text(section),
    )


def _section(section: Section, _page: str) -> str:
    return paragraphs(
        _heading(section),
        headings.approximate_masks(section),
        _conclusion(section),
        TABLE.text(section),
        _differences(section),
        inpainting_grid.PLOT.image(section),
        losses.PLOT.image(section),
    )


PAGE = Page(
    file="leaderboard/inpainting.md",
    block="inpainting",
    title="inpainting",
    order=6,
    section=_section,
    tables=(TABLE, DIFFERENCES),
    notes=(
        CONCLUSIONS,
        Note(
            "*Mean colour* and *Telea* learn nothing: a model that fills no better than they do has not learnt to "
            "inpaint."
        ),
        UNSEEN,
        RULES,
        WITHIN,
        SEVERAL_SEEDS,
    ),
    compared=TABLE,
    plots=(inpainting_grid.PLOT, losses.PLOT),
    has=lambda section: any(record.inpainting for record in section.records),
)
