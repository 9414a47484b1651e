"""Properties of masks, table cells and region variants, on generated values."""

import json
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from pycocotools import mask as coco

from benchmark.data.adapters.table_cells import CellError, parse_box, parse_segmentation
from benchmark.data.capture import NO_NEIGHBOUR, dense_ranks, nearest_distances
from benchmark.data.catalogue import Polygons, Rle, Row, Segmentation
from benchmark.data.region_variants import FILLS, apply_variant
from benchmark.data.segmentation import region_mask
from benchmark.vocabulary import REGIONS, Fill, Region, RegionVariant

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # of pycocotools

SIDES = st.integers(1, 24)
BINARY = st.tuples(SIDES, SIDES).flatmap(lambda shape: arrays(np.uint8, shape, elements=st.integers(0, 1)))
NUMBERS = st.one_of(st.integers(-(10**6), 10**6), st.floats(-1e6, 1e6))
LENGTHS = st.one_of(st.integers(3, 10**6), st.floats(3, 1e6))
BOXES = st.tuples(NUMBERS, NUMBERS, LENGTHS, LENGTHS)
RINGS = st.lists(st.lists(st.tuples(NUMBERS, NUMBERS), min_size=3, max_size=6), min_size=1, max_size=3)
CELL_TEXTS = st.one_of(
    st.text(), st.lists(NUMBERS, max_size=5).map(str), st.text("[]{}(),.:-+e0123456789 \"'sizecounts", max_size=30)
)


def _regions(segmentation: Segmentation, size: tuple[int, int]) -> NDArray[np.uint8]:
    return region_mask(Row("a", "fox", Path("a.png"), segmentation=segmentation), size)


@settings(max_examples=60, deadline=None)
@given(BINARY)
def test_a_compressed_code_by_coco_decodes_to_its_mask(mask: NDArray[np.uint8]) -> None:
    height, width = mask.shape
    counts = coco.encode(np.asfortranarray(mask))["counts"].decode()
    np.testing.assert_array_equal(_regions(Rle((height, width), counts), (height, width)), mask)


@settings(max_examples=60, deadline=None)
@given(SIDES, SIDES, st.data())
def test_plain_run_lengths_decode_as_coco_decodes_them(height: int, width: int, data: st.DataObject) -> None:
    cuts = sorted(data.draw(st.lists(st.integers(0, height * width), max_size=8)))
    runs = np.diff([0, *cuts, height * width]).tolist()
    expected = coco.decode(coco.frPyObjects({"size": [height, width], "counts": runs}, height, width))
    np.testing.assert_array_equal(_regions(Rle((height, width), tuple(runs)), (height, width)), expected)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(-4, 28), st.integers(-4, 28)), min_size=3, max_size=7))
def test_a_polygon_and_its_run_length_code_are_the_same_regions(points: list[tuple[int, int]]) -> None:
    ring = tuple(float(number) for point in points for number in point)
    filled = _regions(Polygons((ring,)), (24, 24))
    counts = coco.encode(np.asfortranarray(filled))["counts"].decode()
    np.testing.assert_array_equal(_regions(Rle((24, 24), counts), (24, 24)), filled)
    rows, columns = np.nonzero(filled)
    if rows.size:
        assert min(ring[0::2]) - 1 <= columns.min() <= columns.max() <= max(ring[0::2]) + 1
        assert min(ring[1::2]) - 1 <= rows.min() <= rows.max() <= max(ring[1::2]) + 1


@settings(max_examples=60, deadline=None)
@given(BOXES)
def test_every_form_of_a_box_is_the_same_box(box: tuple[float, float, float, float]) -> None:
    forms = [box, list(box), json.dumps(box), f" {json.dumps(box, separators=(',', ':'))} ", str(list(box)), str(box)]
    assert [parse_box(form) for form in forms] == [box] * len(forms)
    assert parse_box(np.array(box, dtype=np.float64).tolist()) == box


@settings(max_examples=60, deadline=None)
@given(RINGS)
def test_every_form_of_polygons_is_the_same_outline(points: list[list[tuple[float, float]]]) -> None:
    rings = [[number for point in ring for number in point] for ring in points]
    outline = Polygons(tuple(tuple(float(number) for number in ring) for ring in rings))
    forms: list[object] = [rings, json.dumps(rings), str(rings), [tuple(ring) for ring in rings]]
    if len(rings) == 1:
        forms += [rings[0], json.dumps(rings[0])]
    assert [parse_segmentation(form, Path()) for form in forms] == [outline] * len(forms)


@settings(max_examples=30, deadline=None)
@given(BINARY)
def test_every_form_of_a_run_length_code_is_the_same_code(mask: NDArray[np.uint8]) -> None:
    coded = coco.encode(np.asfortranarray(mask))
    size, counts = coded["size"], coded["counts"].decode()
    forms: list[object] = [coded, {"size": tuple(size), "counts": counts}, json.dumps({"size": size, "counts": counts})]
    assert [parse_segmentation(form, Path()) for form in forms] == [Rle((size[0], size[1]), counts)] * len(forms)


@settings(max_examples=200, deadline=None)
@given(CELL_TEXTS)
def test_any_text_is_parsed_or_refused_as_a_cell(text: str) -> None:
    for parse in (parse_box, lambda cell: parse_segmentation(cell, Path("root"))):
        with suppress(CellError):
            parse(text)


IMAGES = st.tuples(st.integers(1, 3), st.integers(2, 6), st.integers(2, 6)).flatmap(
    lambda shape: st.tuples(
        arrays(np.uint8, (*shape, 3), elements=st.integers(0, 255)), arrays(np.uint8, shape, elements=st.integers(0, 2))
    )
)
COMPLEMENT: dict[Region, RegionVariant] = {"background": "no_background", "body": "no_body", "pattern": "no_pattern"}


@settings(max_examples=30, deadline=None)
@given(IMAGES, st.sampled_from(REGIONS))
def test_a_region_and_its_complement_make_the_whole(
    drawn: tuple[NDArray[np.uint8], NDArray[np.uint8]], region: Region
) -> None:
    images, regions = drawn
    part, rest = (apply_variant(images, regions, variant) for variant in (region, COMPLEMENT[region]))
    np.testing.assert_array_equal(part + rest, images)
    assert not (part & rest).any()


@settings(max_examples=30, deadline=None)
@given(IMAGES, st.sampled_from(REGIONS), st.sampled_from(list(FILLS)))
def test_a_fill_only_changes_hidden_pixels(
    drawn: tuple[NDArray[np.uint8], NDArray[np.uint8]], region: Region, fill: Fill
) -> None:
    images, regions = drawn
    part, rest = (apply_variant(images, regions, variant, fill) for variant in (region, COMPLEMENT[region]))
    is_region = (regions == REGIONS.index(region))[..., np.newaxis]
    np.testing.assert_array_equal(np.where(is_region, part, rest), images)
    np.testing.assert_array_equal(apply_variant(images, regions, "all", fill), images)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-9, 9), st.sampled_from("qgo")), max_size=20))
def test_distances_and_ranks_are_those_of_all_pairs(images: list[tuple[int, int, str]]) -> None:
    tracks, positions = (np.array([image[field] for image in images], dtype=np.int64) for field in (0, 1))
    queries, gallery = (np.array([image[2] == role for image in images], dtype=bool) for role in "qg")
    expected = [
        min((abs(p - q) for other, q, role in images if (other, role) == (track, "g")), default=NO_NEIGHBOUR)
        for track, p, own in images
        if own == "q"
    ]
    assert nearest_distances(tracks, positions, queries, gallery).tolist() == expected
    ranks = [len({q for other, q, _ in images if other == track and q < p}) for track, p, _ in images]
    assert dense_ranks(tracks, positions).tolist() == ranks
