"""Names of the generator's layers in the published files of both layouts."""

from collections.abc import Mapping
from typing import Any

from torch import nn

_OWN_PYTORCH_TENSORFLOW = (
    ("stage1.encoder.0", "stage1.conv1.conv", "conv1.conv"),
    ("stage1.encoder.1", "stage1.down_block1.conv1_downsample.conv", "conv2_downsample.conv"),
    ("stage1.encoder.2", "stage1.down_block1.conv2.conv", "conv3.conv"),
    ("stage1.encoder.3", "stage1.down_block2.conv1_downsample.conv", "conv4_downsample.conv"),
    ("stage1.encoder.4", "stage1.down_block2.conv2.conv", "conv5.conv"),
    ("stage1.middle.0", "stage1.conv_bn1.conv", "conv6.conv"),
    ("stage1.middle.1", "stage1.conv_bn2.conv", "conv7_atrous.conv"),
    ("stage1.middle.2", "stage1.conv_bn3.conv", "conv8_atrous.conv"),
    ("stage1.middle.3", "stage1.conv_bn4.conv", "conv9_atrous.conv"),
    ("stage1.middle.4", "stage1.conv_bn5.conv", "conv10_atrous.conv"),
    ("stage1.middle.5", "stage1.conv_bn6.conv", "conv11.conv"),
    ("stage1.middle.6", "stage1.conv_bn7.conv", "conv12.conv"),
    ("stage1.decoder.1", "stage1.up_block1.conv1_upsample.conv.conv", "conv13_upsample.conv.conv"),
    ("stage1.decoder.2", "stage1.up_block1.conv2.conv", "conv14.conv"),
    ("stage1.decoder.4", "stage1.up_block2.conv1_upsample.conv.conv", "conv15_upsample.conv.conv"),
    ("stage1.decoder.5", "stage1.up_block2.conv2.conv", "conv16.conv"),
    ("stage1.decoder.6", "stage1.conv_to_rgb.conv", "conv17.conv"),
    ("stage2.convolution.encoder.0", "stage2.conv_conv1.conv", "xconv1.conv"),
    ("stage2.convolution.encoder.1", "stage2.conv_down_block1.conv1_downsample.conv", "xconv2_downsample.conv"),
    ("stage2.convolution.encoder.2", "stage2.conv_down_block1.conv2.conv", "xconv3.conv"),
    ("stage2.convolution.encoder.3", "stage2.conv_down_block2.conv1_downsample.conv", "xconv4_downsample.conv"),
    ("stage2.convolution.encoder.4", "stage2.conv_down_block2.conv2.conv", "xconv5.conv"),
    ("stage2.convolution.middle.0", "stage2.conv_conv_bn1.conv", "xconv6.conv"),
    ("stage2.convolution.middle.1", "stage2.conv_conv_bn2.conv", "xconv7_atrous.conv"),
    ("stage2.convolution.middle.2", "stage2.conv_conv_bn3.conv", "xconv8_atrous.conv"),
    ("stage2.convolution.middle.3", "stage2.conv_conv_bn4.conv", "xconv9_atrous.conv"),
    ("stage2.convolution.middle.4", "stage2.conv_conv_bn5.conv", "xconv10_atrous.conv"),
    ("stage2.attention.encoder.0", "stage2.ca_conv1.conv", "pmconv1.conv"),
    ("stage2.attention.encoder.1", "stage2.ca_down_block1.conv1_downsample.conv", "pmconv2_downsample.conv"),
    ("stage2.attention.encoder.2", "stage2.ca_down_block1.conv2.conv", "pmconv3.conv"),
    ("stage2.attention.encoder.3", "stage2.ca_down_block2.conv1_downsample.conv", "pmconv4_downsample.conv"),
    ("stage2.attention.encoder.4", "stage2.ca_down_block2.conv2.conv", "pmconv5.conv"),
    ("stage2.attention.before", "stage2.ca_conv_bn1.conv", "pmconv6.conv"),
    ("stage2.attention.attend", "stage2.contextual_attention", ""),  # a constant that only one layout keeps
    ("stage2.attention.after.0", "stage2.ca_conv_bn4.conv", "pmconv9.conv"),
    ("stage2.attention.after.1", "stage2.ca_conv_bn5.conv", "pmconv10.conv"),
    ("stage2.merge.0", "stage2.conv_bn6.conv", "allconv11.conv"),
    ("stage2.merge.1", "stage2.conv_bn7.conv", "allconv12.conv"),
    ("stage2.decoder.1", "stage2.up_block1.conv1_upsample.conv.conv", "allconv13_upsample.conv.conv"),
    ("stage2.decoder.2", "stage2.up_block1.conv2.conv", "allconv14.conv"),
    ("stage2.decoder.4", "stage2.up_block2.conv1_upsample.conv.conv", "allconv15_upsample.conv.conv"),
    ("stage2.decoder.5", "stage2.up_block2.conv2.conv", "allconv16.conv"),
    ("stage2.decoder.6", "stage2.conv_to_rgb.conv", "allconv17.conv"),
)

PYTORCH_NAMES = {own: pytorch for own, pytorch, _ in _OWN_PYTORCH_TENSORFLOW}
TENSORFLOW_NAMES = {own: tensorflow for own, _, tensorflow in _OWN_PYTORCH_TENSORFLOW if tensorflow}


def publish_names(module: nn.Module, names: Mapping[str, str]) -> None:
    """Make a module's state dict have published keys, when it is read and when it is loaded.

    Args:
        module: a module without such hooks.
        names: published name of every layer that has state, by its own name.
    """
    own_names = {published: own for own, published in names.items()}

    def after_reading(_module: nn.Module, state: dict[str, Any], prefix: str, _metadata: object) -> None:
        _rename(state, prefix, names)

    def before_loading(_module: nn.Module, state: dict[str, Any], prefix: str, *_rest: object) -> None:
        _rename(state, prefix, own_names)

    module.register_state_dict_post_hook(after_reading)  # type: ignore[no-untyped-call]
    module.register_load_state_dict_pre_hook(before_loading)  # type: ignore[no-untyped-call]


def _rename(state: dict[str, Any], prefix: str, names: Mapping[str, str]) -> None:
    """Rename the layers of the keys with a prefix, in place."""
    for key in [key for key in state if key.startswith(prefix)]:
        layer, _, tensor = key.removeprefix(prefix).rpartition(".")
        value = state.pop(key)  # also of unchanged keys, so that the order stays
        state[f"{prefix}{names.get(layer, layer)}.{tensor}"] = value
