"""Many contestants and many images: what the harness's own work costs, without any network.

`PYTHONPATH=tests python -m perf.scale` prints the figures of `docs/scaling.md` in some minutes on two cores; with names
of tables (`contestants`, `pages`, `images`) it prints these. `--contestants` sets how many there are, 1,000 by default.

Contestants are stubs whose jobs do nothing; their records are those of the project under other names. Steps on images
are measured at growing numbers until one takes longer than its share of a minute, and extrapolated to a million by the
power by which the last two sizes grew. Time is that on a processor, because it can be trusted on a busy machine too.
"""

import argparse
import math
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tabulate import tabulate

from benchmark.audit.audit import audit
from benchmark.data.checking import check_individuals
from benchmark.hashing import json_digest
from benchmark.metrics.retrieval import retrieve
from benchmark.records.files import read_record, write_record
from benchmark.records.record import Record
from benchmark.splitting.kinds import draw_split
from harness.execution.events import PlannedStage
from harness.execution.executors.execute import execute
from harness.execution.job_order import draw_rows
from harness.execution.journal import Journal, expect
from leaderboard import render
from leaderboard.render import PAGES
from perf.support.apart import Cost, cost_of
from perf.support.samples import audit_sample, embedded
from support.fakes import RecordingListener
from support.paths import ROOT
from support.pets import cut, pets, store_of
from support.stub_stages import StubRunner, stub_stage_runner, stub_stages

STAGES = 40
MILLION = 10**6
IMAGES_AN_INDIVIDUAL = 20
MOST_SECONDS = 15.0
"""A step is not measured at a larger size once it took so long on a processor."""
SIZES = (1_000, 3_162, 10_000, 31_623, 100_000, 316_228, MILLION)


def run_contestants(count: int) -> None:
    """Run 40 stub stages of each contestant: every run reads the journal, writes 40 stages, and finds none."""
    with tempfile.TemporaryDirectory() as root:
        data = pets(Path(root))
        crops, store, stages = cut(data), store_of(data), stub_stages(STAGES)
        for number in range(count):
            name = f"stub{number}"
            notes = Journal(store.root).notes(name)
            assert expect(notes, name, data.name, stages)[0] == PlannedStage(stages[0].name)
            runner = stub_stage_runner(data, StubRunner(), RecordingListener(), name=name)
            execute(stages, crops, runner, workers=2)


def read_journal(count: int) -> None:
    """Write the notes of so many contestants and read them all, as `status` does."""
    with tempfile.TemporaryDirectory() as root:
        data = pets(Path(root))
        crops, stages = cut(data), stub_stages(STAGES)
        execute(stages, crops, stub_stage_runner(data, StubRunner(), RecordingListener()), workers=2)
        journal = Journal(store_of(data).root)
        written = journal.notes()
        for number in range(count):
            for note in written:
                journal.write(note.model_copy(update={"backbone": f"stub{number}"}))
        assert len(journal.notes()) >= count * STAGES


def write_pages(count: int) -> None:
    """Make all pages and figures from so many records in one table."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for page in PAGES:
            (root / page).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / page, root / page)
        templates = project_records()
        for number in range(count):
            write_record(renamed(templates[number % len(templates)], number), root / "leaderboard" / "records")
        render.write(root / "leaderboard")


def project_records() -> list[Record]:
    """The project's own rows of one table."""
    paths = sorted((ROOT / "leaderboard" / "records" / "zebrafish-synth" / "quick").glob("*.json"))
    records = [read_record(path) for path in paths]
    version = max((one.provenance.finished, one.provenance.rules, one.provenance.scoring) for one in records)[1:]
    return [
        one
        for one in records
        if one.split == "random" and (one.provenance.rules, one.provenance.scoring) == version and one.probes
    ]


def renamed(record: Record, number: int) -> Record:
    """A record as one of another contestant."""
    name = f"stub{number:04}"
    return record.model_copy(update={"backbone": name, "title": name, "key": json_digest([record.key, number])})


def check_catalogue(images: int) -> None:
    """Make a catalogue in memory and check its individuals."""
    sample = audit_sample(images, individuals(images))
    check_individuals(sample.catalogue.rows, sample.catalogue.root)


def split_images(images: int) -> None:
    """Draw a split at random."""
    sample = audit_sample(images, individuals(images))
    draw_split("random", sample.catalogue, {row.image_id: row.sha256 for row in sample.split.rows}, 0)


def audit_split(images: int) -> None:
    """Audit a split with its search for look-alikes."""
    sample = audit_sample(images, individuals(images))
    audit(sample.catalogue, sample.split, hashes=sample.hashes)


def order_pack(images: int) -> None:
    """Draw ids and order of a pack."""
    draw_rows(b"secret", "pack", [f"all:image{number:07}" for number in range(images)])


def search_images(images: int) -> None:
    """Rank a gallery of so many images for as many queries, block by block."""
    retrieve(embedded(images, 512, individuals(images), 1), embedded(images, 512, individuals(images), 2))


def individuals(images: int) -> int:
    return max(2, images // IMAGES_AN_INDIVIDUAL)


STEPS: dict[str, Callable[[int], None]] = {
    "catalogue, and checks of individuals": check_catalogue,
    "a split at random": split_images,
    "audit with look-alikes": audit_split,
    "ids and order of a pack": order_pack,
    "retrieval of N in N, 512 dimensions": search_images,
}


@dataclass(frozen=True)
class Growth:
    """Costs at growing sizes.

    Attributes:
        sizes: the sizes.
        costs: one a size.
    """

    sizes: list[int]
    costs: list[Cost]

    def at(self, size: int) -> Cost:
        """The cost at a size, by the powers of the last two sizes.

        Example:
            >>> Growth([10, 100], [Cost(2, 50, 1), Cost(20, 50, 10)]).at(1000)
            Cost(seconds=200.0, mebibytes=50.0, processor_seconds=100.0)
        """
        columns = zip(*((one.seconds, one.mebibytes, one.processor_seconds) for one in self.costs), strict=True)
        return Cost(*(self._at(size, values) for values in columns))

    @property
    def power(self) -> float:
        """By which time grew from the size before the last to the last."""
        return self._power([cost.processor_seconds for cost in self.costs])

    def _at(self, size: int, values: Sequence[float]) -> float:
        return round(values[-1] * (size / self.sizes[-1]) ** self._power(values), 6)

    def _power(self, values: Sequence[float]) -> float:
        return math.log(values[-1] / values[-2]) / math.log(self.sizes[-1] / self.sizes[-2])


def grow(work: Callable[[int], None], sizes: Sequence[int], most: float = MOST_SECONDS) -> Growth:
    """The cost of some work at growing sizes, until one takes longer than `most` seconds; at two sizes at least."""
    costs: list[Cost] = []
    for size in sizes:
        costs.append(cost_of(partial(work, size)))
        if len(costs) > 1 and costs[-1].processor_seconds > most:
            break
    return Growth(list(sizes[: len(costs)]), costs)


def contestants(count: int) -> Iterator[list[str]]:
    """Rows on so many contestants."""
    for name, work in (
        (f"{STAGES} stub stages of each, run", run_contestants),
        (f"all {STAGES} notes of each, read by `status`", read_journal),
    ):
        growth = grow(work, (max(2, count // 10), count), most=math.inf)
        yield _row(name, growth, count)


def pages(count: int) -> Iterator[list[str]]:
    """Rows on the pages of so many contestants."""
    sizes = [size for size in (10, 32, 100, 316) if size < count]
    growth = grow(write_pages, [*sizes, count], most=120)
    whole = growth.at(count)
    extrapolated = "" if growth.sizes[-1] == count else " / ".join(_shown(whole))
    yield [
        "all pages and figures",
        f"{growth.sizes[-1]:,}",
        *_shown(growth.costs[-1]),
        f"{growth.power:.1f}",
        extrapolated,
    ]


def images(_: int) -> Iterator[list[str]]:
    """Rows on growing numbers of images."""
    for name, work in STEPS.items():
        growth = grow(work, SIZES)
        yield _row(name, growth, MILLION)


def _row(name: str, growth: Growth, size: int) -> list[str]:
    """The cost at the largest size that was measured, and at another one."""
    extrapolated = "" if growth.sizes[-1] == size else ", ".join(_shown(growth.at(size)))
    return [name, f"{growth.sizes[-1]:,}", *_shown(growth.costs[-1]), f"{growth.power:.1f}", extrapolated]


def _shown(cost: Cost) -> tuple[str, str]:
    return f"{cost.processor_seconds:,.1f} s", f"{cost.mebibytes:,.0f} MiB"


TABLES = {"contestants": contestants, "pages": pages, "images": images}
HEADERS = ["work", "N", "time", "peak memory", "power", "extrapolated"]


def main(names: Sequence[str], count: int) -> None:
    """Print some tables."""
    for name in names or TABLES:
        table = tabulate(list(TABLES[name](count)), HEADERS, tablefmt="github", disable_numparse=True)
        sys.stdout.write(f"{table}\n\n")
        sys.stdout.flush()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("names", nargs="*", choices=[*TABLES, []])
    parser.add_argument("--contestants", type=int, default=1000)
    chosen = parser.parse_args()
    main(chosen.names, chosen.contestants)
