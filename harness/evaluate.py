"""From what the stages wrote to the parts of a record; every score is computed here, outside the contestants."""

import csv
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmark.catalogue import PATTERN
from benchmark.metrics.classification import detail, never_left_chance, predict, scores
from benchmark.metrics.clustering import cluster
from benchmark.metrics.focus import means, per_image, region_mass
from benchmark.metrics.reconstruction import fill_mean_colour, fill_telea, hole_errors
from benchmark.metrics.retrieval import Images, retrieve, summarise
from benchmark.protocol import DEFAULT, Protocol
from benchmark.records import (
    Classification,
    Clustering,
    Distance,
    Encoder,
    Epoch,
    ExaminedFocus,
    Filling,
    Focus,
    Inpainting,
    Mode,
    Reconstruction,
    Regions,
    Retrieval,
    Scores,
    Variant,
)
from harness.packing import Packer, first_of_each
from harness.scoring import Examination
from harness.stages import Done

STRIP = 8
"""Images in a strip, at most."""

BLANK = 128
"""How a hole is shown."""


def inpainting(stage: Done, filled: Done, packer: Packer, protocol: Protocol) -> Inpainting:
    """The inpainting training: its lowest validation generator loss, all of them, and the test images' holes."""
    history = _history(stage)
    assert stage.result.loss is not None
    assert stage.result.epoch is not None
    assert stage.result.iterations is not None
    truth, holes = packer.inpainting_test(protocol.inpaint.masks)
    fillings: dict[Filling, NDArray[np.uint8]] = {
        "model": np.load(filled.file("reconstructions.npy")),
        "mean_colour": fill_mean_colour(truth, holes),
        "telea": fill_telea(truth, holes),
    }
    return Inpainting(
        loss=stage.result.loss,
        epoch=stage.result.epoch,
        iterations=stage.result.iterations,
        batch_size=protocol.inpaint.batch_size[DEFAULT],
        validation=tuple(float(row["validation"]) for row in history),
        reconstruction={
            name: Reconstruction(**hole_errors(images, truth, holes)._asdict()) for name, images in fillings.items()
        },
    )


def strip(filled: Done, packer: Packer, protocol: Protocol) -> Image.Image:
    """The first test images, the same without what was in their holes, and filled: three rows."""
    truth, holes = packer.inpainting_test(protocol.inpaint.masks)
    masked = np.where(holes[..., None], np.uint8(BLANK), truth)
    rows = (truth, masked, np.load(filled.file("reconstructions.npy")))
    return Image.fromarray(np.concatenate([np.concatenate(row[:STRIP], axis=1) for row in rows]))


def encoder(embedding: Done, image_size: int) -> Encoder | None:
    """How large the encoder is, where the backbone says so."""
    said = embedding.result.encoder
    if said is None:
        return None
    return Encoder(parameters=said.parameters, shape=said.shape, image_size=image_size)


def classification(training: Done, prediction: Done, examination: Examination, probes: int) -> Classification:
    """Validation scores per epoch, test scores once, and where the Grad-CAM maps of probes and test images lay."""
    packer, classes = examination.packer, examination.classes
    validation = packer.rows("val").labels
    epochs = []
    logits = np.load(training.file("validation_logits.npy"))
    for row, epoch_logits in zip(_history(training), logits, strict=True):
        score = scores(validation, predict(epoch_logits), classes)
        epochs.append(
            Epoch(
                epoch=int(row["epoch"]),
                loss=float(row["loss"]),
                accuracy=score.accuracy,
                recall=score.recall,
                f1=score.f1,
            )
        )
    answers = _predictions(prediction)
    seen = detail(examination.labels, answers, classes)
    return Classification(
        test=scores(examination.labels, answers, classes),
        validation=tuple(epochs),
        focus=_focus(training, packer, probes),
        answers=tuple(answers.tolist()),
        balanced_accuracy=seen.balanced_accuracy,
        individual_recall=_known(seen.recall),
        intervals=examination.score_intervals(answers),
        never_left_chance=never_left_chance([epoch.accuracy for epoch in epochs], validation),
        test_focus=_test_focus(prediction, examination),
    )


def retrieval(queries: Done, gallery: Done, examination: Examination) -> dict[Distance, Retrieval]:
    """How well test images find their individual among the training images."""
    asked, searched = (
        Images(np.load(stage.file("embeddings.npy"), mmap_mode="r"), labels)
        for stage, labels in ((queries, examination.labels), (gallery, examination.packer.rows("train").labels))
    )
    found: dict[Distance, Retrieval] = {}
    for distance, matches in retrieve(asked, searched).items():
        hits = np.where(matches.first > 0, matches.first == 1, np.nan)
        found[distance] = Retrieval(
            **summarise(matches)._asdict(),
            rank1_interval=examination.interval(hits),
            map_interval=examination.interval(matches.precision),
            precisions=_known(matches.precision),
        )
    return found


def ablation(
    predictions: Mapping[Mode, Mapping[Variant, Done]], packer: Packer, classes: int, most: int
) -> dict[Mode, dict[Variant, Scores]]:
    """Scores of every mode and variant on the first `most` test images of each individual."""
    labels = packer.rows("test").labels
    chosen = first_of_each(labels, most)
    return {
        mode: {
            variant: scores(labels[chosen], _predictions(done)[chosen], classes) for variant, done in variants.items()
        }
        for mode, variants in predictions.items()
    }


def clustering(embedding: Done, packer: Packer, seed: int) -> Clustering:
    """k-means++ on the test images' embeddings, measured."""
    embeddings = np.load(embedding.file("embeddings.npy"), mmap_mode="r")
    return cluster(embeddings, packer.rows("test").labels, seed)


def _predictions(stage: Done) -> NDArray[np.int64]:
    return predict(np.load(stage.file("logits.npy")))


def _focus(training: Done, packer: Packer, probes: int) -> tuple[Focus, ...]:
    """Where the maps of the probe images lay after each epoch; empty where there are no maps or no regions."""
    path = training.file("cams.npy")
    if not path.exists() or not packer.inpaintable("pattern"):
        return ()
    regions = packer.regions(packer.probes(probes))
    masses = [region_mass(epoch, regions) for epoch in np.load(path)]
    return tuple(Focus(epoch=epoch, **mass._asdict()) for epoch, mass in enumerate(masses, start=1))


def _test_focus(prediction: Done, examination: Examination) -> ExaminedFocus | None:
    """Where the maps of the test images lie; None where there are no maps or no regions."""
    path = prediction.file("cams.npy")
    if not path.exists() or not examination.packer.inpaintable("pattern"):
        return None
    found = per_image(np.load(path), examination.packer.regions(examination.positions))
    return ExaminedFocus(
        mass=_regions(found.mass),
        density=_regions(found.density),
        rank=_regions(found.rank),
        pattern_density=examination.interval(found.density[:, PATTERN]),
        images=len(found.mass),
    )


def _regions(values: NDArray[np.float64]) -> Regions:
    return Regions(**means(values)._asdict())


def _known(values: NDArray[np.float64]) -> tuple[float | None, ...]:
    """For a record, which holds no NaN."""
    return tuple(None if np.isnan(value) else float(value) for value in values)


def _history(stage: Done) -> list[dict[str, str]]:
    with stage.file("history.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
