"""The page of the reproduction: the paper's tables beside ours, and a verdict on each of its claims."""

from collections.abc import Iterable
from typing import get_args

from benchmark.vocabulary import ClaimVerdict
from leaderboard import headings
from leaderboard.formats import bracketed, signed
from leaderboard.markdown import NOTHING, escape, folded, paragraphs, table
from leaderboard.page import Note, Page
from leaderboard.record_files import Section
from leaderboard.reproduction import paper
from leaderboard.reproduction.claims import CLAIMS, Claim, Finding, find, judge
from leaderboard.reproduction.tables import ABLATION, CLUSTERING, INPAINTING
from leaderboard.rows import ENCODER_NAMES_LEGEND

COMMAND = "make bench-all DATA=aau-zebrafish PROTOCOL=paper"

NAMES = (paper.DATASET, paper.SPLIT, paper.PROTOCOL)
"""What a section must be of to be compared with the paper."""

VERDICTS: tuple[ClaimVerdict, ...] = get_args(ClaimVerdict)
NO_RECORDS = (
    f"No record of protocol `{paper.PROTOCOL}` on {paper.DATASET} yet, so all of our cells are empty and every claim "
    f"is *not run*. `{COMMAND}` writes the records, after `patternbench data fetch {paper.DATASET}` and with region "
    "masks for its frames. Numbers of other protocols and other data are not comparable with the paper's and are not "
    "shown."
)


def _claims(section: Section) -> str:
    """The table of claims, and the comparisons that they stand on."""
    found = [(claim, [find(comparison, section) for comparison in claim.comparisons]) for claim in CLAIMS]
    comparisons = [row for claim, findings in found for row in _comparisons(claim, findings)]
    return paragraphs(
        "### Claims",
        table(
            ["Claim", *(_words(verdict).capitalize() for verdict in VERDICTS), "Verdict"],
            [_verdict(claim, findings) for claim, findings in found],
            ["left", "right", "right", "right", "right", "left"],
        ),
        folded(
            "The comparisons behind the claims",
            table(
                ["Claim", "Comparison", "Paper", "Ours", "Verdict"],
                comparisons,
                ["right", "left", "right", "right", "left"],
            ),
        ),
    )


def _words(verdict: ClaimVerdict) -> str:
    return verdict.replace("_", " ")


def _verdict(claim: Claim, findings: list[Finding]) -> list[str]:
    verdicts = [finding.verdict for finding in findings]
    counts = [str(verdicts.count(verdict)) for verdict in VERDICTS]
    verdict = judge(findings)
    reasons = list(dict.fromkeys(finding.reason for finding in findings if finding.reason))
    reason = reasons[0] if len(reasons) == 1 else "reasons below"
    because = f" ({escape(reason)})" if reasons and verdict in ("cannot_tell", "not_run") else ""
    return [f"{CLAIMS.index(claim) + 1}. {claim.text}", *counts, f"{_words(verdict)}{because}"]


def _comparisons(claim: Claim, findings: list[Finding]) -> list[list[str]]:
    return [
        [
            str(CLAIMS.index(claim) + 1),
            finding.comparison.title,
            "pictures" if finding.comparison.paper is None else signed(finding.comparison.paper),
            NOTHING
            if finding.difference.value is None
            else f"{signed(finding.difference.value)}{bracketed(finding.difference.interval)}",
            f"{_words(finding.verdict)}{f' ({escape(finding.reason)})' if finding.reason else ''}",
        ]
        for finding in findings
    ]


def _section(section: Section, _page: str) -> str:
    return paragraphs(
        headings.title(section),
        "" if section.files else NO_RECORDS,
        _claims(section),
        "### The paper's tables beside ours",
        *(part for mode, one in ABLATION.items() for part in (f"**Region ablation, {mode}**", one.text(section))),
        "**Inpainting (Table 3)**",
        INPAINTING.text(section),
        "**Clustering**",
        CLUSTERING.text(section),
    )


def comparable(sections: Iterable[Section]) -> list[Section]:
    """The sections of the paper's data, split and protocol."""
    return [one for one in sections if (one.dataset, one.split, one.protocol) == NAMES]


FILE = "leaderboard/reproduction.md"

NOTES = (
    (
        "*Verdict* of a comparison: *reproduced* if the 95 % interval of our difference excludes 0 on the side of the "
        "paper's difference, *not reproduced* if it excludes 0 on the other side. *Cannot tell*: it was run, but the "
        "evidence is too small, for the reason in parentheses. *Not run*: no run of a contestant that it needs has "
        "finished, so nothing is known. A claim is reproduced if all of its comparisons are, not reproduced if any is "
        "not, and not run if all are not run; else it cannot be told."
    ),
    (
        "Intervals of accuracies are over units and training seeds; those of the adjusted Rand index are "
        "Student's over training seeds, of which they need three. Each holds by itself: of twenty true differences of "
        "0, one is expected to get a verdict."
    ),
    "*Shallow* is the paper's head: a linear layer trained by Adam for a fixed number of epochs.",
    (
        "*pictures*: the paper shows by pictures, without a number, that classifiers look at the pattern; the page of "
        "focus explains how it is measured here."
    ),
    ENCODER_NAMES_LEGEND,
)

PAGE = Page(
    file=FILE,
    block="reproduction",
    title="reproduction of the paper",
    order=10,
    section=_section,
    tables=(*ABLATION.values(), INPAINTING, CLUSTERING),
    notes=tuple(map(Note, NOTES)),
    regroup=comparable,
    empty=paragraphs(_section(Section(*NAMES, ()), FILE), " ".join(NOTES)),
    in_terminal=False,
)
