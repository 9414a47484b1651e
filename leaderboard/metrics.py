"""The figures of a record that stand for it where runs are compared: between splits, and between seeds."""

from collections.abc import Callable, Mapping

from benchmark.records.classification import Classification, Scores
from benchmark.records.record import Record
from benchmark.vocabulary import EncoderState, Mode, RegionVariant

Measure = Callable[[Record], float | None]
"""A figure of a record; None where it has no such."""

Measures = Mapping[str, Measure]
"""Figures by their names in a table."""


def _accuracy(mode: Mode) -> Measure:
    def of(record: Record) -> float | None:
        return record.classification[mode].test.accuracy if mode in record.classification else None

    return of


def _precision(embedded: EncoderState) -> Measure:
    def of(record: Record) -> float | None:
        found = record.retrieval.get(embedded, {}).get("cosine")
        return found.mean_average_precision if found else None

    return of


def _adjusted_rand(embedded: EncoderState) -> Measure:
    def of(record: Record) -> float | None:
        return record.clustering[embedded].adjusted_rand if embedded in record.clustering else None

    return of


def density(trained: Classification) -> float | None:
    """Of the test images' maps on the pattern; None where all are empty: counted as uniform, they would have 1."""
    found = trained.localisation
    return None if found is None or found.empty == found.images else found.density.pattern


def _density(mode: Mode) -> Measure:
    def of(record: Record) -> float | None:
        return density(record.classification[mode]) if mode in record.classification else None

    return of


def possible(record: Record) -> int:
    """How many individuals can be the answer; in a record that does not say, all."""
    return record.candidate_count or record.individuals


def reliance(scores: Mapping[RegionVariant, Scores]) -> float | None:
    """Background / Body: how much more the background tells than the animal without its pattern."""
    if not {"background", "body"} <= set(scores) or not scores["body"].accuracy:
        return None
    return scores["background"].accuracy / scores["body"].accuracy


def pattern_gain(scores: Mapping[RegionVariant, Scores]) -> float | None:
    """No background - No pattern: what the pattern is worth."""
    if not {"no_background", "no_pattern"} <= set(scores):
        return None
    return scores["no_background"].accuracy - scores["no_pattern"].accuracy


def _hole(measure: str) -> Measure:
    def of(record: Record) -> float | None:
        found = record.inpainting.reconstruction.get("model") if record.inpainting else None
        value: float | None = getattr(found, measure, None)
        return value

    return of


def _deep_reliance(record: Record) -> float | None:
    return reliance(record.ablation.get("deep", {}))


def _deep_gain(record: Record) -> float | None:
    return pattern_gain(record.ablation.get("deep", {}))


CLASSIFICATION: Measures = {"Shallow accuracy": _accuracy("shallow"), "Deep accuracy": _accuracy("deep")}
ABLATION: Measures = {"Deep, Background / Body": _deep_reliance, "Deep, No background - No pattern": _deep_gain}
RETRIEVAL: Measures = {"mAP": _precision("initial"), "ref-mAP": _precision("finetuned")}
FOCUS: Measures = {"Shallow density on pattern": _density("shallow"), "Deep density on pattern": _density("deep")}
CLUSTERING: Measures = {"AdjRand": _adjusted_rand("initial"), "ref-AdjRand": _adjusted_rand("finetuned")}
INPAINTING: Measures = {"Hole PSNR": _hole("psnr"), "Hole SSIM": _hole("ssim")}
ALL: Measures = {**CLASSIFICATION, **ABLATION, **RETRIEVAL, **FOCUS, **CLUSTERING}
