"""The report of all field surveys of a data set, its table, and the lines that a run ends with."""

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.data.catalogue import PATTERN, Catalogue
from benchmark.data.crops import crops, read_photo, window
from benchmark.files import is_temporary
from benchmark.records.field import FieldRecord
from harness.disk import write_text
from harness.field.survey import is_current, read_survey
from harness.workspace import Workspace
from leaderboard.report.focus import Square
from leaderboard.report.page import THUMBNAIL, render
from leaderboard.report.summary import summary
from leaderboard.report.table import field_page

if TYPE_CHECKING:
    from PIL.Image import Image


def write_report(records: Sequence[FieldRecord], catalogue: Catalogue, workspace: Workspace) -> list[str]:
    """Write report, table and the newest predictions from all surveys of the photos as they are.

    Args:
        records: of the run, at least one; they are among the surveys on the disk.
        catalogue: the data set.
        workspace: where.

    Returns:
        The answer in lines for the terminal.

    Raises:
        RunError: the disk is full or cannot be written to.
    """
    home = workspace.own(catalogue.name)
    surveys = _newest(home.field, records[-1])

    @cache
    def photo(number: int) -> "Image":
        row = catalogue.rows[number]
        image = read_photo(row.path).image
        return image.crop(window(row, image.size, None)) if row.box else image

    def square(number: int) -> Square:
        (crop,) = crops([catalogue.rows[number]], THUMBNAIL, catalogue.crop_side)
        return Square(crop.image, crop.regions == PATTERN)

    answering = home.predictions(home.field / f"{records[-1].file_name}.json")
    write_text(home.report, render(surveys, photo, square))
    write_text(home.pages / "field.md", field_page(surveys))
    if answering.is_file():
        write_text(home.newest_predictions, answering.read_text(encoding="utf-8"))
    return summary(surveys, str(home.report))


def _newest(folder: Path, like: FieldRecord) -> list[FieldRecord]:
    """The newest survey of each contestant on the same photos and labels as a survey.

    Records that an earlier version of the project wrote are passed over: their scores are estimated in another way.
    """
    paths = [path for path in sorted(folder.glob("*.json")) if not is_temporary(path) and is_current(path)]
    surveys = [read_survey(path) for path in paths]
    same = [one for one in surveys if one.provenance.data == like.provenance.data]
    ordered = sorted(same, key=lambda one: one.provenance.finished)
    return list({(one.backbone, one.init): one for one in ordered}.values())
