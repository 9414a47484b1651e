"""Entries of an owner's published weights: choosing one by name, and the words about one."""

from benchmark.data.licences import forbids_commerce, is_unstated
from benchmark.errors import InputError
from harness.contestants.registry import Owner
from harness.contract import Weights
from harness.suggestions import did_you_mean
from harness.weights.metadata import command_line


def find_entry(owner: Owner, name: str) -> Weights:
    """The weights of this name.

    Raises:
        InputError: the owner's variant has none of this name; lists those it has.
    """
    entries = {entry.name: entry for entry in owner.own_weights}
    if name in entries:
        return entries[name]
    hint = did_you_mean(name, entries)
    for variant in [variant for entry in owner.weights if entry.name == name for variant in entry.variants][:1]:
        hint = f" Those are for {owner.model_copy(update={'variant': variant}).label}."
    raise InputError(f"{owner.label} has no published weights {name!r}; it has: {', '.join(entries) or 'none'}.{hint}")


def only_entry(owner: Owner) -> Weights:
    """The entry of an owner that has one.

    Raises:
        InputError: it has several or none, so that one must be named.
    """
    if len(owner.own_weights) != 1:
        names = ", ".join(entry.name for entry in owner.own_weights) or "none"
        raise InputError(
            f"Name the weights of {owner.label} that the file holds; it has: {names}. For example: "
            f"`patternbench weights import {owner.label} NAME FILE`."
        )
    return owner.own_weights[0]


def manual_steps(owner: Owner, entry: Weights) -> str:
    """How to get weights with a browser, or on another machine where only a command gets them."""
    name = entry.file if entry.fetch else "FILE"
    import_command = f"`patternbench weights import {owner.label} {entry.name} {name}`"
    if entry.fetch:
        return (
            f"in a checkout on a machine that reaches {entry.address}, run "
            f"`{command_line(entry.fetch, owner, name)}`; with that file here, {import_command}"
        )
    return f"open {entry.address}, download {entry.file}, and run {import_command}"


def licence_warning(licence: str) -> str:
    """A warning if commercial use is forbidden or no licence is stated; else empty.

    >>> licence_warning("CC-BY-NC-4.0")
    'Not for commercial use.'
    """
    warnings = {
        "Not for commercial use.": forbids_commerce(licence),
        "No licence is stated for these weights: ask their authors what you may do with them.": is_unstated(licence),
    }
    return " ".join(text for text, applies in warnings.items() if applies)
