import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness

from benchmark.errors import InputError
from benchmark.metrics import projections
from benchmark.metrics.projections import draw, maps, pca


def clouds(images: int, dimensions: int = 12, individuals: int = 3) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    random = np.random.default_rng(2)
    labels = np.arange(images) % individuals
    return 6 * random.normal(size=(individuals, dimensions))[labels] + random.normal(size=(images, dimensions)), labels


def test_pca_equals_scikit_learn_up_to_the_sign_that_is_fixed() -> None:
    points, _ = clouds(40)
    model = PCA(2, svd_solver="full")
    expected = model.fit_transform(points)
    expected *= np.sign(expected[np.abs(expected).argmax(axis=0), [0, 1]])
    flat, variance = pca(points)
    assert flat == pytest.approx(expected)
    assert variance == pytest.approx(tuple(model.explained_variance_ratio_))
    assert pca(-points)[0].max(axis=0) == pytest.approx(np.abs(flat).max(axis=0))


def test_pca_of_a_line_and_of_one_point() -> None:
    flat, variance = pca(np.array([[1.0], [4.0], [2.0]]))
    assert flat == pytest.approx(np.array([[-4 / 3, 0], [5 / 3, 0], [-1 / 3, 0]]))
    assert variance == (1.0, 0.0)
    flat, variance = pca(np.full((5, 3), 7.0))
    assert not flat.any()
    assert variance == (0.0, 0.0)


def test_t_sne_and_umap_keep_neighbours_and_are_the_same_again() -> None:
    points, _ = clouds(60)
    found, again = maps(points, seed=4), maps(points, seed=4)
    for flat, same in ((found.tsne, again.tsne), (found.umap, again.umap)):
        assert flat is not None
        assert same is not None
        assert trustworthiness(points, flat, n_neighbors=5) > 0.85
        assert np.array_equal(flat, same)


def test_all_three_maps_part_plain_clouds() -> None:
    points, labels = clouds(45)
    found = maps(points, seed=0)
    for flat in (found.pca, found.tsne, found.umap):
        assert flat is not None
        assert flat.shape == (45, 2)
        distances = np.linalg.norm(flat[:, None] - flat, axis=2) + np.where(np.eye(45), np.inf, 0)
        assert (labels[distances.argmin(axis=1)] == labels).all()
    assert (found.perplexity, found.neighbours) == (pytest.approx(44 / 3), 15)


@pytest.mark.parametrize("images", [4, 7])
def test_few_images_are_drawn(images: int) -> None:
    found = maps(clouds(images)[0], seed=0)
    assert found.tsne is not None
    assert found.umap is not None
    assert np.isfinite(found.tsne).all()
    assert np.isfinite(found.umap).all()
    assert (found.perplexity, found.neighbours) == ((images - 1) / 3, images - 1)


def test_repeated_embeddings_on_a_line_are_drawn() -> None:
    found = maps(np.repeat(np.arange(5.0), 4)[:, None], seed=0)
    assert found.tsne is not None
    assert found.umap is not None
    assert np.isfinite(found.tsne).all()
    assert np.isfinite(found.umap).all()


@pytest.mark.parametrize("points", [np.zeros((1, 3)), np.full((9, 2), 0.1), np.arange(12.0).reshape(12, 1) % 3])
def test_fewer_than_four_distinct_embeddings_have_pca_alone(points: NDArray[np.float64]) -> None:
    found = maps(points, seed=0)
    assert found.pca.shape == (len(points), 2)
    assert found.tsne is found.umap is None


def test_of_many_images_some_are_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(projections, "MOST_IMAGES", 20)
    assert draw(20, seed=1).tolist() == list(range(20))
    rows = draw(50, seed=1).tolist()
    assert len(rows) == 20
    assert rows == sorted(set(rows))
    assert rows == draw(50, seed=1).tolist() != draw(50, seed=2).tolist()


def test_no_image_is_refused() -> None:
    with pytest.raises(InputError, match="no embedding"):
        maps(np.zeros((0, 3)), seed=0)
