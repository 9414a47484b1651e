"""Variants of the backbone: names of timm's networks, and addresses of models on the hub."""

import difflib
import re

import timm

HUB = "hf-hub:"
EXAMPLES = "timm:resnet18, timm:vit_small_patch14_dinov2, timm:hf-hub:BVRA/MegaDescriptor-L-384"


def on_hub(variant: str) -> bool:
    """Whether a variant is a model on the hub, whose architecture is stated in its files alone.

    Examples:
        >>> on_hub("hf-hub:BVRA/MegaDescriptor-L-384"), on_hub("resnet18")
        (True, False)
    """
    return variant.startswith(HUB)


def check(variant: str) -> None:
    """Refuse a variant that does not exist.

    Raises:
        ValueError: there is no such variant; names the closest ones.
    """
    if not variant:
        raise ValueError(f"timm needs a variant, such as {EXAMPLES}.")
    if on_hub(variant):
        if not re.fullmatch(r"[\w.-]+/[\w.-]+(@[\w./-]+)?", variant.removeprefix(HUB)):
            raise ValueError(f"{variant!r} is no address on the hub; expected {HUB}ORG/NAME or {HUB}ORG/NAME@TAG.")
        return
    architecture, _, tag = variant.partition(".")
    if not timm.is_model(architecture):
        close = difflib.get_close_matches(architecture, timm.list_models(), n=5)
        hint = f" Close names: {', '.join(close)}." if close else f" Examples: {EXAMPLES}."
        raise ValueError(f"timm {timm.__version__} has no network {architecture!r}.{hint}")
    tags = [name.partition(".")[2] for name in timm.list_pretrained(f"{architecture}.*")]
    if tag and tag not in tags:
        raise ValueError(f"{architecture} has no weights {tag!r}; it has: {', '.join(tags) or 'none'}.")
