"""The leaderboard's figures, drawn from records and from the strips that lie beside them."""

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from PIL import Image

from benchmark.files import replacing
from benchmark.vocabulary import EncoderState
from leaderboard.entries import Entry, Section
from leaderboard.pages import open_set
from leaderboard.plots import confusion, projections, shortcut, style, training
from leaderboard.plots.style import named

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Kind = Literal["inpainting", "losses", "encoders", "validation", "focus", "confusion", "openset", "embeddings"]

FOLDER = "figures"
DPI = 150
ROW = 1.15
"""Inches of a row of the grid."""

GAP = 0.05
"""Between two rows, as a part of a row."""

LETTER = 0.072
"""Inches of a letter of a row's name, left of the grid, at most on average."""


def file(kind: Kind, section: Section, *more: str) -> str:
    """Where a figure of a section lies, from the folder `leaderboard`; `more` tells apart several of one kind."""
    return f"{FOLDER}/{'-'.join([kind, section.dataset, section.split, section.protocol, *more])}.png"


def shortcut_file(section: Section) -> str:
    """Where the curves of a shortcut calibration lie, from the folder `leaderboard`."""
    slug = re.sub(r"[^a-z0-9]+", "-", section.dataset)
    return f"{FOLDER}/shortcut-{section.protocol}-{slug}.png"


def write(sections: Sequence[Section], folder: Path) -> list[str]:
    """Draw the figures of all sections below `<folder>/figures`.

    Args:
        sections: of the tables.
        folder: `leaderboard` of a repository.

    Returns:
        Names of the figures whose pixels changed, from the repository's root.
    """
    changed = [
        name
        for section in sections
        for path, figure in _drawings(section, folder)
        for name in _save(figure, folder / path)
    ]
    return [f"{folder.name}/{name}" for name in changed]


def _drawings(section: Section, folder: Path) -> Iterator[tuple[str, "Figure"]]:
    """The figures that the section's records are enough for, by where they lie."""
    if strips := {name: path for name, entry in named(section) if (path := _strip(entry, folder)).is_file()}:
        yield file("inpainting", section), inpainting_grid(strips)
    if any(entry.record.inpainting for entry in section.entries):
        yield file("losses", section), loss_curves(section)
    if any(entry.record.encoder for entry in section.entries):
        yield file("encoders", section), encoder_sizes(section)
    if training.learnt(section):
        yield file("validation", section), training.validation_curves(section)
    if training.watched(section):
        yield file("focus", section), training.focus_curves(section)
    if confusion.confused(section):
        yield file("confusion", section), confusion.confusion_matrices(section)
    if open_set.met_strangers(section):
        yield file("openset", section), open_set.curves(section)
    for kind in get_args(EncoderState):
        if rows := projections.drawn(section, kind):
            yield file("embeddings", section, kind), projections.embedding_maps(rows)


def write_shortcut(experiments: Sequence[Section], folder: Path) -> list[str]:
    """Draw the curves of shortcut calibrations below `<folder>/figures`; returns as `write`."""
    changed = []
    for section in experiments:
        if any(entry.record.classification for entry in section.entries):
            changed += _save(shortcut.strength_curves(section), folder / shortcut_file(section))
    return [f"{folder.name}/{name}" for name in changed]


def inpainting_grid(strips: dict[str, Path]) -> "Figure":
    """Originals, the same with holes, and every model's filling, a row each; a column for each test image.

    Args:
        strips: pictures of originals, holes and fillings above each other, by the model's name.
    """
    from matplotlib.figure import Figure

    pictures = {name: np.split(np.asarray(Image.open(path).convert("RGB")), 3) for name, path in strips.items()}
    truth, masked, _ = next(iter(pictures.values()))
    rows = {"Original": truth, "Hole": masked} | {name: picture[2] for name, picture in pictures.items()}
    height, gap = len(truth), round(GAP * len(truth))
    pitch, width = height + gap, max(picture.shape[1] for picture in rows.values())  # a strip may be of fewer images
    whole = np.full((pitch * len(rows) - gap, width, 3), 255, dtype=np.uint8)
    for place, picture in enumerate(rows.values()):
        whole[pitch * place : pitch * place + height, : picture.shape[1]] = picture
    inches, margin = ROW / height, LETTER * (2 + max(len(line) for name in rows for line in name.split("\n")))
    figure = Figure(figsize=(margin + inches * width, inches * len(whole)), dpi=DPI)
    axes = figure.add_axes((margin / figure.get_figwidth(), 0, 1 - margin / figure.get_figwidth(), 1))
    axes.imshow(whole, interpolation="nearest")
    centres = [pitch * place + height / 2 for place in range(len(rows))]
    axes.set(xticks=[], yticks=centres, yticklabels=rows)
    axes.tick_params(length=0, labelsize=8)
    for side in axes.spines.values():
        side.set_visible(False)
    return figure


def loss_curves(section: Section) -> "Figure":
    """Validation generator loss after every epoch, a panel each: every model has units of its own."""
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    curves = {name: entry.record.inpainting for name, entry in named(section) if entry.record.inpainting}
    figure = Figure(figsize=(1.2 + 2.1 * len(curves), 2.2), dpi=DPI, layout="constrained")
    for axes, (name, found) in zip(figure.subplots(1, len(curves), squeeze=False)[0], curves.items(), strict=True):
        axes.plot(range(1, len(found.validation) + 1), found.validation, marker="o", markersize=3, color="#4477aa")
        axes.plot(found.epoch, found.loss, marker="o", markersize=7, fillstyle="none", color="#cc3311")
        axes.set_title(name, fontsize=9)
        axes.set_xlabel("epoch (red: kept)", fontsize=8)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.tick_params(labelsize=7)
        axes.spines[["top", "right"]].set_visible(False)
    figure.supylabel("validation generator loss", fontsize=8)
    return figure


def encoder_sizes(section: Section) -> "Figure":
    """Parameters of each encoder beside the length of its flattened embedding, on logarithmic scales."""
    from matplotlib.figure import Figure

    sized = {name: entry.record.encoder for name, entry in named(section) if entry.record.encoder}
    names = list(sized)[::-1]
    figure = Figure(figsize=(7, 0.9 + 0.32 * len(names)), dpi=DPI, layout="constrained")
    values = {
        "Parameters of the encoder": [sized[name].parameters for name in names],
        "Values of a flattened embedding": [int(np.prod(sized[name].shape)) for name in names],
    }
    for axes, (title, counts) in zip(figure.subplots(1, 2, sharey=True), values.items(), strict=True):
        bars = axes.barh(names, counts, color="#4477aa", height=0.6)
        axes.bar_label(bars, [f"{count:,}" for count in counts], padding=3, fontsize=7)
        axes.set_xscale("symlog", linthresh=100)
        axes.set_xlim(0, max(*counts, 1) * 60)
        axes.set_title(title, fontsize=9)
        axes.tick_params(labelsize=8)
        axes.spines[["top", "right"]].set_visible(False)
    return figure


def _strip(entry: Entry, folder: Path) -> Path:
    return folder.parent / Path(entry.path).with_suffix(".png")


def _save(figure: "Figure", path: Path) -> list[str]:
    """Write a figure unless the same pixels stand there already."""
    drawn = style.picture(figure)
    with suppress(OSError, SyntaxError), Image.open(path) as present:  # none there, or none that can be read
        if present.convert("RGB").tobytes() == drawn.convert("RGB").tobytes():
            return []
    path.parent.mkdir(parents=True, exist_ok=True)
    with replacing(path) as whole:
        drawn.save(whole, optimize=True)
    return [f"{FOLDER}/{path.name}"]
