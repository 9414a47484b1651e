"""Embeddings of images, in their order; with a classifier's checkpoint also logits and CAMs."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from backbones.kit.api import Backbone
from backbones.kit.data import consecutive_batches, load_data, to_images
from backbones.kit.errors import DataError, JobError
from backbones.kit.job import EncodeJob
from backbones.kit.learning.explain import class_activation_maps
from backbones.kit.learning.head import Head, embed
from backbones.kit.parameters import count_used
from backbones.kit.progress import report
from backbones.kit.published import checkpoints
from backbones.kit.published.weights import strict_load
from backbones.kit.runtime import Stopwatch, computing


def encode(job: EncodeJob, backbone: Backbone) -> dict[str, Any]:
    """Write embeddings.npy; with a classifier's checkpoint also logits.npy, and the CAMs of each method of `explain`.

    Args:
        job: the job.
        backbone: the loaded backbone.

    Returns:
        The content of result.json.

    Raises:
        JobError: `explain` or `classes` without a classifier's checkpoint.
        DataError: the classifier's head does not fit the embeddings or the job.
    """
    watch = Stopwatch()
    data = load_data(job.data, job.image_size)
    encoder = backbone.encoder.to(job.device).eval()
    head = _head(job)
    if head is None and (job.explain or job.classes is not None):
        raise JobError("explain and classes need the checkpoint of a classifier; this job has none.")
    writer = _Writer(job, len(data.images))
    for batch in consecutive_batches(len(data.images), job.batch_size):
        with torch.no_grad(), computing(job):
            feature_maps = encoder(to_images(data.images[batch], job.device))
        feature_maps = feature_maps.float()
        embeddings = embed(feature_maps, job.pooling)
        if head is not None and embeddings.shape[1] != head.linear.in_features:
            raise DataError(
                f"{job.checkpoint}: the head takes embeddings of {head.linear.in_features} values, but pooling "
                f"{job.pooling!r} makes {embeddings.shape[1]}. Encode with the pooling and image_size of its training."
            )
        writer.put("embeddings", batch, embeddings.to(getattr(torch, job.dtype)))
        if head is not None:
            with torch.no_grad():
                logits = head(feature_maps)
            writer.put("logits", batch, logits)
            for method, cams in class_activation_maps(job.explain, head, feature_maps, logits.argmax(dim=1)).items():
                writer.put(f"cams-{method}", batch, torch.from_numpy(cams))
        report(batch.stop, len(data.images), "image")
    writer.close()
    with computing(job):
        parameters = count_used(encoder, to_images(data.images[:1], job.device))
    return watch.result(len(data.images), encoder={"parameters": parameters, "shape": list(feature_maps.shape[1:])})


def _head(job: EncodeJob) -> Head | None:
    """The classifier's head; None if the job's checkpoint is no classifier's."""
    state = checkpoints.load(job.checkpoint).get("head") if job.checkpoint else None
    if state is None:
        return None
    weight = state.get("linear.weight")
    if weight is None or weight.ndim != 2:  # noqa: PLR2004 - a matrix
        raise DataError(f"{job.checkpoint}: the head has no linear.weight of two dimensions.")
    if job.classes not in (None, len(weight)):
        raise DataError(
            f"{job.checkpoint}: the head has {len(weight)} classes, but the job's classes are {job.classes}."
        )
    head = Head(torch.Size((weight.shape[1], 1, 1)), len(weight), job.pooling)
    try:
        strict_load(head, state, f"{job.checkpoint}: the head")
    except ValueError as error:
        raise DataError(str(error)) from error
    return head.to(job.device).eval()


class _Writer:
    """Writes arrays batch by batch, memory-mapped, so that they may be larger than memory."""

    def __init__(self, job: EncodeJob, count: int) -> None:
        self._out, self._count = job.out, count
        self._arrays: dict[str, NDArray[Any]] = {}

    def put(self, name: str, batch: slice, values: Tensor) -> None:
        """Write the rows `batch` of the array `name`."""
        array = values.cpu().numpy()
        if name not in self._arrays:
            self._arrays[name] = np.lib.format.open_memmap(
                self._out / f"{name}.npy", mode="w+", dtype=array.dtype, shape=(self._count, *array.shape[1:])
            )
        self._arrays[name][batch] = array

    def close(self) -> None:
        """Flush every array."""
        for array in self._arrays.values():
            array.flush()  # type: ignore[attr-defined]
        self._arrays.clear()
