"""The study's tables, made from records."""

from collections.abc import Callable, Iterable

from benchmark.records import Clustering, Mode, Record, Scores, Variant
from leaderboard import cells
from leaderboard.entries import Entry, Section
from leaderboard.markdown import NOTHING, escape, table

BUILTIN = "zebrafish-synth"
"""The data set of the summary: the one that comes with the project."""

EMPTY = "No records yet; `patternbench run` writes them."
DASH = f"`{NOTHING}`: no such number; a failed run shows its reason in the last column."
CHANCE = "`(chance)`: no better than always answering the commonest individual (one-sided binomial test, 5 %). "

WHO = ("Backbone", "Initial weights")
VARIANTS: dict[Variant, str] = {
    "background": "Background",
    "fish": "Fish",
    "pattern": "Pattern",
    "no_background": "No background",
    "no_fish": "No fish",
    "no_pattern": "No pattern",
    "all": "All",
}

Row = list[str]


def classification(sections: list[Section], page: str) -> str:
    """Test accuracy, macro recall and macro F1 of both modes."""
    headers = [
        *WHO,
        *(f"{mode} {measure}" for mode in ("Shallow", "Deep") for measure in ("accuracy", "recall", "F1")),
    ]

    def rows(entry: Entry) -> list[Row]:
        shallow, deep = _test(entry.record, "shallow"), _test(entry.record, "deep")
        return [[*cells.who(entry.record), *cells.classified(shallow), *cells.classified(deep)]]

    def one(section: Section) -> str:
        return f"{_heading(section, _test_images(section))}\n\n{_table(section, headers, rows, page)}"

    return _block(sections, one, CHANCE + DASH)


def ablation(sections: list[Section], page: str) -> str:
    """Test accuracy by what was left of the image, a table for each mode."""

    def one(section: Section) -> str:
        heading = _heading(section, _ablation_images(section))
        finished = [entry.record for entry in section.entries if entry.record.status == "ok"]
        if finished and not any(record.ablation for record in finished):
            return (
                f"{heading}\n\nNo ablation: it needs a region mask for every image, and the records of this "
                "data set hold none."
            )
        deep, shallow = _ablated(section, "deep", page), _ablated(section, "shallow", page)
        return f"{heading}\n\n**Deep**\n\n{deep}\n\n**Shallow**\n\n{shallow}"

    return _block(sections, one, f"**Best** and *worst* of each row, as shown. {CHANCE}{DASH}")


def clustering(sections: list[Section], page: str) -> str:
    """k-means++ on the test embeddings, before (`name`) and after (`ref-name`) deep classification."""
    measures = (
        "AdjRand",
        "MutInfo",
        "Silhouette",
        "DaviesBouldin",
        "CalinskiHarabasz",
        "Images",
        "Dimensions",
    )
    headers = ["Encoder", "Initial weights", *measures]

    def row(record: Record, name: str, measured: Clustering | None) -> Row:
        return [escape(name), escape(record.init), *cells.clustered(measured)]

    def rows(entry: Entry) -> list[Row]:
        record = entry.record
        before = row(record, record.backbone, record.clustering.get("inpainting"))
        after = row(record, f"ref-{record.backbone}", record.clustering.get("deep"))
        return [before, after] if record.status == "ok" else [before]

    def one(section: Section) -> str:
        return f"{_heading(section, _test_images(section))}\n\n{_table(section, headers, rows, page)}"

    return _block(
        sections,
        one,
        "`ref-`: after deep classification. DaviesBouldin: lower is better; the other four: higher. "
        f"MutInfo in nats. {DASH}",
    )


def summary(sections: list[Section], page: str) -> str:
    """The built-in data set in short: one table a split and protocol."""
    headers = [*WHO, "Deep, all regions", "Shallow", "AdjRand", "ref-AdjRand"]

    def rows(entry: Entry) -> list[Row]:
        record = entry.record
        found = (record.clustering.get("inpainting"), record.clustering.get("deep"))
        return [
            [
                *cells.who(record),
                cells.accuracy(record.ablation.get("deep", {}).get("all")),
                cells.accuracy(_test(record, "shallow")),
                *(f"{measured.adjusted_rand:.3f}" if measured else NOTHING for measured in found),
            ]
        ]

    def one(section: Section) -> str:
        facts = _facts(section, _test_images(section))
        return f"**{_name(section)}** ({facts})\n\n{_table(section, headers, rows, page)}"

    return _block(
        [section for section in sections if section.dataset == BUILTIN],
        one,
        "Accuracy on the test images, and how well k-means on their embeddings finds the individuals "
        f"(adjusted Rand index) before and after (`ref-`) deep classification. {CHANCE}{DASH}",
    )


def _block(sections: list[Section], one: Callable[[Section], str], legend: str) -> str:
    return "\n\n".join([*map(one, sections), legend]) if sections else EMPTY


def _test(record: Record, mode: Mode) -> Scores | None:
    return record.classification[mode].test if mode in record.classification else None


def _ablated(section: Section, mode: Mode, page: str) -> str:
    def rows(entry: Entry) -> list[Row]:
        scores = entry.record.ablation.get(mode, {})
        return [[*cells.who(entry.record), *cells.marked([scores.get(variant) for variant in VARIANTS])]]

    return _table(section, [*WHO, *VARIANTS.values()], rows, page)


def _table(section: Section, headers: list[str], rows: Callable[[Entry], list[Row]], page: str) -> str:
    """A table of the section, with the columns that every table ends in."""
    body = [[*row, str(entry.record.seed), cells.run(entry, page)] for entry in section.entries for row in rows(entry)]
    return table([*headers, "Seed", "Run"], body, numbers=range(2, len(headers) + 1))


def _heading(section: Section, images: Iterable[int]) -> str:
    return f"## {_name(section)}\n\n{_facts(section, images)}."


def _name(section: Section) -> str:
    return escape(f"{section.dataset}, split {section.split}, protocol {section.protocol}")


def _facts(section: Section, images: Iterable[int]) -> str:
    """Individuals, chance and test images; where records disagree, all that they say."""
    individuals = sorted({entry.record.individuals for entry in section.entries})
    facts = [f"{_or(individuals)} individuals", f"chance {_or(f'{1 / count:.2f}' for count in individuals)}"]
    counts = sorted(set(images))
    return ", ".join([*facts, f"{_or(counts)} test images"] if counts else facts)


def _or(values: Iterable[object]) -> str:
    return " or ".join(map(str, values))


def _test_images(section: Section) -> list[int]:
    return [trained.test.images for entry in section.entries for trained in entry.record.classification.values()]


def _ablation_images(section: Section) -> list[int]:
    return [
        score.images
        for entry in section.entries
        for variants in entry.record.ablation.values()
        for score in variants.values()
    ]
