"""An audit as it is shown on a terminal."""

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from benchmark.audit.audit import PAIRINGS, Audit, Pairing, find_faults, frames_text, sentence

_ASKED: dict[Pairing, str] = {
    "test_train": "test in\ntrain",
    "test_labelled": "test in\nlabelled\ntrain",
    "test_val": "test in\nval",
    "inpaint_test": "inpainting\ntest in its\ntrain, val",
    "val_train": "val in\ntrain",
}

_RELATIONS = {
    "determines": "gives the identity away",
    "nested": "identity is nested in it",
    "restricts": "rules individuals out",
    "none": "",
}


def report(audit: Audit) -> list[RenderableType]:
    """The sentence, whether the split is clean, and tables of leaks, nesting and balance."""
    reasons = find_faults(audit)
    verdict = "Not clean: " + "; ".join(reasons) + "." if reasons else "Clean."
    return [Text(sentence(audit), style="bold"), Text(verdict), _leaks(audit), _nesting(audit), _balance(audit)]


def _leaks(audit: Audit) -> Table:
    table = Table(box=None, header_style="bold", title="Share of images that have", title_justify="left")
    table.add_column("")
    for pairing in PAIRINGS:
        table.add_column(_ASKED[pairing], justify="right")
    leaks = [audit.leaks[pairing] for pairing in PAIRINGS]
    shares: dict[str, list[float | None]] = {
        "a copy": [leak.exact for leak in leaks],
        "a look-alike": [leak.near for leak in leaks],
        "a similar embedding": [leak.similar for leak in leaks],
        "any animal of the frame": [leak.same_frame for leak in leaks],
    }
    for frames in leaks[0].within:
        shares[f"same animal, {frames_text(frames)}"] = [leak.within[frames] for leak in leaks]
    for column in leaks[0].same_group:
        shares[f"same animal, {column}"] = [leak.same_group[column] for leak in leaks]
    table.add_row("(images)", *(str(leak.images) for leak in leaks))
    for label, row in shares.items():
        known = [f"{100 * share:.1f} %" for share in row if share is not None]
        if known:
            table.add_row(label, *known)
    return table


def _nesting(audit: Audit) -> Table:
    table = Table(box=None, header_style="bold", title="What a column tells of the individual", title_justify="left")
    for header in ("column", "values", "individuals each", "accuracy by it", "by none", "AdjRand of it", "MutInfo", ""):
        table.add_column(header, justify="left" if header in {"column", ""} else "right")
    for one in audit.nesting:
        figures = (one.accuracy, one.chance, one.adjusted_rand, one.mutual_information)
        scores = [f"{figure:.3f}" for figure in figures]
        table.add_row(one.column, str(one.values), f"{one.most} at most", *scores, _RELATIONS[one.relation])
    return table


def _balance(audit: Audit) -> Table:
    table = Table(box=None, header_style="bold", title="Balance", title_justify="left")
    for header in ("set", "part", "images", "individuals", "images of each", "box side"):
        table.add_column(header, justify="left" if header in {"set", "part"} else "right")
    for one in audit.balance:
        side = "" if one.side is None else f"{one.side:.0f}"
        each = f"{one.fewest} to {one.most}"
        table.add_row(one.set, one.part, str(one.images), f"{one.individuals} of {audit.individuals}", each, side)
    repeated = (
        f"Images that stand more than once: {audit.repeated}, under different individuals: {audit.contradictory}."
    )
    table.caption, table.caption_justify = repeated, "left"
    return table
