"""Training of a classifier on the encoder: `shallow` (encoder frozen) or `deep` (encoder trained too)."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from backbones.kit.api import Backbone
from backbones.kit.data import Data, consecutive_batches, load_data, shuffled_batches, to_images
from backbones.kit.errors import DataError
from backbones.kit.job import CamMethod, ClassifyJob
from backbones.kit.learning.explain import class_activation_maps
from backbones.kit.learning.head import Head
from backbones.kit.progress import report, write_history
from backbones.kit.published import checkpoints
from backbones.kit.runtime import Stopwatch, computing

CACHE_BYTES = 2 * 2**30
"""Feature maps of a frozen encoder are computed once and kept in memory if they need at most so many bytes."""


def train_classifier(job: ClassifyJob, backbone: Backbone, cache_bytes: int = CACHE_BYTES) -> dict[str, Any]:
    """Train the head, in deep mode the encoder too, with cross-entropy and Adam, and write the files of the contract.

    Args:
        job: the job.
        backbone: the loaded backbone.
        cache_bytes: most memory for feature maps that are kept.

    Returns:
        The content of result.json.
    """
    watch = Stopwatch()
    data = load_data(job.data, job.image_size, columns=("split", "label", "probe"))
    training = _ClassifierTraining(job, backbone.encoder.to(job.device), data, cache_bytes)
    history = []
    for epoch in range(1, job.epochs + 1):
        loss = training.train_epoch()
        training.evaluate()
        history.append({"epoch": epoch, "loss": loss})
        report(epoch, job.epochs, "epoch", loss=loss)
    training.write()
    write_history(job.out / "history.csv", history)
    return watch.result(job.epochs * len(training.train), epoch=job.epochs, iterations=training.iterations)


class _ClassifierTraining:
    """Encoder and head in training, and their outputs after each epoch."""

    def __init__(self, job: ClassifyJob, encoder: nn.Module, data: Data, cache_bytes: int) -> None:
        self.job, self.encoder, self.data = job, encoder, data
        self.deep = job.mode == "deep"
        self.train, self.validation = data.rows("train"), data.rows("val")
        self.probes = np.flatnonzero([row["probe"] == "1" for row in data.table])
        if job.explain and not len(self.probes):
            raise DataError("table.csv has no row whose probe is 1, but the job needs CAMs of such rows (explain).")
        self.labels = data.labels(job.classes).to(job.device)
        encoder.requires_grad_(self.deep).eval()
        self.cached_maps: Tensor | None = None
        with torch.no_grad():
            shape = self.feature_maps(np.arange(1)).shape[1:]
            if not self.deep and shape.numel() * 4 * len(data.images) <= cache_bytes:
                batches = consecutive_batches(len(data.images), job.batch_size)
                self.cached_maps = torch.cat([self.feature_maps(np.r_[batch]) for batch in batches])
        self.head = Head(shape, job.classes, job.pooling).to(job.device)
        parameters = [*self.head.parameters(), *(encoder.parameters() if self.deep else ())]
        self.optimiser = torch.optim.Adam(parameters, lr=job.learning_rate)
        self.order = torch.Generator().manual_seed(job.seed)
        self.iterations = 0
        self.logits: list[NDArray[np.float32]] = []
        self.cams: dict[CamMethod, list[NDArray[np.float32]]] = {method: [] for method in job.explain}

    def feature_maps(self, rows: NDArray[np.int64]) -> Tensor:
        """Feature maps (B, C, h, w) float32 of some rows."""
        if self.cached_maps is not None:
            return self.cached_maps[rows]
        with computing(self.job):
            feature_maps: Tensor = self.encoder(to_images(self.data.images[rows], self.job.device))
        return feature_maps.float()

    def train_epoch(self) -> float:
        """Train for one epoch and return the mean loss in nats."""
        self.encoder.train(self.deep)
        loss_sum, count = 0.0, 0
        for rows in shuffled_batches(self.train, self.job.batch_size, self.order):
            loss = nn.functional.cross_entropy(self.head(self.feature_maps(rows)), self.labels[rows])
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimiser.step()
            self.iterations += 1
            loss_sum, count = loss_sum + float(loss.detach()) * len(rows), count + len(rows)
        return loss_sum / count

    @torch.no_grad()
    def evaluate(self) -> None:
        """Append the logits of the validation images and the CAMs of the probes for the current weights."""
        self.encoder.eval()
        batches = self.batches(self.validation)
        self.logits.append(torch.cat([self.head(self.feature_maps(rows)) for rows in batches]).cpu().numpy())
        if not self.cams:
            return
        explained = [
            class_activation_maps(self.job.explain, self.head, self.feature_maps(rows), self.labels[rows])
            for rows in self.batches(self.probes)
        ]
        for method, epochs in self.cams.items():
            epochs.append(np.concatenate([cams[method] for cams in explained]))

    def batches(self, rows: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        """The rows, in their order, in batches of the job's size."""
        return [rows[batch] for batch in consecutive_batches(len(rows), self.job.batch_size)]

    def write(self) -> None:
        """Write the checkpoint, the logits and the CAMs."""
        out = self.job.out
        np.save(out / "validation_logits.npy", np.stack(self.logits))
        for method, epochs in self.cams.items():
            np.save(out / f"cams-{method}.npy", np.stack(epochs))
        state = {"encoder": self.encoder.state_dict(), "head": self.head.state_dict()}
        checkpoints.save(out / "checkpoint.safetensors", state)
