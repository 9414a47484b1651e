"""The plan of a run as data: which stages there are, in which order, and what each starts from."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from benchmark.protocol import Overrides, read_protocol
from harness.contestants.registry import BackboneFacts
from harness.contract import Encode, TrainClassify, TrainInpaint
from harness.execution.executors.execute import startable
from harness.execution.packs import EncodePack, TrainPack
from harness.execution.plan import ABLATED, INPAINT, UNTRAINED_CLASSIFIER, StageSpec, plan
from harness.execution.results import RegionStages, Results
from harness.execution.spec import DataBundle, RunSpec
from harness.execution.titles import TITLES, title
from harness.workspace import Workspace
from support.pets import cut, pets

EVERYTHING = ["train:inpaint", "train:shallow", "train:deep", "explain"]


def facts(*capabilities: str, **more: Any) -> BackboneFacts:
    return BackboneFacts.model_validate(
        {"name": "net", "title": "Net", "paper": "", "licence": "MIT", "capabilities": capabilities, "input": {}} | more
    )


def stages(root: Path, backbone: BackboneFacts, protocol_name: str = "paper") -> list[StageSpec]:
    data = pets(root)
    crops = cut(data)
    protocol = read_protocol(protocol_name, Workspace.here().protocols).resolve("net", Overrides())
    spec = RunSpec(
        backbone=backbone,
        data=DataBundle(data, crops.split),
        protocol=protocol,
        rules="",
        weights={},
        own_files=frozenset(),
        device="cpu",
        workers=2,
    )
    return list(plan(spec, inpaints=backbone.inpaints))


def test_a_backbone_that_can_everything_has_every_stage(tmp_path: Path) -> None:
    plan_stages = stages(tmp_path, facts(*EVERYTHING))
    names = [stage.name for stage in plan_stages]
    assert len(set(names)) == len(names) == 41
    assert names[:6] == [
        "inpaint",
        "encode",
        "fill",
        "encode-untrained",
        "classify-untrained",
        "predict-untrained",
    ]
    assert {"gallery-initial", "gallery-untrained", "gallery-finetuned", "classify-shallow-no_body"} < set(names)


def test_every_stage_says_what_it_does_in_words_of_its_own(tmp_path: Path) -> None:
    names = [stage.name for stage in stages(tmp_path, facts(*EVERYTHING))]
    assert [name for name in names if name not in TITLES] == []
    assert len({title(name) for name in names}) == len(names)
    assert title("my-stage") == "my-stage"


def encodings(plan_stages: list[StageSpec]) -> dict[tuple[str, str, str], list[str]]:
    """Names of the stages that encode some images with a frozen encoder, by encoder, part and region variant."""
    by_name = {stage.name: stage for stage in plan_stages}

    def encoder(stage: StageSpec) -> str:
        before = by_name.get(stage.after or "")
        if before and isinstance(before.job, TrainClassify) and before.job.mode == "shallow":
            return encoder(before)  # which leaves the encoder as it is
        return stage.after or stage.job.init

    names: dict[tuple[str, str, str], list[str]] = {}
    for stage in plan_stages:
        match stage.pack, stage.job:
            case EncodePack(part=part, variants=variants), _:
                images = [(part, variant) for variant in variants]
            case TrainPack(variant=variant), TrainClassify(mode="shallow"):
                images = [("train", variant), ("val", variant)]
            case _:
                images = []
        for one in images:
            names.setdefault((encoder(stage), *one), []).append(stage.name)
    return names


@pytest.mark.parametrize("protocol", ["quick", "longer"])
def test_no_image_is_encoded_twice_by_one_encoder(tmp_path: Path, protocol: str) -> None:
    names = encodings(stages(tmp_path, facts(*EVERYTHING), protocol))
    assert [of for of in names.values() if len(of) > 1] == []
    assert {part for _, part, _ in names} == {"test", "train"}


def test_only_shallow_classifiers_encode_images_again(tmp_path: Path) -> None:
    """The contract gives them pixels, not embeddings."""
    again = [of for of in encodings(stages(tmp_path, facts(*EVERYTHING))).values() if len(of) > 1]
    assert len(again) == 2 * (7 + 1)  # test and train images of 7 variants, and whole ones for the control
    assert all(len(of) == 2 for of in again)
    assert all(any("shallow" in name or name in UNTRAINED_CLASSIFIER for name in of) for of in again)


def test_no_stage_comes_before_the_one_it_starts_from(tmp_path: Path) -> None:
    plan_stages = stages(tmp_path, facts(*EVERYTHING))
    places = {stage.name: place for place, stage in enumerate(plan_stages)}
    started = [stage for stage in plan_stages if stage.after is not None]
    assert all(places[str(stage.after)] < places[stage.name] for stage in started)
    assert all(stage.job.checkpoint for stage in started)
    assert not any(stage.job.checkpoint for stage in plan_stages if stage.after is None)


def test_only_inpainting_training_runs_alone(tmp_path: Path) -> None:
    plan_stages = stages(tmp_path, facts(*EVERYTHING))
    assert [stage.name for stage in plan_stages if stage.alone] == [INPAINT]
    assert isinstance(plan_stages[0].job, TrainInpaint)


def test_the_control_starts_from_random_weights_and_from_nothing_learnt(tmp_path: Path) -> None:
    by_name = {stage.name: stage for stage in stages(tmp_path, facts(*EVERYTHING))}
    assert [by_name[name].after for name in ("encode-untrained", "classify-untrained", "gallery-untrained")] == [
        None
    ] * 3
    assert by_name["predict-untrained"].after == "classify-untrained"
    assert by_name["encode"].after == INPAINT


def test_cams_are_wanted_of_classifiers_on_whole_images_alone(tmp_path: Path) -> None:
    explained = {
        stage.name: stage.job.explain
        for stage in stages(tmp_path, facts(*EVERYTHING))
        if isinstance(stage.job, TrainClassify | Encode) and stage.job.explain
    }
    methods = {"classify": ("gradcam",), "predict": ("gradcam", "hirescam")}
    trained = ("untrained", "deep-all", "shallow-all")
    assert explained == {f"{verb}-{name}": methods[verb] for verb in methods for name in trained}


def test_a_backbone_without_parameters_is_only_embedded_and_classified(tmp_path: Path) -> None:
    names = [stage.name for stage in stages(tmp_path, facts("train:shallow"))]
    assert names[:2] == ["encode", "gallery-initial"]
    assert names[2:4] == ["regions-test-initial", "regions-train-initial"]
    assert len(names) == 2 + 2 + 2 * 7


def test_quick_trains_one_classifier_and_ablates_by_probes(tmp_path: Path) -> None:
    plan_stages = stages(tmp_path, facts(*EVERYTHING), "quick")
    assert [stage.name for stage in plan_stages if isinstance(stage.job, TrainClassify)] == ["classify-deep-all"]
    assert [stage.name for stage in plan_stages if stage.name.startswith("regions")] == [
        f"regions-{part}-{state}" for state in ("initial", "untrained") for part in ("test", "train")
    ]
    assert [stage.name for stage in stages(tmp_path, facts("train:shallow"), "quick")] == [
        "encode",
        "gallery-initial",
        "regions-test-initial",
        "regions-train-initial",
    ]


def test_longer_ablates_its_deep_classifier_alone(tmp_path: Path) -> None:
    names = [stage.name for stage in stages(tmp_path, facts(*EVERYTHING), "longer")]
    assert sum(name.startswith("classify-deep-") for name in names) == 7
    assert not any("shallow" in name or name == "classify-untrained" for name in names)


def test_the_region_variants_are_encoded_by_the_same_encoder_in_one_job_a_part(tmp_path: Path) -> None:
    by_name = {stage.name: stage for stage in stages(tmp_path, facts(*EVERYTHING))}
    for state, whole in (("initial", "encode"), ("untrained", "encode-untrained")):
        for part in ("test", "train"):
            regions = by_name[f"regions-{part}-{state}"]
            assert regions.pack == EncodePack(part, ABLATED, "zero")
            assert (regions.job, regions.after) == (by_name[whole].job, by_name[whole].after)


def stage(name: str, after: str | None = None, *, alone: bool = False) -> StageSpec:
    (any_job, any_pack) = _ANY
    return StageSpec(name, any_job, any_pack, after=after, alone=alone)


_ANY: tuple[Any, Any] = (None, None)


@pytest.mark.parametrize(
    ("waiting", "running", "finished", "expected"),
    [
        ([stage("a", alone=True), stage("b")], [], [], ["a"]),
        ([stage("b")], [stage("a", alone=True)], [], []),
        ([stage("a", alone=True), stage("b")], [stage("c")], [], []),
        ([stage("a"), stage("b"), stage("c")], [], [], ["a", "b"]),
        ([stage("a", after="x"), stage("b"), stage("c")], [stage("d")], [], ["b"]),
        ([stage("a", after="x"), stage("b")], [], ["x"], ["a", "b"]),
        ([stage("a")], [stage("b"), stage("c")], [], []),
    ],
)
def test_what_starts_next(
    waiting: list[StageSpec], running: list[StageSpec], finished: list[str], expected: list[str]
) -> None:
    assert [one.name for one in startable(waiting, running, finished, 2)] == expected


def test_results_are_read_by_what_they_are(tmp_path: Path) -> None:
    names = [one.name for one in stages(tmp_path, facts(*EVERYTHING))]
    marks: dict[str, Any] = {name: name for name in names}
    results = Results(marks)
    assert results.embeddings == {
        "initial": "encode",
        "untrained": "encode-untrained",
        "finetuned": "predict-deep-all",
    }
    assert results.references["finetuned"] == {"train": "gallery-finetuned"}
    assert results.regions["untrained"] == RegionStages("regions-test-untrained", "regions-train-untrained")
    assert set(results.regions) == {"untrained", "initial"}
    assert results.classifiers["deep"]["no_body"].training == "classify-deep-no_body"
    assert results.untrained is not None
    assert (results.inpainting, results.reconstruction) == ("inpaint", "fill")
    assert Results({}).embeddings == {}
    assert replace(results, stages={}).untrained is None
