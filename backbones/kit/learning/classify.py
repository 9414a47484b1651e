"""Training a classifier on the encoder: `shallow` (encoder frozen) or `deep` (encoder trained too)."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from backbones.kit.api import Backbone
from backbones.kit.data import Data, in_order, load, shuffled, to_images
from backbones.kit.errors import DataError
from backbones.kit.job import ClassifyJob
from backbones.kit.learning.explain import activation_maps
from backbones.kit.learning.head import Head
from backbones.kit.progress import report, write_history
from backbones.kit.published import checkpoints
from backbones.kit.runtime import Stopwatch, computing

MAPS_BUDGET = 2 * 2**30
"""Bytes of a frozen encoder's feature maps that are kept in memory; beyond it they are computed every epoch."""


def train_classifier(job: ClassifyJob, backbone: Backbone) -> dict[str, Any]:
    """Train with cross-entropy and Adam for the job's epochs, and write all that the contract asks for.

    Returns:
        The content of result.json.
    """
    watch = Stopwatch()
    data = load(job.data, job.image_size, columns=("split", "label", "probe"))
    training = _Training(job, backbone.encoder.to(job.device), data)
    history = []
    for epoch in range(1, job.epochs + 1):
        loss = training.learn()
        training.look()
        history.append({"epoch": epoch, "loss": loss})
        report(epoch, job.epochs, "epoch", loss=loss)
    training.write()
    write_history(job.out / "history.csv", history)
    return watch.result(job.epochs * len(training.train), epoch=job.epochs, iterations=training.iterations)


class _Training:
    """The networks, and what was seen of them after each epoch."""

    def __init__(self, job: ClassifyJob, encoder: nn.Module, data: Data) -> None:
        self.job, self.encoder, self.data = job, encoder, data
        self.deep = job.mode == "deep"
        self.train, self.validation = data.rows("train"), data.rows("val")
        self.probes = np.flatnonzero([row["probe"] == "1" for row in data.table])
        if job.explain and not len(self.probes):
            raise DataError("table.csv has no row whose probe is 1, but the job wants maps of such (explain).")
        self.labels = data.labels(job.classes).to(job.device)
        encoder.requires_grad_(self.deep).eval()
        self.frozen: Tensor | None = None
        with torch.no_grad():
            shape = self.maps(np.arange(1)).shape[1:]
            if not self.deep and shape.numel() * 4 * len(data.images) <= MAPS_BUDGET:
                batches = in_order(len(data.images), job.batch_size)
                self.frozen = torch.cat([self.maps(np.r_[batch]) for batch in batches])
        self.head = Head(shape, job.classes, job.pooling).to(job.device)
        learned = [*self.head.parameters(), *(encoder.parameters() if self.deep else ())]
        self.optimiser = torch.optim.Adam(learned, lr=job.learning_rate)
        self.order = torch.Generator().manual_seed(job.seed)
        self.iterations = 0
        self.logits: list[NDArray[np.float32]] = []
        self.cams: list[NDArray[np.float32]] = []

    def maps(self, rows: NDArray[np.int64]) -> Tensor:
        """Feature maps (B, C, h, w) of some rows."""
        if self.frozen is not None:
            return self.frozen[rows]
        with computing(self.job):
            maps: Tensor = self.encoder(to_images(self.data.images[rows], self.job.device))
        return maps.float()

    def learn(self) -> float:
        """One epoch; returns its mean loss in nats."""
        self.encoder.train(self.deep)
        total, seen = 0.0, 0
        for rows in shuffled(self.train, self.job.batch_size, self.order):
            loss = nn.functional.cross_entropy(self.head(self.maps(rows)), self.labels[rows])
            self.optimiser.zero_grad(set_to_none=True)
            loss.backward()  # type: ignore[no-untyped-call]
            self.optimiser.step()
            self.iterations += 1
            total, seen = total + float(loss.detach()) * len(rows), seen + len(rows)
        return total / seen

    @torch.no_grad()
    def look(self) -> None:
        """Logits of the validation images and class activation maps of the probes, as things stand."""
        self.encoder.eval()
        batches = self.batches(self.validation)
        self.logits.append(torch.cat([self.head(self.maps(rows)) for rows in batches]).cpu().numpy())
        if method := self.job.explain:
            batches = self.batches(self.probes)
            cams = [activation_maps(method, self.head, self.maps(rows), self.labels[rows]) for rows in batches]
            self.cams.append(np.concatenate(cams))

    def batches(self, rows: NDArray[np.int64]) -> list[NDArray[np.int64]]:
        """The rows, in their order, as many at a time as the job says."""
        return [rows[batch] for batch in in_order(len(rows), self.job.batch_size)]

    def write(self) -> None:
        """The checkpoint and everything seen."""
        out = self.job.out
        np.save(out / "validation_logits.npy", np.stack(self.logits))
        if self.cams:
            np.save(out / "cams.npy", np.stack(self.cams))
        state = {"encoder": self.encoder.state_dict(), "head": self.head.state_dict()}
        checkpoints.save(out / "checkpoint.safetensors", state)
