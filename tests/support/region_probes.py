"""Probes of a record, made by hand from the answers that each gives."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from benchmark.metrics.score_intervals import of_hits
from benchmark.records.classification import Probe, ProbePair, Probes, TestImages
from benchmark.vocabulary import RegionQuestion, RegionVariant
from support.records import score

LABELS = (0, 1) * 12
UNITS = tuple(number // 2 for number in range(24))
IMAGES = TestImages(labels=LABELS, groups=UNITS, by="stretches", identities=("ann", "bob"), train_images=(9, 9))
"""Twelve units of two images."""


def answers(right: int) -> tuple[int, ...]:
    """The first images answered correctly, the others wrong."""
    return tuple(label if number < right else 1 - label for number, label in enumerate(LABELS))


def probe(right: int) -> Probe:
    """A probe that answers the first images correctly."""
    correct = np.arange(len(LABELS)) < right
    interval = of_hits(correct, np.array(UNITS))
    return Probe(
        test=score(right / len(LABELS), images=len(LABELS)),
        answers=answers(right),
        intervals={"accuracy": interval} if interval else {},
        choice=1.0,
        converged=True,
    )


def probes(whole: int, regions: Mapping[RegionQuestion, Sequence[int]] | None = None) -> Probes:
    """Probes of one encoder; linear and nearest-neighbour ones are the same.

    Args:
        whole: number of right answers on whole images.
        regions: numbers of right answers by question: background, body, pattern, no_background, no_body, no_pattern.
    """
    variants: Sequence[RegionVariant] = ("background", "body", "pattern", "no_background", "no_body", "no_pattern")
    by_variant: dict[RegionVariant, dict[RegionQuestion, Any]] = {variant: {} for variant in variants}
    for question, rights in (regions or {}).items():
        for variant, right in zip(variants, rights, strict=True):
            by_variant[variant][question] = ProbePair(linear=probe(right), nearest=probe(right))
    return Probes(linear=probe(whole), nearest=probe(whole), regions=by_variant if regions else {})
