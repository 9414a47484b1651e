"""Checks of inpainting: training, its determinism, what it changes, and the filling of holes."""

import numpy as np

from harness.conformance.check import check
from harness.conformance.comparisons import require_changed, require_same
from harness.conformance.encoding_checks import embeddings
from harness.conformance.session import ConformanceSession, ContractViolation
from harness.execution import job_files

INPAINT = "train:inpaint"


@check(
    "inpainting training writes checkpoint, history and reconstructions",
    fix="Write the files that docs/contract.md lists for train, inpaint.",
    capability=INPAINT,
)
def inpainting_trains(session: ConformanceSession) -> None:
    """One epoch on twelve images with square holes succeeds."""
    session.inpaint()


@check(
    "inpainting training gives the same result twice",
    fix="Seed weights, batch order and every random choice with the job's seed, once, at the start.",
    capability=INPAINT,
)
def inpainting_is_deterministic(session: ConformanceSession) -> None:
    """Loss and reconstructions are the same. Checkpoints are not compared: their content is private to the backbone."""
    first, second = session.inpaint(), session.inpaint(repeat=2)
    assert first.result is not None
    assert second.result is not None
    losses = np.array([first.result.loss]), np.array([second.result.loss])
    require_same("the loss of the second run", *losses, precision=session.precision)
    images = (run.array(job_files.RECONSTRUCTIONS).astype(np.float32) for run in (first, second))
    require_same("the reconstructions of the second run", *images, precision=session.precision, least_tolerance=1 / 255)


@check(
    "inpainting training changes the encoder",
    fix="Encoder and inpainting model must share their weights, and the checkpoint must contain them.",
    capability=INPAINT,
)
def inpainting_changes_encoder(session: ConformanceSession) -> None:
    """Embeddings from the checkpoint differ from those of the random initial weights."""
    session.inpaint()
    require_changed("inpainting training", embeddings(session), embeddings(session, "inpaint"))


@check(
    "inpaint fills the holes and leaves known pixels unchanged",
    fix="Write reconstructions.npy, one uint8 image per input image, in their order; unchanged outside its hole.",
    capability=INPAINT,
)
def known_pixels_are_kept(session: ConformanceSession) -> None:
    """Known pixels of the training images differ by at most 1 of 255."""
    filled = session.fill().array(job_files.RECONSTRUCTIONS)
    images, known = session.pack("inpaint", "images"), session.pack("inpaint", "masks") == 0
    change = np.abs(filled[known].astype(int) - images[known].astype(int)).max()
    if change > 1:
        raise ContractViolation(f"a known pixel was changed by {change} of 255")
