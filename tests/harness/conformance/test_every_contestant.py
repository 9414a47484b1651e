"""Every contestant that is discovered keeps the contract, on images as small as it takes."""

import pytest

from harness.contestants import registry
from harness.workspace import Workspace
from support.checkout import patternbench

HERE = Workspace.here()
LEAST = 36
"""Side of the images in pixels, before it is rounded up to the multiple that a contestant takes."""

TIMM_MODEL = "test_resnet"
"""A network of a few thousand parameters, for the contestant that is any network of timm."""


def labels() -> list[str]:
    """The discovered contestants; one that is run only with a variant gets one."""
    names = registry.names(HERE)
    return [name if registry.runs_without_variant(name, HERE) else f"{name}:{TIMM_MODEL}" for name in names]


@pytest.mark.parametrize("label", labels())
def test_a_contestant_passes_every_check(label: str) -> None:
    multiple = registry.find(label, HERE).size_multiple
    size = -(-LEAST // multiple) * multiple
    done = patternbench(HERE, "backbone", "check", label, "--runner", "process", "--image-size", str(size))
    assert done.returncode == 0, done.stdout
    assert " 0 failed, 0 " in done.stdout
