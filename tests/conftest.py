"""What several files of tests need."""

import importlib.util
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

FACTS = Path(__file__).parents[2] / "shared" / "design" / "inpainting"


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """More threads wait for one another where other processes share the cores."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="session")
def rule() -> ModuleType:
    """What makes the weights and inputs of the reference values, where those are beside the project."""
    if not FACTS.exists():
        pytest.skip("the reference data are not beside the project")
    spec = importlib.util.spec_from_file_location("weights_rule", FACTS / "weights_rule.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
