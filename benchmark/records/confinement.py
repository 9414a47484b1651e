"""Whether anything confined the code of the contestant that a record is of."""

from benchmark.records.record import Record

SHIPPED = frozenset(
    {
        "aotgan",
        "colour",
        "deepfillv2",
        "edgeconnect",
        "efficientnet",
        "efficientnet_lite0",
        "inception",
        "lama",
        "lpips",
        "pixels",
        "timm",
    }
)
"""Contestants and metrics of the project: their code is reviewed, so that it needs no confinement."""


def is_unconfined(record: Record) -> bool:
    """Whether a stranger's code made the record as a program of the user, which can read the answers.

    A container has neither network nor sight of anything but its job.

    Args:
        record: says which runner and which contestant it is of.
    """
    return record.provenance.runner == "process" and record.backbone.partition(":")[0] not in SHIPPED
