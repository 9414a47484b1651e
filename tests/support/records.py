"""Records made by hand, which hold what a record must hold and the given fields; and those that a run wrote."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

from benchmark.records.base import RecordPart
from benchmark.records.classification import Classification, GroupBaseline, VariantScores
from benchmark.records.clustering import Clustering
from benchmark.records.files import OLDEST_SCORING, read_record
from benchmark.records.inpainting import Inpainting, Reconstruction
from benchmark.records.localisation import Localisation
from benchmark.records.provenance import Failure, Provenance
from benchmark.records.record import Record
from benchmark.records.retrieval import PairingScores, Retrieval, RetrievalBaseline
from leaderboard.record_files import RecordFile
from support.filling import filled_part

P = TypeVar("P", bound=RecordPart)

PROVENANCE = Provenance(
    commit="",
    code="",
    image="sha256:0",
    data="",
    split="",
    protocol="",
    rules="",
    scoring=OLDEST_SCORING,
    weights={},
    runner="docker",
    hardware={},
    versions={},
    started="2026-01-01T00:00:00Z",
    finished="2026-01-01T00:00:00Z",
    stages={},
)
REQUIRED = {
    "key": "0123456789abcdef",
    "status": "ok",
    "backbone": "lama",
    "title": "LaMa",
    "licence": "MIT",
    "init": "random",
    "dataset": "d",
    "individuals": 6,
    "split": "s",
    "protocol": "p",
    "seed": 0,
    "provenance": PROVENANCE,
}


def blank_record(**fields: Any) -> Record:
    """A successful run that measured nothing except these fields, whose values are validated.

    Of a key, what a record's key may not hold is left out.
    """
    known = {"candidate_count": fields.get("individuals", REQUIRED["individuals"])}
    if "key" in fields:
        fields["key"] = re.sub("[^0-9a-z]", "", fields["key"].lower())
    return Record.model_validate(filled_part(Record, REQUIRED | known | fields))


def read_all(folder: Path) -> list[Record]:
    """Every record below a folder, in the order of their file names."""
    return [read_record(path) for path in sorted(folder.rglob("*.json"))]


def score(accuracy: float, *, images: int = 60) -> VariantScores:
    """Scores with this accuracy and recall, and half of it as F1, without answers."""
    return VariantScores(accuracy=accuracy, recall=accuracy, f1=accuracy / 2, images=images, answers=(), losses=())


def part(kind: type[P], **fields: Any) -> P:
    """A part of a record that holds nothing but these fields; the values are validated."""
    return kind.model_validate(filled_part(kind, fields))


def trained(accuracy: float, **fields: Any) -> Classification:
    """A classifier with this test accuracy; the values of the fields are validated."""
    test = {"accuracy": accuracy, "recall": accuracy, "f1": accuracy / 2, "images": 60}
    return part(Classification, **{"test": test, "balanced_accuracy": accuracy} | fields)


def localised(regions: Mapping[str, float | None], **fields: Any) -> Localisation:
    """CAMs whose mass, density and rank accuracy are these numbers on the regions; the values are validated."""
    values = {"mass": regions, "density": regions, "rank": regions, "images": 10, "method": "gradcam", "grid": (2, 2)}
    return part(Localisation, **values | fields)


def group_baseline(accuracy: float, **fields: Any) -> GroupBaseline:
    """A baseline that sees no image with this accuracy; the values of the fields are validated."""
    values = {"accuracy": accuracy, "balanced_accuracy": accuracy, "recall": accuracy, "f1": accuracy / 2}
    return part(GroupBaseline, **values | fields)


def ranked(rank1: float | None, **fields: Any) -> Retrieval:
    """A ranking in which this share of ten queries finds its individual first; the values are validated."""
    values = {"rank1": rank1, "rank5": rank1, "mean_average_precision": rank1, "queries": 10}
    return part(Retrieval, **values | {"first_ranks": [1] * 10, "average_precisions": [rank1] * 10} | fields)


def paired(rank1: float | None, **fields: Any) -> PairingScores:
    """A ranking in which more is hidden; the values are validated."""
    return part(PairingScores, **{"rank1": rank1, "mean_average_precision": rank1, "queries": 10} | fields)


def ranked_by_group(rank1: float | None, **fields: Any) -> RetrievalBaseline:
    """A ranking that sees no image; the values are validated."""
    return part(RetrievalBaseline, **{"rank1": rank1, "rank5": rank1, "mean_average_precision": rank1} | fields)


def filled(**fields: Any) -> Reconstruction:
    """Errors of eight filled holes; the values are validated."""
    return part(Reconstruction, **{"l1": 0.1, "psnr": 20.0, "ssim": 0.5, "images": 8, "photos": 8} | fields)


def inpainted(**fields: Any) -> Inpainting:
    """An inpainting training of one epoch; the values are validated."""
    values = {"loss": 0.5, "epoch": 1, "iterations": 10, "batch_size": 2, "validation": (0.5,), "rule": "lowest"}
    return part(Inpainting, **values | {"kept": {"lowest": 1, "settled": 1}} | fields)


def clustered(adjusted_rand: float | None, **fields: Any) -> Clustering:
    """Clusters with this adjusted Rand index; the values of the fields are validated."""
    values = {
        "mutual_information": 0.339,
        "adjusted_mutual_information": None if adjusted_rand is None else 0.25,
        "silhouette": 0.0604,
        "davies_bouldin": 3.224,
        "calinski_harabasz": 36.558,
        "images": 60,
        "dimensions": 4096,
        "exact": True,
    }
    return part(Clustering, **{"adjusted_rand": adjusted_rand} | values | fields)


def record_file(**fields: Any) -> RecordFile:
    """A blank record of the built-in data set, in its file."""
    values = {"init": "big-lama", "dataset": "zebrafish-synth", "split": "time", "protocol": "full"}
    record = blank_record(**values | fields)
    folder = f"leaderboard/records/{record.dataset}/{record.protocol}"
    return RecordFile(record, f"{folder}/{record.backbone}-{record.key[:12]}.json")


PAPER_ABLATION = {
    "deep": (0.75, 0.88, 0.85, 0.82, 0.89, 0.93, 0.97),
    "shallow": (0.76, 0.32, 0.17, 0.46, 0.86, 0.68, 0.75),
}
"""The rows of AOT-GAN in the paper's ablation tables."""


def paper_ablation(mode: str) -> dict[str, VariantScores]:
    """The paper's ablation of AOT-GAN by region variant."""
    variants = ("background", "body", "pattern", "no_background", "no_body", "no_pattern", "all")
    pairs = zip(variants, PAPER_ABLATION[mode], strict=True)
    return {variant: score(accuracy) for variant, accuracy in pairs}


def complete(**fields: Any) -> RecordFile:
    """A record with classification, ablation and clustering."""
    values = {
        "classification": {"shallow": trained(0.31), "deep": trained(0.97)},
        "ablation": {mode: paper_ablation(mode) for mode in PAPER_ABLATION},
        "clustering": {"initial": clustered(0.127), "finetuned": clustered(0.228)},
    }
    return record_file(**values | fields)


def failed(**fields: Any) -> RecordFile:
    """A record of a run that failed."""
    failure = Failure(stage="train-deep", cause="No answer | for 600 s.", log="...")
    return record_file(**{"key": "fedcba9876543210", "status": "timeout", "failure": failure} | fields)


def with_regions(**fields: Any) -> RecordFile:
    """A complete record with CAM localisation and an inpainting training."""
    regions = {"background": 0.5, "body": 0.25, "pattern": 0.25}
    values = {
        "classification": {"deep": trained(0.5, answers=[0], localisations=[localised(regions)])},
        "inpainting": inpainted(loss=1.0, validation=[1.0]),
    }
    return complete(**values | fields)
