"""Print licence and address of a variant's published weights: `python -m backbones.timm.about VARIANT [FILE]`."""

import json
import sys
from pathlib import Path

import timm
from huggingface_hub import model_info
from huggingface_hub.errors import RepositoryNotFoundError

from backbones.timm import names
from backbones.timm.published import licence_in

SITE = "https://huggingface.co"
UNSTATED = "not stated"
UNREACHED = "unknown, because the hub does not answer"
SECONDS = 10
"""Time limit of a request to the hub."""


def about(variant: str, file: Path | None = None) -> dict[str, str]:
    """Licence of a variant's published weights, and address of their page.

    Args:
        variant: the variant.
        file: a file that `backbones.timm.fetch` wrote: it contains the licence, for machines without connection.

    Returns:
        The keys `licence` and `address`.

    Raises:
        ValueError: there is no such variant.
    """
    names.check(variant)
    if names.on_hub(variant):
        address = variant.removeprefix(names.HUB).partition("@")[0]
        return {"licence": (file and licence_in(file)) or on_card(variant), "address": f"{SITE}/{address}"}
    config = timm.get_pretrained_cfg(variant)
    licence, page = (config.license, config.hf_hub_id) if config else (None, None)
    return {"licence": licence or UNSTATED, "address": f"{SITE}/{page or 'timm'}"}


def on_card(variant: str) -> str:
    """Licence on the model card of a hub model; `UNREACHED` without a connection.

    Raises:
        ValueError: the hub has no such model, or it is private.
    """
    address, _, revision = variant.removeprefix(names.HUB).partition("@")
    try:
        card = model_info(address, revision=revision or None, timeout=SECONDS).card_data
    except RepositoryNotFoundError as error:
        raise ValueError(f"{SITE}/{address}: the hub has no such model, or it is private.") from error
    except Exception:  # noqa: BLE001 - the errors of any HTTP library that the client uses
        return UNREACHED
    return str((card and (card.get("license_name") or card.get("license"))) or UNSTATED)


def main(arguments: list[str]) -> int:
    """Print licence and address as JSON, or the error; return the exit code."""
    try:
        variant, *files = arguments
        sys.stdout.write(json.dumps(about(variant, *(Path(file) for file in files if file))) + "\n")
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
