"""Embeddings of images, in their order; with a classifier's checkpoint also logits and CAMs."""

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from io import BufferedWriter
from typing import Any, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from backbones.kit.arithmetic import choose_arithmetic
from backbones.kit.data import consecutive_batches, load_data, order_by_content, read_rows, to_images
from backbones.kit.errors import DataError, JobError
from backbones.kit.job import EncodeJob
from backbones.kit.learning.explain import class_activation_maps
from backbones.kit.learning.head import Head, embed
from backbones.kit.learning.inference import arrange, images_at_once, optimise
from backbones.kit.parameters import count_used
from backbones.kit.progress import report
from backbones.kit.published import checkpoints
from backbones.kit.published.weights import strict_load
from backbones.kit.runtime import Stopwatch, computing


def encode(job: EncodeJob, encoder: nn.Module) -> dict[str, Any]:
    """Write embeddings.npy; with a classifier's checkpoint also logits.npy, and the CAMs of each method of `explain`.

    Args:
        job: the job.
        encoder: the loaded encoder; if the job is `fast`, it is changed and cannot be trained again.

    Returns:
        The content of result.json.

    Raises:
        JobError: `explain` or `classes` without a classifier's checkpoint.
        DataError: the classifier's head does not fit the embeddings or the job.
    """
    watch = Stopwatch()
    data = load_data(job.data, job.image_size)
    count = len(data.images)
    encoder = encoder.to(job.device).eval()
    head = _head(job)
    if head is None and (job.explain or job.classes is not None):
        raise JobError("explain and classes need the checkpoint of a classifier; this job has none.")
    with computing(job):
        parameters = count_used(encoder, to_images(data.images[:1], job.device))
    arithmetic = choose_arithmetic(job)
    size = job.batch_size
    if job.fast:
        encoder = optimise(encoder, arithmetic)
        size = images_at_once(job.batch_size, job.image_size, job.device)
    order = order_by_content(data.images)
    with _Writer(job, count) as writer:
        for batch in consecutive_batches(count, size):
            rows = order[batch]
            images = to_images(read_rows(data.images, rows), job.device)
            with torch.inference_mode(), computing(job):
                feature_maps = encoder(arrange(images, arithmetic) if job.fast else images)
            feature_maps = feature_maps.float().contiguous()
            embeddings = embed(feature_maps, job.pooling)
            if head is not None and embeddings.shape[1] != head.linear.in_features:
                raise DataError(
                    f"{job.checkpoint}: the head takes embeddings of {head.linear.in_features} values, but pooling "
                    f"{job.pooling!r} makes {embeddings.shape[1]}. Encode with the pooling and image_size of its "
                    "training."
                )
            writer.put("embeddings", rows, embeddings.to(getattr(torch, job.dtype)))
            if head is not None:
                feature_maps = feature_maps.clone()  # outside inference mode, so that CAMs have gradients
                with torch.no_grad():
                    logits = head(feature_maps)
                writer.put("logits", rows, logits)
                cams_by_method = class_activation_maps(job.explain, head, feature_maps, logits.argmax(dim=1))
                for method, cams in cams_by_method.items():
                    writer.put(f"cams-{method}", rows, torch.from_numpy(cams))
            report(batch.stop, count, "image")
    return watch.result(count, encoder={"parameters": parameters, "shape": list(feature_maps.shape[1:])})


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
    """Writes rows of arrays while the next rows are computed. The arrays may be larger than memory."""

    def __init__(self, job: EncodeJob, count: int) -> None:
        """Args: the job, and the number of rows of each array."""
        self._out, self._count = job.out, count
        self._files: dict[str, BufferedWriter] = {}
        self._starts: dict[str, int] = {}
        self._stack = ExitStack()
        self._thread = self._stack.enter_context(ThreadPoolExecutor(max_workers=1))
        self._pending: Future[None] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Wait for the last rows, and close every file."""
        with self._stack:
            self._wait()

    def put(self, name: str, rows: NDArray[np.int64], values: Tensor) -> None:
        """Write rows of the array `name`; waits until the rows before are written."""
        array = np.ascontiguousarray(values.cpu().numpy())
        self._wait()
        self._pending = self._thread.submit(self._write, name, rows, array)

    def _wait(self) -> None:
        if self._pending is not None:
            self._pending.result()

    def _write(self, name: str, rows: NDArray[np.int64], array: NDArray[Any]) -> None:
        if name not in self._files:
            file = self._stack.enter_context((self._out / f"{name}.npy").open("wb"))
            header = np.lib.format.header_data_from_array_1_0(array) | {"shape": (self._count, *array.shape[1:])}
            np.lib.format.write_array_header_1_0(file, header)
            self._files[name], self._starts[name] = file, file.tell()
        for row, values in zip(rows.tolist(), array, strict=True):
            self._files[name].seek(self._starts[name] + row * values.nbytes)
            self._files[name].write(values.data)
