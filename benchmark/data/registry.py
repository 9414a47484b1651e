"""Metadata of the built-in data set and of public ones.

Figures come from the data sets' own pages and papers, read in 2026; None = not stated by their authors.
"""

from dataclasses import dataclass
from typing import Literal

Source = Literal["built-in", "kaggle", "elsewhere"]


@dataclass(frozen=True)
class DatasetMetadata:
    """Metadata of one data set.

    Attributes:
        name: its name on the command line, in splits and records.
        title: its name in its authors' words.
        animal: the species.
        source: `built-in`, `kaggle` (`data fetch` downloads it), or `elsewhere` (to be downloaded by hand).
        address: its folder in the project, its page on Kaggle, or its authors' page.
        licence: as its authors state it; empty = not stated.
        individuals: number of identities.
        images: number of annotated animals: boxes, or photos if each shows one animal.
        megabytes: size of the download in MB.
        paper: address of the paper, empty = none.
        handle: owner and name on Kaggle; empty elsewhere.
    """

    name: str
    title: str
    animal: str
    source: Source
    address: str
    licence: str
    individuals: int | None
    images: int | None
    megabytes: int | None
    paper: str = ""
    handle: str = ""


_CDLA = "CDLA-Permissive-1.0"

DATASETS: tuple[DatasetMetadata, ...] = (
    DatasetMetadata(
        name="zebrafish-synth",
        title="zebrafish-synth",
        animal="zebrafish",
        source="built-in",
        address="benchmark/datasets/zebrafish-synth",
        licence="CC0-1.0",
        individuals=6,
        images=552,
        megabytes=8,
    ),
    DatasetMetadata(
        name="aau-zebrafish",
        title="AAU Zebrafish Re-Identification",
        animal="zebrafish",
        source="kaggle",
        address="https://www.kaggle.com/datasets/aalborguniversity/aau-zebrafish-reid",
        licence="CC BY 4.0",
        individuals=6,
        images=6672,
        megabytes=12093,
        paper="https://doi.org/10.1109/WACVW50321.2020.9096922",
        handle="aalborguniversity/aau-zebrafish-reid",
    ),
    DatasetMetadata(
        name="atrw",
        title="ATRW",
        animal="Amur tiger",
        source="elsewhere",
        address="https://lila.science/datasets/atrw",
        licence="CC BY-NC-SA 4.0",
        individuals=92,
        images=3649,
        megabytes=1760,
        paper="https://arxiv.org/abs/1906.05586",
    ),
    DatasetMetadata(
        name="fs48",
        title="FS48",
        animal="koi, goldfish",
        source="elsewhere",
        address="https://github.com/yzbouc/FS48",
        licence="",
        individuals=48,
        images=39088,
        megabytes=None,
        paper="https://doi.org/10.3389/fmars.2024.1429459",
    ),
    DatasetMetadata(
        name="giraffe-zebra-id",
        title="GiraffeZebraID",
        animal="giraffe, zebra",
        source="elsewhere",
        address="https://lila.science/datasets/great-zebra-giraffe-id",
        licence=_CDLA,
        individuals=2056,
        images=6925,
        megabytes=10433,
    ),
    DatasetMetadata(
        name="hyena-id-2022",
        title="HyenaID2022",
        animal="hyena",
        source="elsewhere",
        address="https://lila.science/datasets/hyena-id-2022/",
        licence=_CDLA,
        individuals=256,
        images=3129,
        megabytes=3441,
    ),
    DatasetMetadata(
        name="leopard-id-2022",
        title="LeopardID2022",
        animal="leopard",
        source="elsewhere",
        address="https://lila.science/datasets/leopard-id-2022/",
        licence=_CDLA,
        individuals=430,
        images=6805,
        megabytes=8565,
    ),
    DatasetMetadata(
        name="nyala-data",
        title="NyalaData",
        animal="nyala",
        source="elsewhere",
        address="https://github.com/tvanzyl/wildlife_reidentification",
        licence="",
        individuals=274,
        images=1934,
        megabytes=495,
        paper="https://ieeexplore.ieee.org/abstract/document/9311574",
    ),
    DatasetMetadata(
        name="sea-turtle-id-2022",
        title="SeaTurtleID2022",
        animal="sea turtle",
        source="elsewhere",
        address="https://www.kaggle.com/datasets/wildlifedatasets/seaturtleid2022",
        licence="see its page",
        individuals=438,
        images=8729,
        megabytes=2000,
        paper="https://arxiv.org/abs/2211.10307",
    ),
    DatasetMetadata(
        name="stripe-spotter",
        title="StripeSpotter",
        animal="zebra",
        source="elsewhere",
        address="https://code.google.com/archive/p/stripespotter/downloads",
        licence="CC BY-SA 3.0",
        individuals=None,
        images=None,
        megabytes=229,
        paper="https://doi.org/10.1145/1991996.1992002",
    ),
    DatasetMetadata(
        name="whale-shark-id",
        title="WhaleSharkID",
        animal="whale shark",
        source="elsewhere",
        address="https://lila.science/datasets/whale-shark-id",
        licence=_CDLA,
        individuals=543,
        images=7693,
        megabytes=6466,
        paper="https://www.int-res.com/abstracts/esr/v7/n1/p39-53/",
    ),
)
"""The built-in set and the paper's first, then by name."""


def find_metadata(name: str) -> DatasetMetadata | None:
    """The metadata of the data set with this name; None if it is not listed."""
    return next((dataset for dataset in DATASETS if dataset.name == name), None)
