import re
from urllib.parse import urlparse

from benchmark.data.adapters.reading import slug
from benchmark.data.registry import DATASETS, find_metadata
from support.paths import ROOT


def test_names_can_be_used_everywhere_and_are_unique() -> None:
    names = [dataset.name for dataset in DATASETS]
    assert [slug(name) for name in names] == names
    assert len(set(names)) == len(names)


def test_the_papers_data_set() -> None:
    aau = find_metadata("aau-zebrafish")
    assert aau is not None
    assert (aau.handle, aau.images, aau.individuals) == ("aalborguniversity/aau-zebrafish-reid", 6672, 6)
    assert aau.licence == "CC BY 4.0"


def test_the_built_in_data_set_is_as_shipped() -> None:
    folder = ROOT / "benchmark" / "datasets" / "zebrafish-synth"
    metadata = find_metadata("zebrafish-synth")
    assert metadata is not None
    with (folder / "annotations.csv").open(encoding="utf-8") as stream:
        assert sum(1 for _ in stream) - 1 == metadata.images


def test_an_unknown_name_is_none() -> None:
    assert find_metadata("aau") is None


def test_every_address_can_be_followed() -> None:
    for dataset in DATASETS:
        assert dataset.source == "built-in" or urlparse(dataset.address).scheme == "https"
        assert bool(dataset.handle) == (dataset.source == "kaggle")
        assert not dataset.handle or dataset.address.endswith(dataset.handle)
        assert not dataset.paper or urlparse(dataset.paper).scheme == "https"


def test_individuals_are_fewer_than_images() -> None:
    for dataset in DATASETS:
        if dataset.individuals and dataset.images:
            assert 1 < dataset.individuals < dataset.images


def test_facts_are_plain_text() -> None:
    for dataset in DATASETS:
        assert not re.search(r"[<>`]", dataset.title + dataset.animal + dataset.licence)
