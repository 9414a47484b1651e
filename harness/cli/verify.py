"""`patternbench verify`: whether the numbers of a row follow from what its record tells, and can be made again."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import typer

from benchmark.errors import InputError, PatternbenchError, RunError
from benchmark.protocol import Protocol
from benchmark.records.files import read_record
from benchmark.records.record import Record
from benchmark.verification.comparison import Check
from benchmark.verification.known_answers import check_plausible
from benchmark.verification.recomputation import recompute
from harness.cli import choices
from harness.cli.display.bars import counting_bar
from harness.cli.display.json_output import print_json
from harness.cli.display.listener import RichListener
from harness.cli.run import RunRequest, run_spec
from harness.datasets.digest_cache import DigestCache
from harness.datasets.registry import resolve as resolve_dataset
from harness.execution.spec import DataBundle
from harness.run import prepare
from harness.verification.again import check_fingerprints, check_run
from harness.verification.origin import check_commit, check_origin, check_path, check_unique
from harness.workspace import Workspace

Records = dict[Path, Record]

NO_GPU = "none"
"""What a record says of a machine without a GPU."""


@dataclass(frozen=True)
class RowFilter:
    """Which rows are verified.

    Attributes:
        row: path of a record, beginning of its key, or a contestant.
        dataset: name of the data set; None = any, as for the others.
        split: name of the split.
    """

    row: str
    dataset: str | None = None
    split: str | None = None

    def has(self, record: Record) -> bool:
        """Whether a record is of such a row."""
        named = self.row in {record.backbone, record.title} or record.key.startswith(self.row)
        return named and self.dataset in {None, record.dataset} and self.split in {None, record.split}


def verify_rows(workspace: Workspace, wanted: RowFilter, *, fast: bool, full: bool, as_json: bool) -> None:
    """Everything that `patternbench verify` does.

    Raises:
        InputError: no record has this name.
        RunError: a check found a mismatch.
    """
    folders = [workspace.leaderboard / "records", *sorted(workspace.own_results.glob("*/records"))]
    records, bad = _read_all(folders)
    chosen = _choose(wanted, records, bad)
    found = {path: list(_checks(path, records, workspace, fast=fast, full=full)) for path in chosen}
    for path, checks in found.items():
        if not as_json:
            _print(path, checks)
    if as_json:
        print_json(rows=[{"file": path, "checks": checks} for path, checks in found.items()])
    wrong = sum(check.outcome == "mismatch" for checks in found.values() for check in checks)
    if wrong:
        raise RunError(f"{wrong} values do not follow from their record, or differ when they are made again.")


def _read_all(folders: list[Path]) -> tuple[Records, dict[Path, InputError]]:
    """All records that can be read, and why the others cannot."""
    records, bad = Records(), dict[Path, InputError]()
    for path in (path for folder in folders for path in sorted(folder.rglob("*.json"))):
        try:
            records[path] = read_record(path)
        except InputError as error:
            bad[path] = error
    return records, bad


def _choose(wanted: RowFilter, records: Records, bad: dict[Path, InputError]) -> list[Path]:
    """The files of a row: of its path, of the beginning of its key, or of its contestant."""
    file = Path(wanted.row)
    if file.suffix == ".json":
        same = [path for path in records if path.resolve() == file.resolve()]
        if not same:
            records[file] = read_record(file)
        return same or [file]
    chosen = [path for path, one in records.items() if wanted.has(one)]
    if not chosen:
        names = ", ".join(sorted({one.backbone for one in records.values()})) or "none"
        more = f" {len(bad)} records cannot be read: `patternbench leaderboard check` names them." if bad else ""
        raise InputError(
            f"No row is called {wanted.row!r}, or the other options exclude it. Name the path of a record, "
            f"the beginning of its key, or one of: {names}.{more}"
        )
    return chosen


def _checks(path: Path, records: Records, workspace: Workspace, *, fast: bool, full: bool) -> Iterator[Check]:
    record = records[path]
    home = workspace.results(record.dataset, record.experiment)
    yield check_path(record, path, home.records)
    yield check_unique(record, records, path)
    yield from recompute(record)
    yield from check_plausible(record)
    yield from check_commit(record, workspace.root)
    try:
        yield from _made_again(record, workspace, fast=fast, full=full)
    except PatternbenchError as error:
        yield Check("this checkout", "unknown", str(error))


def _made_again(record: Record, workspace: Workspace, *, fast: bool, full: bool) -> Iterator[Check]:
    with DigestCache(workspace.digests) as cache, RichListener() as listener:
        has_gpu = record.provenance.hardware.get("gpu", NO_GPU) not in {"", NO_GPU}
        device = "auto" if has_gpu else "cpu"
        runner, chosen = choices.choose_runner(record.provenance.runner, device, workspace, listener)
        protocol = _protocol(record, workspace)
        request = RunRequest(
            labels=[record.backbone],
            protocols=[protocol],
            init_given=True,
            runner=runner,
            device=chosen,
            workers=choices.choose_workers(chosen),
            digest_of=cache.digest,
        )
        data = _data(record, workspace, listener, request)
        spec = run_spec(record.backbone, data, protocol, request, workspace)
        prepared = prepare(spec, workspace, runner, listener, cache.digest)
        yield from check_origin(record, prepared)
        if record.failure is None and fast:
            yield from check_fingerprints(record, prepared, runner, listener)
        if record.failure is None and full:
            yield from check_run(record, prepared, runner, listener)


def _protocol(record: Record, workspace: Workspace) -> Protocol:
    init = {"random": "random", "none": None}.get(record.init, "published")
    protocol = choices.choose_init(choices.choose_protocol(record.protocol, workspace), init).with_seed(record.seed)
    return protocol.with_every_classifier() if record.experiment else protocol


def _data(record: Record, workspace: Workspace, listener: RichListener, request: RunRequest) -> DataBundle:
    if record.experiment:
        from benchmark.synth.shortcut import Calibration
        from harness.experiments import shortcut_data

        design = Calibration(record.experiment.frames, record.experiment.seed)
        with counting_bar("frames", "Drew {total} frames.") as on_progress:
            return shortcut_data(design, record.experiment.strength, workspace, on_progress)
    catalogue = resolve_dataset(record.dataset, workspace, remember=False)
    return DataBundle(catalogue, choices.choose_split(record.split, catalogue, workspace, listener, request.digest_of))


def _print(path: Path, checks: list[Check]) -> None:
    counts = {
        name: sum(check.outcome == name for check in checks) for name in ("match", "drift", "mismatch", "unknown")
    }
    typer.echo(f"{path}: {', '.join(f'{count} {name}' for name, count in counts.items() if count)}")
    for check in checks:
        if check.outcome != "match":
            beside = f"; here {check.found}" if check.found else ""
            why = f" (tolerance {check.tolerance.drift:.2g}: {check.tolerance.source})" if check.tolerance.drift else ""
            typer.echo(f"  {check.outcome:<8} {check.place}: {check.told}{beside}{why}")
