"""Time of encoding: the fast and the plain path of each inpainting encoder, by turns, on the same images."""

import copy
from collections.abc import Callable

import pytest
import torch
from pytest_benchmark.fixture import BenchmarkFixture
from torch import Tensor

from backbones.kit.learning.inference import optimise
from backbones.kit.loading import build_backbone
from perf.support.target import compare, timed
from perf.targets.encode import NAMES

SIZE = 64


@pytest.mark.parametrize("name", NAMES)
def test_fast_and_plain_encoders_by_turns(name: str, benchmark: BenchmarkFixture) -> None:
    torch.manual_seed(0)
    plain = build_backbone(name, "").encoder.eval()
    fast = optimise(copy.deepcopy(plain), "float32")
    images = torch.rand(4, 3, SIZE, SIZE)

    def runs(encoder: Callable[[Tensor], Tensor]) -> Callable[[], Tensor]:
        def run() -> Tensor:
            with torch.inference_mode():
                return encoder(images)

        return run

    torch.testing.assert_close(runs(fast)(), runs(plain)(), rtol=1e-3, atol=1e-4)
    measurement = compare(timed(runs(plain)), timed(runs(fast)), rounds=3)
    benchmark.extra_info["ratio"] = measurement.ratio
    benchmark(runs(fast))
