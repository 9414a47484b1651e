"""Pictures beside a record: test images with their holes filled, and test images under their CAMs."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmark.data.catalogue import BACKGROUND, PATTERN
from benchmark.protocol import InpaintSection
from benchmark.records.record import Record
from benchmark.vocabulary import Mode
from harness.execution import job_files
from harness.execution.crops import CropSet
from harness.execution.holes import hole_test
from harness.execution.results import Results, StageResult
from leaderboard.plots.localisation import METHODS, focus_overlays, overlays_file
from leaderboard.plots.style import picture

HEADING = "Numbers: density of the CAM on the pattern"

COLUMNS = 6
"""Largest number of images in a strip."""

BLANK = 128
"""Grey value of a hole."""

MARGIN = 0.15
"""Margin around a hole on each side, as a share of the hole's longer side."""


def save_pictures(record: Record, path: Path, results: Results, crops: CropSet, settings: InpaintSection) -> None:
    """Draw the pictures of a record and save them beside it.

    Args:
        record: names the examples to show.
        path: of the record; the pictures get its name.
        results: of the run's stages.
        crops: of the data set.
        settings: of inpainting.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    if results.reconstruction:
        reconstruction_strip(results.reconstruction, crops, settings).save(path.with_suffix(".png"))
    if overlays := cam_overlays(record, results, crops):
        overlays.save(overlays_file(path), optimize=True)


def cam_overlays(record: Record, results: Results, crops: CropSet) -> Image.Image | None:
    """The example test images of both classifiers under their CAMs; None if there are no examples.

    The CAMs are of the first method that has examples.
    """
    modes: tuple[Mode, ...] = ("deep", "shallow")
    titles, rows, cams = [], [], []
    for mode in modes:
        classification = record.classification.get(mode)
        localised = classification.localisations if classification else ()
        shown = next((one for one in localised if one.examples), None)
        if shown is None or shown.examples is None:
            continue
        stage = results.classifiers[mode]["all"].prediction
        all_cams = np.load(stage.file(job_files.cams(shown.method)), mmap_mode="r")
        for rule, example in shown.examples:
            titles.append(f"{mode}, {METHODS[shown.method]},\n{rule}: {example.density:.2f}")
            rows.append(example.image)
            cams.append(all_cams[example.image])
    if not rows:
        return None
    positions = crops.rows("test").positions[rows]
    images, regions = crops.images[positions], crops.regions[positions]
    outlines = {"animal": regions > BACKGROUND, "pattern": regions == PATTERN}
    return picture(focus_overlays(images, cams, outlines, titles, HEADING))


def reconstruction_strip(filled: StageResult, crops: CropSet, settings: InpaintSection) -> Image.Image:
    """`hole_strip` of the test photos, without flips."""
    test = hole_test(crops, settings.masks, settings.test_photos)
    photos = slice(len(test.positions))
    return hole_strip(test.truth[photos], test.holes[photos], np.load(filled.file(job_files.RECONSTRUCTIONS))[photos])


def hole_strip(truth: NDArray[np.uint8], holes: NDArray[np.uint8], filled: NDArray[np.uint8]) -> Image.Image:
    """The first images, cropped to their holes, in three rows: true, with a blank hole, and filled.

    Args:
        truth: (N, S, S, 3) images.
        holes: (N, S, S), 1 = hole.
        filled: (N, S, S, 3), the images with their holes filled.

    Returns:
        RGB, 3 S high, and S wide for each image.
    """
    masked = np.where(holes[..., None], np.uint8(BLANK), truth)
    windows = [_window(hole) for hole in holes[:COLUMNS]]
    side = truth.shape[1]
    strip = Image.new("RGB", (side * len(windows), side * 3))
    for row, images in enumerate((truth, masked, filled)):
        for column, (image, window) in enumerate(zip(images, windows, strict=False)):
            tile = Image.fromarray(image).resize((side, side), Image.Resampling.NEAREST, window)
            strip.paste(tile, (side * column, side * row))
    return strip


def _window(hole: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """The square (left, top, right, bottom) around the hole; the whole image if it has none."""
    whole = len(hole)
    if not hole.any():
        return 0, 0, whole, whole
    rows, columns = (np.flatnonzero(hole.any(axis=axis)) for axis in (1, 0))
    longest = max(np.ptp(rows), np.ptp(columns)) + 1
    side = min(whole, round(longest * (1 + 2 * MARGIN)))
    top, left = (int(np.clip((places[0] + places[-1] + 1 - side) // 2, 0, whole - side)) for places in (rows, columns))
    return left, top, left + side, top + side
