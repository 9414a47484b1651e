"""job.json as the contract's types write it is read field by field; any other is refused by name."""

import json
import math
from pathlib import Path
from typing import Any

import pytest
import torch

from backbones.kit.errors import JobError
from backbones.kit.job import ClassifyJob, EncodeJob, FillJob, InpaintJob, Job, read_job
from harness.contract import AnyJob, Encode, Inpaint, Resources, TrainClassify, TrainInpaint

NEEDED: dict[str, Any] = {"image_size": 8, "seed": 7, "batch_size": 2, "init": "published"}
COMMON = NEEDED | {
    "variant": "large",
    "precision": "bfloat16",
    "fast": False,
    "weights": {"places2": "in/places2.pt"},
    "checkpoint": "in/checkpoint.safetensors",
    "resources": Resources(threads=3, device="cuda"),
}
INPAINT = {"epochs": 4, "patience": 2, "perceptual": "none"}
CLASSIFY = {"mode": "deep", "classes": 6, "epochs": 15, "learning_rate": 1e-4, "pooling": "flatten"}
FULL: list[tuple[AnyJob, type[Job]]] = [
    (TrainInpaint(**COMMON, **INPAINT), InpaintJob),
    (TrainClassify(**COMMON, **CLASSIFY, explain=("gradcam",)), ClassifyJob),
    (Encode(**COMMON, pooling="average", dtype="float16", classes=6, explain=("gradcam",)), EncodeJob),
    (Inpaint(**COMMON), FillJob),
]
BARE: list[AnyJob] = [
    TrainInpaint(**NEEDED, **INPAINT),
    TrainClassify(**NEEDED, **CLASSIFY),
    Encode(**NEEDED, pooling="flatten"),
    Inpaint(**NEEDED),
]


def written(folder: Path, content: object) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "job.json").write_text(json.dumps(content))
    return folder


@pytest.mark.parametrize(("contract_job", "kind"), FULL)
def test_every_field_of_a_job_is_read(contract_job: AnyJob, kind: type[Job], tmp_path: Path) -> None:
    job = read_job(written(tmp_path, contract_job.model_dump(mode="json")), contract_job.verb)
    assert type(job) is kind
    expected = contract_job.model_dump(mode="json", exclude={"contract", "verb", "task", "resources"}) | {
        "folder": tmp_path,
        "weights": {"places2": tmp_path / "in" / "places2.pt"},
        "checkpoint": tmp_path / "in" / "checkpoint.safetensors",
        "threads": 3,
        "device": "cuda",
    }
    assert vars(job) == expected
    assert (job.data, job.out) == (tmp_path / "data", tmp_path / "out")


@pytest.mark.parametrize("contract_job", BARE)
def test_omitted_fields_have_the_defaults_of_the_contract(contract_job: AnyJob, tmp_path: Path) -> None:
    whole = read_job(written(tmp_path, contract_job.model_dump(mode="json")), contract_job.verb)
    kept = {"verb", "task", *contract_job.model_fields_set}
    assert read_job(written(tmp_path, contract_job.model_dump(mode="json", include=kept)), contract_job.verb) == whole
    assert (whole.weights, whole.checkpoint, whole.threads, whole.device) == ({}, None, 1, "cpu")


def test_resources_may_be_partial(tmp_path: Path) -> None:
    job = read_job(written(tmp_path, BARE[3].model_dump(mode="json") | {"resources": {"threads": 2}}), "inpaint")
    assert (job.threads, job.device) == (2, "cpu")


@pytest.mark.parametrize("seed", [-(2**63), -1, 0, 2**64 - 1])
def test_every_seed_that_the_contract_allows_can_be_set(seed: int, tmp_path: Path) -> None:
    job = read_job(written(tmp_path, BARE[1].model_dump(mode="json") | {"seed": seed}), "train")
    assert torch.Generator().manual_seed(job.seed).initial_seed() == seed % 2**64


ALL = [
    ({"image_size": 0}, r"image_size: 0 is less than the minimum of 1"),
    ({"image_size": "8"}, r"image_size: '8' is not of type 'integer'"),
    ({"seed": 0.5}, r"seed: 0\.5 is not of type 'integer'"),
    ({"seed": None}, r"seed: None"),
    ({"seed": 2**64}, r"seed: 18446744073709551616 is greater than the maximum"),
    ({"seed": -(2**63) - 1}, r"seed: -9223372036854775809 is less than the minimum"),
    ({"batch_size": True}, r"batch_size: True"),
    ({"batch_size": 8.0}, r"batch_size: 8\.0 is not of type 'integer'"),
    ({"precision": "float64"}, r"precision: 'float64' is not one of \['auto', 'float32', 'bfloat16'\]"),
    ({"fast": "yes"}, r"fast: 'yes' is not of type 'boolean'"),
    ({"init": "pretrained"}, r"init: 'pretrained' is not one of"),
    ({"weights": {"vgg": 3}}, r"weights\.vgg: 3 is not of type 'string'"),
    ({"weights": ["vgg"]}, r"weights: \['vgg'\] is not of type 'object'"),
    ({"checkpoint": 5}, r"checkpoint: 5 is not"),
    ({"checkpoint": ""}, r"checkpoint: ''"),
    ({"variant": None}, r"variant: None is not of type 'string'"),
    ({"contract": "3"}, r"contract: '3' is not one of \['1', '2'\]"),
    ({"resources": {"threads": 0}}, r"resources\.threads: 0 is less than"),
    ({"resources": {"device": "tpu"}}, r"resources\.device: 'tpu' is not one of"),
    ({"resources": {"gpus": 1}}, r"resources: Additional properties .*'gpus'"),
    ({"surprise": 1}, r"job: Additional properties .*'surprise'"),
]
OWN = [
    (0, {"epochs": 0}, r"epochs: 0 is less than"),
    (0, {"patience": 0}, r"patience: 0 is less than"),
    (0, {"perceptual": True}, r"perceptual: True is not one of"),
    (0, {"learning_rate": 0.1}, r"job: .*'learning_rate' was unexpected"),
    (1, {"mode": "flat"}, r"mode: 'flat' is not one of"),
    (1, {"classes": 0}, r"classes: 0 is less than"),
    (1, {"epochs": 1.5}, r"epochs: 1\.5 is not of type"),
    (1, {"learning_rate": 0}, r"learning_rate: 0 is less than or equal to the minimum"),
    (1, {"learning_rate": math.inf}, r"learning_rate: inf is not of type 'number'"),
    (1, {"learning_rate": math.nan}, r"learning_rate: nan is not of type 'number'"),
    (1, {"learning_rate": 10**400}, r"learning_rate: 10+ is not of type 'number'"),
    (1, {"pooling": "max"}, r"pooling: 'max' is not one of"),
    (1, {"explain": ["lime"]}, r"explain\.0: 'lime' is not (one of|valid)"),
    (2, {"explain": "gradcam"}, r"explain: 'gradcam' is not of type 'array'"),
    (1, {"patience": 1}, r"job: .*'patience' was unexpected"),
    (2, {"dtype": "int8"}, r"dtype: 'int8' is not one of"),
    (2, {"classes": 0}, r"classes: 0 is less than"),
    (2, {"pooling": None}, r"pooling: None is not one of"),
    (2, {"mode": "deep"}, r"job: .*'mode' was unexpected"),
    (3, {"pooling": "flatten"}, r"job: .*'pooling' was unexpected"),
]


@pytest.mark.parametrize(("place", "change", "problem"), [(place, *case) for place in range(4) for case in ALL] + OWN)
def test_a_field_that_breaks_the_schema_is_refused_by_name(
    place: int, change: dict[str, Any], problem: str, tmp_path: Path
) -> None:
    folder = written(tmp_path, BARE[place].model_dump(mode="json") | change)
    with pytest.raises(JobError, match=f"job.json: {problem}"):
        read_job(folder, BARE[place].verb)


@pytest.mark.parametrize("place", range(4))
def test_every_field_without_a_default_is_needed(place: int, tmp_path: Path) -> None:
    contract_job = BARE[place]
    assert contract_job.model_fields_set >= set(NEEDED)
    for field in contract_job.model_fields_set:
        whole = contract_job.model_dump(mode="json")
        del whole[field]
        with pytest.raises(JobError, match=f"'{field}' is a required property"):
            read_job(written(tmp_path, whole), contract_job.verb)


@pytest.mark.parametrize(("contract_job", "verb"), [(BARE[0], "encode"), (BARE[2], "train"), (BARE[3], "encode")])
def test_a_job_for_another_verb_is_refused(contract_job: AnyJob, verb: str, tmp_path: Path) -> None:
    with pytest.raises(JobError, match=f"expected a job for the verb '{verb}'"):
        read_job(written(tmp_path, contract_job.model_dump(mode="json")), verb)


@pytest.mark.parametrize(
    ("place", "task", "problem"),
    [
        (0, "detect", "task 'detect' is unknown; the verb 'train' has: inpaint, classify"),
        (0, None, "task None is unknown; the verb 'train' has: inpaint, classify"),
        (0, ["inpaint"], r"task \['inpaint'\] is unknown"),
        (2, "classify", "task 'classify' is unknown; the verb 'encode' has: none"),
    ],
)
def test_an_unknown_task_is_refused(place: int, task: object, problem: str, tmp_path: Path) -> None:
    with pytest.raises(JobError, match=problem):
        read_job(written(tmp_path, BARE[place].model_dump(mode="json") | {"task": task}), BARE[place].verb)


@pytest.mark.parametrize("content", ["", "{", "\ufeff{}", "nothing of the sort"])
def test_a_file_that_is_not_json_is_refused(content: str, tmp_path: Path) -> None:
    (tmp_path / "job.json").write_text(content, encoding="utf-8")
    with pytest.raises(JobError, match=r"job\.json: cannot be read"):
        read_job(tmp_path, "encode")


@pytest.mark.parametrize("content", [[], "encode", 3, None, {}, {"verb": None}])
def test_json_that_is_no_job_is_refused(content: object, tmp_path: Path) -> None:
    with pytest.raises(JobError, match="expected a job for the verb 'encode'"):
        read_job(written(tmp_path, content), "encode")


def test_a_missing_job_is_refused(tmp_path: Path) -> None:
    with pytest.raises(JobError, match=r"job\.json: cannot be read: .*No such file"):
        read_job(tmp_path, "encode")
