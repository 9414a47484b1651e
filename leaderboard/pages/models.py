"""Pages about the models themselves: how they inpaint, how large their encoders are."""

from collections.abc import Mapping
from dataclasses import replace

from benchmark.records.inpainting import Reconstruction
from benchmark.vocabulary import Filling
from leaderboard import cells, layout
from leaderboard.entries import Entry, Section
from leaderboard.layout import DASH, WHO, Row
from leaderboard.markdown import NOTHING
from leaderboard.plots import figures

FILLINGS: dict[Filling, str] = {"mean_colour": "*Mean colour*", "telea": "*Telea*"}
"""Controls of the inpainting table, which learn nothing."""


def inpainting(sections: list[Section], page: str) -> str:
    """The paper's Table 3 for these runs, and how well the holes of test images were filled."""
    headers = [*WHO, "Lowest loss", "Epoch", "Iterations", "Batch", "Hole L1", "Hole PSNR", "Hole SSIM", "Hole LPIPS"]

    def rows(entry: Entry) -> list[Row]:
        return [[*cells.who(entry.record), *cells.inpainted(entry.record.inpainting)]]

    def one(section: Section) -> str:
        shown = [entry for entry in section.entries if entry.record.inpainting]
        found = (entry.record.inpainting.reconstruction for entry in shown if entry.record.inpainting)
        measured = sorted((fillings for fillings in found if fillings), key=_lacks_lpips)
        controls = [
            [title, NOTHING, *[NOTHING] * 4, *cells.filled(measured[0][name]), NOTHING, NOTHING]
            for name, title in FILLINGS.items()
            if measured
        ]
        images = [filling.images for fillings in measured for filling in fillings.values()]
        made = layout.section_table(replace(section, entries=tuple(shown)), headers, rows, page, controls)
        grid = f"\n\n![Holes of test images, filled]({figures.file('inpainting', section)})" if measured else ""
        curves = f"\n\n![Loss after every epoch]({figures.file('losses', section)})"
        heading = layout.heading(section, images) + layout.approximate(section)
        return f"{heading}\n\n{made}{grid}{curves}"

    return layout.block(
        layout.where(sections, lambda entry: entry.record.inpainting),
        one,
        "*Lowest loss*: generator loss on the validation images, in the model's own units: not to be compared between "
        "models. Measures in the hole alone; L1 of a range of 1, PSNR in dB. *Mean colour* and *Telea* learn nothing: "
        "what fills no better has not learnt to inpaint. *Hole LPIPS*: perceptual distance (Zhang et al. 2018, version "
        "0.1 on AlexNet), lower is better; the mean of its map over the hole, not to be compared with published means "
        f"over whole images. `{NOTHING}` there: its network's weights were not on the disk when the run was scored; "
        "`patternbench weights fetch lpips` gets them, and with its record deleted the run is scored again, without "
        f"training again. {DASH}",
    )


def _lacks_lpips(fillings: Mapping[Filling, Reconstruction]) -> bool:
    """The controls are shown of one record, which had better have all measures."""
    return any(filling.lpips is None for filling in fillings.values())


def encoders(sections: list[Section], page: str) -> str:
    """How large each encoder is, and what it gives."""
    headers = [*WHO, "Parameters", "Feature map", "Embedding, flattened", "Embedding, averaged"]

    def rows(entry: Entry) -> list[Row]:
        return [[*cells.who(entry.record), *cells.sized(entry.record.encoder)]]

    def one(section: Section) -> str:
        sizes = {entry.record.encoder.image_size for entry in section.entries if entry.record.encoder}
        heading = f"## {layout.name(section)}\n\nImages of {layout.either(sorted(sizes))} pixels a side."
        plot = f"![Parameters and embedding sizes]({figures.file('encoders', section)})"
        return f"{heading}\n\n{layout.section_table(section, headers, rows, page)}\n\n{plot}"

    with_any = layout.where(sections, lambda entry: entry.record.encoder)
    return layout.block(with_any, one, f"Feature map: channels x height x width. {DASH}")
