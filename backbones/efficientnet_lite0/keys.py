"""Names of the layers in the published file, and in timm."""

CLASSIFIER = ("_fc.weight", "_fc.bias")
"""Keys of the published file that do not belong to the encoder."""

STAGES = (1, 2, 2, 3, 3, 4, 1)
"""Number of blocks of each stage; the published file numbers them across stages."""

OUTER_LAYERS = {"_conv_stem": "conv_stem", "_bn0": "bn1", "_conv_head": "conv_head", "_bn1": "bn2"}
FIRST_BLOCK = {"_depthwise_conv": "conv_dw", "_bn1": "bn1", "_project_conv": "conv_pw", "_bn2": "bn2"}
"""Layers of the first block, the only one that does not expand its channels."""

BLOCK = {
    "_expand_conv": "conv_pw",
    "_bn0": "bn1",
    "_depthwise_conv": "conv_dw",
    "_bn1": "bn2",
    "_project_conv": "conv_pwl",
    "_bn2": "bn3",
}


def _layers() -> dict[str, str]:
    blocks = [f"blocks.{stage}.{block}" for stage, count in enumerate(STAGES) for block in range(count)]
    block_layers = {
        f"_blocks.{number}.{published}": f"{block}.{timm}"
        for number, block in enumerate(blocks)
        for published, timm in (BLOCK if number else FIRST_BLOCK).items()
    }
    return OUTER_LAYERS | block_layers


LAYERS = _layers()
"""timm's name of each layer, by its published name."""


def timm_key(published: str) -> str:
    """Timm's key of a published key; an unknown key stays the same, and strict loading refuses it.

    Examples:
        >>> timm_key("_conv_stem.weight")
        'conv_stem.weight'
    """
    layer, _, tensor = published.rpartition(".")
    return f"{LAYERS.get(layer, layer)}.{tensor}"
