"""The encoders of one data set as a page in Markdown."""

from collections.abc import Sequence

from benchmark.records.field import FieldRecord
from leaderboard.markdown import NOTHING, Align, escape, paragraphs, table
from leaderboard.report.answer import chance, verdict
from leaderboard.report.facts import best_first, beyond_chance, counting, others, scheme_of
from leaderboard.report.limits import could_show
from leaderboard.report.words import counted, with_interval

HEADERS = (
    "Encoder",
    "Initial weights",
    "Whole photo",
    "Background alone",
    "Pattern alone",
    "Verdict",
    "Rank-1 across",
    "Better than chance?",
)
ALIGN: tuple[Align, ...] = ("left", "left", "right", "right", "right", "left", "right", "left")

LEGEND = (
    "*Whole photo*: share of the photos that a linear probe on the frozen embeddings names rightly, fitted on "
    "{others}. *Background alone*, *Pattern alone*: the same probe is shown photos in which the rest is hidden. "
    "*Verdict*: which of the two it relies on, if their difference is shown; *mostly*: alone it keeps at least half of "
    "what whole photos gain over chance. *Rank-1 across*: share of photos whose most similar photo in another "
    "recording or encounter shows the same individual. *Better than chance?*: above the best answer without looking, "
    "which is a uniform guess or always the commonest individual, by a test over units (5 %). Brackets: 95 % "
    "intervals; none with fewer than six units. `{nothing}`: no such number."
)
NOT_CLEAN = "No column says which photos were taken together: the scores may be memory of near-copies in part."
APPROXIMATE = "*Region masks are approximate: proposed by a program, not all corrected by a person.*"


def field_page(records: Sequence[FieldRecord]) -> str:
    """The page: facts, legend, and one row for each encoder, best first.

    Args:
        records: one for each encoder, of the same photos; in any order.

    Raises:
        InputError: there is no record, or the records are not of the same photos.
    """
    ordered = best_first(records)
    best = ordered[0]
    scores = counting(best)
    size = f"{counted(len(best.photos), 'photo')} of {counted(len(best.identities), 'individual')}, {chance(scores)}"
    return (
        paragraphs(
            f"# {escape(best.dataset)}",
            f"Which encoder names these individuals, and by what? {size}. {could_show(best)}",
            NOT_CLEAN if scheme_of(best) == "random" else "",
            APPROXIMATE if any(record.approximate_regions for record in ordered) else "",
            LEGEND.format(others=escape(others(scores)), nothing=NOTHING),
            table(HEADERS, [_row(record) for record in ordered], ALIGN),
        )
        + "\n"
    )


def _row(record: FieldRecord) -> list[str]:
    scores = counting(record)
    regions = scores.regions.get("reliance", {})
    alone = [
        with_interval(part.accuracy, part.interval) if (part := regions.get(name)) else NOTHING
        for name in ("background", "pattern")
    ]
    across = record.retrieval.across
    return [
        escape(record.title),
        escape(record.init),
        with_interval(scores.linear.accuracy, scores.linear.interval),
        *alone,
        verdict(record).name,
        with_interval(across.rank1, across.rank1_interval) if across and across.rank1 is not None else NOTHING,
        beyond_chance(scores),
    ]
