"""Text above the tables of a section: its name, its facts, the audit of its split."""

from collections import defaultdict
from collections.abc import Iterable

from leaderboard import evidence
from leaderboard.markdown import escape, paragraphs
from leaderboard.record_files import Section, version_of


def heading(section: Section, images: Iterable[int], *, classified: bool = True) -> str:
    """The section's name as a heading, its facts, what its test images can show, and the audit of its split.

    Args:
        section: the records of the tables below.
        images: numbers of test images; one for each score.
        classified: whether the tables show accuracies.
    """
    shown = evidence.sentences(section, classified=classified)
    return paragraphs(title(section), f"{facts(section, images)}.", shown, audit(section))


def title(section: Section) -> str:
    """The section's name as a heading, and the records that are not shown."""
    return paragraphs(f"## {name(section)}", left_out(section))


def name(section: Section) -> str:
    """Data set, split and protocol, with the digests that tell the section from others of the same names."""
    names = f"{section.dataset}, split {section.split}, protocol {section.protocol}"
    return escape("; ".join(text for text in (names, section.differs) if text))


def left_out(section: Section) -> str:
    """The records that are not shown because they are not comparable with the others; empty if there are none."""
    if not section.left_out:
        return ""
    current = version_of(section.records[0])
    reasons: defaultdict[str, list[str]] = defaultdict(list)
    for file in section.left_out:
        same_rules = version_of(file.record).rules == current.rules
        reasons["the scoring" if same_rules else f"protocol {section.protocol}"].append(file.record.title)
    texts = [
        f"{len(titles)} record{'s' * (len(titles) > 1)} of an earlier version of {escape(of)} "
        f"({', '.join(map(escape, dict.fromkeys(titles)))})"
        for of, titles in reasons.items()
    ]
    return f"Not shown: {' and '.join(texts)}. Run them again to compare them."


def facts(section: Section, images: Iterable[int], counted: str = "test images") -> str:
    """Numbers of individuals, candidates and test images, and a uniform guess; all values where records differ.

    Args:
        section: the records.
        images: numbers of test images; empty = they are not mentioned.
        counted: what is counted instead of test images.
    """
    individuals = sorted({record.individuals for record in section.records})
    candidates = sorted({record.candidate_count for record in section.records})
    limited = "" if candidates == individuals else f", of whom {either(candidates)} can be the answer"
    guess = f"uniform guess {either(f'{1 / count:.2f}' for count in candidates)}"
    texts = [f"{either(individuals)} individuals{limited}", guess]
    counts = sorted(set(images))
    return ", ".join([*texts, f"{either(counts)} {counted}"] if counts else texts)


def audit(section: Section) -> str:
    """The audit of the section's split; empty if no record has one."""
    audits = [record.audit for record in section.records if record.audit]
    if not audits:
        return ""
    warning = " This split is not clean: its scores measure memory at least in part." if audits[-1].faults else ""
    return f"*{escape(audits[-1].sentence)}.*{warning}"


def approximate_masks(section: Section) -> str:
    """A warning that region masks are approximate; empty if no record has such masks."""
    titles = [record.title for record in section.records if record.approximate_regions]
    if not titles:
        return ""
    of = "" if len(titles) == len(section.files) else f" of {', '.join(map(escape, dict.fromkeys(titles)))}"
    return f"*Region masks{of} are approximate: proposed by a program, not all corrected by a person.*"


def either(values: Iterable[object]) -> str:
    """The values as alternatives; empty without values.

    >>> either([59, 60]), either([88, 89, 106])
    ('59 or 60', '88, 89 or 106')
    """
    texts = [str(value) for value in values]
    return " or ".join(text for text in (", ".join(texts[:-1]), *texts[-1:]) if text)


def test_images(section: Section) -> list[int]:
    """Number of test images of each classifier of the section."""
    return [trained.test.images for record in section.records for trained in record.classification.values()]
