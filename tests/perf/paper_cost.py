"""What the whole field costs at protocol `paper`, from the seconds that stages of the project's records took.

`PYTHONPATH=tests python -m perf.paper_cost` prints the table of `docs/scaling.md`; nothing is run. The stages of both
protocols are planned, and the work of a stage is counted as images x pixels, times epochs where it trains (four flips
where it inpaints). A stage of `paper` takes the seconds of its kind in the contestant's record of `quick`, times the
ratio of the work. That assumes that time is proportional to images and pixels, as it is for convolutions, on the
machine of the records; the start of each stage is in its rate.
"""

import sys
from collections import defaultdict
from collections.abc import Mapping
from typing import Literal, NamedTuple

from tabulate import tabulate

from benchmark.protocol import read_protocol
from benchmark.records.files import read_record
from benchmark.records.record import Record
from benchmark.splitting.split import Split, read_split
from harness.contestants.registry import find, runs_without_variant
from harness.contestants.registry import names as contestant_names
from harness.contract import Encode, Inpaint, TrainClassify, TrainInpaint
from harness.datasets.registry import resolve
from harness.execution.holes import FLIPS
from harness.execution.packs import EncodePack, HolesPack, InpaintPack, TrainPack
from harness.execution.plan import StageSpec, plan
from harness.execution.spec import DataBundle, RunSpec
from harness.workspace import Workspace

DATA, SPLIT = "zebrafish-synth", "random"
HOUR = 3600

Kind = Literal["inpaint", "fill", "encode", "deep", "shallow"]


class Work(NamedTuple):
    """Work of a stage.

    Attributes:
        kind: of the stage; those of one kind take time in proportion to their amount.
        amount: images x pixels, times epochs.
    """

    kind: Kind
    amount: float


def work_of(stage: StageSpec, split: Split, individuals: int) -> Work:
    """The work of a stage.

    Args:
        stage: of a plan.
        split: of the data set, all of whose images have a hole.
        individuals: number of individuals.
    """
    job, pack = stage.job, stage.pack

    def count(of: Literal["inpaint", "classify"], *parts: str, most: int | None = None) -> int:
        number = sum(row.set == of and row.part in parts for row in split.rows)
        return number if most is None else min(number, max(1, most // individuals) * individuals)

    pixels = job.image_size**2
    if isinstance(job, TrainInpaint) and isinstance(pack, InpaintPack):
        images = count("inpaint", "train", most=pack.most) + count("inpaint", "val")
        return Work("inpaint", len(FLIPS) * images * job.epochs * pixels)
    if isinstance(job, Inpaint) and isinstance(pack, HolesPack):
        images = pack.photos or len(FLIPS) * count("inpaint", "test")
        return Work("fill", images * pixels)
    if isinstance(job, TrainClassify) and isinstance(pack, TrainPack):
        images = count("classify", "train", most=pack.most) + count("classify", "val")
        # a frozen encoder sees every image once
        return Work(job.mode, images * pixels * (job.epochs if job.mode == "deep" else 1))
    assert isinstance(job, Encode)
    assert isinstance(pack, EncodePack)
    return Work("encode", count("classify", pack.part, most=pack.most) * len(pack.variants) * pixels)


def spec_of(label: str, protocol: str, workspace: Workspace) -> RunSpec:
    """A run of a contestant, as far as its plan depends on it."""
    facts, own = find(label, workspace), read_protocol(protocol, workspace.protocols)
    split = read_split(workspace.results(DATA).splits / f"{SPLIT}.csv")
    return RunSpec(
        backbone=facts,
        data=DataBundle(resolve(DATA, workspace), split),
        protocol=own.resolve(facts.name, facts.overrides(own.name, init=True)),
        rules="",
        weights={},
        own_files=frozenset(),
        device="cpu",
        workers=1,
    )


def works(spec: RunSpec) -> dict[str, Work]:
    """The work of each stage of a run."""
    stages = plan(spec, inpaints=spec.backbone.inpaints)
    return {stage.name: work_of(stage, spec.data.split, len(spec.data.catalogue.identities)) for stage in stages}


def rates(record: Record, quick: Mapping[str, Work]) -> dict[Kind, float]:
    """Processor seconds that a unit of work took, by kind: seconds times threads of the record's stages.

    A kind that the record has not is taken to be as fast as encoding, which it is but for its head.
    """
    seconds, amounts = defaultdict[Kind, float](float), defaultdict[Kind, float](float)
    for name, stage in record.provenance.stages.items():
        if name in quick:
            seconds[quick[name].kind] += stage.seconds * (stage.threads or 1)
            amounts[quick[name].kind] += quick[name].amount
    measured = {kind: seconds[kind] / amounts[kind] for kind in seconds}
    return {"shallow": measured["encode"], "fill": measured["encode"], "deep": measured["encode"], **measured}


def main() -> None:
    """Print the table."""
    workspace = Workspace.here()
    folder = workspace.leaderboard / "records" / DATA / "quick"
    records: dict[str, Record] = {}
    for path in sorted(folder.glob("*.json")):
        record = read_record(path)
        if record.split == SPLIT and record.status == "ok":
            records.setdefault(record.backbone, record)
    rows, whole, missing = [], 0.0, []
    for label in contestant_names(workspace):
        if not runs_without_variant(label, workspace):
            continue
        if label not in records:
            missing.append(label)
            continue
        rate = rates(records[label], works(spec_of(label, "quick", workspace)))
        hours = defaultdict[Kind, float](float)
        for work in works(spec_of(label, "paper", workspace)).values():
            hours[work.kind] += work.amount * rate.get(work.kind, 0.0) / HOUR
        whole += sum(hours.values())
        rows.append([label, *(f"{hours[kind]:.1f}" for kind in ("inpaint", "fill", "encode", "shallow", "deep"))])
        rows[-1].append(f"{sum(hours.values()):.1f}")
    headers = ["contestant", "inpaint", "fill", "encode", "shallow", "deep", "core hours"]
    sys.stdout.write(f"{tabulate(rows, headers, tablefmt='github', disable_numparse=True)}\n\n")
    without = f" Without a record of their own: {', '.join(missing)}." if missing else ""
    sys.stdout.write(f"All of them: {whole:.0f} core hours.{without}\n")


if __name__ == "__main__":
    main()
