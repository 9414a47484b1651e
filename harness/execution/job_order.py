"""Ids and order of the images that a job predicts: drawn with a secret of the store, undone in what the job wrote.

Records publish test labels, so no job may know which image a row is. Whoever has the records and the code has neither
the secret nor the order.
"""

import hmac
import os
import secrets
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from benchmark.vocabulary import CamMethod
from harness.execution import job_files
from harness.storage.arrays import new_array

SECRET = "secret"  # noqa: S105 - name of a file
ORDER = "order.npy"
"""File of a pack that no job sees: (N,) int64, the row of the job for each image of the harness."""
BLOCK_BYTES = 2**26
PREDICTIONS = (
    job_files.EMBEDDINGS,
    job_files.LOGITS,
    job_files.RECONSTRUCTIONS,
    *(job_files.cams(method) for method in get_args(CamMethod)),
)
"""Outputs with a row for each image of the job."""


class JobRows(NamedTuple):
    """How a job sees N images.

    Attributes:
        ids: of the rows, in the order of the job.
        places: (N,) int64, the row of the job for each image.
    """

    ids: list[str]
    places: NDArray[np.int64]


def store_secret(root: Path) -> bytes:
    """The secret of a store, drawn when it is first asked for. No job and no record shows it.

    Args:
        root: folder of the store.
    """
    path = root / SECRET
    if not path.exists():
        own = root / f"{SECRET}-{secrets.token_hex(8)}"
        with os.fdopen(os.open(own, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(secrets.token_bytes(32))
        try:
            os.link(own, path)  # another process may have been faster
        except FileExistsError:
            pass
        finally:
            own.unlink()
    return path.read_bytes()


def draw_rows(secret: bytes, pack: str, names: Sequence[str]) -> JobRows:
    """Ids and order of some images in a pack.

    Args:
        secret: of the store.
        pack: what tells the pack from all others: the same image has another id in each.
        names: unique name of each image.
    """
    ids = [hmac.digest(secret, f"{pack}:{name}".encode(), "sha256").hex()[:16] for name in names]
    order = np.argsort(np.array(ids), kind="stable")
    return JobRows([ids[row] for row in order], _inverse(order))


def restore_order(pack: Path, out: Path) -> None:
    """Bring what a job predicted into the order of the harness; nothing changes if the pack has a fixed order.

    Args:
        pack: folder of the pack.
        out: outputs of the job, which are checked already.

    Raises:
        OSError: the disk failed.
    """
    if not (pack / ORDER).exists():
        return
    places: NDArray[np.int64] = np.load(pack / ORDER)
    for name in PREDICTIONS:
        if (out / name).exists():
            _reorder(out / name, places)


def _reorder(path: Path, places: NDArray[np.int64]) -> None:
    """Row i of the file becomes its row `places[i]`; only some rows are in memory at once."""
    rows = np.load(path, mmap_mode="r")
    temporary = path.with_suffix(".restored")
    block = max(1, BLOCK_BYTES // max(1, rows[0].nbytes))
    with new_array(temporary, rows.shape, rows.dtype) as append:
        for start in range(0, len(places), block):
            append(rows[places[start : start + block]])
    del rows
    temporary.replace(path)


def _inverse(order: NDArray[np.int64]) -> NDArray[np.int64]:
    inverse = np.empty_like(order)
    inverse[order] = np.arange(len(order))
    return inverse
