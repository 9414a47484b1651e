"""Checks of classifier training, shallow and deep, and of encoding with a classifier's checkpoint."""

import numpy as np

from benchmark.vocabulary import Mode
from harness.conformance.check import check
from harness.conformance.comparisons import require_changed, require_equal, require_same
from harness.conformance.encoding_checks import embeddings
from harness.conformance.session import ConformanceSession, ContractViolation
from harness.conformance.synthetic_packs import CLASSES
from harness.contract import GUARANTEED_CAMS
from harness.execution import job_files

SHALLOW, DEEP = "train:shallow", "train:deep"


@check(
    "shallow training writes checkpoint, history and validation logits",
    fix="Write the files that docs/contract.md lists for train, classify.",
    capability=SHALLOW,
)
def shallow_classifier_trains(session: ConformanceSession) -> None:
    """Shallow training succeeds; a backbone that explains also writes CAMs of the probes."""
    session.classify("shallow")


@check(
    "shallow training leaves the encoder unchanged",
    fix="Freeze the encoder: no gradient, and evaluation mode, otherwise batch norm statistics change.",
    capability=SHALLOW,
)
def shallow_training_freezes_encoder(session: ConformanceSession) -> None:
    """Embeddings from the checkpoint are the same as before the training."""
    session.classify("shallow")
    before, after = embeddings(session, session.classifier_start), embeddings(session, "shallow")
    require_same("after shallow training", before, after, precision=session.precision)


@check(
    "deep training writes checkpoint, history and validation logits",
    fix="Write the files that docs/contract.md lists for train, classify.",
    capability=DEEP,
)
def deep_classifier_trains(session: ConformanceSession) -> None:
    """Deep training succeeds."""
    session.classify("deep")


@check(
    "deep training gives the same result twice",
    fix="Seed weights, batch order and every random choice with the job's seed, once, at the start.",
    capability=DEEP,
)
def deep_training_is_deterministic(session: ConformanceSession) -> None:
    """Logits of the validation images are the same after every epoch."""
    runs = session.classify("deep"), session.classify("deep", repeat=2)
    logits = (run.array(job_files.VALIDATION_LOGITS).astype(np.float32) for run in runs)
    require_same("the logits of the second run", *logits, precision=session.precision)


@check(
    "deep training changes the encoder, and its checkpoint contains the change",
    fix="Give the encoder's parameters to the optimiser, and save and load them with the head.",
    capability=DEEP,
)
def deep_training_changes_encoder(session: ConformanceSession) -> None:
    """Embeddings from the checkpoint differ from those before the training."""
    session.classify("deep")
    require_changed("deep training", embeddings(session, session.classifier_start), embeddings(session, "deep"))


@check(
    "encode with a classifier's checkpoint writes logits",
    fix="Keep the head in the checkpoint, and write logits.npy as (images, classes) float32.",
    capability=DEEP,
)
def classifier_predicts(session: ConformanceSession) -> None:
    """`logits.npy` has one value per class."""
    session.classify("deep")
    run = session.encode("deep")
    if not (run.folder / job_files.OUT / job_files.LOGITS).is_file():
        raise ContractViolation("there is no logits.npy")
    require_equal("the number of classes in logits.npy", run.array(job_files.LOGITS).shape[1], CLASSES)


@check(
    "encode writes CAMs on request",
    fix="Write cams-METHOD.npy for each method of the job as (images, h, w) float32, each CAM scaled to [0, 1].",
    capability="explain",
)
def cams_are_scaled(session: ConformanceSession) -> None:
    """CAMs of each image's predicted class are in [0, 1]; of a deep classifier if the backbone trains one."""
    mode: Mode = "deep" if DEEP in session.backbone.capabilities else "shallow"
    run = session.encode(mode)
    for name in map(job_files.cams, GUARANTEED_CAMS):
        cams = run.array(name)
        if cams.min() < 0 or cams.max() > 1:
            raise ContractViolation(f"{name} holds values from {cams.min():.3g} to {cams.max():.3g}, expected 0 to 1")
