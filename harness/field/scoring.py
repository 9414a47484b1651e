"""From the embeddings of all photos to the scores of a field survey."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from benchmark.cross_validation.answers import NO_ANSWER, OutOfFoldAnswers, Photos, cross_validate, settled
from benchmark.cross_validation.folding import Folding, described, folding
from benchmark.cross_validation.schemes import Scheme, schemes
from benchmark.data.catalogue import Catalogue
from benchmark.data.pairing import Pairing, sightings_of
from benchmark.metrics.clustering import cluster, reduce
from benchmark.metrics.group_baselines import Grouped, retrieval_baseline
from benchmark.metrics.matches import Images
from benchmark.metrics.resampling.chance import best_guess, better_than_chance
from benchmark.metrics.resampling.intervals import of_mean, of_share
from benchmark.metrics.resampling.power import (
    agreement_within,
    detectable_difference,
    effective_images,
    mean_discordance,
)
from benchmark.metrics.resampling.units import Units, units_of
from benchmark.metrics.retrieval import retrieve_each, summarise, summarise_pairing
from benchmark.records.clustering import Clustering
from benchmark.records.field import FieldFocus, FieldRetrieval, FieldScores, OutOfFold, Suspect
from benchmark.vocabulary import FoldScheme, RegionQuestion, RegionVariant
from harness.execution import titles
from harness.execution.events import ProgressListener
from harness.field.focus import FocusSample, focus
from harness.field.suspects import find_suspects

NEIGHBOURS = 3
"""Nearest photos that a record names of each photo."""


@dataclass(frozen=True)
class SurveyScores:
    """The scores of a survey; the fields of `FieldRecord` of the same names."""

    units: Units
    schemes: dict[FoldScheme, FieldScores]
    retrieval: FieldRetrieval
    clusters: Clustering
    focus: FieldFocus | None
    suspects: tuple[Suspect, ...]
    neighbours: tuple[tuple[int, ...], ...]


def score(
    catalogue: Catalogue,
    embeddings: Mapping[RegionVariant, NDArray[np.floating]],
    hashes: NDArray[np.uint64],
    sample: FocusSample | None,
    seed: int,
    listener: ProgressListener,
) -> SurveyScores:
    """Score the embeddings of all photos.

    Args:
        catalogue: the data set.
        embeddings: (N, D) by region variant, in the order of the catalogue; `all` is needed.
        hashes: (N, 12) perceptual hashes of the photos, in the same order.
        sample: photos to explain; None = none.
        seed: of folds, clusters and tests.
        listener: receives the progress.
    """
    whole = unit_length(embeddings["all"])
    regions: dict[RegionVariant, NDArray[np.floating]] = {
        variant: unit_length(part) for variant, part in embeddings.items() if variant != "all"
    }
    sightings = sightings_of(catalogue.rows)
    labels = sightings.labels
    units = units_of(labels, sightings.recordings, sightings.frames)
    scores: dict[FoldScheme, FieldScores] = {}
    answered: dict[FoldScheme, tuple[Scheme, OutOfFoldAnswers]] = {}
    focused: FieldFocus | None = None
    found = schemes(catalogue.rows, labels)
    foldings = [folding(labels, scheme, seed) for scheme in found]
    fits = [sum(map(len, folds.draws)) * (1 if number else 1 + len(regions)) for number, folds in enumerate(foldings)]
    for number, (scheme, folds) in enumerate(zip(found, foldings, strict=True)):
        counts = number == 0
        listener.report(f"Answering every photo by the others: {scheme.name}, {described(folds)}.")
        photos = Photos(whole, regions if counts else {}, labels, scheme.groups)
        answers = cross_validate(
            photos,
            folds,
            seed=seed,
            on_fold=partial(_report_fold, listener, sum(fits[:number]), fits[number], sum(fits)),
        )
        answered[scheme.name] = scheme, answers
        scores[scheme.name] = _scores(scheme, folds, answers, labels, units, seed)
        if counts and sample is not None:
            focused = focus(sample, photos, folds.draws[0], answers.strength[0], units.numbers)
    listener.report("Re-identification and clusters.")
    return SurveyScores(
        units=units,
        schemes=scores,
        retrieval=_retrieval(whole, catalogue, units),
        clusters=cluster(reduce(whole, len(labels)), labels, seed),
        focus=focused,
        suspects=find_suspects(whole, hashes, labels, *answered["random"]),
        neighbours=nearest_photos(whole, found[0].groups),
    )


def _report_fold(listener: ProgressListener, before: int, own: int, total: int, done: int, folds: int) -> None:
    """Report the probes that are fitted after a fold: those of earlier schemes, and a share of those of its own."""
    event = {"done": before + own * done // folds, "total": total, "unit": "probe"}
    listener.on_progress(titles.ANSWER, event)


def nearest_photos(embeddings: NDArray[np.float32], groups: NDArray[np.int64]) -> tuple[tuple[int, ...], ...]:
    """Indices of the `NEIGHBOURS` nearest photos of each photo by cosine, nearest first, none of its own group.

    Args:
        embeddings: (N, D) of unit length.
        groups: (N,) the group of each photo.
    """
    nearest = []
    for number, group in enumerate(groups):
        similarity = np.where(groups == group, -np.inf, embeddings @ embeddings[number])
        order = np.argsort(-similarity, kind="stable")[:NEIGHBOURS]
        nearest.append(tuple(order[np.isfinite(similarity[order])].tolist()))
    return tuple(nearest)


def unit_length(embeddings: NDArray[np.floating]) -> NDArray[np.float32]:
    """Embeddings (N, D) divided by their lengths; a zero stays zero."""
    values = embeddings.astype(np.float32)
    lengths = np.linalg.norm(values, axis=1, keepdims=True)
    unit: NDArray[np.float32] = np.divide(values, lengths, out=np.zeros_like(values), where=lengths > 0)
    return unit


def _scores(
    scheme: Scheme, folds: Folding, answers: OutOfFoldAnswers, labels: NDArray[np.int64], units: Units, seed: int
) -> FieldScores:
    tested = answers.linear[0] != NO_ANSWER
    counts = np.bincount(labels)
    reference = best_guess(labels, counts)[tested]

    def scored(numbers: NDArray[np.int64]) -> OutOfFold:
        return _out_of_fold(numbers, answers.confidence, labels, tested, units)

    right = (answers.linear == labels)[:, tested]
    by_question: dict[RegionQuestion, dict[RegionVariant, NDArray[np.int64]]] = {
        "reliance": answers.reliance,
        "information": answers.information,
    }
    shown = {question: parts for question, parts in by_question.items() if parts}
    advantages = {
        question: _advantage(parts["pattern"], parts["background"], labels)[tested] for question, parts in shown.items()
    }
    _, confidences = settled(answers.linear, answers.confidence)
    return FieldScores(
        column=scheme.column,
        groups=tuple(scheme.groups.tolist()),
        folds=len(folds.draws[0]),
        draws=len(folds.draws),
        one_group_each=folds.one_group_each,
        tested=int(tested.sum()),
        linear=scored(answers.linear),
        confidences=tuple(float(one) if known else None for one, known in zip(confidences, tested, strict=True)),
        nearest=scored(answers.nearest),
        uniform_guess=1 / len(counts),
        commonest=float((labels[tested] == counts.argmax()).mean()),
        better_than_chance=better_than_chance(right.mean(axis=0), reference, units.numbers[tested], seed=seed).verdict,
        regions={
            question: {variant: scored(numbers) for variant, numbers in parts.items()}
            for question, parts in shown.items()
        },
        pattern_advantage={question: float(values.mean()) for question, values in advantages.items()},
        advantage_interval={
            question: of_mean(values, units.numbers[tested], bounds=(-1, 1)) for question, values in advantages.items()
        },
    )


def _out_of_fold(
    answers: NDArray[np.int64],
    confidence: NDArray[np.float64],
    labels: NDArray[np.int64],
    tested: NDArray[np.bool_],
    units: Units,
) -> OutOfFold:
    right = answers == labels
    shares = right.mean(axis=0)
    chosen, _ = settled(answers, confidence)
    return OutOfFold(
        answers=tuple(answer if known else None for answer, known in zip(chosen.tolist(), tested, strict=True)),
        shares=tuple(share if known else None for share, known in zip(shares.tolist(), tested, strict=True)),
        accuracy=float(right[:, tested].mean()),
        by_draw=tuple(right[:, tested].mean(axis=1).tolist()),
        interval=of_share(shares[tested], units.numbers[tested]),
        detectable=_detectable(right[:, tested], units.numbers[tested]),
    )


def _detectable(right: NDArray[np.bool_], units: NDArray[np.int64]) -> float | None:
    """Smallest difference of two accuracies that photos can show, from right answers (S, N) in each draw."""
    effective = effective_images(units, agreement_within(right.astype(float), units))
    return detectable_difference(effective, mean_discordance(right.reshape(1, -1)), len(np.unique(units)))


def _advantage(
    pattern: NDArray[np.int64], background: NDArray[np.int64], labels: NDArray[np.int64]
) -> NDArray[np.float64]:
    """For each photo, over the draws: how much more often the pattern alone names it than the background alone."""
    difference: NDArray[np.float64] = (pattern == labels).mean(axis=0) - (background == labels).mean(axis=0)
    return difference


def _retrieval(embeddings: NDArray[np.float32], catalogue: Catalogue, units: Units) -> FieldRetrieval:
    sightings = sightings_of(catalogue.rows)
    images = Images(embeddings, sightings.labels)
    pairings = {"anywhere": Pairing(sightings, sightings)}
    if sightings.recordings is not None:
        pairings["across"] = Pairing(sightings, sightings, flank="same", across_recordings=True)
    if sightings.flanks is not None:
        pairings["cross_flank"] = Pairing(sightings, sightings, flank="cross")
    rankings = retrieve_each(images, images, {name: pairing.hidden for name, pairing in pairings.items()})
    cosine = {name: ranking["cosine"] for name, ranking in rankings.items()}
    cross = summarise_pairing(cosine["cross_flank"], units.numbers) if "cross_flank" in cosine else None
    alike = Grouped(sightings.labels, np.zeros(len(sightings.labels), np.int64))
    return FieldRetrieval(
        across=summarise(cosine["across"], units.numbers, cross_flank=cross) if "across" in cosine else None,
        anywhere=summarise(cosine["anywhere"], units.numbers, cross_flank=cross),
        baselines={
            name: retrieval_baseline(alike, alike, pairings[name].hidden)
            for name in ("across", "anywhere")
            if name in pairings
        },
        detectable={
            name: _detectable((cosine[name].first == 1)[None, matched], units.numbers[matched])
            for name in ("across", "anywhere")
            if name in cosine
            for matched in [cosine[name].first > 0]
            if matched.any()
        },
    )
