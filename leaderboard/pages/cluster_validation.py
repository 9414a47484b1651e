"""The tables beside the paper's clustering measures: other measures, other numbers of clusters, other scalings."""

from collections.abc import Callable

from benchmark.records.clustering import ClusterValidation, Measures, Starts
from benchmark.vocabulary import EmbeddingView, EncoderState
from leaderboard import cells, layout
from leaderboard.entries import Entry, Section
from leaderboard.layout import Row
from leaderboard.markdown import NOTHING
from leaderboard.plots import figures, projections

Measure = Callable[[Measures], float | None]

AGREEMENTS: dict[str, Measure] = {
    "AdjRand": lambda found: found.agreement.adjusted_rand,
    "AdjMutInfo": lambda found: found.agreement.adjusted_mutual_information,
    "NormMutInfo": lambda found: found.agreement.normalised_mutual_information,
    "Purity": lambda found: found.agreement.purity,
    "BCubed": lambda found: found.agreement.bcubed,
}
ESTIMATED = ("AdjRand", "AdjMutInfo", "BCubed")
"""Of clusterings with another number of clusters those that may be compared: purity grows with it, and so does NMI."""

VIEWS: dict[EmbeddingView, str] = {
    "raw": "Embeddings as they are",
    "unit": "Embeddings of unit length: angles alone count",
    "whitened": "Embeddings whitened: their leading principal components, all of one variance",
}
MAPS: dict[EncoderState, str] = {"initial": "Before any label was seen", "finetuned": "After deep classification"}
"""Whose embeddings are drawn."""

HEADERS = [
    "Encoder",
    "Initial weights",
    *AGREEMENTS,
    "Silhouette",
    "Silhouette of the individuals",
    "k estimated",
    *(f"{name}, k estimated" for name in ESTIMATED),
]
LEGEND = (
    "Beside the paper's measures: mean ± standard deviation over several starts of k-means. *AdjMutInfo*: mutual "
    "information corrected for chance, 0 = as by chance, at most 1; *NormMutInfo*: divided by the mean entropy, not "
    "corrected; *Purity*: share of images that are of their cluster's commonest individual; *BCubed*: harmonic mean of "
    "how pure an image's cluster is and how complete. *Silhouette of the individuals*: of the individuals themselves "
    "as clusters; where k-means finds a higher one, it has found something else than individuals. *k estimated*: the "
    "number of clusters of the highest silhouette, chosen without any label. "
)


def parted(section: Section) -> bool:
    """Whether any record of the section has such measures."""
    return any(entry.record.cluster_validation for entry in section.entries)


def below(section: Section, page: str) -> str:
    """What stands below the paper's table: a table for each view of the embeddings, two folded away, and maps.

    Empty where no record has either.
    """
    tables = ["### Beside the paper's measures", *(_table(section, view, page) for view in VIEWS)]
    maps = [
        f"**{title}**\n\n![PCA, t-SNE and UMAP]({figures.file('embeddings', section, kind)})"
        for kind, title in MAPS.items()
        if projections.drawn(section, kind)
    ]
    shown = [*(tables if parted(section) else []), *(["### Maps of the embeddings", *maps] if maps else [])]
    return "".join(f"\n\n{part}" for part in shown)


def _table(section: Section, view: EmbeddingView, page: str) -> str:
    def rows(entry: Entry) -> list[Row]:
        record = entry.record
        return [
            [*cells.encoder(record, kind), *_cells(record.cluster_validation[kind][view])]
            for kind in cells.PREFIXES
            if view in record.cluster_validation.get(kind, {})
        ]

    made = layout.section_table(section, HEADERS, rows, page)
    if view == "raw":
        return f"**{VIEWS[view]}**\n\n{made}"
    return f"<details><summary>{VIEWS[view]}</summary>\n\n{made}\n\n</details>"


def _cells(found: ClusterValidation) -> Row:
    estimated = [NOTHING] * (1 + len(ESTIMATED))
    if found.estimated:
        means = [_two(AGREEMENTS[name](found.estimated.mean)) for name in ESTIMATED]
        estimated = [str(found.estimated.clusters), *means]
    agreements = [_spread(found.given, measure) for measure in AGREEMENTS.values()]
    return [*agreements, _spread(found.given, _silhouette), _two(_silhouette(found.truth)), *estimated]


def _silhouette(found: Measures) -> float | None:
    return found.shape.silhouette


def _spread(found: Starts, measure: Measure) -> str:
    mean, sd = measure(found.mean), measure(found.sd)
    return NOTHING if mean is None or sd is None else f"{_two(mean)} ± {_two(sd)}"


def _two(value: float | None) -> str:
    """Two decimals, and no minus before zero."""
    return NOTHING if value is None else f"{round(value, 2) + 0:.2f}"
