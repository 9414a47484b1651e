"""From what the stages wrote to the parts of a record; every score is computed here, outside the contestants."""

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmark.metrics.classification import detail, never_above_chance, predict, scores
from benchmark.metrics.reconstruction import fill_mean_colour, fill_telea, hole_errors
from benchmark.protocol import DEFAULT, Protocol
from benchmark.records.classification import Classification, EpochScores, Scores
from benchmark.records.inpainting import Encoder, Inpainting, Reconstruction
from benchmark.vocabulary import Filling, Mode, RegionVariant
from harness.execution.packs import FLIPS, Packer, first_of_each
from harness.execution.stages import Done
from harness.scoring import localisation
from harness.scoring.hole_strip import hole_strip
from harness.scoring.test_set import Examination, known_values


def inpainting(stage: Done, filled: Done, packer: Packer, protocol: Protocol, alexnet: Path | None) -> Inpainting:
    """The inpainting training: its lowest validation generator loss, all of them, and the test images' holes.

    Their LPIPS is measured where its network's weights are given.
    """
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
    looks = _lpips(fillings, truth, holes, alexnet) if alexnet else {}
    return Inpainting(
        loss=stage.result.loss,
        epoch=stage.result.epoch,
        iterations=stage.result.iterations,
        batch_size=protocol.inpaint.batch_size[DEFAULT],
        validation=tuple(float(row["validation"]) for row in history),
        reconstruction={
            name: Reconstruction(**hole_errors(images, truth, holes)._asdict(), lpips=looks.get(name))
            for name, images in fillings.items()
        },
    )


def _lpips(
    fillings: Mapping[Filling, NDArray[np.uint8]], truth: NDArray[np.uint8], holes: NDArray[np.uint8], alexnet: Path
) -> dict[Filling, float]:
    from benchmark.metrics.perceptual import hole_lpips, load

    network = load(alexnet)
    return {name: hole_lpips(network, images, truth, holes) for name, images in fillings.items()}


def strip(filled: Done, packer: Packer, protocol: Protocol) -> Image.Image:
    """The inpainting set's test images, without their flips, and what was painted into their holes."""
    truth, holes = packer.inpainting_test(protocol.inpaint.masks)
    unflipped = slice(len(truth) // len(FLIPS))
    return hole_strip(truth[unflipped], holes[unflipped], np.load(filled.file("reconstructions.npy"))[unflipped])


def encoder(embedding: Done, image_size: int) -> Encoder | None:
    """How large the encoder is, where the backbone says so."""
    said = embedding.result.encoder
    if said is None:
        return None
    return Encoder(parameters=said.parameters, shape=said.shape, image_size=image_size)


def classification(training: Done, prediction: Done, examination: Examination, protocol: Protocol) -> Classification:
    """Validation scores per epoch, test scores once, and where the maps of probes and test images lay.

    Scored are the test images that can be named.
    """
    packer, shown, known = examination.packer, examination.shown, examination.known
    validation = examination.numbered(packer.rows("val").labels)
    epochs = []
    logits = np.load(training.file("validation_logits.npy"))
    for row, epoch_logits in zip(_history(training), logits, strict=True):
        score = scores(validation, predict(epoch_logits[:, shown]), len(shown))
        epochs.append(
            EpochScores(
                epoch=int(row["epoch"]),
                loss=float(row["loss"]),
                accuracy=score.accuracy,
                recall=score.recall,
                f1=score.f1,
            )
        )
    answers = _answers(prediction, examination)
    asked = examination.numbered(examination.labels[known]), examination.numbered(answers[known]), len(shown)
    seen = detail(*asked)
    recall = np.full(examination.classes, np.nan)
    recall[shown] = seen.recall
    probed, null = localisation.after_epochs(training, packer, protocol.focus.probes_per_individual)
    return Classification(
        test=scores(*asked),
        validation=tuple(epochs),
        probe_localisation=probed,
        probe_area=null,
        answers=tuple(answers.tolist()),
        balanced_accuracy=seen.balanced_accuracy,
        individual_recall=known_values(recall),
        intervals=examination.score_intervals(answers),
        never_above_chance=never_above_chance([epoch.accuracy for epoch in epochs], validation),
        localisation=localisation.on_test_images(prediction, examination, protocol.focus.method),
    )


def ablation(
    predictions: Mapping[Mode, Mapping[RegionVariant, Done]], examination: Examination, most: int
) -> dict[Mode, dict[RegionVariant, Scores]]:
    """Scores of every mode and variant on the first `most` test images of each individual that can be named."""
    named = np.flatnonzero(examination.known)
    chosen = named[first_of_each(examination.labels[named], most)]
    labels = examination.numbered(examination.labels[chosen])

    def of(done: Done) -> Scores:
        answers = examination.numbered(_answers(done, examination)[chosen])
        return scores(labels, answers, len(examination.shown))

    return {mode: {name: of(done) for name, done in variants.items()} for mode, variants in predictions.items()}


def validation(
    trainings: Mapping[Mode, Mapping[RegionVariant, Done]], examination: Examination
) -> dict[Mode, dict[RegionVariant, Scores]]:
    """Scores of every mode and variant on the validation images after the last epoch; they chose nothing."""
    labels = examination.numbered(examination.packer.rows("val").labels)

    def of(done: Done) -> Scores:
        logits = np.load(done.file("validation_logits.npy"))[-1]
        return scores(labels, predict(logits[:, examination.shown]), len(examination.shown))

    return {mode: {name: of(done) for name, done in variants.items()} for mode, variants in trainings.items()}


def _answers(prediction: Done, examination: Examination) -> NDArray[np.int64]:
    """(N,) class numbers; no individual is named that training does not show."""
    found: NDArray[np.int64] = examination.shown[predict(np.load(prediction.file("logits.npy"))[:, examination.shown])]
    return found


def _history(stage: Done) -> list[dict[str, str]]:
    with stage.file("history.csv").open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))
