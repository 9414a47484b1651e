"""Names of the folders and files of a job, as docs/contract.md lists them."""

from benchmark.vocabulary import CamMethod

JOB = "job.json"

DATA, ARTIFACTS, OUT = "data", "in", "out"
"""Folders in a job's folder: the pack, the files that the job starts from, the outputs."""

IMAGES, MASKS, TABLE, CALIBRATION = "images.npy", "masks.npy", "table.csv", "calibration.npy"
PACK = (IMAGES, MASKS, TABLE, CALIBRATION)
"""Files of a pack, all that a job sees of its folder; a pack has some of them."""

RESULT = "result.json"
CHECKPOINT = "checkpoint.safetensors"
HISTORY = "history.csv"
VALIDATION_LOGITS = "validation_logits.npy"
RECONSTRUCTIONS = "reconstructions.npy"
EMBEDDINGS = "embeddings.npy"
LOGITS = "logits.npy"


def cams(method: CamMethod) -> str:
    """Name of the CAMs of a method."""
    return f"cams-{method}.npy"
