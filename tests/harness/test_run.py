"""Whole runs, from photos to tables, on real data and real child processes or containers."""

import json
import os
import shutil
import signal
import subprocess
import time
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from benchmark.errors import RunError
from benchmark.records.files import record_path
from benchmark.records.record import Record
from harness.contestants import scaffold
from harness.workspace import Workspace
from leaderboard.plots.localisation import overlays_file
from support.checkout import command, copy_pages, environment, link, patternbench, write_plain, write_tiny
from support.paths import FISH, ROOT
from support.records import read_all

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(1200)]


def checkout(root: Path) -> Workspace:
    """A small checkout of the project with two backbones more, and nothing computed.

    `fresh` comes from the template; `plain` is numpy alone, so that its stages take no time to start.
    """
    link(root, "benchmark/datasets", "benchmark/protocols")
    shutil.copytree(ROOT / "benchmark" / "splits", root / "benchmark" / "splits")
    link(root, *(f"backbones/{path.name}" for path in (ROOT / "backbones").iterdir()))
    copy_pages(root)
    scaffold.write("fresh", None, Workspace(root))
    write_plain(root)
    write_tiny(root, images=24, images_per_individual=2)
    return Workspace(root)


def by_tiny(workspace: Workspace, *arguments: str) -> list[str]:
    """The arguments of a run by the tiny protocol, on the processor, where they name no other."""
    return ["run", "--protocol", str(workspace.root / "tiny.toml"), "--device", "cpu", *arguments]


def run(workspace: Workspace, *arguments: str) -> subprocess.CompletedProcess[str]:
    return patternbench(workspace, *by_tiny(workspace, *arguments))


def only_record(workspace: Workspace) -> Record:
    (record,) = read_all(workspace.records)
    return record


def finished(workspace: Workspace) -> dict[str, int]:
    stages = workspace.store / "stages"
    return {path.parent.name: path.stat().st_mtime_ns for path in stages.glob("*/stage.json")}


def test_a_killed_or_interrupted_run_goes_on_where_it_stopped_and_a_finished_one_is_found(tmp_path: Path) -> None:
    workspace = checkout(tmp_path)
    killed, _ = stopped(workspace, signal.SIGKILL, after=4)
    assert killed == -signal.SIGKILL
    interrupted, said = stopped(workspace, signal.SIGINT, after=8)
    assert interrupted == 130
    assert "Interrupted. What is finished is kept; the same command goes on from there." in said
    before = finished(workspace)

    resumed = run(workspace, "plain", "--runner", "process")
    assert resumed.returncode == 0, resumed.stderr
    after = finished(workspace)
    assert {name: after[name] for name in before} == before
    assert list((workspace.store / "flight").iterdir()) == []
    record = only_record(workspace)
    assert record.status == "ok"

    again = run(workspace, "plain", "--runner", "process")
    assert again.returncode == 0, again.stderr
    assert "Every stage was found finished." in again.stderr
    assert finished(workspace) == after
    assert only_record(workspace) == record

    clean = checkout(tmp_path / "clean")
    assert run(clean, "plain", "--runner", "process").returncode == 0
    assert scores(only_record(clean)) == scores(record)


def stopped(workspace: Workspace, by: signal.Signals, after: int) -> tuple[int, str]:
    """A run that gets a signal once so many stages are finished, its exit code and what it said."""
    child = subprocess.Popen(
        command(workspace, *by_tiny(workspace, "plain", "--runner", "process")),
        env=environment(),
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        # A shell lets what it starts in the background ignore SIGINT, and so would the run.
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 - there are no threads
    )
    while len([name for name in finished(workspace) if name.startswith("plain-")]) < after:
        assert child.poll() is None, "the run ended before it could be stopped"
        time.sleep(0.05)
    child.send_signal(by)
    _, said = child.communicate()
    return child.returncode, said


def everything_is_there(record: Record, workspace: Workspace) -> None:
    """The parts of a record of a contestant that can do everything, and the pages made of it."""
    assert set(record.ablation) == {"deep", "shallow"}
    assert len(record.ablation["deep"]) == 7
    assert len(record.classification["deep"].probe_localisation) == 2
    assert record.inpainting is not None
    assert set(record.inpainting.reconstruction) == {"model", "mean_colour", "telea"}
    assert record.inpainting.reconstruction["model"].images == 16  # four originals in four flips
    assert set(record.clustering) == set(record.cluster_validation) == {"untrained", "inpainting", "deep"}
    assert set(record.projections) == {"inpainting", "deep"}
    assert record.untrained is not None
    assert record.test is not None
    assert {len(one.answers) for one in record.classification.values()} == {len(record.test.labels)}
    assert set(record.group_baselines) == {"majority", "video"}
    assert record.retrieval_baselines["video"].rank1 == pytest.approx(1 / 3, abs=0.03)  # three fish in each video
    assert record.audit is not None
    assert record.audit.sentence.startswith(
        "random: 94 % of test images have the same animal within one frame in train"
    )
    assert record.audit.faults
    assert set(record.retrieval) == {"untrained", "inpainting", "deep"}
    for trained in record.classification.values():
        assert trained.localisation is not None
        assert trained.localisation.examples is not None
        assert trained.probe_area is not None
    beside = overlays_file(record_path(record, workspace.records))
    assert beside.stat().st_size < 150_000
    assert record.test.identities == tuple(f"fish{number}" for number in range(1, 7))
    assert record.encoder is not None
    assert record.encoder.shape == (512, 4, 4)
    of_section = "classification individuals ablation clustering retrieval focus inpainting encoders"
    for page in of_section.split():
        text = (workspace.leaderboard / f"{page}.md").read_text()
        assert "zebrafish-synth, split random, protocol tiny" in text
        assert "| LaMa" in text or "| lama" in text


def no_label_leaves_the_harness(workspace: Workspace) -> None:
    """No pack of test images has a label or what was in a hole; no pack has a file name or an identity in it."""
    packs = [path.parent for path in (workspace.store / "stages").glob("pack-*/table.csv")]
    tests = [pack for pack in packs if json.loads((pack / "stage.json").read_text())["pack"].startswith("test")]
    assert len(tests) == 7
    kinds = {json.loads((pack / "stage.json").read_text())["pack"]: pack for pack in packs}
    holes = kinds["holes"]
    for pack in [*tests, holes, kinds["reference-train"]]:
        assert (pack / "table.csv").read_text().splitlines()[0] == "id"
    assert not np.load(holes / "images.npy")[np.load(holes / "masks.npy") == 1].any()
    for pack in packs:
        text = (pack / "table.csv").read_text()
        assert "Vid" not in text
        assert "fish" not in text


def scores(record: Record) -> dict[str, object]:
    return record.model_dump(include={"classification", "ablation", "clustering", "inpainting"})


def test_a_backbone_that_breaks_becomes_a_failed_row(tmp_path: Path) -> None:
    workspace = checkout(tmp_path)
    model = workspace.backbones / "fresh" / "model.py"
    model.write_text(model.read_text() + "\n\nraise RuntimeError('planted')\n")
    done = run(workspace, "fresh", "--runner", "process")
    assert done.returncode == 1
    assert "planted" in done.stderr
    assert 'Traceback (most recent call last):\n  File "<string>"' not in done.stderr
    record = only_record(workspace)
    assert (record.status, record.failure is not None) == ("crash", True)
    assert "crash" in (workspace.leaderboard / "classification.md").read_text()


def test_a_job_that_the_backbone_refuses_is_the_user_s_error_and_leaves_no_row(tmp_path: Path) -> None:
    workspace = checkout(tmp_path)
    model = workspace.backbones / "fresh" / "model.py"
    model.write_text(model.read_text() + "\n\ndef build():\n    raise ValueError('planted')\n")
    done = run(workspace, "fresh", "--runner", "process")
    assert done.returncode == 2
    (error,) = (line for line in done.stderr.splitlines() if line.startswith("Error: "))
    assert error == "Error: fresh, inpaint: it cannot do the job as asked: fresh: planted"
    assert "Traceback" not in done.stderr
    assert read_all(workspace.records) == []


@pytest.mark.shared
def test_real_photos(tmp_path: Path) -> None:
    workspace = checkout(tmp_path)
    done = run(workspace, "fresh", "--runner", "process", "--data", str(FISH))
    assert done.returncode == 0, done.stderr
    record = only_record(workspace)
    assert (record.dataset, record.individuals, record.status) == ("fs48-sample", 8, "ok")
    assert (workspace.splits / "fs48-sample" / "random.csv").is_file()


def test_lama_gives_the_same_numbers_in_a_container(tmp_path: Path) -> None:
    """LaMa on the built-in data, as a process and, where an engine answers, in a container."""
    by_process = checkout(tmp_path / "process")
    done = run(by_process, "lama", "--runner", "process")
    assert done.returncode == 0, done.stderr
    plain = only_record(by_process)
    assert (plain.status, plain.init) == ("ok", "random")
    everything_is_there(plain, by_process)
    no_label_leaves_the_harness(by_process)
    require_engine()
    by_docker = checkout(tmp_path / "docker")
    done = run(by_docker, "lama", "--runner", "docker")
    assert done.returncode == 0, done.stderr
    contained = only_record(by_docker)
    assert contained.provenance.image.startswith("sha256:")
    assert contained.inpainting is not None
    assert plain.inpainting is not None
    assert contained.inpainting.loss == pytest.approx(plain.inpainting.loss, rel=1e-4)
    assert contained.ablation == plain.ablation
    for name, measured in plain.clustering.items():
        assert contained.clustering[name].adjusted_rand == pytest.approx(measured.adjusted_rand, abs=1e-6)
        assert contained.clustering[name].silhouette == pytest.approx(measured.silhouette, abs=1e-3)


def require_engine() -> None:
    from harness.execution.runners.docker import connect

    try:
        connect()
    except RunError as error:
        pytest.skip(f"no Docker engine: the container half is left out ({error})")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["lamma"], "Did you mean 'lama'?"),
        (["fresh", "--data", "zebrafish"], "'zebrafish' is neither a data set nor a path that exists."),
        (["fresh", "--runner", "podman"], "Unknown runner 'podman'; there are: auto, docker, process."),
        (["fresh", "--protocol", "slow"], "Unknown protocol 'slow'; there are: longer, paper, quick."),
        (["fresh", "--split", "blok"], "there are: random, block, sequence, time, open, disjoint."),
        (["lama", "--init", "published"], "needs the published weights 'big-lama'"),
        (["deepfillv2:tff"], "deepfillv2 has no variant 'tff'; it has: deepfillv2:"),
        (["timm"], "timm needs a variant: timm:MODEL."),
        (["timm:nosuchmodel"], "has no network 'nosuchmodel'"),
        (["lama", "--all"], "Name the backbones to run, or say --all"),
    ],
)
def test_a_wrong_value_is_one_message_and_exit_code_2(tmp_path: Path, arguments: list[str], complaint: str) -> None:
    done = run(checkout(tmp_path), *arguments)
    assert done.returncode == 2
    assert complaint in done.stderr
    assert "Traceback" not in done.stderr


def test_several_contestants_run_after_each_other_and_one_that_fails_does_not_stop_the_others(tmp_path: Path) -> None:
    workspace = checkout(tmp_path)
    model = workspace.backbones / "fresh" / "model.py"
    model.write_text(model.read_text() + "\n\nraise RuntimeError('planted')\n")
    done = run(workspace, "fresh", "pixels", "--runner", "process")
    assert done.returncode == 1
    assert "1 of 2 runs did not end well:\nfresh: fresh failed in inpaint (crash)" in done.stderr
    by_name = {record.backbone: record for record in read_all(workspace.records)}
    assert (by_name["fresh"].status, by_name["pixels"].status) == ("crash", "ok")
    assert (by_name["pixels"].init, set(by_name["pixels"].classification)) == ("none", {"shallow"})


def test_published_weights_have_the_same_encoder_without_them_beside_them(tmp_path: Path) -> None:
    workspace = checkout(tmp_path)
    done = run(workspace, "efficientnet_lite0", "--runner", "process", "--init", "published")
    assert done.returncode == 0, done.stderr
    record = only_record(workspace)
    assert (record.init, record.licence) == ("imagenet", "Apache-2.0")
    assert record.untrained is not None
    assert set(record.clustering) == {"untrained", "inpainting", "deep"}
    again = run(workspace, "efficientnet_lite0", "--runner", "process", "--init", "published")
    assert "Every stage was found finished." in again.stderr


def test_strangers_are_found_again_and_told_from_known_individuals_but_never_named(tmp_path: Path) -> None:
    workspace = checkout(tmp_path)
    done = run(workspace, "plain", "--runner", "process", "--split", "open")
    assert done.returncode == 0, done.stderr
    record = only_record(workspace)
    assert record.test is not None
    strangers = {1, 5}  # fish2 and fish6
    assert set(record.test.labels) == {0, 1, 2, 3, 4, 5}
    named = record.classification["deep"]
    assert not strangers & set(named.answers)
    assert named.test.images == sum(label not in strangers for label in record.test.labels)
    assert [recall is None for recall in named.individual_recall] == [False, True, False, False, False, True]
    found = record.retrieval["deep"]["cosine"]
    assert (found.queries, found.unmatched) == (named.test.images, len(record.test.labels) - named.test.images)
    assert set(record.open_set) == {"inpainting", "deep"}
    assert (record.individuals, record.candidate_count) == (6, 4)
    told = record.open_set["deep"]
    assert told.geometric == pytest.approx((told.baks * told.baus) ** 0.5)
    assert (told.curve[0][0], told.curve[-1]) == (0, pytest.approx((1, 0)))
    page = (workspace.leaderboard / "retrieval.md").read_text()
    assert "6 individuals, of whom 4 can be the answer, chance 0.25" in page
    assert "**Open set**" in page


def test_animals_that_training_does_not_show_are_searched_among_themselves_with_every_seed(tmp_path: Path) -> None:
    workspace = checkout(tmp_path)
    done = run(workspace, "plain", "--runner", "process", "--split", "disjoint", "--seeds", "2")
    assert done.returncode == 0, done.stderr
    found = read_all(workspace.records)
    assert sorted(record.seed for record in found) == [0, 1]
    one, other = found
    assert one.test is not None
    assert (one.classification, one.ablation, one.group_baselines, one.open_set) == ({}, {}, {}, {})
    assert set(one.retrieval_baselines) == {"random", "video"}
    assert one.candidate_count == len(set(one.test.labels)) < one.individuals
    searched = one.retrieval["deep"]["cosine"]
    assert (searched.queries, searched.unmatched) == (len(one.test.labels), 0)
    assert set(one.provenance.stages) == {"encode", "classify-deep-all", "predict-deep-all"}
    assert {stage.threads for stage in one.provenance.stages.values()} <= set(range(1, (os.cpu_count() or 1) + 1))
    assert one.provenance.split == other.provenance.split
    assert one.provenance.stages["classify-deep-all"] != other.provenance.stages["classify-deep-all"]
    assert "| 2 |" in (workspace.leaderboard / "seeds.md").read_text().replace("  ", "")
