import sys
import tracemalloc
from pathlib import Path

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, euclidean_distances
from sklearn.metrics.pairwise import cosine_similarity

from benchmark.data.pairing import Pairing, Sightings
from benchmark.errors import InputError, RunError
from benchmark.metrics.matches import Hide, Images, Matches
from benchmark.metrics.resampling.intervals import of_mean, of_share
from benchmark.metrics.retrieval import Block, retrieve, retrieve_each, summarise, summarise_pairing
from benchmark.records.retrieval import Retrieval
from benchmark.vocabulary import Distance

DISTANCES: tuple[Distance, ...] = ("cosine", "euclidean")


Summary = tuple[float | None, float | None, float | None, int, int]


def summary(matches: Matches) -> Summary:
    """Rank-1, rank-5, mean average precision, queries, unmatched."""
    result: Retrieval = summarise(matches)
    return result.rank1, result.rank5, result.mean_average_precision, result.queries, result.unmatched


def blobs(images: int, seed: int, dimensions: int = 6, individuals: int = 5) -> Images:
    """Overlapping clouds away from the origin."""
    centres = np.random.default_rng(0).normal(size=(individuals, dimensions))
    random = np.random.default_rng(seed)
    labels = random.integers(0, individuals, images)
    embeddings = centres[labels] + 1.2 * random.normal(size=(images, dimensions)) + 0.3
    return Images(embeddings, labels)


def at_random(queries: Images, gallery: Images) -> Hide:
    """Hides a fifth of the pairs, those of matches among them."""
    mask = np.random.default_rng(11).random((len(queries.labels), len(gallery.labels))) < 0.2
    return lambda query: mask[query]


def similarities(queries: Images, gallery: Images, distance: Distance) -> NDArray[np.float64]:
    if distance == "cosine":
        return np.asarray(cosine_similarity(queries.embeddings, gallery.embeddings))
    difference = queries.embeddings[:, None].astype(float) - gallery.embeddings[None]
    return -np.sqrt((difference**2).sum(axis=2))


def brute_force(queries: Images, gallery: Images, distance: Distance, hide: Hide | None = None) -> Matches:
    """Rankings one by one, precision by scikit-learn."""
    rankings: list[tuple[int, float, float]] = []
    for query, row in enumerate(similarities(queries, gallery, distance)):
        right = gallery.labels == queries.labels[query]
        if hide:
            row, right = row[~hide(query)], right[~hide(query)]  # noqa: PLW2901 - without hidden images
        order = right[np.argsort(-row)]
        first = int(order.argmax()) + 1 if right.any() else 0
        rankings.append((first, average_precision_score(right, row) if first else np.nan, row.max()))
    return Matches(*(np.array(values) for values in zip(*rankings, strict=True)))


def assert_same(matches: Matches, expected: Matches, tolerance: float = 1e-9) -> None:
    assert (matches.first == expected.first).all()
    assert matches.precision == pytest.approx(expected.precision, rel=tolerance, nan_ok=True)
    assert matches.similarity == pytest.approx(expected.similarity, rel=tolerance, abs=tolerance)


def test_a_hand_case_with_negative_similarities() -> None:
    angles = np.arccos([-0.9, -0.2, -0.1, -0.5])  # by falling similarity: wrong, right, right, wrong
    gallery = Images(np.stack([np.cos(angles), np.sin(angles)], axis=1), np.array([1, 0, 1, 0]))
    matches = retrieve(Images(np.array([[2.0, 0.0]]), np.array([0])), gallery)["cosine"]
    assert matches.first.tolist() == [2]
    assert matches.precision == pytest.approx([(1 / 2 + 2 / 3) / 2])
    assert matches.similarity == pytest.approx([-0.1])


def test_euclidean_and_cosine_by_hand_where_they_differ() -> None:
    gallery = Images(np.array([[10.0, 0.0], [1.0, 1.0]]), np.array([0, 1]))
    matches = retrieve(Images(np.array([[1.0, 0.0]]), np.array([0])), gallery)
    assert (matches["cosine"].first, matches["euclidean"].first) == (1, 2)
    assert matches["euclidean"].similarity == pytest.approx([-1.0])


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("hides", [False, True])
def test_agrees_with_brute_force_and_scikit_learn(distance: Distance, hides: bool) -> None:
    queries, gallery = blobs(70, seed=1), blobs(90, seed=2)
    hide = at_random(queries, gallery) if hides else None
    expected = brute_force(queries, gallery, distance, hide)
    assert 0.2 < (expected.first == 1).mean() < 0.9  # neither noise nor trivial
    assert_same(retrieve(queries, gallery, hide)[distance], expected)


def test_rankings_with_several_rules_are_those_with_each() -> None:
    queries, gallery = blobs(30, seed=1), blobs(40, seed=2)
    rules = {"all": None, "some": at_random(queries, gallery), "none": lambda _: np.ones(40, bool)}
    rankings = retrieve_each(queries, gallery, rules)
    for name, hide in rules.items():
        for distance in DISTANCES:
            alone = retrieve(queries, gallery, hide)[distance]
            assert_same(rankings[name][distance], alone)
    nothing = rankings["none"]["cosine"]
    assert not nothing.first.any()
    assert np.isneginf(nothing.similarity).all()


@pytest.mark.parametrize("distance", DISTANCES)
def test_a_part_that_searches_itself_hides_each_image_from_itself(distance: Distance) -> None:
    part = blobs(40, seed=3)
    matches = retrieve(part, part, lambda query: np.arange(40) == query)[distance]
    for query in range(40):
        others = Images(*(np.delete(values, query, axis=0) for values in part))
        one = Images(part.embeddings[query : query + 1], part.labels[query : query + 1])
        assert_same(Matches(*(values[query : query + 1] for values in matches)), brute_force(one, others, distance))


def test_queries_without_a_match_are_left_out_and_counted() -> None:
    gallery = Images(np.eye(3), np.array([0, 1, 1]))
    queries = Images(np.eye(3)[[0, 1, 2, 2]], np.array([0, 1, 7, 0]))
    hidden = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 0], [0, 0, 0]], bool)
    # the first query's one match is hidden; the third query's individual is unknown
    result = summarise(retrieve(queries, gallery, lambda query: hidden[query])["cosine"])
    assert (result.queries, result.unmatched) == (2, 2)
    assert result.rank1 == 0.0  # the second query equals the hidden image: a wrong one ties with the right one
    unhidden = retrieve(queries, gallery)["cosine"]
    assert np.isnan(unhidden.precision).tolist() == [False, False, True, False]
    assert summarise(unhidden).unmatched == 1


def test_summary_by_hand() -> None:
    nan = np.nan
    matches = Matches(np.array([1, 0, 5, 6]), np.array([1.0, nan, 0.3, 0.2]), np.zeros(4))
    assert summary(matches) == (1 / 3, 2 / 3, pytest.approx(0.5), 3, 1)
    assert summarise(matches).average_precisions == (1.0, None, 0.3, 0.2)
    across = summarise_pairing(matches)
    assert (across.rank1, across.mean_average_precision, across.queries) == (1 / 3, pytest.approx(0.5), 3)
    assert summarise(matches, across_recordings=across).across_recordings == across


def test_the_intervals_are_those_of_the_means_over_the_matched_queries() -> None:
    queries, gallery = blobs(60, seed=1), blobs(90, seed=2)
    queries.labels[:7] = 99  # without a match
    matches = retrieve(queries, gallery)["cosine"]
    groups = np.arange(60) % 9
    for result in (summarise(matches, groups), summarise_pairing(matches, groups)):
        assert result.rank1_interval == of_share(matches.first[7:] == 1, groups[7:])
        assert result.map_interval == of_mean(matches.precision[7:].round(6), groups[7:], bounds=(0, 1))
    assert summarise(matches, np.zeros(60)).rank1_interval is None


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("dimensions", [1, 700])
def test_a_constant_embedding_has_rank_1_of_zero_and_the_share_of_matches_as_precision(
    distance: Distance, dimensions: int
) -> None:
    queries = Images(np.full((9, dimensions), 0.1, np.float32), np.arange(9) % 3)
    gallery = Images(np.full((30, dimensions), 0.1, np.float32), np.arange(30) % 3)
    assert summary(retrieve(queries, gallery)[distance])[:3] == (0, 0, pytest.approx(1 / 3))


@pytest.mark.parametrize("distance", DISTANCES)
def test_equal_up_to_rounding_is_a_tie(distance: Distance) -> None:
    random = np.random.default_rng(3)
    row = random.random(300)
    shuffled = np.stack([random.permutation(row) for _ in range(30)])  # all as far from a constant
    gallery = Images(shuffled, np.arange(30) % 3)
    assert len(np.unique(shuffled.sum(axis=1))) > 1
    constant = Images(np.full((9, 300), 0.1), np.arange(9) % 3)
    assert summary(retrieve(constant, gallery)[distance])[:3] == (0, 0, pytest.approx(1 / 3))


@pytest.mark.parametrize("distance", DISTANCES)
def test_ties_are_scikit_learn_s_and_the_order_of_the_gallery_does_not_matter(distance: Distance) -> None:
    random = np.random.default_rng(4)
    queries = Images(random.integers(-1, 2, (30, 3)).astype(float), random.integers(0, 4, 30))
    gallery = Images(random.integers(-1, 2, (50, 3)).astype(float), random.integers(0, 4, 50))
    matches = retrieve(queries, gallery)[distance]
    order = random.permutation(50)
    assert_same(retrieve(queries, Images(gallery.embeddings[order], gallery.labels[order]))[distance], matches)
    for query, row in enumerate(np.round(similarities(queries, gallery, distance), 9)):
        right = gallery.labels == queries.labels[query]
        assert matches.precision[query] == pytest.approx(average_precision_score(right, row))
        assert matches.first[query] == 1 + (row[~right] >= row[right].max()).sum()


def test_an_embedding_of_zeros_has_cosine_0_with_everything() -> None:
    gallery = Images(np.array([[1.0, 0.0], [-1.0, 0.0], [0.0, 0.0]]), np.array([0, 1, 1]))
    matches = retrieve(Images(np.array([[0.0, 0.0], [1.0, 0.0]]), np.array([1, 1])), gallery)["cosine"]
    assert matches.similarity.tolist() == [0.0, 1.0]
    assert matches.first.tolist() == [2, 2]


def test_far_from_the_origin_the_euclidean_ranking_stays_exact() -> None:
    queries, gallery = blobs(30, seed=5), blobs(40, seed=6)
    far_queries = queries._replace(embeddings=queries.embeddings + 500)
    far_gallery = gallery._replace(embeddings=gallery.embeddings + 500)
    matches = retrieve(far_queries, far_gallery)["euclidean"]
    assert_same(matches, brute_force(far_queries, far_gallery, "euclidean"), tolerance=1e-7)


@pytest.mark.parametrize("distance", DISTANCES)
def test_memory_mapped_half_precision_in_small_blocks(distance: Distance, tmp_path: Path) -> None:
    parts = []
    for name, part in (("queries", blobs(23, 7, dimensions=301)), ("gallery", blobs(37, 8, dimensions=301))):
        np.save(tmp_path / f"{name}.npy", part.embeddings.astype(np.float16))
        parts.append(part._replace(embeddings=np.load(tmp_path / f"{name}.npy", mmap_mode="r")))
    expected = brute_force(*(part._replace(embeddings=part.embeddings.astype(float)) for part in parts), distance)
    assert_same(retrieve(*parts)[distance], expected)
    assert_same(retrieve(*parts, block=Block(bytes=8 * 5 * 40, columns=40))[distance], expected)


def test_the_whole_matrix_of_similarities_is_never_held() -> None:
    queries, gallery = blobs(700, seed=9), blobs(700, seed=10)
    tracemalloc.start()
    retrieve(queries, gallery, block=Block(bytes=2**16, columns=16))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 700 * 700 * 8 / 8


def test_animals_that_only_swim_are_found_by_adjacent_frames_and_not_without_them() -> None:
    """Two animals alike, filmed together: their embeddings are positions, which are forgotten within ten frames."""
    rank1: dict[bool, list[float]] = {False: [], True: []}
    for seed in range(100):
        rng = np.random.default_rng(seed)
        swim = sliding_window_view(rng.normal(size=(2, 129, 9)), 10, axis=1).sum(axis=-1)
        labels, frames = np.repeat([0, 1], 120), np.tile(np.arange(120), 2)
        seen = Sightings(np.arange(240), labels, np.zeros(240, np.int64), frames)
        images = Images(swim.reshape(240, 9), labels)
        for rule in (False, True):
            hide = Pairing(seen, seen, window=10 if rule else -1).hidden
            rank1[rule].append(float((retrieve(images, images, hide)["cosine"].first == 1).mean()))
    assert np.mean(rank1[False]) > 0.9
    assert np.mean(rank1[True]) == pytest.approx(0.5, abs=0.03)


def test_one_individual_and_one_image_each() -> None:
    alone = Images(np.eye(4), np.zeros(4, int))
    assert summary(retrieve(alone, alone)["cosine"]) == (1, 1, 1, 4, 0)
    each = Images(np.eye(4), np.arange(4))
    assert summary(retrieve(each, each)["euclidean"]) == (1, 1, 1, 4, 0)


def test_without_queries_or_without_any_match_there_is_no_mean() -> None:
    gallery = blobs(5, seed=1)
    no_queries = Images(np.zeros((0, 6)), np.zeros(0, int))
    assert summary(retrieve(no_queries, gallery)["cosine"]) == (None, None, None, 0, 0)
    unknown = Images(np.zeros((2, 6)), np.array([98, 99]))
    assert summary(retrieve(unknown, gallery)["cosine"]) == (None, None, None, 0, 2)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_embedding_that_is_not_finite_is_refused_and_its_row_named(value: float) -> None:
    queries, gallery = blobs(8, seed=1), blobs(9, seed=2)
    gallery.embeddings[5, 2] = value
    with pytest.raises(RunError, match="gallery embedding in row 5 "):
        retrieve(queries, gallery)
    with pytest.raises(RunError, match="query embedding in row 5 "):
        retrieve(gallery, queries)


@pytest.mark.parametrize("shape", [(7, 6), (8,), (8, 0), (8, 2, 3)])
def test_other_shapes_are_refused(shape: tuple[int, ...]) -> None:
    with pytest.raises(RunError, match=r"query embeddings .* \(8, dimensions\)"):
        retrieve(Images(np.zeros(shape), np.zeros(8, int)), blobs(5, seed=1))


def test_parts_of_different_encoders_are_refused() -> None:
    with pytest.raises(RunError, match="6 dimensions, gallery embeddings 7"):
        retrieve(blobs(5, seed=1), blobs(5, seed=1, dimensions=7))


def test_an_empty_gallery_is_refused() -> None:
    with pytest.raises(InputError, match="gallery is empty"):
        retrieve(blobs(5, seed=1), Images(np.zeros((0, 6)), np.zeros(0, int)))


def test_without_faiss_the_error_tells_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "faiss", None)
    with pytest.raises(InputError, match="pip install faiss-cpu"):
        retrieve(blobs(5, seed=1), blobs(5, seed=2), backend="faiss")


@pytest.mark.parametrize("distance", DISTANCES)
@pytest.mark.parametrize("hides", [False, True])
def test_faiss_agrees_up_to_rank_five(distance: Distance, hides: bool) -> None:
    pytest.importorskip("faiss")
    queries, gallery = blobs(70, seed=1), blobs(90, seed=2)
    hide = at_random(queries, gallery) if hides else None
    exact = retrieve(queries, gallery, hide)[distance]
    matches = retrieve(queries, gallery, hide, backend="faiss")[distance]
    assert (matches.first == np.minimum(exact.first, 6)).all()
    assert matches.similarity == pytest.approx(exact.similarity, abs=1e-5)
    assert summary(matches)[:3] == (*summary(exact)[:2], None)


@pytest.mark.parametrize("distance", DISTANCES)
def test_faiss_gives_ties_no_advantage_either(distance: Distance) -> None:
    pytest.importorskip("faiss")
    constant = Images(np.full((40, 7), 0.1, np.float32), np.arange(40) % 2)
    assert (retrieve(constant, constant, backend="faiss")[distance].first == 6).all()


def test_the_oracle_for_distances_is_scikit_learn_s() -> None:
    queries, gallery = blobs(5, seed=1), blobs(6, seed=2)
    assert -similarities(queries, gallery, "euclidean") == pytest.approx(
        euclidean_distances(queries.embeddings, gallery.embeddings)
    )
