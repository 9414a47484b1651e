"""The cells of the tables: numbers, marks, names and the link to the run."""

from collections.abc import Mapping, Sequence

from benchmark.data.licences import forbids_commerce
from benchmark.records.base import Interval
from benchmark.records.classification import Classification, GroupBaseline, Scores
from benchmark.records.clustering import Clustering
from benchmark.records.inpainting import Encoder, Inpainting, Reconstruction
from benchmark.records.localisation import Localisation
from benchmark.records.record import Record
from benchmark.records.retrieval import AcrossRecordings, Retrieval, RetrievalBaseline
from benchmark.vocabulary import EncoderState, RegionVariant
from leaderboard import metrics
from leaderboard.entries import Entry
from leaderboard.markdown import NOTHING, escape, link

PREFIXES: dict[EncoderState, str] = {"initial": "", "untrained": "random-", "finetuned": "ref-"}
"""Of an encoder's name (the paper's): before any label was seen, with random weights, after deep classification."""

GUESSES = {"majority": "*commonest individual alone*", "random": "*random order*"}
"""Rows of those who see no animal and nothing else either."""

CAUSE_LENGTH = 160
"""Characters of a failure's cause that a row shows; the record holds all of it."""


def who(record: Record) -> list[str]:
    """Backbone and initial weights, and whether their licence forbids commercial use."""
    limits = " (non-commercial)" if forbids_commerce(record.licence) else ""
    return [escape(record.title), f"{escape(record.init)}{limits}"]


def encoder(record: Record, kind: EncoderState) -> list[str]:
    """An encoder's name and initial weights, by whose embeddings they are."""
    return [escape(f"{PREFIXES[kind]}{record.backbone}"), "random" if kind == "untrained" else who(record)[1]]


def untrained(record: Record) -> list[str]:
    """The same for the control with random weights."""
    return [f"{escape(record.title)}, *untrained*", "random"]


def inpainted(measured: Inpainting | None) -> list[str]:
    """Lowest loss, epoch, iterations, batch size, and the model's filling."""
    if measured is None:
        return [NOTHING] * 8
    figures = (f"{measured.loss:.4f}", measured.epoch, measured.iterations, measured.batch_size)
    return [*map(str, figures), *filled(measured.reconstruction.get("model"))]


def filled(measured: Reconstruction | None) -> list[str]:
    """L1, PSNR, SSIM and LPIPS in the hole."""
    if measured is None:
        return [NOTHING] * 4
    psnr = NOTHING if measured.psnr is None else f"{measured.psnr:.2f}"
    lpips = NOTHING if measured.lpips is None else f"{measured.lpips:.3f}"
    return [f"{measured.l1:.4f}", psnr, f"{measured.ssim:.3f}", lpips]


def sized(encoder: Encoder | None) -> list[str]:
    """Parameters, feature map, and the lengths of both embeddings."""
    if encoder is None:
        return [NOTHING] * 4
    channels, height, width = encoder.shape
    shape = f"{channels} x {height} x {width}"
    return [f"{encoder.parameters:,}", shape, f"{channels * height * width:,}", f"{channels:,}"]


def accuracy(score: Scores | None, mark: str = "") -> str:
    """The accuracy with two decimals between marks, and whether it is at chance."""
    if score is None:
        return NOTHING
    return f"{mark}{score.accuracy:.2f}{mark}" + (" (chance)" if score.at_chance else "")


def classified(trained: Classification | None) -> list[str]:
    """Accuracy with its interval, macro recall, macro F1."""
    if trained is None:
        return [NOTHING] * 3
    score = trained.test
    never = " (never above chance)" if trained.never_above_chance else ""
    shown = f"{score.accuracy:.2f}{between(trained.intervals.get('accuracy'))}"
    return [f"{shown}{' (chance)' if score.at_chance else ''}{never}", f"{score.recall:.2f}", f"{score.f1:.2f}"]


def alone(name: str) -> str:
    """The first cell of a row for someone who sees no animal, but a column of the data set."""
    return GUESSES.get(name, f"*{escape(name)} alone*")


def guessed(found: GroupBaseline) -> list[str]:
    """Accuracy, macro recall, macro F1 of someone who sees no animal."""
    return [f"{value:.2f}" for value in (found.accuracy, found.recall, found.f1)]


def retrieved(found: Retrieval | None) -> list[str]:
    """Rank-1 with its interval, rank-5, mean average precision with its interval."""
    if found is None:
        return [NOTHING] * 3
    return [
        f"{_two(found.rank1)}{between(found.rank1_interval)}",
        _two(found.rank5),
        f"{_two(found.mean_average_precision)}{between(found.map_interval)}",
    ]


def guessed_order(found: RetrievalBaseline) -> list[str]:
    """Rank-1, rank-5 and mean average precision of a ranking by someone who sees no animal."""
    return [_two(value) for value in (found.rank1, found.rank5, found.mean_average_precision)]


def found_elsewhere(found: AcrossRecordings | None) -> list[str]:
    """Rank-1 and mean average precision without the query's own recording, and how many queries have a match."""
    if found is None or not found.queries:
        return [NOTHING] * 2
    return [_two(found.rank1), f"{_two(found.mean_average_precision)} of {found.queries}"]


def focused(found: Localisation) -> list[str]:
    """Mass and density on the three regions, the pattern's with its interval, its rank accuracy, and empty maps.

    Where all maps are empty, that alone.
    """
    if found.empty == found.images:
        return [*[NOTHING] * 7, empty(found)]
    mass, density = (tuple(part.model_dump().values()) for part in (found.mass, found.density))
    shown = [*map(_two, mass), *map(_two, density), _two(found.rank.pattern)]
    shown.append(empty(found))
    shown[5] += between(found.pattern_density)
    return shown


def empty(found: Localisation) -> str:
    """How many maps are zero everywhere."""
    return NOTHING if found.empty is None else f"{found.empty} of {found.images}"


def between(interval: Interval | None) -> str:
    """An interval behind its number; nothing where there is none."""
    return f" [{interval.low:.2f}, {interval.high:.2f}]" if interval else ""


def difference(value: float, other: float) -> str:
    """`value` less `other`, both as shown with two decimals: a reader can check it."""
    return f"{round(round(value, 2) - round(other, 2), 2) + 0:+.2f}"  # + 0: no -0.00


def _two(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.2f}"


def marked(scores: Sequence[Scores | None]) -> list[str]:
    """Accuracies, all the best bold and all the worst italic, compared as shown; neither if all are equal."""
    shown = {f"{score.accuracy:.2f}" for score in scores if score}
    marks = {min(shown): "*", max(shown): "**"} if len(shown) > 1 else {}
    return [accuracy(score, marks.get(f"{score.accuracy:.2f}", "") if score else "") for score in scores]


def relied(scores: Mapping[RegionVariant, Scores]) -> list[str]:
    """How much more the background tells than the animal without pattern, and what the pattern is worth."""
    gain = metrics.pattern_gain(scores)
    return [_two(metrics.reliance(scores)), NOTHING if gain is None else f"{gain:+.2f}"]


def clustered(measured: Clustering | None) -> list[str]:
    """The paper's five measures with three decimals, the number of images and of dimensions."""
    if measured is None:
        return [NOTHING] * 7
    values = (
        measured.adjusted_rand,
        measured.mutual_information,
        measured.silhouette,
        measured.davies_bouldin,
        measured.calinski_harabasz,
    )
    shown = (NOTHING if value is None else f"{value:.3f}" for value in values)
    images = f"{measured.images}{'' if measured.exact else ' (approximate)'}"
    return [*shown, images, str(measured.dimensions)]


def grouped(found: GroupBaseline) -> list[str]:
    """Adjusted Rand index and mutual information of clusters made without seeing an animal."""
    return [f"{value:.3f}" for value in (found.adjusted_rand, found.mutual_information)]


def run(entry: Entry, page: str) -> str:
    """The link to the record, and for a failed run its status, stage and cause."""
    record = entry.record
    shown = link(record.key[:7], entry.path, page)
    if record.status == "ok":
        return shown
    if record.failure is None:
        return f"{shown} failed: `{record.status}`"
    cause = " ".join(record.failure.cause.split())
    if len(cause) > CAUSE_LENGTH:
        cause = f"{cause[:CAUSE_LENGTH].rstrip()}…"
    return f"{shown} failed: `{record.status}` in {escape(record.failure.stage)}: {escape(cause)}"
