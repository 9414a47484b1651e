"""Whole runs from photos to tables, through the command line.

Tests marked `own_forks` start a fork server of their own, as users do.
"""

import json
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import harness.run
from benchmark.records.files import record_path
from benchmark.records.record import Record
from harness.contestants import scaffold
from harness.scoring.scores import PARTS, RunScores, Scoring
from harness.workspace import Workspace
from leaderboard.plots.localisation import overlays_file
from support.checkout import command, copy_pages, environment, link, patternbench, write_plain, write_tiny
from support.paths import FISH, ROOT
from support.records import read_all

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
SLOW_LIBRARIES = {"torch", "sklearn", "pandas", "matplotlib", "umap"}
"""What a run needs only if something is not in the store yet."""

SLOW = "clusters"
"""The part of the scores that takes long."""

whole_run = pytest.mark.xdist_group("umap")
"""Marks a run that ends with projections."""


def checkout(root: Path) -> Workspace:
    """A checkout without results, and with two more backbones: `fresh` from the template, `plain` of numpy alone."""
    link(root, "benchmark/datasets", "benchmark/protocols")
    shutil.copytree(ROOT / "benchmark" / "splits", root / "benchmark" / "splits")
    link(root, *(f"backbones/{path.name}" for path in (ROOT / "backbones").iterdir()))
    copy_pages(root)
    scaffold.write("fresh", None, Workspace(root))
    write_plain(root)
    write_tiny(root, images=24, images_per_individual=2)
    return Workspace(root)


def by_tiny(workspace: Workspace, *arguments: str) -> list[str]:
    """Arguments of a run by the tiny protocol on the processor."""
    return ["run", "--protocol", str(workspace.root / "tiny.toml"), "--device", "cpu", *arguments]


def run(workspace: Workspace, *arguments: str) -> subprocess.CompletedProcess[str]:
    return patternbench(workspace, *by_tiny(workspace, *arguments))


def plant(workspace: Workspace, source: str) -> None:
    """Add code at the end of the model of `fresh`."""
    with (workspace.backbones / "fresh" / "model.py").open("a") as model:
        model.write(f"\n\n{source}\n")


def only_record(workspace: Workspace) -> Record:
    (record,) = read_all(workspace.results("zebrafish-synth").records)
    return record


def finished(workspace: Workspace) -> dict[str, int]:
    """Times at which the stages in the store were finished, in nanoseconds."""
    stages = workspace.store / "stages"
    return {path.parent.name: path.stat().st_mtime_ns for path in stages.glob("*/stage.json")}


@pytest.mark.own_forks
@whole_run
def test_a_stopped_run_resumes_and_a_finished_run_is_found(tmp_path: Path) -> None:
    workspace = checkout(tmp_path)
    killed, _ = stopped(workspace, signal.SIGKILL, after=4)
    assert killed == -signal.SIGKILL
    interrupted, stderr = stopped(workspace, signal.SIGINT, after=8)
    assert interrupted == 130
    assert "Interrupted. What is finished is kept. To go on from there: " in stderr
    assert "Ended as cancelled after" in stderr
    assert "ailed" not in stderr
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
    assert "Every stage was in the store already." in again.stderr
    assert finished(workspace) == after
    assert only_record(workspace) == record
    assert not imported(workspace, "plain", "--runner", "process") & SLOW_LIBRARIES

    clean = checkout(tmp_path / "clean")
    assert run(clean, "plain", "--runner", "process").returncode == 0
    assert scores(only_record(clean)) == scores(record)


def imported(workspace: Workspace, *arguments: str) -> set[str]:
    """Libraries that a run imports, which is a process of its own."""
    python, _, code, *rest = command(workspace, *by_tiny(workspace, *arguments))
    at_exit = "import atexit, sys; atexit.register(lambda: print(*{name.split('.')[0] for name in sys.modules})); "
    process = subprocess.run(
        [python, "-c", at_exit + code, *rest], env=environment(), check=True, capture_output=True, text=True
    )
    return set(process.stdout.splitlines()[-1].split())


def stopped(workspace: Workspace, by: signal.Signals, after: int) -> tuple[int, str]:
    """Send a signal to a run, a process of its own, once `after` stages are finished; its exit code and error text."""
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
    _, stderr = child.communicate()
    return child.returncode, stderr


def assert_complete(record: Record, workspace: Workspace) -> None:
    """Check the record of a contestant with every capability, and the pages made from it."""
    assert set(record.ablation) == {"deep", "shallow"}
    assert len(record.ablation["deep"]) == 7
    assert {state for state, probes in record.probes.items() if len(probes.regions) == 6} == {"untrained", "initial"}
    assert len(record.classification["deep"].probe_localisation) == 2
    assert record.inpainting is not None
    assert set(record.inpainting.reconstruction) == {"model", "mean_colour", "telea"}
    assert record.inpainting.reconstruction["model"].images == 16  # four originals in four flips
    assert set(record.clustering) == set(record.cluster_validation) == {"untrained", "initial", "finetuned"}
    assert set(record.projections) == {"initial", "finetuned"}
    assert record.untrained is not None
    assert record.test_images is not None
    assert {len(one.answers) for one in record.classification.values()} == {len(record.test_images.labels)}
    assert set(record.group_baselines) == {"majority", "video"}
    assert record.retrieval_baselines["video"].rank1 == pytest.approx(1 / 3, abs=0.03)  # three fish in each video
    assert record.audit is not None
    assert record.audit.sentence.startswith(
        "random: 94 % of test images have the same animal within one frame in train"
    )
    assert record.audit.faults
    assert set(record.retrieval) == {"untrained", "initial", "finetuned"}
    for trained in record.classification.values():
        assert [one.method for one in trained.localisations] == ["gradcam", "hirescam"]
        assert all(one.swap is not None for one in trained.localisations)
        assert any(one.examples is not None for one in trained.localisations)
    overlays = overlays_file(record_path(record, workspace.results("zebrafish-synth").records))
    assert overlays.stat().st_size < 150_000
    assert record.test_images.identities == tuple(f"fish{number}" for number in range(1, 7))
    assert record.encoder is not None
    assert record.encoder.shape == (512, 4, 4)
    pages = "classification individuals ablation clustering retrieval focus inpainting encoders"
    for page in pages.split():
        text = (workspace.leaderboard / f"{page}.md").read_text()
        assert "zebrafish-synth, split random, protocol tiny" in text
        assert "| LaMa" in text or "| lama" in text


def assert_no_label_in_packs(workspace: Workspace) -> None:
    """Check that packs of test images hold no label and no hole content, and no pack a file name or an identity."""
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


@pytest.mark.own_forks
@whole_run
def test_two_stores_show_jobs_other_orders_and_give_the_same_scores(tmp_path: Path) -> None:
    one, other = (checkout(tmp_path / name) for name in ("one", "other"))
    for workspace in (one, other):
        assert run(workspace, "plain", "--runner", "process").returncode == 0
    orders = [
        {order.read_bytes() for order in (workspace.store / "stages").glob("pack-*/order.npy")}
        for workspace in (one, other)
    ]
    assert orders[0]
    assert orders[0] & orders[1] == set()
    assert scores(only_record(one)) == scores(only_record(other))


def test_scoring_that_is_stopped_goes_on_with_the_part_that_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    workspace = checkout(tmp_path)
    computed: list[str] = []

    def watched(name: str, *, is_stopped: bool) -> Callable[[Scoring], RunScores]:
        def part(scoring: Scoring) -> RunScores:
            if is_stopped:
                raise KeyboardInterrupt
            computed.append(name)
            return RunScores() if name == SLOW else PARTS[name](scoring)

        return part

    last = list(PARTS)[-1]
    for stopped in (True, False):
        with monkeypatch.context() as patch:
            patch.setattr(
                harness.run, "PARTS", {name: watched(name, is_stopped=stopped and name == last) for name in PARTS}
            )
            assert run(workspace, "plain", "--runner", "process").returncode == (130 if stopped else 0)
        assert computed == (list(PARTS)[:-1] if stopped else list(PARTS))
    (record,) = read_all(workspace.leaderboard)
    assert record.probes["initial"].linear.answers
    assert record.retrieval["initial"]


@pytest.mark.own_forks
def test_a_crash_becomes_a_failed_row(tmp_path: Path) -> None:
    workspace = checkout(tmp_path)
    plant(workspace, "raise RuntimeError('planted')")
    done = run(workspace, "fresh", "--runner", "process")
    assert done.returncode == 1
    assert "planted" in done.stderr
    assert 'Traceback (most recent call last):\n  File "<string>"' not in done.stderr
    record = only_record(workspace)
    assert (record.status, record.failure is not None) == ("crash", True)
    assert "crash" in (workspace.leaderboard / "classification.md").read_text()


@pytest.mark.own_forks
def test_a_refused_job_is_an_input_error_without_a_row(tmp_path: Path) -> None:
    workspace = checkout(tmp_path)
    plant(workspace, "def build():\n    raise ValueError('planted')")
    done = run(workspace, "fresh", "--runner", "process")
    assert done.returncode == 2
    (error,) = (line for line in done.stderr.splitlines() if line.startswith("Error: "))
    assert error == "Error: fresh, inpaint: it cannot do the job as asked: fresh: planted"
    assert "Traceback" not in done.stderr
    assert read_all(workspace.results("zebrafish-synth").records) == []


@pytest.mark.shared
@whole_run
def test_real_photos(tmp_path: Path) -> None:
    workspace = checkout(tmp_path)
    done = run(workspace, "fresh", "--runner", "process", "--data", str(FISH))
    assert done.returncode == 0, done.stderr
    home = workspace.results("fs48-sample")
    (record,) = read_all(home.records)
    assert (record.dataset, record.individuals, record.status) == ("fs48-sample", 8, "ok")
    assert (home.splits / "random.csv").is_file()


@pytest.fixture(scope="module")
def lama(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A checkout in which LaMa was run by the process runner."""
    workspace = checkout(tmp_path_factory.mktemp("lama"))
    done = run(workspace, "lama", "--runner", "process")
    assert done.returncode == 0, done.stderr
    return workspace


@pytest.mark.xdist_group("docker")
def test_a_run_of_lama_fills_every_page(lama: Workspace) -> None:
    record = only_record(lama)
    assert (record.status, record.init) == ("ok", "random")
    assert_complete(record, lama)
    assert_no_label_in_packs(lama)


@pytest.mark.docker
@pytest.mark.timeout(1500)  # it may have to build the image of the kit
@pytest.mark.xdist_group("docker")
def test_lama_gives_the_same_numbers_in_containers(lama: Workspace, tmp_path: Path) -> None:
    by_docker = checkout(tmp_path)
    done = run(by_docker, "lama", "--runner", "docker")
    assert done.returncode == 0, done.stderr
    plain, contained = only_record(lama), only_record(by_docker)
    assert contained.provenance.image.startswith("sha256:")
    assert contained.inpainting is not None
    assert plain.inpainting is not None
    assert contained.inpainting.loss == pytest.approx(plain.inpainting.loss, rel=1e-4)
    assert contained.ablation == plain.ablation
    for name, clustering in plain.clustering.items():
        assert contained.clustering[name].adjusted_rand == pytest.approx(clustering.adjusted_rand, abs=1e-6)
        assert contained.clustering[name].silhouette == pytest.approx(clustering.silhouette, abs=1e-3)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["lamma"], "Did you mean 'lama'?"),
        (["fresh", "--data", "zebrafish"], "'zebrafish' is neither a data set nor a path that exists."),
        (["fresh", "--runner", "podman"], "Unknown runner 'podman'; there are: auto, docker, process."),
        (["fresh", "--protocol", "slow"], "Unknown protocol 'slow'; there are: field, longer, paper, quick."),
        (["fresh", "--split", "blok"], "there are: random, block, sequence, time, open, disjoint."),
        (["lama", "--init", "published"], "needs the published weights 'big-lama'"),
        (["deepfillv2:tff"], "deepfillv2 has no variant 'tff'; it has: deepfillv2:"),
        (["timm"], "timm needs a variant: timm:MODEL."),
        (["timm:nosuchmodel"], "has no network 'nosuchmodel'"),
        (["lama", "--all"], "Name the backbones to run, or use --all"),
    ],
)
def test_a_wrong_value_is_one_message_and_exit_code_2(tmp_path: Path, arguments: list[str], message: str) -> None:
    done = run(checkout(tmp_path), *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@whole_run
def test_a_contestant_that_fails_does_not_stop_the_next(tmp_path: Path) -> None:
    workspace = checkout(tmp_path)
    plant(workspace, "raise RuntimeError('planted')")
    done = run(workspace, "fresh", "pixels", "--runner", "process")
    assert done.returncode == 1
    assert "1 of 2 runs failed:\nfresh: fresh failed in inpaint (crash)" in done.stderr
    by_name = {record.backbone: record for record in read_all(workspace.results("zebrafish-synth").records)}
    assert (by_name["fresh"].status, by_name["pixels"].status) == ("crash", "ok")
    assert (by_name["pixels"].init, set(by_name["pixels"].classification)) == ("none", {"shallow"})


@whole_run
def test_a_run_from_published_weights_has_an_untrained_control(tmp_path: Path) -> None:
    workspace = checkout(tmp_path)
    done = run(workspace, "efficientnet_lite0", "--runner", "process", "--init", "published")
    assert done.returncode == 0, done.stderr
    record = only_record(workspace)
    assert (record.init, record.licence) == ("imagenet", "Apache-2.0")
    assert record.untrained is not None
    assert set(record.clustering) == {"untrained", "initial", "finetuned"}
    again = run(workspace, "efficientnet_lite0", "--runner", "process", "--init", "published")
    assert "Every stage was in the store already." in again.stderr


@whole_run
def test_unknown_individuals_are_retrieved_and_rejected_but_never_classified(tmp_path: Path) -> None:
    workspace = checkout(tmp_path)
    done = run(workspace, "plain", "--runner", "process", "--split", "open")
    assert done.returncode == 0, done.stderr
    record = only_record(workspace)
    assert record.test_images is not None
    unknown = {1, 5}  # fish2 and fish6
    assert set(record.test_images.labels) == {0, 1, 2, 3, 4, 5}
    named = record.classification["deep"]
    assert not unknown & set(named.answers)
    assert named.test.images == sum(label not in unknown for label in record.test_images.labels)
    assert [recall is None for recall in named.individual_recall] == [False, True, False, False, False, True]
    retrieval = record.retrieval["finetuned"]["cosine"]
    assert retrieval.queries + retrieval.unmatched == len(record.test_images.labels)
    assert 0 < retrieval.queries <= named.test.images  # some have no match of their flank
    assert set(record.open_set) == {"initial", "finetuned"}
    assert (record.individuals, record.candidate_count) == (6, 4)
    open_set = record.open_set["finetuned"]
    assert open_set.geometric == pytest.approx((open_set.baks * open_set.baus) ** 0.5)
    assert (open_set.curve[0][0], open_set.curve[-1]) == (0, pytest.approx((1, 0)))
    page = (workspace.leaderboard / "retrieval.md").read_text()
    assert "6 individuals, of whom 4 can be the answer, uniform guess 0.25" in page
    assert "**Open set**" in page


@whole_run
def test_a_disjoint_split_is_searched_with_every_seed(tmp_path: Path) -> None:
    workspace = checkout(tmp_path)
    done = run(workspace, "plain", "--runner", "process", "--split", "disjoint", "--seeds", "2")
    assert done.returncode == 0, done.stderr
    one, other = records = read_all(workspace.results("zebrafish-synth").records)
    assert sorted(record.seed for record in records) == [0, 1]
    assert one.test_images is not None
    assert (one.classification, one.ablation, one.group_baselines, one.open_set) == ({}, {}, {}, {})
    assert set(one.retrieval_baselines) == {"random", "video"}
    assert one.candidate_count == len(set(one.test_images.labels)) < one.individuals
    retrieval = one.retrieval["finetuned"]["cosine"]
    assert (retrieval.queries, retrieval.unmatched) == (len(one.test_images.labels), 0)
    assert set(one.provenance.stages) == {"encode", "classify-deep-all", "predict-deep-all"}
    assert {stage.threads for stage in one.provenance.stages.values()} <= set(range(1, (os.cpu_count() or 1) + 1))
    assert one.provenance.split == other.provenance.split
    assert one.provenance.stages["classify-deep-all"] != other.provenance.stages["classify-deep-all"]
    assert "| 2 |" in (workspace.leaderboard / "seeds.md").read_text().replace("  ", "")
