"""Contradictions between the parts of a record, such as answers that are more or fewer than the images."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from benchmark.records.classification import Classification, GroupBaseline, ProbePair, Scores, TestImages
from benchmark.records.inpainting import Inpainting
from benchmark.records.localisation import Localisation, RegionColumns
from benchmark.records.record import Record

NEAR = 1e-9
"""Shares that differ by less are equal."""


def problems(record: Record) -> list[str]:
    """What contradicts itself in a record, as clauses that begin with the place.

    Every list of test images is as long as the test images; every class number is that of an individual; and the
    accuracies are those of the answers.
    """
    images = record.test_images
    origin = [*_of_times(record), *_of_runner(record)]
    if images is None:
        return origin
    return [
        *origin,
        *_of_images(record, images),
        *_of_answers(record, images),
        *_of_validation(record),
        *_of_embeddings(record, len(images.labels)),
        *(_of_holes(record.inpainting) if record.inpainting else ()),
    ]


def _of_times(record: Record) -> Iterator[str]:
    for name in ("started", "finished"):
        time = getattr(record.provenance, name)
        try:
            datetime.fromisoformat(time)
        except ValueError:
            yield f"provenance.{name}: there is no such moment: {time}"


def _of_runner(record: Record) -> Iterator[str]:
    """A container has an image, and a child process has none."""
    provenance = record.provenance
    if provenance.runner == "docker" and not provenance.image:
        yield "provenance.image: it is empty, but the runner is docker"
    if provenance.runner == "process" and provenance.image:
        yield "provenance.image: it is named, but the runner is process"


def _of_images(record: Record, images: TestImages) -> Iterator[str]:
    count = len(images.labels)
    yield from _length("test_images.groups", images.groups, count)
    yield from _below("test_images.groups", images.groups, count)
    yield from _length("test_images.identities", images.identities, record.individuals)
    yield from _length("test_images.train_images", images.train_images, record.individuals)
    yield from _below("test_images.labels", images.labels, record.individuals)
    yield from _below("test_images.ablated", images.ablated, count)
    known = sum(images.train_images[label] > 0 for label in images.labels if label < len(images.train_images))
    yield from _baselines("group_baselines", record.group_baselines, known)
    for name, baseline in record.retrieval_baselines.items():
        yield from _length(f"retrieval_baselines.{name}.tiers", baseline.tiers, count)


def _of_answers(record: Record, images: TestImages) -> Iterator[str]:
    trained = {f"classification.{mode}": one for mode, one in record.classification.items()}
    for place, one in (trained | ({"untrained": record.untrained} if record.untrained else {})).items():
        yield from _scored(f"{place}.answers", one.answers, one.test, images, _known(images))
        yield from _length(f"{place}.confidences", one.confidences, len(images.labels))
        yield from _length(f"{place}.individual_recall", one.individual_recall, record.individuals)
        yield from _epochs(place, one, record)
        for localisation in one.localisations:
            yield from _cams(f"{place}.localisations.{localisation.method}", localisation, len(images.labels))
    for state, probes in record.probes.items():
        pairs: dict[str, ProbePair] = {f"probes.{state}": probes} | {
            f"probes.{state}.regions.{variant}.{question}": pair
            for variant, questions in probes.regions.items()
            for question, pair in questions.items()
        }
        for place, pair in pairs.items():
            for name, probe in (("linear", pair.linear), ("nearest", pair.nearest)):
                yield from _scored(f"{place}.{name}.answers", probe.answers, probe.test, images, _known(images))
    for mode, variants in record.ablation.items():
        for variant, scores in variants.items():
            yield from _scored(f"ablation.{mode}.{variant}.answers", scores.answers, scores, images, images.ablated)


def _of_validation(record: Record) -> Iterator[str]:
    images = record.validation_images
    if images is None:
        return
    count = len(images.labels)
    yield from _length("validation_images.groups", images.groups, count)
    yield from _below("validation_images.groups", images.groups, count)
    yield from _below("validation_images.labels", images.labels, record.individuals)
    yield from _baselines("validation_baselines", record.validation_baselines, count)
    for mode, variants in record.validation.items():
        for variant, scores in variants.items():
            yield from _length(f"validation.{mode}.{variant}.answers", scores.answers, count)


def _of_embeddings(record: Record, count: int) -> Iterator[str]:
    yield from _of_retrieval(record, count)
    for state, clusters in record.clustering.items():
        if clusters.adjusted_rand is not None:
            yield from _length(f"clustering.{state}.clusters", clusters.clusters, count)
            yield from _below(f"clustering.{state}.clusters", clusters.clusters, count)
    for state, views in record.cluster_validation.items():
        for view, validation in views.items():
            partitions = [
                *validation.given.partitions,
                *(validation.estimated.partitions if validation.estimated else ()),
            ]
            for partition in partitions:
                yield from _length(f"cluster_validation.{state}.{view}: a partition", partition, count)
                yield from _below(f"cluster_validation.{state}.{view}: a partition", partition, count)


def _of_retrieval(record: Record, count: int) -> Iterator[str]:
    for state, distances in record.retrieval.items():
        for distance, retrieval in distances.items():
            for name, part in {
                "": retrieval,
                ".across_recordings": retrieval.across_recordings,
                ".cross_flank": retrieval.cross_flank,
            }.items():
                if part:
                    place = f"retrieval.{state}.{distance}{name}"
                    yield from _length(f"{place}.first_ranks", part.first_ranks, count)
                    yield from _length(f"{place}.average_precisions", part.average_precisions, count)
    for state, fingerprint in record.fingerprints.items():
        yield from _below(f"fingerprints.{state}.images", fingerprint.images, count)
        yield from _length(f"fingerprints.{state}.lengths", fingerprint.lengths, len(fingerprint.images))
        yield from _length(f"fingerprints.{state}.projections", fingerprint.projections, len(fingerprint.images))
    for state, scores in record.open_set.items():
        yield from _length(f"open_set.{state}.similarities", scores.similarities, count)
        yield from _length(f"open_set.{state}.right", scores.right, count)


def _of_holes(inpainting: Inpainting) -> Iterator[str]:
    for name, filling in inpainting.reconstruction.items():
        yield from _length(f"inpainting.reconstruction.{name}: photos with a unit", inpainting.units, filling.photos)
        for metric, values in filling.by_photo.items():
            yield from _length(f"inpainting.reconstruction.{name}.by_photo.{metric}", values, filling.photos)


def _epochs(place: str, one: Classification, record: Record) -> Iterator[str]:
    if record.validation_images is None:
        yield f"{place}.validation: epochs are scored, but validation_images is missing"
        return
    for epoch in one.validation:
        yield from _length(
            f"{place}.validation.{epoch.epoch}.answers", epoch.answers, len(record.validation_images.labels)
        )


def _cams(place: str, one: Localisation, count: int) -> Iterator[str]:
    for name in type(one.by_image).model_fields:
        columns: RegionColumns = getattr(one.by_image, name)
        for region in RegionColumns.model_fields:
            yield from _length(f"{place}.by_image.{name}.{region}", getattr(columns, region), count)


def _baselines(place: str, baselines: Mapping[str, GroupBaseline], count: int) -> Iterator[str]:
    for name, baseline in baselines.items():
        yield from _length(f"{place}.{name}.groups", baseline.groups, count)
        yield from _length(f"{place}.{name}.correct", baseline.correct, count)
        yield from _below(f"{place}.{name}.groups", baseline.groups, len(baseline.answers))
        yield from _below(f"{place}.{name}.unseen", baseline.unseen, len(baseline.answers))


def _known(images: TestImages) -> list[int]:
    """Indices of the test images whose individual is in training; labels and training images were compared before."""
    return [
        row
        for row, label in enumerate(images.labels)
        if label < len(images.train_images) and images.train_images[label]
    ]


def _scored(
    place: str, answers: Sequence[int], scores: Scores, images: TestImages, rows: Sequence[int]
) -> Iterator[str]:
    """Answers to all test images, and scores on some of them.

    Args:
        place: of the answers.
        answers: class number given to each test image.
        scores: of them.
        images: the test images.
        rows: indices of the images that are scored.
    """
    if len(answers) != len(images.labels):
        yield from _length(place, answers, len(images.labels))
        return
    yield from _below(place, answers, len(images.identities))
    if scores.images != len(rows):
        yield f"{place}: the scores are of {scores.images} images, but {len(rows)} can be scored"
    elif rows:
        right = sum(answers[row] == images.labels[row] for row in rows) / len(rows)
        if abs(right - scores.accuracy) > NEAR:
            yield f"{place}: {right:.4f} of them are right, but the accuracy is {scores.accuracy:.4f}"


def _length(place: str, values: Sequence[object], count: int) -> Iterator[str]:
    if len(values) != count:
        yield f"{place}: {len(values)} values; {count} are needed"


def _below(place: str, numbers: Sequence[int], limit: int) -> Iterator[str]:
    if numbers and max(numbers) >= limit:
        yield f"{place}: the number {max(numbers)}; the highest allowed is {limit - 1}"
