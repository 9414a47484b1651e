"""What all pages share: sections under their headings, tables that end in seed and run, legends."""

from collections.abc import Callable, Iterable

from leaderboard import cells, metrics
from leaderboard.entries import Entry, Section
from leaderboard.markdown import NOTHING, escape, table

EMPTY = "No records yet; `patternbench run` writes them."
DASH = f"`{NOTHING}`: no such number; a failed run shows its reason in the last column."
CHANCE = (
    "*Chance*: one over the number of individuals that can be the answer. `(chance)`: no better than the better of "
    "that and of always answering the commonest individual of the images (one-sided binomial test, 5 %). "
)
INTERVALS = (
    "Brackets: 95 % interval by bootstrap over recordings, or over images where the test images are of fewer than six "
    "recordings. "
)
WHO = ("Backbone", "Initial weights")

Row = list[str]
Rows = Callable[[Entry], list[Row]]


def block(sections: Iterable[Section], one: Callable[[Section], str], legend: str) -> str:
    """The sections below each other, and the legend below them."""
    shown = [one(section) for section in sections]
    return "\n\n".join([*shown, legend]) if shown else EMPTY


def section_table(section: Section, headers: list[str], rows: Rows, page: str, more: Iterable[Row] = ()) -> str:
    """A table of the section, with the columns that every table ends in; `more` rows belong to no record."""
    body = [[*row, str(entry.record.seed), cells.run(entry, page)] for entry in section.entries for row in rows(entry)]
    return table([*headers, "Seed", "Run"], [*body, *more], numbers=range(2, len(headers) + 1))


def heading(section: Section, images: Iterable[int]) -> str:
    """The section's name as a heading, its facts, and the audit of its split."""
    return f"## {name(section)}\n\n{facts(section, images)}.{audited(section)}"


def audited(section: Section) -> str:
    """The audit of the section's split as a paragraph of its own; nothing where no record has one."""
    found = [entry.record.audit for entry in section.entries if entry.record.audit]
    if not found:
        return ""
    verdict = "This split is not clean: read the scores as memory at least in part." if found[-1].faults else ""
    return f"\n\n*{escape(found[-1].sentence)}.* {verdict}".rstrip()


def approximate(section: Section) -> str:
    """That region masks are approximate, as a paragraph of its own; nothing where no record says so."""
    marked = [entry.record.title for entry in section.entries if entry.record.approximate_regions]
    if not marked:
        return ""
    of = "" if len(marked) == len(section.entries) else f" of {', '.join(map(escape, dict.fromkeys(marked)))}"
    return f"\n\n*Region masks{of} are approximate: proposed by a program, not all corrected by a person.*"


def name(section: Section) -> str:
    """Data set, split and protocol."""
    return escape(f"{section.dataset}, split {section.split}, protocol {section.protocol}")


def facts(section: Section, images: Iterable[int]) -> str:
    """Individuals, how many can be the answer, chance and test images; where records disagree, all that they say."""
    records = [entry.record for entry in section.entries]
    individuals, possible = sorted({one.individuals for one in records}), sorted(set(map(metrics.possible, records)))
    limited = "" if possible == individuals else f", of whom {either(possible)} can be the answer"
    chance = f"chance {either(f'{1 / count:.2f}' for count in possible)}"
    said = [f"{either(individuals)} individuals{limited}", chance]
    counts = sorted(set(images))
    return ", ".join([*said, f"{either(counts)} test images"] if counts else said)


def either(values: Iterable[object]) -> str:
    """The values with `or` between them."""
    return " or ".join(map(str, values))


def test_images(section: Section) -> list[int]:
    """Numbers of test images that the section's records speak of."""
    return [trained.test.images for entry in section.entries for trained in entry.record.classification.values()]


def where(sections: Iterable[Section], holds: Callable[[Entry], object]) -> list[Section]:
    """The sections of which some entry has something."""
    return [section for section in sections if any(holds(entry) for entry in section.entries)]
