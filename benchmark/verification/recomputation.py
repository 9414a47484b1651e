"""Every score and interval of a record, computed again from the answers, ranks, clusters and errors that it holds.

What describes embeddings, CAMs or pictures themselves is in no record: `harness.verification` makes it again.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.metrics import classification, cluster_validation, clustering, open_set, reconstruction, retrieval
from benchmark.metrics.calibration import expected_calibration_error
from benchmark.metrics.cams import localisation
from benchmark.metrics.group_baselines import Grouped, expected_ranking, group_baseline
from benchmark.metrics.matches import Matches
from benchmark.metrics.reconstruction import HoleErrors
from benchmark.metrics.resampling.chance import never_better
from benchmark.metrics.score_intervals import of_answers
from benchmark.metrics.without_looking import best_unseen
from benchmark.records.base import RecordPart
from benchmark.records.classification import Classification, GroupBaseline, Probe, ProbePair, TestImages
from benchmark.records.clustering import ClusterValidation, Starts
from benchmark.records.inpainting import Inpainting, Reconstruction
from benchmark.records.localisation import Localisation
from benchmark.records.record import Record
from benchmark.records.retrieval import OpenSet, PairingScores, Retrieval
from benchmark.verification.comparison import Check, compare
from benchmark.vocabulary import Filling

Json = dict[str, Any]
EXAMPLES = "examples"
"""The images to show: equal ones are chosen by the catalogue's order, which no record holds."""


def recompute(record: Record) -> list[Check]:
    """A check for each score and interval that follows from the record; none without test images."""
    if record.test_images is None:
        return []
    return [
        check
        for place, told, found in _Recomputation(record, record.test_images).parts()
        for check in compare(told, found, place)
    ]


class _Recomputation:
    """The parts of one record made again: place, what the record tells, what follows from it."""

    def __init__(self, record: Record, images: TestImages) -> None:
        self._record, self._images, self._seed = record, images, record.seed
        self._labels, self._groups = np.array(images.labels), np.array(images.groups)
        self._train_images = np.array(images.train_images)
        self._classes = np.flatnonzero(self._train_images)
        self._known = np.flatnonzero(np.isin(self._labels, self._classes))

    def parts(self) -> Iterator[tuple[str, Json, Json]]:
        for place, one in self._classifiers():
            found = self._classifier(one)
            yield place, _told(one, found), found
        for place, probe in self._probes():
            answers = np.array(probe.answers)
            found = {"test": self._scores(answers, self._labels, self._known), "intervals": self._intervals(answers)}
            yield place, _told(probe, found), found
        yield from self._ablation()
        for name, part in (("group_baselines", self._known), ("validation_baselines", None)):
            for column, baseline in getattr(self._record, name).items():
                found = self._baseline(baseline, self._validation_labels if part is None else self._labels[part])
                yield f"{name}.{column}", _told(baseline, found), found
        yield from self._retrieval()
        for state, scores in self._record.open_set.items():
            found = self._open_set(scores)
            yield f"open_set.{state}", _told(scores, found), found
        yield from self._clustering()
        if self._record.inpainting:
            yield from self._inpainting(self._record.inpainting)

    @property
    def _validation_labels(self) -> NDArray[np.int64]:
        images = self._record.validation_images
        return np.array(images.labels if images else (), np.int64)

    def _numbered(self, classes: NDArray[np.integer]) -> NDArray[np.int64]:
        return np.searchsorted(self._classes, classes)

    # --- classifiers

    def _classifiers(self) -> Iterator[tuple[str, Classification]]:
        for mode, one in self._record.classification.items():
            yield f"classification.{mode}", one
        if self._record.untrained:
            yield "untrained", self._record.untrained

    def _classifier(self, one: Classification) -> Json:
        answers, known = np.array(one.answers), self._known
        confusion = classification.confusion_matrix(self._labels[known], answers[known], self._record.individuals)
        right = (answers == self._labels)[known]
        epochs = [np.array(epoch.answers) for epoch in one.validation]
        return {
            "test": self._scores(answers, self._labels, known),
            "balanced_accuracy": classification.balanced_accuracy(confusion),
            "individual_recall": classification.individual_recall(confusion),
            "intervals": self._intervals(answers),
            "calibration_error": expected_calibration_error(np.array(one.confidences)[known], right),
            "never_above_chance": self._never_above_chance(np.stack(epochs)) if epochs else False,
            "validation": [
                epoch.model_dump(mode="json") | self._validated(given)
                for epoch, given in zip(one.validation, epochs, strict=True)
            ],
            "localisations": [self._localisation(cams) for cams in one.localisations],
        }

    def _never_above_chance(self, answers: NDArray[np.int64]) -> bool:
        images, labels = self._record.validation_images, self._validation_labels
        baselines = {name: one.correct for name, one in self._record.validation_baselines.items()}
        unseen = best_unseen(labels, self._train_images, baselines)
        groups = np.array(images.groups if images else ())
        return never_better(answers == labels, unseen.correct, groups, seed=self._seed)

    def _scores(self, answers: NDArray[np.int64], labels: NDArray[np.int64], rows: NDArray[np.integer]) -> Json:
        truth, given = self._numbered(labels[rows]), self._numbered(answers[rows])
        return classification.scores(truth, given, len(self._classes)).model_dump(mode="json")

    def _intervals(self, answers: NDArray[np.int64]) -> Json:
        known = self._known
        truth, given = self._numbered(self._labels[known]), self._numbered(answers[known])
        found = of_answers(truth, given, len(self._classes), self._groups[known])
        return {name: interval.model_dump(mode="json") for name, interval in found.items()}

    def _validated(self, answers: NDArray[np.int64]) -> Json:
        labels = self._validation_labels
        scores = self._scores(answers, labels, np.arange(len(labels)))
        return {name: value for name, value in scores.items() if name != "images"}

    def _localisation(self, cams: Localisation) -> Json:
        order = np.arange(len(self._labels))
        columns = cams.by_image
        found = localisation.summarise(columns, self._groups, order=order, method=cams.method, grid=cams.grid)
        told = cams.model_dump(mode="json", include={EXAMPLES, "by_image"})
        return found.model_dump(mode="json") | told

    def _probes(self) -> Iterator[tuple[str, Probe]]:
        for state, probes in self._record.probes.items():
            pairs: dict[str, ProbePair] = {f"probes.{state}": probes} | {
                f"probes.{state}.regions.{variant}.{question}": pair
                for variant, questions in probes.regions.items()
                for question, pair in questions.items()
            }
            for place, pair in pairs.items():
                yield f"{place}.linear", pair.linear
                yield f"{place}.nearest", pair.nearest

    def _ablation(self) -> Iterator[tuple[str, Json, Json]]:
        ablated = np.array(self._images.ablated, np.int64)
        labels = self._validation_labels
        for name, truth, rows in (("ablation", self._labels, ablated), ("validation", labels, np.arange(len(labels)))):
            for mode, variants in getattr(self._record, name).items():
                for variant, one in variants.items():
                    found = self._scores(np.array(one.answers), truth, rows)
                    yield f"{name}.{mode}.{variant}", _told(one, found), found

    def _baseline(self, one: GroupBaseline, labels: NDArray[np.int64]) -> Json:
        """A baseline from the groups of the images and the individuals commonest in each group."""
        merged = np.array([-1 if code in one.unseen else code for code in one.groups])
        pairs = {(-1 if code in one.unseen else code, name) for code, names in enumerate(one.answers) for name in names}
        groups, individuals = np.array(sorted(pairs)).T
        train = Grouped(self._numbered(individuals), groups)
        found = group_baseline(train, Grouped(self._numbered(labels), merged), len(self._classes))
        kept = {"accuracy", "balanced_accuracy", "recall", "f1", "correct"}
        return found.model_dump(mode="json", include=kept)

    # --- embeddings

    def _retrieval(self) -> Iterator[tuple[str, Json, Json]]:
        for name, baseline in self._record.retrieval_baselines.items():
            found = expected_ranking(baseline.tiers).model_dump(mode="json")
            yield f"retrieval_baselines.{name}", _told(baseline, found), found
        for state, distances in self._record.retrieval.items():
            for distance, one in distances.items():
                found = retrieval.summarise(
                    _matches(one),
                    self._groups,
                    across_recordings=self._pairing(one.across_recordings),
                    cross_flank=self._pairing(one.cross_flank),
                    adjacent_frames=one.adjacent_frames,
                ).model_dump(mode="json")
                yield f"retrieval.{state}.{distance}", _told(one, found), found

    def _pairing(self, one: PairingScores | None) -> PairingScores | None:
        return one and retrieval.summarise_pairing(_matches(one), self._groups)

    def _open_set(self, one: OpenSet) -> Json:
        similarity = np.array(one.similarities, float)
        kept = ~np.isnan(similarity)
        known = np.isin(self._labels, self._classes)
        answers = open_set.Answers(similarity[kept], np.array(one.right)[kept], self._labels[kept], known[kept])
        threshold = open_set.threshold_accepting(np.array(one.validation_similarities))
        scores = open_set.at_threshold(answers, threshold)
        return scores._asdict() if scores else {}

    def _clustering(self) -> Iterator[tuple[str, Json, Json]]:
        for state, one in self._record.clustering.items():
            if not one.clusters:
                continue
            clusters = np.array(one.clusters)
            names = ("adjusted_rand", "mutual_information", "adjusted_mutual_information")
            values = clustering.label_agreement(self._labels, clusters)
            permuted = clustering.permute_labels(clusters, self._labels, self._seed).model_dump(mode="json")
            found: Json = dict(zip(names, values, strict=True)) | {"permuted": permuted}
            yield f"clustering.{state}", _told(one, found), found
        for state, views in self._record.cluster_validation.items():
            for view, validation in views.items():
                found = self._cluster_validation(validation)
                yield f"cluster_validation.{state}.{view}", _told(validation, found), found

    def _cluster_validation(self, one: ClusterValidation) -> Json:
        counts = cluster_validation.estimates(one.tried)
        truth = {"agreement": cluster_validation.agreement(self._labels, self._labels).model_dump(mode="json")}
        return {
            "given": self._starts(one.given),
            "estimated": one.estimated and self._starts(one.estimated) | {"clusters": counts[0]},
            "estimated_range": (min(counts), max(counts)) if counts else None,
            "truth": one.truth.model_dump(mode="json") | truth,
        }

    def _starts(self, one: Starts) -> Json:
        agreements = [cluster_validation.agreement(np.array(part), self._labels) for part in one.partitions]
        found = {
            name: {"agreement": _over(agreements, statistic), "shape": _over(one.shapes, statistic)}
            for name, statistic in {"mean": np.mean, "sd": lambda values: np.std(values, ddof=1)}.items()
        }
        return one.model_dump(mode="json") | found

    # --- inpainting

    def _inpainting(self, one: Inpainting) -> Iterator[tuple[str, Json, Json]]:
        curve = one.settled if one.rule == "settled" else one.validation
        first = one.last_phase - 1
        if first < len(curve):
            epoch = first + int(np.argmin(curve[first:])) + 1
            found: Json = {"epoch": epoch, "loss": curve[epoch - 1]}
            yield "inpainting", _told(one, found), found
        units = np.array(one.units)
        errors = {name: _errors(filling) for name, filling in one.reconstruction.items()}
        for name, filling in one.reconstruction.items():
            found = reconstruction.summarise(errors[name], units).model_dump(mode="json")
            yield f"inpainting.reconstruction.{name}", _told(filling, found), found
        model: Filling = "model"
        for name, gap in one.differences.items():
            found = reconstruction.difference(errors[model], errors[name], units).model_dump(mode="json")
            yield f"inpainting.differences.{name}", _told(gap, found), found


def _told(part: RecordPart, found: Mapping[str, object]) -> Json:
    """The fields of a part that were made again."""
    return part.model_dump(mode="json", include=set(found))


def _matches(one: Retrieval | PairingScores) -> Matches:
    first = np.array(one.first_ranks)
    return Matches(first, np.array(one.average_precisions, float), np.zeros(len(first)))


def _errors(one: Reconstruction) -> HoleErrors:
    unknown = np.full(one.photos, np.nan)
    columns = {name: np.array(one.by_photo.get(name, unknown)) for name in ("l1", "psnr", "ssim")}
    lpips = np.array(one.by_photo["lpips"]) if "lpips" in one.by_photo else None
    return HoleErrors(np.arange(one.photos), columns["l1"], columns["psnr"], columns["ssim"], lpips, one.images)


def _over(parts: Sequence[RecordPart], statistic: Any) -> Json:  # noqa: ANN401 - of numpy
    values = [part.model_dump() for part in parts]
    columns = {name: [value[name] for value in values] for name in values[0]}
    return {name: None if None in column else float(statistic(column)) for name, column in columns.items()}
