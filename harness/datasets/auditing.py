"""The audit of a data set's split, with the photos' looks and a user's embeddings."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.audit.audit import Audit, audit
from benchmark.data.catalogue import Catalogue
from benchmark.data.content_digests import content_digests, original_digests
from benchmark.errors import InputError
from benchmark.splitting.split import Split, check_split
from harness.execution.crops import CropSet, cut_crops
from harness.execution.events import ProgressListener
from harness.execution.store import Store

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_HASHED_SIDE = 64


def audit_split(
    catalogue: Catalogue,
    split: Split,
    embeddings: Path | None,
    listener: ProgressListener,
    store: Store | None,
    digest_of: Callable[[Path], str],
) -> Audit:
    """Audits a split after checking that it still fits the data set's photos.

    Args:
        catalogue: the data set.
        split: of it.
        embeddings: .npy file for `read_embeddings`, one row an image in the order of the catalogue, to look for similar
            ones; None = not looked for.
        listener: receives the progress of cutting crops.
        store: keeps the crops in which look-alikes are looked for, so that photos are read once; None = not looked
            for.
        digest_of: gives the sha256 of a file of the data set.

    Raises:
        InputError: the split does not fit the photos, or the embeddings cannot be read or do not fit.
    """
    digests = content_digests(catalogue.rows, digest_of)
    check_split(split, catalogue, original_digests(catalogue.rows, digests, digest_of))
    hashes = None
    if store is not None:
        entry = cut_crops(store, catalogue, digests, _HASHED_SIDE, listener)
        hashes = CropSet(catalogue, split, entry).hashes
    vectors = None if embeddings is None else read_embeddings(embeddings)
    return audit(catalogue, split, hashes=hashes, embeddings=vectors)


def read_embeddings(path: Path) -> "NDArray[np.floating]":
    """Embeddings (N, D) of floating-point numbers from a .npy file, memory-mapped.

    Raises:
        InputError: the file cannot be read, or holds another kind of array.
    """
    import numpy as np

    try:
        array = np.load(path, mmap_mode="r")
    except (OSError, ValueError, EOFError) as error:
        raise InputError(f"{path}: cannot be read as an array ({error}). Write one with numpy.save.") from error
    if not isinstance(array, np.ndarray) or array.ndim != 2 or array.dtype.kind != "f":  # noqa: PLR2004 - (N, D)
        raise InputError(f"{path}: not an array of floating-point numbers with one row an image. Reshape it to (N, D).")
    return array
