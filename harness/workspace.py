"""The folders of a checkout of the project."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.data.registry import find_metadata

if TYPE_CHECKING:  # pydantic takes longer to import than the help takes to print
    from benchmark.records.provenance import Experiment


@dataclass(frozen=True)
class ResultFolders:
    """Where the results of a data set are.

    Attributes:
        pages: folder of the tables, which holds the folders `records` and `figures` too.
        splits: folder of the data set's split files.
        own: whether it is a data set of one's own: git tracks none of its results.
    """

    pages: Path
    splits: Path
    own: bool

    @property
    def records(self) -> Path:
        """The immutable records."""
        return self.pages / "records"

    @property
    def field(self) -> Path:
        """Records of field surveys."""
        return self.pages / "field"

    @property
    def report(self) -> Path:
        """Report of the field surveys for people."""
        return self.pages / "report.html"

    def predictions(self, record: Path) -> Path:
        """Table of the answers of one's own run, by its record: personal data, which is in no leaderboard."""
        return self.pages / "predictions" / f"{record.stem}.csv"

    @property
    def newest_predictions(self) -> Path:
        """Copy of the table of the newest run."""
        return self.pages / "predictions.csv"


@dataclass(frozen=True)
class Workspace:
    """The folders of one checkout; tests use a temporary one.

    Attributes:
        root: of the checkout.
    """

    root: Path

    @classmethod
    def here(cls) -> "Workspace":
        """The checkout that this module was imported from."""
        return cls(Path(__file__).resolve().parents[1])

    @property
    def store(self) -> Path:
        """Everything that is computed, and can be computed again."""
        return self.root / ".patternbench"

    @property
    def imported(self) -> Path:
        """What the user fetched, imported or corrected by hand: nothing of it can be computed."""
        return self.root / "imported"

    @property
    def digests(self) -> Path:
        """Database of the digests of files that were read before."""
        return self.store / "digests.sqlite"

    @property
    def drawn_figures(self) -> Path:
        """Notes of what figures and pages of the leaderboard and of one's own results were made from."""
        return self.store / "figures.json"

    @property
    def datasets(self) -> Path:
        """Data sets that the user fetched or imported."""
        return self.imported / "datasets"

    @property
    def region_masks(self) -> Path:
        """Proposed region masks, one folder a data set, or a note of the folder that the user chose."""
        return self.imported / "region-masks"

    @property
    def weights(self) -> Path:
        """Published weights that the user fetched or imported, one folder a backbone or metric."""
        return self.imported / "weights"

    @property
    def trusted(self) -> Path:
        """Note of the contestants that the user lets run unconfined, each with the digest of its folder."""
        return self.store / "trusted.json"

    @property
    def backbones(self) -> Path:
        """The contestants."""
        return self.root / "backbones"

    @property
    def splits(self) -> Path:
        """The reviewed split files of known data sets, one folder a data set."""
        return self.root / "benchmark" / "splits"

    @property
    def builtin_data(self) -> Path:
        """Data sets shipped with the project."""
        return self.root / "benchmark" / "datasets"

    @property
    def protocols(self) -> Path:
        """The protocols shipped with the project."""
        return self.root / "benchmark" / "protocols"

    @property
    def leaderboard(self) -> Path:
        """Tables and records of known data sets and of experiments."""
        return self.root / "leaderboard"

    @property
    def own_results(self) -> Path:
        """Results of data sets of one's own, one folder a data set."""
        return self.root / "results"

    def results(self, dataset: str, experiment: "Experiment | None" = None) -> ResultFolders:
        """Where the results of a data set are: of a known one in the leaderboard, of another in a folder of its own.

        Args:
            dataset: its name.
            experiment: for which the project generated it.
        """
        if experiment is not None or find_metadata(dataset) is not None:
            return ResultFolders(self.leaderboard, self.splits / dataset, own=False)
        return self.own(dataset)

    def own(self, dataset: str) -> ResultFolders:
        """Where results stay that git does not track: of one's own data, and of field surveys of any data."""
        folder = self.own_results / dataset
        return ResultFolders(folder, folder / "splits", own=True)
