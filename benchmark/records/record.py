"""A record: everything known about one run of one backbone, as one immutable JSON file."""

import json
import re
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from benchmark.errors import InputError
from benchmark.files import replacing
from benchmark.records.clustering import MappedImages, Maps, Partitions, View

Mode = Literal["shallow", "deep"]
Distance = Literal["cosine", "euclidean"]
CURVE_POINTS = 200
"""Points of a curve that a record holds, at most."""

Status = Literal["ok", "timeout", "oom_host", "oom_gpu", "crash", "bad_output", "image_missing"]
Embedded = Literal["untrained", "inpainting", "deep"]
"""Whose embeddings: with random weights, before any label was seen, after deep classification."""

Variant = Literal["background", "fish", "pattern", "no_background", "no_fish", "no_pattern", "all"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Scores(_Part):
    """Classification scores of one set of images, each in [0, 1].

    Attributes:
        accuracy: share of images given their own identity.
        recall: macro average over identities.
        f1: macro average over identities.
        images: how many were scored.
        at_chance: whether `accuracy` is no better than always answering the commonest identity (one-sided binomial
            test at 5 %).
    """

    accuracy: float
    recall: float
    f1: float
    images: int
    at_chance: bool


class Epoch(_Part):
    """Validation scores after one epoch, numbered from 1, with the mean training loss of that epoch (nats)."""

    epoch: int
    loss: float
    accuracy: float
    recall: float
    f1: float


class Focus(_Part):
    """Mean share of the activation maps' mass per region on the probes after one epoch; the three add up to 1."""

    epoch: int
    background: float
    fish: float
    pattern: float


class Interval(_Part):
    """Where the truth lies with 95 % confidence, by bootstrap over so many groups (see `ExaminedImages`)."""

    low: float
    high: float
    groups: int


class Regions(_Part):
    """One figure for each region, the mean over the images that have it; None where none has."""

    background: float | None
    fish: float | None
    pattern: float | None


class Shown(_Part):
    """A test image that is shown with its map: its place in `ExaminedImages`, and its density on the pattern."""

    image: int
    density: float


class Picked(_Part):
    """The images that are shown, by their density on the pattern: highest, closest to the median, lowest."""

    best: Shown
    typical: Shown
    worst: Shown


class ExaminedFocus(_Part):
    """Where the activation maps of the test images lie, each map for the individual that the image was taken for.

    Attributes:
        mass: share of a map's mass on each region.
        density: the same divided by the region's share of the area; 1 = as a random map.
        rank: of the most relevant part of a map, as large as the region, the share that lies in the region.
        pattern_density: interval of the pattern's density; None where there are too few groups.
        images: how many.
        area: the region's share of the image, the mean over all images: what a random map's mass is.
        rank_null: the same, the mean over the images that have the region: what a random map's rank accuracy is.
        method: of the maps, as in the protocol.
        empty: maps that are zero everywhere, for nothing speaks for the answer by this method; they count as uniform.
            None in a record that does not say.
        picked: the images to show, as those of `Record.classification` are in the picture beside the record; None where
            none has a pattern.
    """

    mass: Regions
    density: Regions
    rank: Regions
    pattern_density: Interval | None
    images: int
    area: Regions | None = None
    rank_null: Regions | None = None
    method: str = "gradcam"
    empty: int | None = None
    picked: Picked | None = None


class Classification(_Part):
    """One training of one mode.

    Attributes:
        test: scores on the test images, once.
        validation: scores after every epoch.
        focus: where the maps of the probe images lay after every epoch.
        focus_null: the regions' mean shares of the probe images' area, which is what random maps give; None as for
            `test_focus`.
        answers: class number given to each test image, in the order of `ExaminedImages`.
        balanced_accuracy: of the test images.
        individual_recall: of each individual in the order of class numbers; None for one without test images.
        intervals: of `accuracy`, `balanced_accuracy`, `recall` and `f1` on the test images, where there are enough
            groups.
        never_left_chance: whether the validation accuracy was at chance in every epoch.
        test_focus: None where there are no maps or no regions.
    """

    test: Scores
    validation: tuple[Epoch, ...]
    focus: tuple[Focus, ...]
    answers: tuple[int, ...] = ()
    balanced_accuracy: float | None = None
    individual_recall: tuple[float | None, ...] = ()
    intervals: dict[str, Interval] = {}
    never_left_chance: bool = False
    test_focus: ExaminedFocus | None = None
    focus_null: Regions | None = None


class ExaminedImages(_Part):
    """What is known of the test images; their order is the same in all records of one split digest.

    Attributes:
        labels: class number of each.
        groups: what was resampled for intervals and ranks: each image's recording, or where the test images are of
            fewer than six recordings, the image itself.
        by: `recordings` or `images`, accordingly.
        identities: the individuals' names in the order of class numbers.
    """

    labels: tuple[int, ...]
    groups: tuple[int, ...]
    by: Literal["recordings", "images"]
    identities: tuple[str, ...] = ()


class Audited(_Part):
    """The audit of the split (see `benchmark.audit.audit`): one sentence, and why it is not clean; nothing where it is."""

    sentence: str
    faults: tuple[str, ...]


class Nuisance(_Part):
    """What would be scored by someone who sees no animal (see `benchmark.metrics.group_baselines`)."""

    accuracy: float
    balanced_accuracy: float
    recall: float
    f1: float
    adjusted_rand: float
    mutual_information: float


class GroupRetrieval(_Part):
    """What would be found again by someone who sees no animal (see `benchmark.metrics.group_baselines.group_retrieval`).

    Attributes:
        rank1: as in `Retrieval`; None where no query has a match.
        rank5: likewise.
        mean_average_precision: likewise.
    """

    rank1: float | None
    rank5: float | None
    mean_average_precision: float | None


class Elsewhere(_Part):
    """Re-identification where a query does not see its own individual's images from its own recording.

    Attributes:
        rank1: as in `Retrieval`; None where no query has a match in another recording.
        mean_average_precision: likewise.
        queries: with a match in another recording.
    """

    rank1: float | None
    mean_average_precision: float | None
    queries: int


class Retrieval(_Part):
    """Re-identification: test images look for their individual among the training images.

    Where training shows none of their individuals, they look for it among each other.

    Attributes:
        rank1: share of queries whose nearest training image shows the same individual.
        rank5: share with one among the five nearest.
        mean_average_precision: over the whole ranking.
        rank1_interval: None where there are too few groups.
        map_interval: None where there are too few groups.
        queries: test images with a match among the training images.
        unmatched: others.
        precisions: average precision of each test image, in the order of `ExaminedImages`; None for an unmatched one.
        elsewhere: None where recordings are not known.
    """

    rank1: float | None
    rank5: float | None
    mean_average_precision: float | None
    rank1_interval: Interval | None
    map_interval: Interval | None
    queries: int
    unmatched: int
    precisions: tuple[float | None, ...]
    elsewhere: Elsewhere | None = None


class OpenSet(_Part):
    """Naming known individuals and calling others new, by a threshold on the cosine similarity.

    Attributes:
        threshold: which 95 % of the validation images reach; so no unknown individual chose it.
        baks: balanced accuracy on test images of known individuals, in [0, 1].
        baus: the same of unknown ones.
        geometric: sqrt(baks x baus).
        area: under BAKS as a function of BAUS over all thresholds, in [0, 1].
        curve: (BAUS, BAKS) from accepting all images to none, thinned to `CURVE_POINTS`.
    """

    threshold: float
    baks: float
    baus: float
    geometric: float
    area: float
    curve: tuple[tuple[float, float], ...]


class Clustering(_Part):
    """k-means++ on the embeddings of the test images, k = number of individuals.

    Attributes:
        adjusted_rand: in [-1, 1]; 0 = as by chance.
        mutual_information: nats, from 0.
        silhouette: in [-1, 1], of the found clusters; None where they are one cluster or all single images.
        davies_bouldin: from 0, lower is better; None as for silhouette.
        calinski_harabasz: from 0, higher is better; None as for silhouette, and where every cluster is one point.
        images: how many embeddings.
        dimensions: of an embedding.
        exact: whether nothing was sampled, sketched or clustered by mini batches, as is done with many images (see
            `benchmark.metrics.clustering.EXACT_IMAGES`).
    """

    adjusted_rand: float
    mutual_information: float
    silhouette: float | None
    davies_bouldin: float | None
    calinski_harabasz: float | None
    images: int
    dimensions: int
    exact: bool = True


Filling = Literal["model", "mean_colour", "telea"]


class Reconstruction(_Part):
    """How near filled holes are to the truth, over the pixels of the hole alone; means over the test images.

    Attributes:
        l1: mean absolute difference, of a range of 1.
        psnr: dB; None where an image was filled exactly.
        ssim: structural similarity, at most 1.
        images: how many.
        lpips: perceptual distance, lower is better; None where its network's weights were not here at the time.
    """

    l1: float
    psnr: float | None
    ssim: float
    images: int
    lpips: float | None = None


class Encoder(_Part):
    """How large the encoder is, and what it gives for an image of so many pixels a side."""

    parameters: int
    shape: tuple[int, int, int]
    image_size: int


class Inpainting(_Part):
    """The inpainting training: its lowest validation generator loss, and where that was (the study's Table 3).

    Attributes:
        loss: the backbone's own; not to be compared between backbones.
        epoch: of the state kept, counted from 1 over all phases.
        iterations: steps up to there.
        batch_size: images a step.
        validation: the loss after every epoch.
        reconstruction: of the test images' holes, by the model and by two fillings that learn nothing.
    """

    loss: float
    epoch: int
    iterations: int
    batch_size: int
    validation: tuple[float, ...]
    reconstruction: dict[Filling, Reconstruction] = {}


class Study(_Part):
    """An experiment of our own that a run belongs to: its record stands on the page of the experiment alone.

    Attributes:
        name: of the experiment.
        strength: of the background shortcut in training and validation images, in [0, 1]; test images have none.
        frames: pictures of each video that were drawn for it.
        seed: of the data.
    """

    name: Literal["shortcut"]
    strength: float
    frames: int
    seed: int


class Failure(_Part):
    """Why a run ended early: the stage, one sentence, and the end of its log."""

    stage: str
    cause: str
    log: str


class Stage(_Part):
    """One finished stage.

    Attributes:
        key: its address in the store, sha256 over all that made it.
        seconds: wall time of the container or process.
        images_per_second: as the backbone reported it, None where it did not.
        peak_memory_mib: highest resident memory as the backbone reported it.
        threads: processor threads that it had; None in records from before they were kept.
    """

    key: str
    seconds: float
    images_per_second: float | None = None
    peak_memory_mib: float | None = None
    threads: int | None = None


class Provenance(_Part):
    """What made the numbers, so that they can be made again.

    Attributes:
        commit: of the project, with `+changes` where the working tree differed; empty outside a checkout.
        code: digest of the backbone's folder and of the kit.
        image: digest of the Docker image, empty for the process runner.
        data: digest of the packed data, and of what the data set says of them.
        split: digest of the split file.
        protocol: digest of the protocol for this backbone.
        rules: digest of what the protocol settles for every backbone; empty in records from before it was kept.
        weights: sha256 of the published weights that were given, by name; `lpips` are those of the measure.
        runner: `process` or `docker`.
        hardware: processor, cores, memory_gib, gpu.
        versions: of Python and the libraries that the backbone reported.
        started: UTC, ISO 8601.
        finished: UTC, ISO 8601.
        stages: by name.
    """

    commit: str
    code: str
    image: str
    data: str
    split: str
    protocol: str
    rules: str = ""
    weights: dict[str, str] = {}
    runner: Literal["process", "docker"]
    hardware: dict[str, str]
    versions: dict[str, str]
    started: str
    finished: str
    stages: dict[str, Stage]


class Record(_Part):
    """One run of one backbone.

    Attributes:
        key: sha256 over what identifies the run (backbone code, data, split, protocol, initialisation, weights, seed,
            device, and the version of the scoring).
        status: `ok`, or the reason of the failure.
        backbone: its folder's name, or `name:variant`.
        title: its name in tables.
        licence: of its published weights where they were used, else of its code.
        init: `random`, the names of the published weights it started from, or `none` where it has no parameters.
        dataset: name of the data set.
        approximate_regions: whether some of its region masks were proposed by a program and corrected by nobody.
        individuals: number of identities.
        possible: how many of them can be the answer: those that training shows, or where test images look for their
            individual among each other, those of test. Chance is one over it. None in a record that does not say.
        split: name of the split.
        protocol: name of the protocol.
        seed: of every random choice in training.
        classification: by mode; empty in a failed record.
        ablation: accuracy on the test images by mode and region variant; empty where the data has no regions.
        clustering: `inpainting` = before any label was seen, `deep` = after deep classification (the study's
            `ref-` rows), `untrained` = with random weights, the control.
        partitions: more measures of more clusterings, by whose embeddings and by view.
        mapped: the test images on the maps; None where there are none.
        maps: embeddings in two dimensions, by whose they are.
        untrained: the shallow classifier on the encoder with random weights; None where the run had no others.
        test: the test images; None in a failed record.
        audit: of the split; None in a failed record.
        nuisance: what the commonest individual (`majority`) or a column of the catalogue, by its name, would score.
        group_retrieval: what a ranking in random order (`random`), or one that has the images alike in a column of the
            catalogue first, would find; the column by its name.
        retrieval: re-identification by whose embeddings, and by cosine similarity or Euclidean distance.
        open_set: by whose embeddings; empty where all test individuals are known, or none.
        encoder: None in a failed record.
        inpainting: None where the backbone does not inpaint.
        study: None for a run of the leaderboards.
        validation: of a run in a study, scores on the validation images after the last epoch, by mode and region
            variant.
    """

    version: Literal[1] = 1
    key: str
    status: Status
    backbone: str
    title: str
    licence: str
    init: str
    dataset: str
    approximate_regions: bool = False
    individuals: int
    possible: int | None = None
    split: str
    protocol: str
    seed: int
    classification: dict[Mode, Classification] = {}
    ablation: dict[Mode, dict[Variant, Scores]] = {}
    clustering: dict[Embedded, Clustering] = {}
    partitions: dict[Embedded, dict[View, Partitions]] = {}
    mapped: MappedImages | None = None
    maps: dict[Embedded, Maps] = {}
    untrained: Classification | None = None
    test: ExaminedImages | None = None
    audit: Audited | None = None
    nuisance: dict[str, Nuisance] = {}
    group_retrieval: dict[str, GroupRetrieval] = {}
    retrieval: dict[Embedded, dict[Distance, Retrieval]] = {}
    open_set: dict[Embedded, OpenSet] = {}
    encoder: Encoder | None = None
    inpainting: Inpainting | None = None
    study: Study | None = None
    validation: dict[Mode, dict[Variant, Scores]] = {}
    failure: Failure | None = None
    provenance: Provenance


def read(path: Path) -> Record:
    """Read one record; InputError names the file and what is wrong in it."""
    try:
        return Record.model_validate_json(path.read_bytes())
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "the file"
        raise InputError(
            f"{path}: not a record: {where}: {first['msg']}. Records are written by `patternbench run` and never "
            "edited; restore the file, or delete it and run again."
        ) from error


def path_of(record: Record, folder: Path) -> Path:
    """Where a record lies: `<folder>/<dataset>/<protocol>/<backbone>-<key>[-failed].json`."""
    suffix = "" if record.status == "ok" else "-failed"
    slug = re.sub(r"[^A-Za-z0-9_.]+", "-", record.backbone)
    return folder / record.dataset / record.protocol / f"{slug}-{record.key[:12]}{suffix}.json"


def write(record: Record, folder: Path) -> Path:
    """Write a record; one of the same successful run that is there already stays as it is.

    Returns:
        The record's path. That of a failed run is written again, for its cause may have changed.
    """
    path = path_of(record, folder)
    if path.exists() and record.status == "ok":
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(record.model_dump(mode="json"), indent=1, sort_keys=True)
    with replacing(path) as temporary:
        temporary.write_text(text + "\n", encoding="utf-8")
    return path
