"""The end of a run: its record is compared with those that are there, and written with its pictures and predictions."""

import shutil
from collections.abc import Sequence

from benchmark.files import atomic_write
from benchmark.protocol import InpaintSection
from benchmark.records.comparison import differences, score_agreement
from benchmark.records.files import earlier_records, record_path, write_record
from benchmark.records.record import Record
from harness.disk import disk_errors, write_text
from harness.execution.crops import CropSet
from harness.execution.events import ProgressListener
from harness.execution.results import Results
from harness.pictures import save_pictures
from harness.scoring.predictions import predictions
from harness.scoring.test_set import TestSet
from harness.workspace import Workspace


def keep(
    record: Record,
    results: Results,
    crops: CropSet,
    inpainting: InpaintSection,
    workspace: Workspace,
    listener: ProgressListener,
) -> Record:
    """Keep a scored run: write its record and pictures, and of one's own data the answer to every photo.

    Args:
        record: of the run.
        results: of its stages.
        crops: of the data set.
        inpainting: settings of inpainting.
        workspace: where.
        listener: receives how the record compares with one that is there.

    Returns:
        The record. If there is one of the same run, or one that tells the same, that one, and none is written.
    """
    home = workspace.results(record.dataset, record.experiment)
    if (earlier := _earlier(record, workspace, listener)) is not None:
        record = earlier
    else:
        save_pictures(record, record_path(record, home.records), results, crops, inpainting)
        write_record(record, home.records)
    if home.own and "initial" in record.probes:
        file = home.predictions(record_path(record, home.records))
        with disk_errors():
            if not file.is_file():
                strength = record.probes["initial"].linear.choice
                write_text(file, predictions(results, TestSet(crops, record.seed), strength))
            with atomic_write(home.newest_predictions) as temporary:
                shutil.copyfile(file, temporary)
    return record


def _earlier(record: Record, workspace: Workspace, listener: ProgressListener) -> Record | None:
    """The record that is there of the same run or with the same numbers, after reporting how the two compare."""
    home = workspace.results(record.dataset, record.experiment)
    row = "an earlier run's" if home.own else "the published row's"
    path = record_path(record, home.records)
    earlier = {file: (one, differences(record, one)) for file, one in earlier_records(record, home.records).items()}
    for file, (one, places) in earlier.items():
        if not places:
            place = file.relative_to(workspace.root)
            digits = "nine digits" if differences(record, one, rounding=0) else "the last digit"
            listener.report(f"Reproduced: every number equals {row}, to {digits} ({place}).")
            return one
    if path not in earlier:
        return None
    one, places = earlier[path]
    listener.report(f"{_comparison(record, one, places, row)} ({path.relative_to(workspace.root)} stays as it is.)")
    return one


def _comparison(record: Record, earlier: Record, places: Sequence[str], row: str) -> str:
    """How the numbers of a record compare with different ones of the same run."""
    agreement = score_agreement(record, earlier)
    if agreement.scores and not agreement.outside:
        processors = [one.provenance.hardware.get("processor", "unknown") for one in (record, earlier)]
        machines = "on one processor" if len(set(processors)) == 1 else f"on {processors[0]} and {processors[1]}"
        return (
            f"Reproduced within its intervals: all {agreement.scores} scores lie in {row} 95 % intervals. The "
            f"largest difference is {agreement.largest:.2g}. The last digits differ, {machines}."
        )
    first = agreement.outside or places
    kind = "scores lie outside the intervals of" if agreement.outside else "values differ from"
    return f"Not reproduced: {len(first)} {kind} {row}, the first is {first[0]}."
