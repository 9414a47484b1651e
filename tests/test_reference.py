"""The rule of the reference values makes the weights and inputs that the authors' networks had."""

import json
from pathlib import Path

import numpy as np
import pytest

from support.paths import REFERENCE
from support.reference import manifest
from support.weights_rule import checksum, make_inputs, make_weights

RECORDED = sorted(REFERENCE.glob("refA_*.npz"), key=lambda path: path.name)


@pytest.mark.parametrize("path", RECORDED, ids=lambda path: path.stem.removeprefix("refA_"))
def test_the_rule_makes_the_recorded_weights(path: Path) -> None:
    model, part = path.stem.removeprefix("refA_").split("_", maxsplit=1)
    recorded = np.load(path)
    expected = json.loads(str(recorded["meta_json"]))["weight_checksum_sum_sumsq_count"]
    assert checksum(make_weights(manifest(model, part), float(recorded["gain"]))) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("part", ["inpaint_discriminator", "edge_discriminator"])
def test_the_rule_makes_the_recorded_inputs(part: str) -> None:
    recorded = np.load(REFERENCE / f"refA_edgeconnect_{part}.npz")
    inputs = make_inputs(int(recorded["input_seed"]), 2, 64, 64)
    expected = (
        inputs["image01"] if part.startswith("inpaint") else np.concatenate([inputs["gray01"], inputs["edge"]], axis=1)
    )
    assert expected.shape == tuple(recorded["input0_shape"])
    assert expected.sum(dtype=np.float64) == pytest.approx(float(recorded["input0_sum"]), rel=1e-6)
    np.testing.assert_array_equal(expected.ravel()[:8], recorded["input0_first8"])
