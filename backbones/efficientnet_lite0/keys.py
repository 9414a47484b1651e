"""How the published file calls the layers, and how timm does."""

PASSED_OVER = ("_fc.weight", "_fc.bias")
"""The classifier."""

STAGES = (1, 2, 2, 3, 3, 4, 1)
"""Blocks in each stage; the published file counts them through."""

ENDS = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2"}
FIRST_BLOCK = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
"""The only one that does not expand its channels."""

BLOCK = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}


def _layers() -> dict[str, str]:
    places = [f"blocks.{stage}.{place}" for stage, blocks in enumerate(STAGES) for place in range(blocks)]
    inside = {
        f"_blocks.{number}.{theirs}": f"{place}.{ours}"
        for number, place in enumerate(places)
        for theirs, ours in (BLOCK if number else FIRST_BLOCK).items()
    }
    return ENDS | inside


LAYERS = _layers()
"""timm's name of each published layer."""


def own_key(published: str) -> str:
    """What timm calls a published key; an unknown key stays as it is, for the strict loading to refuse."""
    layer, _, tensor = published.rpartition(".")
    return f"{LAYERS.get(layer, layer)}.{tensor}"
