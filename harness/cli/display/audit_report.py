"""An audit as tables on a terminal."""

from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from benchmark.audit.audit import COMPARISONS, Audit, Comparison, find_faults, frames_text, nothing_found, sentence

_HEADERS: dict[Comparison, str] = {
    "test_train": "test in\ntrain",
    "test_labelled": "test in\nlabelled\ntrain",
    "test_val": "test in\nval",
    "inpaint_test": "inpainting\ntest in its\ntrain, val",
    "val_train": "val in\ntrain",
    "gallery": "query in\ngallery",
}

_RELATIONS = {
    "determines": "reveals the identity",
    "nested": "identity is nested in it",
    "restricts": "rules individuals out",
    "none": "",
}


def report(audit: Audit) -> list[RenderableType]:
    """The audit in one line, whether the split is clean, and tables of leaks, nesting and balance."""
    reasons = find_faults(audit)
    verdict = "Not clean: " + "; ".join(reasons) + "." if reasons else nothing_found(audit)
    return [Text(sentence(audit), style="bold"), Text(verdict), _leaks(audit), _nesting(audit), _balance(audit)]


def _leaks(audit: Audit) -> Table:
    table = Table(box=None, header_style="bold", title="Share of images that have", title_justify="left")
    table.add_column("")
    for name in COMPARISONS:
        table.add_column(_HEADERS[name], justify="right")
    leaks = [audit.leaks[name] for name in COMPARISONS]
    nears = [leak.near for leak in leaks]
    shares: dict[str, list[float | None]] = {
        "a copy": [leak.exact for leak in leaks],
        "a look-alike": [near.share if near else None for near in nears],
        "of their animal": [near.own if near else None for near in nears],
        "of another animal": [near.other if near else None for near in nears],
        "a similar embedding": [leak.similar for leak in leaks],
        "any animal of the frame": [leak.same_frame for leak in leaks],
    }
    for frames in leaks[0].within:
        shares[f"same animal, {frames_text(frames)}"] = [leak.within[frames] for leak in leaks]
    for column in leaks[0].same_group:
        shares[f"same animal, {column}"] = [leak.same_group[column] for leak in leaks]
    table.add_row("(images)", *(str(leak.images) for leak in leaks))
    for label, row in shares.items():
        if any(share is not None for share in row):
            table.add_row(label, *("" if share is None else f"{100 * share:.1f} %" for share in row))
    return table


def _nesting(audit: Audit) -> Table:
    table = Table(box=None, header_style="bold", title="What a column reveals of the individual", title_justify="left")
    for header in ("column", "values", "individuals each", "accuracy by it", "by none", "AdjRand of it", "MutInfo", ""):
        table.add_column(header, justify="left" if header in {"column", ""} else "right")
    for column in audit.nesting:
        scores = (column.accuracy, column.chance, column.adjusted_rand, column.mutual_information)
        table.add_row(
            column.column,
            str(column.values),
            f"{column.most} at most",
            *(f"{score:.3f}" for score in scores),
            _RELATIONS[column.relation],
        )
    return table


def _balance(audit: Audit) -> Table:
    table = Table(box=None, header_style="bold", title="Balance", title_justify="left")
    for header in ("set", "part", "images", "individuals", "images of each", "box side"):
        table.add_column(header, justify="left" if header in {"set", "part"} else "right")
    for part in audit.balance:
        side = "" if part.side is None else f"{part.side:.0f}"
        per_individual = f"{part.fewest} to {part.most}"
        individuals = f"{part.individuals} of {audit.individuals}"
        table.add_row(part.set, part.part, str(part.images), individuals, per_individual, side)
    table.caption_justify = "left"
    table.caption = (
        f"Images whose content occurs more than once: {audit.repeated}; those of them under different individuals: "
        f"{audit.contradictory}."
    )
    return table
