"""Training of a classifier on the encoder: `shallow` (encoder frozen) or `deep` (encoder trained too)."""

import shutil
import tempfile
from typing import IO, Any

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
"""Feature maps of a frozen encoder are computed once, and kept in memory if they need at most so many bytes, else in a
file."""


def train_classifier(job: ClassifyJob, backbone: Backbone, cache_bytes: int = CACHE_BYTES) -> dict[str, Any]:
    """Train the head, in deep mode the encoder too, with cross-entropy and Adam, and write the files of the contract.

    A frozen encoder sees every image once. A job that is not `fast` encodes it again in every epoch.

    Args:
        job: the job.
        backbone: the loaded backbone.
        cache_bytes: most memory for feature maps that are kept; more of them are kept in a file.

    Returns:
        The content of result.json.
    """
    watch = Stopwatch()
    data = load_data(job.data, job.image_size, columns=("split", "label", "probe"))
    history = []
    with tempfile.TemporaryFile(dir=job.out) as file:
        training = _ClassifierTraining(job, backbone.encoder.to(job.device), data, cache_bytes, file)
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

    def __init__(self, job: ClassifyJob, encoder: nn.Module, data: Data, cache_bytes: int, file: IO[bytes]) -> None:
        self.job, self.encoder, self.data = job, encoder, data
        self.deep = job.mode == "deep"
        self.train, self.validation = data.rows("train"), data.rows("val")
        self.probes = np.flatnonzero([row["probe"] == "1" for row in data.table])
        if job.explain and not len(self.probes):
            raise DataError("table.csv has no row whose probe is 1, but the job needs CAMs of such rows (explain).")
        self.labels = data.labels(job.classes).to(job.device)
        encoder.requires_grad_(self.deep).eval()
        self.cached_maps: Tensor | _StoredMaps | None = None
        with torch.no_grad():
            if job.fast and not self.deep:
                self.cached_maps = self.encode_all(cache_bytes, file)
            shape = self.feature_maps(np.arange(1)).shape[1:]
        self.head = Head(shape, job.classes, job.pooling).to(job.device)
        parameters = [*self.head.parameters(), *(encoder.parameters() if self.deep else ())]
        # With a frozen encoder the update is most of a step: one pass over the head's weights in place of ten.
        fused = job.fast and not self.deep
        self.optimiser = torch.optim.Adam(parameters, lr=job.learning_rate, fused=fused)
        self.evaluated = np.r_[self.validation, np.setdiff1d(self.probes, self.validation)]
        self.order = torch.Generator().manual_seed(job.seed)
        self.iterations = 0
        self.logits: list[NDArray[np.float32]] = []
        self.cams: dict[CamMethod, list[NDArray[np.float32]]] = {method: [] for method in job.explain}

    def encode_all(self, cache_bytes: int, file: IO[bytes]) -> "Tensor | _StoredMaps | None":
        """The feature maps of all images by row, in memory or in a file; None if there is room in neither."""
        count = len(self.data.images)
        first, *others = self.batches(np.arange(count))
        maps = self.feature_maps(first)
        needed = maps[0].numel() * maps.element_size() * count
        if needed <= cache_bytes:
            kept = maps.new_empty((count, *maps.shape[1:]))
            kept[first] = maps
            for rows in others:
                kept[rows] = self.feature_maps(rows)
            return kept
        if needed > shutil.disk_usage(self.job.out).free:
            return None
        stored = _StoredMaps(file, maps.shape[1:], self.job.device)
        stored.append(maps)
        for rows in others:
            stored.append(self.feature_maps(rows))
        return stored

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
        logits, explained = [], []
        for rows in self.batches(self.evaluated):
            feature_maps = self.feature_maps(rows)
            logits.append(self.head(feature_maps))
            probes = np.isin(rows, self.probes)
            if self.cams and probes.any():
                cams = class_activation_maps(
                    self.job.explain, self.head, feature_maps[probes], self.labels[rows[probes]]
                )
                explained.append(cams)
        self.logits.append(torch.cat(logits)[: len(self.validation)].cpu().numpy())
        order = np.argsort(self.evaluated[np.isin(self.evaluated, self.probes)])
        for method, epochs in self.cams.items():
            epochs.append(np.concatenate([cams[method] for cams in explained])[order])

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


class _StoredMaps:
    """Feature maps in a file, read a batch at a time: they may be larger than memory."""

    def __init__(self, file: IO[bytes], shape: torch.Size, device: str) -> None:
        """Args: the file, empty; the shape (C, h, w) of a feature map; the device of what is read."""
        self._file, self._shape, self._device = file, shape, device

    def append(self, feature_maps: Tensor) -> None:
        """Write the feature maps (B, C, h, w) float32 of the next rows."""
        feature_maps.cpu().numpy().tofile(self._file)

    def __getitem__(self, rows: NDArray[np.int64]) -> Tensor:
        """The feature maps (B, C, h, w) of some rows."""
        size = self._shape.numel()
        maps = np.empty((len(rows), size), np.float32)
        for place, row in enumerate(rows):
            self._file.seek(int(row) * size * maps.itemsize)
            maps[place] = np.fromfile(self._file, np.float32, size)
        return torch.from_numpy(maps).view(-1, *self._shape).to(self._device)
