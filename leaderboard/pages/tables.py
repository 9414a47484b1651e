"""The paper's tables, made from records."""

from benchmark.records.classification import Scores
from benchmark.records.record import Record
from benchmark.splitting.split import LEAK_FREE
from benchmark.vocabulary import Mode, RegionVariant
from leaderboard import cells, layout, ranking, side_by_side
from leaderboard.entries import Entry, Section
from leaderboard.layout import CHANCE, DASH, INTERVALS, WHO, Row
from leaderboard.markdown import NOTHING
from leaderboard.metrics import CLASSIFICATION
from leaderboard.pages import cluster_validation
from leaderboard.plots import figures
from leaderboard.plots.training import learnt

BUILTIN = "zebrafish-synth"
"""The data set of the summary: the one that comes with the project."""

UNTRAINED = "*untrained*: the shallow classifier on the same encoder with random weights, before anything was learnt. "

DERIVED = ("Background / Body", "No background - No pattern")
RANKS = "*Rank*: rows that a paired bootstrap over the same cannot tell apart (5 %, all pairs together) share one. "
ALONE = "*... alone*: expected of someone who names the individual commonest in training, overall or in that group. "
NEVER = "`(never above chance)`: the validation accuracy was at chance after every epoch. "
MODES: tuple[Mode, ...] = ("shallow", "deep")

VARIANTS: dict[RegionVariant, str] = {
    "background": "Background",
    "body": "Body",
    "pattern": "Pattern",
    "no_background": "No background",
    "no_body": "No body",
    "no_pattern": "No pattern",
    "all": "All",
}


def classification(sections: list[Section], page: str) -> str:
    """Test accuracy with its interval, macro recall, macro F1 and rank of both modes; what no animal is needed for."""
    columns = ("accuracy", "recall", "F1", "rank")
    headers = [*WHO, *(f"{mode} {column}" for mode in ("Shallow", "Deep") for column in columns)]

    def one(section: Section) -> str:
        places = {mode: ranking.places(section, mode) for mode in MODES}

        def rows(entry: Entry) -> list[Row]:
            record = entry.record
            own = cells.who(record)
            for mode in MODES:
                own += [*cells.classified(record.classification.get(mode)), places[mode].get(record.key, NOTHING)]
            if record.untrained is None:
                return [own]
            nothing = [NOTHING] * (len(columns) + 1)
            return [own, [*cells.untrained(record), *cells.classified(record.untrained), *nothing]]

        known = next((entry.record.group_baselines for entry in section.entries if entry.record.group_baselines), {})
        more = [
            [
                cells.alone(name),
                NOTHING,
                *[*cells.guessed(found), NOTHING] * 2,
                *[NOTHING] * 2,
            ]
            for name, found in known.items()
        ]
        made = layout.section_table(section, headers, rows, page, more)
        curves = f"\n\n![Validation accuracy after every epoch]({figures.file('validation', section)})"
        shown = curves if learnt(section) else ""
        return f"{layout.heading(section, layout.test_images(section))}\n\n{made}{shown}"

    return layout.block(sections, one, f"{INTERVALS}{RANKS}{UNTRAINED}{ALONE}{CHANCE}{NEVER}{DASH}")


def ablation(sections: list[Section], page: str) -> str:
    """Test accuracy by what was left of the image, a table for each mode."""

    def one(section: Section) -> str:
        heading = layout.heading(section, _ablation_images(section))
        finished = [entry.record for entry in section.entries if entry.record.status == "ok"]
        if finished and not any(record.ablation for record in finished):
            return (
                f"{heading}\n\nNo ablation: it needs a region mask for every image, and the records of this "
                "data set hold none."
            )
        deep, shallow = _ablated(section, "deep", page), _ablated(section, "shallow", page)
        masks = layout.approximate(section)
        return f"{heading}{masks}\n\n**Deep**\n\n{deep}\n\n**Shallow**\n\n{shallow}"

    return layout.block(
        sections,
        one,
        "**Best** and *worst* of each row, as shown. *Background / Body*: reliance on the background; above 1 it tells "
        "more than the animal without its pattern. *No background - No pattern*: what the pattern is worth; below 0, "
        f"the background is worth more. {CHANCE}{DASH}",
    )


def clustering(sections: list[Section], page: str) -> str:
    """k-means++ on the test embeddings, before (`name`) and after (`ref-name`) deep classification; more below it."""
    measures = ("AdjRand", "MutInfo", "Silhouette", "DaviesBouldin", "CalinskiHarabasz", "Images", "Dimensions")
    headers = ["Encoder", "Initial weights", *measures]

    def rows(entry: Entry) -> list[Row]:
        found = entry.record.clustering
        kinds = [kind for kind in cells.PREFIXES if kind in found or kind == "initial"]
        return [[*cells.encoder(entry.record, kind), *cells.clustered(found.get(kind))] for kind in kinds]

    def one(section: Section) -> str:
        known = next((entry.record.group_baselines for entry in section.entries if entry.record.group_baselines), {})
        more = [[cells.alone(name), NOTHING, *cells.grouped(found), *[NOTHING] * 7] for name, found in known.items()]
        made = layout.section_table(section, headers, rows, page, more)
        return (
            f"{layout.heading(section, layout.test_images(section))}\n\n{made}{cluster_validation.below(section, page)}"
        )

    beside = cluster_validation.LEGEND if any(map(cluster_validation.parted, sections)) else ""
    return layout.block(
        sections,
        one,
        "`ref-`: after deep classification; `random-`: the same encoder with random weights. DaviesBouldin: lower is "
        "better; the other four: higher. MutInfo in nats, at most the logarithm of the number of individuals. "
        "*... alone*: the clusters are what stands in that column of the data set, for which no animal is needed. "
        "`(approximate)`: of so many images k-means works on mini batches, the silhouette is that of some drawn at "
        f"random, and wide embeddings are sketched. {beside}{DASH}",
    )


def summary(sections: list[Section], page: str) -> str:
    """The built-in data set in short: one table a split and protocol, and both splits side by side.

    A split that keeps stretches of film together has no clustering here: what it says needs the page on clustering.
    """
    headers = [*WHO, "Deep, all regions", "Shallow"]
    clustered = ["AdjRand", "ref-AdjRand"]

    def row(entry: Entry) -> Row:
        record = entry.record
        found = (record.clustering.get("initial"), record.clustering.get("finetuned"))
        return [
            *cells.who(record),
            cells.accuracy(record.ablation.get("deep", {}).get("all")),
            cells.accuracy(_test(record, "shallow")),
            *(f"{measured.adjusted_rand:.3f}" if measured else NOTHING for measured in found),
        ]

    def one(section: Section) -> str:
        facts = layout.facts(section, layout.test_images(section))
        shown = [*headers, *([] if section.split in LEAK_FREE else clustered)]
        made = layout.section_table(section, shown, lambda entry: [row(entry)[: len(shown)]], page)
        return f"**{layout.name(section)}** ({facts}){layout.audited(section)}\n\n{made}"

    shown = [section for section in sections if section.dataset == BUILTIN]
    made = layout.block(
        shown,
        one,
        "Accuracy on the test images, and how well k-means on their embeddings finds the individuals "
        "(adjusted Rand index) before and after (`ref-`) deep classification. The index is left to the page on "
        "clustering for splits that keep stretches of film together, such as `block`: there each animal's test images "
        "are a few runs of frames, which look alike because they follow each other, and clusters may be these runs. "
        f"{CHANCE}{DASH}",
    )
    return "\n\n".join([made, *side_by_side.tables(shown, CLASSIFICATION)])


def _test(record: Record, mode: Mode) -> Scores | None:
    return record.classification[mode].test if mode in record.classification else None


def _ablated(section: Section, mode: Mode, page: str) -> str:
    def rows(entry: Entry) -> list[Row]:
        scores = entry.record.ablation.get(mode, {})
        shown = cells.marked([scores.get(variant) for variant in VARIANTS])
        return [[*cells.who(entry.record), *shown, *cells.relied(scores)]]

    return layout.section_table(section, [*WHO, *VARIANTS.values(), *DERIVED], rows, page)


def _ablation_images(section: Section) -> list[int]:
    return [
        score.images
        for entry in section.entries
        for variants in entry.record.ablation.values()
        for score in variants.values()
    ]
