"""From what the stages wrote to the parts of a record; every score is computed here, outside the contestants."""

import csv
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics.classification import predict, scores
from benchmark.metrics.clustering import cluster
from benchmark.metrics.focus import region_mass
from benchmark.records import Classification, Clustering, Epoch, Focus, Inpainting, Mode, Scores, Variant
from harness.packing import Packer, first_of_each
from harness.stages import Done


def inpainting(stage: Done, batch_size: int) -> Inpainting:
    """The inpainting training: its lowest validation generator loss, and all of them."""
    history = _history(stage)
    assert stage.result.loss is not None
    assert stage.result.epoch is not None
    assert stage.result.iterations is not None
    return Inpainting(
        loss=stage.result.loss,
        epoch=stage.result.epoch,
        iterations=stage.result.iterations,
        batch_size=batch_size,
        validation=tuple(float(row["validation"]) for row in history),
    )


def classification(training: Done, prediction: Done, packer: Packer, classes: int, probes: int) -> Classification:
    """Validation scores per epoch, test scores once, and where the probes' Grad-CAM maps lay."""
    validation, test = packer.rows("val"), packer.rows("test")
    epochs = []
    logits = np.load(training.file("validation_logits.npy"))
    for row, epoch_logits in zip(_history(training), logits, strict=True):
        score = scores(validation.labels, predict(epoch_logits), classes)
        epochs.append(
            Epoch(
                epoch=int(row["epoch"]),
                loss=float(row["loss"]),
                accuracy=score.accuracy,
                recall=score.recall,
                f1=score.f1,
            )
        )
    return Classification(
        test=scores(test.labels, _predictions(prediction), classes),
        validation=tuple(epochs),
        focus=_focus(training, packer, probes),
    )


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
    if not path.exists() or not packer.inpaintable:
        return ()
    regions = packer.regions(packer.probes(probes))
    masses = [region_mass(epoch, regions) for epoch in np.load(path)]
    return tuple(Focus(epoch=epoch, **mass._asdict()) for epoch, mass in enumerate(masses, start=1))


def _history(stage: Done) -> list[dict[str, str]]:
    with stage.file("history.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
