import inspect
from types import ModuleType

import pytest
from pydantic import ValidationError

from benchmark.records import classification, clustering, inpainting, localisation, retrieval
from benchmark.records.base import Interval, Metric, RecordPart, metric_of
from benchmark.records.classification import Scores
from benchmark.records.clustering import Clustering

NO_METRIC = {
    ("EpochLocalisation", "background"),
    ("EpochLocalisation", "body"),
    ("EpochLocalisation", "pattern"),
    ("RegionValues", "background"),
    ("RegionValues", "body"),
    ("RegionValues", "pattern"),
    ("Example", "density"),
    ("Probe", "choice"),
    ("Projections", "perplexity"),
}
"""Numbers whose metric annotates the part that holds them, and one setting."""


def parts_of(module: ModuleType) -> list[type[RecordPart]]:
    members = [member for _, member in inspect.getmembers(module, inspect.isclass)]
    return [part for part in members if issubclass(part, RecordPart) and part.__module__ == module.__name__]


@pytest.mark.parametrize("module", [classification, clustering, inpainting, localisation, retrieval])
def test_every_real_number_of_the_scores_has_a_metric(module: ModuleType) -> None:
    for part in parts_of(module):
        for name, field in part.model_fields.items():
            if field.annotation in (float, float | None) and (part.__name__, name) not in NO_METRIC:
                assert metric_of(part, name).title


def test_metric_of_a_field_that_may_be_none() -> None:
    metric = metric_of(Clustering, "davies_bouldin")
    assert metric == Metric("DaviesBouldin", "Davies-Bouldin index, from 0", False, reference="Davies & Bouldin 1979")
    assert metric_of(Clustering, "mutual_information").unit == "nats"


def test_metric_of_a_field_without_metric_or_an_unknown_field_raises() -> None:
    with pytest.raises(KeyError, match=r"Scores\.images has no Metric; annotate it"):
        metric_of(Scores, "images")
    with pytest.raises(KeyError, match="precision"):
        metric_of(Scores, "precision")


def test_a_misspelt_key_raises() -> None:
    with pytest.raises(ValidationError, match="acuracy"):
        Scores(acuracy=1.0, recall=1.0, f1=1.0, images=1)  # type: ignore[call-arg]


def test_a_part_is_immutable() -> None:
    interval = Interval(low=0, high=1, groups=6)
    with pytest.raises(ValidationError, match="frozen"):
        interval.low = 0.5  # type: ignore[misc]
