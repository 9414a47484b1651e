"""The study's tables, made from records."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from benchmark.records import Clustering, Filling, Mode, Record, Scores, Variant
from leaderboard import cells, figures
from leaderboard.entries import Entry, Section
from leaderboard.markdown import NOTHING, escape, table

BUILTIN = "zebrafish-synth"
"""The data set of the summary: the one that comes with the project."""

EMPTY = "No records yet; `patternbench run` writes them."
DASH = f"`{NOTHING}`: no such number; a failed run shows its reason in the last column."
CHANCE = "`(chance)`: no better than always answering the commonest individual (one-sided binomial test, 5 %). "

UNTRAINED = "*untrained*: the shallow classifier on the same encoder with random weights, before any inpainting. "
FILLINGS: dict[Filling, str] = {"mean_colour": "*Mean colour*", "telea": "*Telea*"}
"""Controls of the inpainting table, which learn nothing."""

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
        own = [[*cells.who(entry.record), *cells.classified(shallow), *cells.classified(deep)]]
        control = entry.record.untrained
        if control is None:
            return own
        return [*own, [*cells.untrained(entry.record), *cells.classified(control.test), *cells.classified(None)]]

    def one(section: Section) -> str:
        return f"{_heading(section, _test_images(section))}\n\n{_table(section, headers, rows, page)}"

    return _block(sections, one, UNTRAINED + CHANCE + DASH)


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
        others = {
            f"random-{record.backbone}": record.clustering.get("untrained"),
            f"ref-{record.backbone}": record.clustering.get("deep"),
        }
        return [before, *(row(record, name, found) for name, found in others.items() if found)]

    def one(section: Section) -> str:
        return f"{_heading(section, _test_images(section))}\n\n{_table(section, headers, rows, page)}"

    return _block(
        sections,
        one,
        "`ref-`: after deep classification; `random-`: the same encoder with random weights. DaviesBouldin: lower is "
        f"better; the other four: higher. MutInfo in nats. {DASH}",
    )


def inpainting(sections: list[Section], page: str) -> str:
    """The study's Table 3 for these runs, and how well the holes of test images were filled."""
    headers = [*WHO, "Lowest loss", "Epoch", "Iterations", "Batch", "Hole L1", "Hole PSNR", "Hole SSIM"]

    def rows(entry: Entry) -> list[Row]:
        return [[*cells.who(entry.record), *cells.inpainted(entry.record.inpainting)]]

    def one(section: Section) -> str:
        shown = [entry for entry in section.entries if entry.record.inpainting]
        found = (entry.record.inpainting.reconstruction for entry in shown if entry.record.inpainting)
        measured = [fillings for fillings in found if fillings]
        controls = [
            [title, NOTHING, *[NOTHING] * 4, *cells.filled(measured[0][name]), NOTHING, NOTHING]
            for name, title in FILLINGS.items()
            if measured
        ]
        images = [filling.images for fillings in measured for filling in fillings.values()]
        made = _table(replace(section, entries=tuple(shown)), headers, rows, page, controls)
        grid = f"\n\n![Holes of test images, filled]({figures.inpainting_file(section)})" if measured else ""
        curves = f"\n\n![Loss after every epoch]({figures.losses_file(section)})"
        return f"{_heading(section, images)}\n\n{made}{grid}{curves}"

    with_any = [section for section in sections if any(entry.record.inpainting for entry in section.entries)]
    return _block(
        with_any,
        one,
        "*Lowest loss*: generator loss on the validation images, in the model's own units: not to be compared between "
        "models. Measures in the hole alone; L1 of a range of 1, PSNR in dB. *Mean colour* and *Telea* learn nothing: "
        f"what fills no better has not learnt to inpaint. {DASH}",
    )


def encoders(sections: list[Section], page: str) -> str:
    """How large each encoder is, and what it gives."""
    headers = [*WHO, "Parameters", "Feature map", "Embedding, flattened", "Embedding, averaged"]

    def rows(entry: Entry) -> list[Row]:
        return [[*cells.who(entry.record), *cells.sized(entry.record.encoder)]]

    def one(section: Section) -> str:
        sizes = {entry.record.encoder.image_size for entry in section.entries if entry.record.encoder}
        heading = f"## {_name(section)}\n\nImages of {_or(sorted(sizes))} pixels a side."
        plot = f"![Parameters and embedding sizes]({figures.encoders_file(section)})"
        return f"{heading}\n\n{_table(section, headers, rows, page)}\n\n{plot}"

    with_any = [section for section in sections if any(entry.record.encoder for entry in section.entries)]
    return _block(with_any, one, f"Feature map: channels x height x width. {DASH}")


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


def _table(
    section: Section, headers: list[str], rows: Callable[[Entry], list[Row]], page: str, more: Iterable[Row] = ()
) -> str:
    """A table of the section, with the columns that every table ends in; `more` rows belong to no record."""
    body = [[*row, str(entry.record.seed), cells.run(entry, page)] for entry in section.entries for row in rows(entry)]
    return table([*headers, "Seed", "Run"], [*body, *more], numbers=range(2, len(headers) + 1))


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
