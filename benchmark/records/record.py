"""A record: everything known about one run of one backbone, as one immutable JSON file."""

from typing import Annotated, Literal

from pydantic import Field

from benchmark.records.base import MOST_INDIVIDUALS, Key, Line, Name, RecordPart, Seed
from benchmark.records.classification import (
    Classification,
    GroupBaseline,
    Probes,
    ScoredImages,
    SplitAudit,
    TestImages,
    VariantScores,
)
from benchmark.records.clustering import Clustering, ClusterValidation, ProjectedImages, Projections
from benchmark.records.fingerprint import Fingerprint
from benchmark.records.inpainting import Encoder, Inpainting
from benchmark.records.provenance import Experiment, Failure, Provenance
from benchmark.records.retrieval import OpenSet, Retrieval, RetrievalBaseline
from benchmark.vocabulary import Distance, EmbeddingView, EncoderState, Mode, RegionVariant, RunStatus

VERSION: Literal[3] = 3
"""Version of the record format."""


class Record(RecordPart):
    """One run of one backbone.

    Attributes:
        version: of the record format.
        key: sha256 over what identifies the run (backbone code, data, split, protocol, initialisation, weights, seed,
            device, and the version of the scoring).
        status: `ok`, or why the run failed.
        backbone: name of its folder, or `name:variant`.
        title: its name in tables.
        licence: of its published weights if they were used, else of its code.
        init: `random`, the names of the published weights it started from, or `none` for a backbone without parameters.
        dataset: name of the data set.
        approximate_regions: whether some of its region masks were proposed by a program and corrected by nobody.
        individuals: number of identities.
        candidate_count: number of individuals that can be the answer: those in training, or in a disjoint split those
            of test. Chance is one over it.
        split: name of the split.
        protocol: name of the protocol.
        seed: of every random choice in training.
        classification: by mode; empty in a failed record.
        probes: classifiers that the harness fits on frozen embeddings, by encoder state; also by region variant.
        ablation: scores on the test images by mode and region variant, for the modes that are trained in every region
            variant; empty for data without regions.
        clustering: the paper's five metrics, by encoder state.
        cluster_validation: more metrics, of more clusterings, by encoder state and embedding view.
        projected_images: the test images in the projections; None without projections.
        projections: embeddings in two dimensions, by encoder state.
        untrained: the shallow classifier on the untrained encoder; None if the run had random weights alone, or if the
            protocol has no shallow classifiers.
        test_images: None in a failed record.
        audit: of the split; None in a failed record.
        group_baselines: scores of the commonest individual (`majority`) and of each metadata column, by its name.
        validation_baselines: the same on the validation images.
        retrieval_baselines: scores of a ranking in random order (`random`), and of one that puts first the images alike
            in a metadata column, by its name.
        retrieval: re-identification, by encoder state and distance.
        open_set: by encoder state; empty in a closed and in a disjoint split.
        fingerprints: by encoder state; empty in a failed record.
        encoder: None in a failed record.
        inpainting: None for a backbone that does not inpaint.
        experiment: None for a run of the leaderboards.
        validation: in an experiment, scores on the validation images after the last epoch, by mode and region variant.
        validation_images: the validation images; None without classifiers.
        failure: None unless the run failed.
        provenance: everything that made the numbers.
    """

    version: Literal[3] = VERSION
    key: Key
    status: RunStatus
    backbone: Line
    title: Line
    licence: Line
    init: Line
    dataset: Name
    approximate_regions: bool = False
    individuals: Annotated[int, Field(ge=1, le=MOST_INDIVIDUALS)]
    candidate_count: Annotated[int, Field(ge=1, le=MOST_INDIVIDUALS)]
    split: Name
    protocol: Name
    seed: Seed
    classification: dict[Mode, Classification] = {}
    probes: dict[EncoderState, Probes] = {}
    ablation: dict[Mode, dict[RegionVariant, VariantScores]] = {}
    clustering: dict[EncoderState, Clustering] = {}
    cluster_validation: dict[EncoderState, dict[EmbeddingView, ClusterValidation]] = {}
    projected_images: ProjectedImages | None = None
    projections: dict[EncoderState, Projections] = {}
    untrained: Classification | None = None
    test_images: TestImages | None = None
    audit: SplitAudit | None = None
    group_baselines: dict[str, GroupBaseline] = {}
    validation_baselines: dict[str, GroupBaseline] = {}
    retrieval_baselines: dict[str, RetrievalBaseline] = {}
    retrieval: dict[EncoderState, dict[Distance, Retrieval]] = {}
    open_set: dict[EncoderState, OpenSet] = {}
    fingerprints: dict[EncoderState, Fingerprint] = {}
    encoder: Encoder | None = None
    inpainting: Inpainting | None = None
    experiment: Experiment | None = None
    validation: dict[Mode, dict[RegionVariant, VariantScores]] = {}
    validation_images: ScoredImages | None = None
    failure: Failure | None = None
    provenance: Provenance


def record_fields() -> object:
    """Names and types of all fields of a record, as a JSON value: runs scored into other fields have other keys."""
    return _without_prose(Record.model_json_schema())


def _without_prose(schema: object) -> object:
    """A JSON Schema without titles and descriptions."""
    if isinstance(schema, list):
        return [_without_prose(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: {name: _without_prose(one) for name, one in value.items()}
        if key in {"properties", "$defs"}
        else _without_prose(value)
        for key, value in schema.items()
        if key not in {"title", "description"}
    }
