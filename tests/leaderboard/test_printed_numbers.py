"""Every number of every table is computed again from the JSON of the committed records alone.

A column without a recomputation fails, so that a new one cannot be forgotten. What describes the embeddings themselves,
which no record holds, is named in `OF_EMBEDDINGS`; what is no score but a fact of the run, in `FACTS`.
"""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from sklearn import metrics

from benchmark.metrics.group_baselines import Grouped, expected_ranking, group_baseline
from benchmark.metrics.resampling.intervals import of_mean
from benchmark.metrics.resampling.power import detectable_mean
from benchmark.metrics.resampling.seeds import of_seed_means
from benchmark.metrics.score_intervals import of_answers
from benchmark.records.base import Interval
from leaderboard.columns import Column, Row, Table
from leaderboard.page import Page
from leaderboard.pages import find_pages, open_set
from leaderboard.record_files import RecordFile, Section, read
from leaderboard.rows import baseline_name
from support.paths import ROOT

Json = dict[str, Any]
Answer = tuple[float | None, Interval | None]
"""A number and its interval."""

FEW = 6
OF_EMBEDDINGS = {
    *("Silhouette", "DaviesBouldin", "CalinskiHarabasz", "Silhouette of the individuals", "permuted", "Dimensions"),
}
FACTS = {
    *("Seeds", "Seed", "Run", "Grid", "CAMs", "Classifier", "Method", "Images", "Filling", "Kept by", "Batch"),
    *("Parameters", "Feature map", "Embedding, flattened", "Embedding, averaged", "Iterations", "Shortcut"),
    *("CAMs, clean test", "Verdict", "Better than chance?", "Start"),
}
OF_SECTIONS = ("better than chance", " rank")
"""Ends of the headers of columns that compare rows; `test_recomputation` of the scoring holds them."""


@dataclass(frozen=True)
class Told:
    """What the JSON of one record tells."""

    record: Json

    @cached_property
    def labels(self) -> NDArray[np.int64]:
        return np.array(self.record["test_images"]["labels"])

    @cached_property
    def units(self) -> NDArray[np.int64]:
        return np.array(self.record["test_images"]["groups"])

    @cached_property
    def trained(self) -> NDArray[np.int64]:
        return np.flatnonzero(self.record["test_images"]["train_images"])

    @cached_property
    def known(self) -> NDArray[np.int64]:
        return np.flatnonzero(np.isin(self.labels, self.trained))

    @cached_property
    def ablated(self) -> NDArray[np.int64]:
        return np.array(self.record["test_images"]["ablated"], np.int64)

    @property
    def seed(self) -> int:
        return int(self.record["seed"])

    def right(self, answers: list[int]) -> NDArray[np.bool_]:
        return (np.array(answers) == self.labels)[self.known]

    def accuracy(self, answers: list[int]) -> Answer:
        right = self.right(answers)
        return float(right.mean()), of_seed_means(right[None], self.units[self.known])

    def macro(self, answers: list[int], name: str) -> Answer:
        truth, given = self.labels[self.known], np.array(answers)[self.known]
        settings: Any = {"labels": self.trained, "average": "macro", "zero_division": 0}
        score = {"recall": metrics.recall_score, "f1": metrics.f1_score}[name](truth, given, **settings)
        numbered = (np.searchsorted(self.trained, one) for one in (truth, given))
        found = of_answers(*numbered, len(self.trained), self.units[self.known])
        return float(score), found.get(name)

    def calibration(self, one: Json) -> Answer:
        confidence, right = np.array(one["confidences"])[self.known], self.right(one["answers"])
        bins = np.ceil(confidence * 15).clip(1, 15)
        gaps = [abs(right[bins == number].sum() - confidence[bins == number].sum()) for number in range(1, 16)]
        return float(sum(gaps) / len(right)), None

    def paired(self, one: list[int], other: list[int]) -> Answer:
        difference = self.right(one).astype(float) - self.right(other)
        return float(difference.mean()), self.of_differences(difference)

    def of_differences(self, values: NDArray[np.float64]) -> Interval | None:
        return of_seed_means(values[None], self.units[self.known], bounds=(-1, 1))

    def baseline(self, name: str) -> Any:
        """A group baseline from its codes."""
        stored = self.record["group_baselines"][name]
        codes, tied = stored["groups"], stored["answers"]
        merged = [-1 if code in stored["unseen"] else code for code in codes]
        train = [(-1 if code in stored["unseen"] else code, one) for code, names in enumerate(tied) for one in names]
        groups, individuals = np.array(sorted(set(train))).T
        numbered = (np.searchsorted(self.trained, one) for one in (individuals, self.labels[self.known]))
        trained, tested = numbered
        result = group_baseline(Grouped(trained, groups), Grouped(tested, np.array(merged)), len(self.trained))
        labels = self.labels[self.known]
        return result.model_copy(
            update={
                "adjusted_rand": float(metrics.adjusted_rand_score(labels, codes)),
                "mutual_information": float(metrics.mutual_info_score(labels, codes)),
                "adjusted_mutual_information": float(metrics.adjusted_mutual_info_score(labels, codes)),
            }
        )

    def unseen(self) -> list[Any]:
        return [self.baseline(name) for name in self.record["group_baselines"]]


# --- the numbers of each page: from the row and its record to the number and its interval -----------------------------

Recompute = Callable[[Row[Any], Told], Answer]
NOTHING: Answer = (None, None)


def baseline_of(row: Row[Any], told: Told, part: str) -> str:
    """Name of the baseline of a row without a record."""
    return next(name for name in told.record[part] if row.name == baseline_name(name))


def classifier(told: Told, kind: str, state: str) -> Json | None:
    if kind in {"linear", "nearest"}:
        probes = told.record["probes"].get(state)
        return probes and probes[kind]
    if state == "untrained":
        return told.record["untrained"] if kind == "shallow" else None
    found: Json | None = told.record["classification"].get(kind)
    return found if found and is_trained(found, told) else None


def is_trained(head: Json, told: Told) -> bool:
    """Whether the last training loss is at most 0.9 of that of a uniform guess."""
    loss: float = head["validation"][-1]["loss"]
    return loss <= 0.9 * math.log(told.record["candidate_count"])


def classified(kind: str, number: str) -> Recompute:
    def recompute(row: Row[Any], told: Told) -> Answer:
        if row.file is None:
            baseline = told.baseline(baseline_of(row, told, "group_baselines"))
            return (None if number == "calibration" else getattr(baseline, number)), None
        one = classifier(told, kind, row.variant or "initial")
        if one is None:
            return NOTHING
        if number == "accuracy":
            return told.accuracy(one["answers"])
        return told.calibration(one) if number == "calibration" else told.macro(one["answers"], number)

    return recompute


def over_untrained(row: Row[Any], told: Told) -> Answer:
    if row.file is None or row.variant or not {"initial", "untrained"} <= told.record["probes"].keys():
        return NOTHING
    states = (told.record["probes"][state]["linear"]["answers"] for state in ("initial", "untrained"))
    return told.paired(*states)


def over_baseline(row: Row[Any], told: Told) -> Answer:
    if row.file is None or row.variant or "initial" not in told.record["probes"]:
        return NOTHING
    best = max(told.unseen(), key=lambda one: one.accuracy)
    gain = told.right(told.record["probes"]["initial"]["linear"]["answers"]) - np.array(best.correct)
    return float(gain.mean()), told.of_differences(gain)


def probe_answers(told: Told, state: str, question: str, variant: str) -> list[int]:
    probes = told.record["probes"][state]
    probe = probes if variant == "all" else probes["regions"][variant][question]
    answers: list[int] = probe["linear"]["answers"]
    return answers


def region(question: str, variant: str) -> Recompute:
    def recompute(row: Row[Any], told: Told) -> Answer:
        if row.part is None or row.file is None:
            return NOTHING
        return told.accuracy(probe_answers(told, row.variant.replace(question, "") or "initial", question, variant))

    return recompute


def region_difference(question: str, one: str, other: str) -> Recompute:
    def recompute(row: Row[Any], told: Told) -> Answer:
        if row.part is None or row.file is None:
            return NOTHING
        state = row.variant.replace(question, "") or "initial"
        return told.paired(*(probe_answers(told, state, question, variant) for variant in (one, other)))

    return recompute


def clustered(name: str) -> Recompute:
    scores = {
        "adjusted_rand": metrics.adjusted_rand_score,
        "mutual_information": metrics.mutual_info_score,
        "adjusted_mutual_information": metrics.adjusted_mutual_info_score,
    }

    def recompute(row: Row[Any], told: Told) -> Answer:
        if row.name == baseline_name("permuted"):
            return getattr(row.part, name), None  # the mean over all encoders, see below
        if row.file is None:
            return getattr(told.baseline(baseline_of(row, told, "group_baselines")), name), None
        clusters = told.record["clustering"].get(row.variant, {}).get("clusters")
        return (float(scores[name](told.labels, clusters)) if clusters else None), None

    return recompute


def agreement(labels: NDArray[np.int64], clusters: list[int], name: str) -> float:
    table = metrics.cluster.contingency_matrix(labels, clusters).astype(float)
    precision, recall = (float((table**2 / table.sum(axis=axis, keepdims=True)).sum() / len(labels)) for axis in (0, 1))
    scores = {
        "AdjRand": lambda: metrics.adjusted_rand_score(labels, clusters),
        "AdjMutInfo": lambda: metrics.adjusted_mutual_info_score(labels, clusters),
        "NormMutInfo": lambda: metrics.normalized_mutual_info_score(labels, clusters),
        "Purity": lambda: table.max(axis=0).sum() / len(labels),
        "BCubed": lambda: 2 * precision * recall / (precision + recall),
    }
    return float(scores[name]())


def retrieved(distance: str, number: str, ranking: str = "") -> Recompute:
    def recompute(row: Row[Any], told: Told) -> Answer:
        if row.file is None:
            if ranking:
                return NOTHING
            stored = told.record["retrieval_baselines"][baseline_of(row, told, "retrieval_baselines")]
            return getattr(expected_ranking([tuple(tier) for tier in stored["tiers"]]), number), None
        part = told.record["retrieval"][row.variant][distance]
        part = part[ranking] if ranking else part
        first = np.array(part["first_ranks"]) if part else np.zeros(len(told.labels))
        matched = first > 0
        if not matched.any():
            return NOTHING
        if number == "mean_average_precision":
            values = np.array(part["average_precisions"], float)[matched]
            return float(values.mean()), of_mean(values, told.units[matched], bounds=(0, 1))
        hits = first[matched] <= int(number.removeprefix("rank"))
        return float(hits.mean()), of_seed_means(hits[None], told.units[matched])

    return recompute


def open_set_score(name: str) -> Recompute:
    def recompute(row: Row[Any], told: Told) -> Answer:
        stored = told.record["open_set"][row.variant]
        similarity = np.array(stored["similarities"], float)
        kept = ~np.isnan(similarity)
        validation = np.sort(stored["validation_similarities"])
        threshold = validation[len(validation) - int(np.ceil(0.95 * len(validation) - 1e-9))]
        known = np.isin(told.labels, told.trained)
        right, accepted = np.array(stored["right"]), similarity >= threshold

        def balanced(hits: NDArray[np.bool_], chosen: NDArray[np.bool_]) -> float:
            individuals = np.unique(told.labels[chosen & kept])
            return float(np.mean([hits[(told.labels == one) & kept].mean() for one in individuals]))

        baks, baus = balanced(accepted & right, known), balanced(~accepted, ~known)
        levels = [-np.inf, *np.unique(similarity[kept]), np.inf]
        curve = [(balanced(similarity < at, ~known), balanced((similarity >= at) & right, known)) for at in levels]
        across, up = np.array(sorted(curve, key=lambda pair: (pair[0], -pair[1]))).T
        values = {"BAKS": baks, "BAUS": baus, "Geometric mean": np.sqrt(baks * baus), "Threshold": threshold}
        return float(values[name] if name in values else np.trapezoid(up, across)), None

    return recompute


def cams(row: Row[Any], told: Told) -> Json:
    name, method = row.variant.split()
    one = told.record["untrained"] if name == "untrained" else told.record["classification"][name]
    found: Json = next(part for part in one["localisations"] if part["method"] == method)["by_image"]
    return found


def column(stored: Json, field: str, region_name: str) -> NDArray[np.float64]:
    return np.array(stored[field][region_name], float)


def mean_of(field: str, region_name: str) -> Recompute:
    def recompute(row: Row[Any], told: Told) -> Answer:
        values = column(cams(row, told), field, region_name)
        return (float(np.nanmean(values)) if np.isfinite(values).any() else None), None

    return recompute


def excess(row: Row[Any], told: Told) -> Answer:
    """The difference and its jackknife, by leaving out each unit in turn."""
    stored = cams(row, told)
    own, swap, others = (column(stored, field, "pattern") for field in ("density", "swap_density", "others_density"))
    rows = np.flatnonzero(~np.isnan(own))
    units = told.units[rows]
    if len(np.unique(units)) < 2:
        return NOTHING
    pairs = np.array([(units != unit).sum() for unit in units])

    def without(unit: int | None) -> float:
        kept = units != unit
        total = (pairs * swap[rows]).sum() - (~kept * pairs * (swap[rows] + others[rows])).sum()
        count = pairs.sum() - 2 * (~kept * pairs).sum()
        return float(own[rows][kept].mean() - total / count)

    value = without(None)
    names = np.unique(units)
    if len(names) < FEW:
        return value, None
    left = np.array([without(unit) for unit in names])
    error = np.sqrt((len(names) - 1) / len(names) * ((left - left.mean()) ** 2).sum())
    reach = stats.t.ppf(0.975, len(names) - 1) * error
    return value, Interval(low=value - reach, high=value + reach, groups=len(names))


def share_of_ceiling(row: Row[Any], told: Told) -> Answer:
    density, ceiling = (mean_of(field, "pattern")(row, told)[0] for field in ("density", "ceiling"))
    return (None if density is None or ceiling is None else density / ceiling), None


FILLINGS = {"*Mean colour*": "mean_colour", "*Telea*": "telea", "mean colour": "mean_colour", "Telea": "telea"}


def hole(name: str) -> Recompute:
    def recompute(row: Row[Any], told: Told) -> Answer:
        part = told.record["inpainting"]
        filling = part["reconstruction"].get(FILLINGS.get(row.name, "model"), {})
        values = np.array(filling.get("by_photo", {}).get(name, []))
        return (float(values.mean()), of_mean(values, np.array(part["units"]))) if len(values) else NOTHING

    return recompute


def hole_gaps(row: Row[Any], told: Told, name: str) -> NDArray[np.float64]:
    by_photo = (
        told.record["inpainting"]["reconstruction"][one]["by_photo"] for one in ("model", FILLINGS[row.variant])
    )
    one, other = (np.array(part.get(name, [])) for part in by_photo)
    return one - other


def hole_difference(name: str) -> Recompute:
    def recompute(row: Row[Any], told: Told) -> Answer:
        gaps, units = hole_gaps(row, told, name), np.array(told.record["inpainting"]["units"])
        return (float(gaps.mean()), of_mean(gaps, units)) if len(gaps) else NOTHING

    return recompute


def detectable(row: Row[Any], told: Told) -> Answer:
    gaps = hole_gaps(row, told, "psnr")
    return (detectable_mean(gaps, np.array(told.record["inpainting"]["units"])) if len(gaps) else None), None


def kept(field: str) -> Recompute:
    """The kept epoch and its loss: the lowest of its curve in the last phase."""

    def recompute(row: Row[Any], told: Told) -> Answer:
        if row.file is None:
            return NOTHING
        part = told.record["inpainting"]
        curve = part["settled"] if part["rule"] == "settled" else part["validation"]
        first = part["last_phase"] - 1
        epoch = first + int(np.argmin(curve[first:])) + 1
        return (epoch if field == "epoch" else curve[epoch - 1]), None

    return recompute


VARIANTS = ("background", "body", "pattern", "no_background", "no_body", "no_pattern", "all")
DIFFERENCES = {
    "Pattern - Background": ("pattern", "background"),
    "Background - Body": ("background", "body"),
    "No background - No pattern": ("no_background", "no_pattern"),
}
SCORES = {"recall": "recall", "F1": "f1", "calibration error": "calibration"}


def title(variant: str) -> str:
    return variant.replace("_", " ").capitalize()


def of_question(question: str) -> dict[str, Recompute]:
    return {title(name): region(question, name) for name in VARIANTS} | {
        name: region_difference(question, *pair) for name, pair in DIFFERENCES.items()
    }


def gain_on(variant: str) -> Recompute:
    def recompute(_: Row[Any], told: Told) -> Answer:
        states = (probe_answers(told, state, "information", variant) for state in ("initial", "untrained"))
        return told.paired(*states)

    return recompute


CLASSIFICATION = (
    {"Linear probe": classified("linear", "accuracy"), "Nearest neighbours": classified("nearest", "accuracy")}
    | {f"{mode.capitalize()} accuracy": classified(mode, "accuracy") for mode in ("deep", "shallow")}
    | {f"{mode.capitalize()} {one}": classified(mode, SCORES[one]) for mode in ("deep", "shallow") for one in SCORES}
    | {"Gain over untrained": over_untrained, "Gain over best baseline": over_baseline}
)
RETRIEVAL = {
    f"{distance.capitalize()} {header}": retrieved(distance, number)
    for distance in ("cosine", "euclidean")
    for header, number in {"rank-1": "rank1", "rank-5": "rank5", "mAP": "mean_average_precision"}.items()
} | {
    f"{name}: cosine {header}": retrieved("cosine", number, ranking)
    for name, ranking in {"Across recordings": "across_recordings", "Cross-flank": "cross_flank"}.items()
    for header, number in {"rank-1": "rank1", "mAP": "mean_average_precision"}.items()
}
FOCUS = {"Excess density on pattern": excess, "Share of ceiling": share_of_ceiling} | {
    f"{header} on {name}": mean_of(field, name)
    for header, field in {"Mass": "mass", "Density": "density", "Rank accuracy": "rank"}.items()
    for name in ("background", "body", "pattern")
}
INPAINTING = {f"Hole {name}": hole(name.lower()) for name in ("L1", "PSNR", "SSIM", "LPIPS")} | {
    "Loss": kept("loss"),
    "Epoch": kept("epoch"),
}
TABLES: Mapping[str, tuple[Mapping[str, Recompute], ...]] = {
    "classification": (CLASSIFICATION,),
    "ablation": (
        of_question("reliance"),
        of_question("information"),
        {title(name): gain_on(name) for name in VARIANTS},
        {},
    ),
    "clustering": (
        {
            "AdjRand": clustered("adjusted_rand"),
            "MutInfo": clustered("mutual_information"),
            "AdjMutInfo": clustered("adjusted_mutual_information"),
        },
        {},
    ),
    "retrieval": (RETRIEVAL,),
    "focus": (FOCUS, FOCUS),
    "leaderboard": (
        {
            "Whole image": classified("linear", "accuracy"),
            "Background alone": region("information", "background"),
            "Pattern alone": region("information", "pattern"),
        },
    ),
    "inpainting": (
        INPAINTING,
        {f"{name} difference": hole_difference(name.lower()) for name in ("L1", "PSNR", "SSIM", "LPIPS")}
        | {"Detectable": detectable},
    ),
}
"""By the block of the page, in the order of its tables."""

TEXTS = {
    "ablation": {*map(title, VARIANTS), *DIFFERENCES},
    "clustering": {"AdjRand", "AdjMutInfo", "NormMutInfo", "Purity", "BCubed", "k estimated"}
    | {f"{name}, k estimated" for name in ("AdjRand", "AdjMutInfo", "BCubed")},
    "inpainting": {"Epoch by lowest, settled"},
    "retrieval": {"BAKS", "BAUS", "Geometric mean", "Area", "Threshold"},
}
"""Columns whose numbers have a test of their own below, or in the scoring's `test_recomputation`."""


@pytest.fixture(scope="module")
def files() -> list[RecordFile]:
    return read(ROOT / "leaderboard")


def told(file: RecordFile) -> Told:
    return Told(json.loads((ROOT / file.path).read_text()))


def shown(page: Page, files: list[RecordFile]) -> Iterator[tuple[int, Table[Any], Section]]:
    for section in page.sections(files):
        if page.has(section):
            yield from ((n, table, section) for n, table in enumerate(page.tables) if table.shown(section))


def equals(number: float | None, value: float | None) -> None:
    assert value == (None if number is None else pytest.approx(number, abs=1e-9))


def same_ends(ends: Interval | None, interval: Interval | None) -> None:
    assert (ends is None) == (interval is None)
    if ends and interval:
        assert (interval.low, interval.high) == pytest.approx((ends.low, ends.high), abs=1e-9)
        assert interval.groups == ends.groups


@pytest.mark.parametrize("block", TABLES)
def test_every_number_of_a_table_follows_from_the_json_of_its_record(block: str, files: list[RecordFile]) -> None:
    page = next(one for one in find_pages() if one.block == block)
    for number, table, section in shown(page, files):
        columns = [one for one in table.columns if one.shown(section)]
        recomputed = TABLES[block][number] if number < len(TABLES[block]) else {}
        for one in columns:
            assert one.header in recomputed or is_named(block, one), f"{block}: {one.header} is not computed again"
        baselines = "inpainting" if block == "inpainting" else "group_baselines"
        of_baselines = next((file for file in section.files if told(file).record[baselines]), section.files[0])
        for row in table.rows(section):
            if row.part is None or len(row.seeds) > 1:
                continue
            for one in columns:
                if one.header in recomputed and one.value:
                    answer = recomputed[one.header](row, told(row.file or of_baselines))
                    equals(answer[0], one.value(row.part))
                    if one.interval:
                        same_ends(answer[1], one.interval(row.part))


def is_named(block: str, one: Column[Any]) -> bool:
    """Whether a column is no score, or has a test elsewhere."""
    return (
        one.header in FACTS | OF_EMBEDDINGS | TEXTS.get(block, set())
        or one.header.endswith(OF_SECTIONS)
        or one.value is None
    )


def test_the_open_set_follows_from_similarities(files: list[RecordFile]) -> None:
    page = next(one for one in find_pages() if one.block == "retrieval")
    for section in page.sections(files):
        for row in open_set.TABLE.rows(section):
            assert row.file is not None
            for one in open_set.TABLE.columns:
                assert one.value is not None
                equals(open_set_score(one.header)(row, told(row.file))[0], one.value(row.part) if row.part else None)


def test_permuted_labels_follow_from_the_clusters(files: list[RecordFile]) -> None:
    for one in map(told, files):
        for clusters in one.record["clustering"].values():
            if permuted := clusters["permuted"]:
                random = np.random.default_rng(one.seed)
                drawn = [
                    metrics.adjusted_rand_score(random.permutation(one.labels), clusters["clusters"])
                    for _ in range(permuted["permutations"])
                ]
                assert permuted["adjusted_rand"] == pytest.approx(np.mean(drawn))


AGREEMENTS = {
    "AdjRand": "adjusted_rand",
    "AdjMutInfo": "adjusted_mutual_information",
    "NormMutInfo": "normalised_mutual_information",
    "Purity": "purity",
    "BCubed": "bcubed",
}


def test_the_cluster_validation_follows_from_its_partitions(files: list[RecordFile]) -> None:
    for one in map(told, files):
        for views in one.record["cluster_validation"].values():
            for part in views.values():
                for starts in filter(None, (part["given"], part["estimated"])):
                    for name, field in AGREEMENTS.items():
                        values = [agreement(one.labels, clusters, name) for clusters in starts["partitions"]]
                        assert starts["mean"]["agreement"][field] == pytest.approx(np.mean(values))
                        assert starts["sd"]["agreement"][field] == pytest.approx(np.std(values, ddof=1), abs=1e-9)
                    for name in ("silhouette", "davies_bouldin", "calinski_harabasz"):
                        shapes = [shape[name] for shape in starts["shapes"]]
                        if None not in shapes:
                            assert starts["mean"]["shape"][name] == pytest.approx(np.mean(shapes))
                tried = part["tried"]
                best = [tried["counts"][int(np.nanargmax(np.array(row, float)))] for row in tried["silhouettes"]]
                assert part["estimated"]["clusters"] == best[0]
                assert part["estimated_range"] == [min(best), max(best)]


def test_recalls_of_individuals_and_the_curves_of_validation_follow_from_the_answers(files: list[RecordFile]) -> None:
    for one in map(told, files):
        for part in one.record["classification"].values():
            answers = np.array(part["answers"])
            for individual, recall in enumerate(part["individual_recall"]):
                own = one.labels == individual
                known = own.any() and individual in one.trained
                assert recall == (pytest.approx((answers[own] == individual).mean()) if known else None)
            labels = np.array(one.record["validation_images"]["labels"])
            for epoch in part["validation"]:
                assert epoch["accuracy"] == pytest.approx((np.array(epoch["answers"]) == labels).mean())
