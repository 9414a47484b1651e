"""Records of arbitrary values survive writing and reading."""

import json
import tempfile
from pathlib import Path
from typing import TypeVar, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmark.errors import InputError
from benchmark.records.base import Interval
from benchmark.records.classification import BetterThanChance, Classification, EpochScores, GroupBaseline, Scores
from benchmark.records.clustering import Clustering, Plane, Projections
from benchmark.records.files import read_record, record_path, write_record
from benchmark.records.inpainting import Reconstruction
from benchmark.records.localisation import (
    EpochLocalisation,
    Example,
    Examples,
    Localisation,
    RegionShares,
    RegionValues,
)
from benchmark.records.provenance import Failure
from benchmark.records.record import Record
from benchmark.records.retrieval import AcrossRecordings, OpenSet, Retrieval
from benchmark.vocabulary import MODES, ChanceVerdict
from support.records import blank_record

T = TypeVar("T")
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
COUNTS = st.integers(min_value=0)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)  # lone surrogates are no UTF-8
OPTIONAL = st.none() | FLOATS


def tuples(values: st.SearchStrategy[T]) -> st.SearchStrategy[tuple[T, ...]]:
    return st.lists(values, max_size=3).map(tuple)


INTERVALS = st.builds(Interval, low=FLOATS, high=FLOATS, groups=COUNTS)
SCORES = st.builds(Scores, accuracy=FLOATS, recall=FLOATS, f1=FLOATS, images=COUNTS, at_chance=st.booleans())
EPOCHS = st.builds(EpochScores, epoch=COUNTS, loss=FLOATS, accuracy=FLOATS, recall=FLOATS, f1=FLOATS)
SHARES = st.builds(RegionShares, background=FLOATS, body=FLOATS, pattern=FLOATS)
VALUES = st.builds(RegionValues, background=OPTIONAL, body=OPTIONAL, pattern=OPTIONAL)
EXAMPLES = st.builds(Example, image=COUNTS, density=FLOATS)
LOCALISATIONS = st.builds(
    Localisation,
    mass=VALUES,
    density=VALUES,
    rank=VALUES,
    pattern_density=st.none() | INTERVALS,
    images=COUNTS,
    area=st.none() | VALUES,
    rank_null=st.none() | VALUES,
    empty=st.none() | COUNTS,
    examples=st.none() | st.builds(Examples, best=EXAMPLES, typical=EXAMPLES, worst=EXAMPLES),
)
CLASSIFICATIONS = st.builds(
    Classification,
    test=SCORES,
    validation=tuples(EPOCHS),
    probe_localisation=tuples(
        st.builds(EpochLocalisation, epoch=COUNTS, background=FLOATS, body=FLOATS, pattern=FLOATS)
    ),
    answers=tuples(COUNTS),
    balanced_accuracy=OPTIONAL,
    individual_recall=tuples(OPTIONAL),
    intervals=st.dictionaries(TEXTS, INTERVALS, max_size=2),
    never_above_chance=st.booleans(),
    better_than_chance=st.none()
    | st.builds(
        BetterThanChance,
        verdict=st.sampled_from(get_args(ChanceVerdict)),
        needed=st.none() | COUNTS,
        images=COUNTS,
    ),
    localisation=st.none() | LOCALISATIONS,
    probe_area=st.none() | SHARES,
)
CLUSTERINGS = st.builds(
    Clustering,
    adjusted_rand=FLOATS,
    mutual_information=FLOATS,
    silhouette=OPTIONAL,
    davies_bouldin=OPTIONAL,
    calinski_harabasz=OPTIONAL,
    images=COUNTS,
    dimensions=COUNTS,
    exact=st.booleans(),
)
PLANES = st.builds(Plane, x=tuples(FLOATS), y=tuples(FLOATS))
PROJECTIONS = st.builds(
    Projections,
    pca=PLANES,
    variance=st.tuples(FLOATS, FLOATS),
    tsne=st.none() | PLANES,
    perplexity=FLOATS,
    umap=st.none() | PLANES,
    neighbours=COUNTS,
)
RETRIEVALS = st.builds(
    Retrieval,
    rank1=OPTIONAL,
    rank5=OPTIONAL,
    mean_average_precision=OPTIONAL,
    rank1_interval=st.none() | INTERVALS,
    map_interval=st.none() | INTERVALS,
    queries=COUNTS,
    unmatched=COUNTS,
    average_precisions=tuples(OPTIONAL),
    across_recordings=st.none()
    | st.builds(AcrossRecordings, rank1=OPTIONAL, mean_average_precision=OPTIONAL, queries=COUNTS),
)
OPEN_SETS = st.builds(
    OpenSet,
    threshold=FLOATS,
    baks=FLOATS,
    baus=FLOATS,
    geometric=FLOATS,
    area=FLOATS,
    curve=tuples(st.tuples(FLOATS, FLOATS)),
)
BASELINES = st.builds(
    GroupBaseline,
    accuracy=FLOATS,
    balanced_accuracy=FLOATS,
    recall=FLOATS,
    f1=FLOATS,
    adjusted_rand=FLOATS,
    mutual_information=FLOATS,
)
RECONSTRUCTIONS = st.builds(Reconstruction, l1=FLOATS, psnr=OPTIONAL, ssim=FLOATS, images=COUNTS, lpips=OPTIONAL)
RECORDS = st.builds(
    blank_record,
    title=TEXTS,
    licence=TEXTS,
    classification=st.dictionaries(st.sampled_from(MODES), CLASSIFICATIONS, max_size=2),
    clustering=st.fixed_dictionaries({"initial": CLUSTERINGS}),
    projections=st.fixed_dictionaries({"finetuned": PROJECTIONS}),
    retrieval=st.fixed_dictionaries({"initial": st.fixed_dictionaries({"cosine": RETRIEVALS})}),
    open_set=st.fixed_dictionaries({"initial": OPEN_SETS}),
    group_baselines=st.dictionaries(TEXTS, BASELINES, max_size=2),
    failure=st.none() | st.builds(Failure, stage=TEXTS, cause=TEXTS, log=TEXTS),
)


@given(RECORDS)
def test_a_record_survives_writing_and_reading(record: Record) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = write_record(record, Path(folder))
        assert path == record_path(record, Path(folder))
        assert read_record(path) == record


@given(RECONSTRUCTIONS)
def test_a_part_survives_json(part: Reconstruction) -> None:
    assert Reconstruction.model_validate_json(part.model_dump_json()) == part


def test_the_path_names_data_set_protocol_backbone_and_key() -> None:
    record = blank_record(dataset="stripes", protocol="quick", backbone="timm:vit/b 16", key="0123456789abcdef")
    assert record_path(record, Path("r")) == Path("r/stripes/quick/timm-vit-b-16-0123456789ab.json")
    failed = record.model_copy(update={"status": "crash"})
    assert record_path(failed, Path("r")) == Path("r/stripes/quick/timm-vit-b-16-0123456789ab-failed.json")


def test_a_successful_record_is_kept_and_a_failed_one_replaced(tmp_path: Path) -> None:
    for status, kept in (("ok", "first"), ("crash", "second")):
        for title in ("first", "second"):
            path = write_record(blank_record(status=status, title=title), tmp_path)
        assert read_record(path).title == kept


def test_a_file_that_is_not_a_record_is_refused_with_its_first_invalid_field(tmp_path: Path) -> None:
    path = write_record(blank_record(), tmp_path)
    fields = json.loads(path.read_text())
    path.write_text(json.dumps(fields | {"seed": "x"}))
    with pytest.raises(InputError, match=r"lama-0123456789ab\.json: not a record: seed: "):
        read_record(path)
    path.write_text(json.dumps(fields | {"colour": 1}))
    with pytest.raises(InputError, match="not a record: colour: Extra inputs are not permitted"):
        read_record(path)
    path.write_text("{")
    with pytest.raises(InputError, match="not a record: the file: Invalid JSON"):
        read_record(path)
