import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness

from benchmark.errors import InputError
from benchmark.metrics.projections import pca, project, sample_images
from benchmark.records.clustering import Plane
from support.paths import ROOT

pytestmark = pytest.mark.xdist_group("umap")


def clouds(images: int, dimensions: int = 12, individuals: int = 3) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    random = np.random.default_rng(2)
    labels = np.arange(images) % individuals
    return 6 * random.normal(size=(individuals, dimensions))[labels] + random.normal(size=(images, dimensions)), labels


def array(plane: Plane | None) -> NDArray[np.float64]:
    assert plane is not None
    return np.column_stack([plane.x, plane.y])


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


def test_t_sne_and_umap_keep_neighbours_and_are_reproducible() -> None:
    points, _ = clouds(60)
    first, second = project(points, seed=4), project(points, seed=4)
    assert first == second
    for plane in (first.tsne, first.umap):
        assert trustworthiness(points, array(plane), n_neighbors=5) > 0.85


def test_all_three_projections_separate_distinct_clouds() -> None:
    points, labels = clouds(45)
    projections = project(points, seed=0)
    for flat in map(array, (projections.pca, projections.tsne, projections.umap)):
        assert flat.shape == (45, 2)
        distances = np.linalg.norm(flat[:, None] - flat, axis=2) + np.where(np.eye(45), np.inf, 0)
        assert (labels[distances.argmin(axis=1)] == labels).all()
    assert (projections.perplexity, projections.neighbours) == (pytest.approx(44 / 3), 15)


@pytest.mark.parametrize("images", [4, 7])
def test_few_images_are_projected(images: int) -> None:
    projections = project(clouds(images)[0], seed=0)
    assert np.isfinite(array(projections.tsne)).all()
    assert np.isfinite(array(projections.umap)).all()
    assert (projections.perplexity, projections.neighbours) == ((images - 1) / 3, images - 1)


def test_repeated_embeddings_on_a_line_are_projected() -> None:
    projections = project(np.repeat(np.arange(5.0), 4)[:, None], seed=0)
    assert np.isfinite(array(projections.tsne)).all()
    assert np.isfinite(array(projections.umap)).all()


def test_coordinates_are_the_principal_components_to_four_significant_digits() -> None:
    points, _ = clouds(30)
    plane = project(points, seed=0).pca
    assert array(plane) == pytest.approx(pca(points)[0], rel=6e-4)
    assert max(len(f"{abs(value):.10g}".replace(".", "").strip("0")) for value in (*plane.x, *plane.y)) == 4


@pytest.mark.parametrize("points", [np.zeros((1, 3)), np.full((9, 2), 0.1), np.arange(12.0).reshape(12, 1) % 3])
def test_fewer_than_four_distinct_embeddings_have_only_pca(points: NDArray[np.float64]) -> None:
    projections = project(points, seed=0)
    assert array(projections.pca).shape == (len(points), 2)
    assert projections.tsne is projections.umap is None


def test_of_many_images_a_sample_is_projected() -> None:
    assert sample_images(20, seed=1, most=20).tolist() == list(range(20))
    rows = sample_images(50, seed=1, most=20).tolist()
    assert len(rows) == 20
    assert rows == sorted(set(rows))
    assert rows == sample_images(50, seed=1, most=20).tolist() != sample_images(50, seed=2, most=20).tolist()


def test_no_image_is_refused() -> None:
    with pytest.raises(InputError, match="no embedding"):
        project(np.zeros((0, 3)), seed=0)


def test_umap_runs_where_no_folder_for_compiled_code_can_be_written(tmp_path: Path) -> None:
    code = """
import sys
from numba.core import caching

caching.CacheImpl._locator_classes = [caching.UserProvidedCacheLocator]  # what is left where none can be written
import numpy as np
from benchmark.metrics.projections import project

print(len(project(np.random.default_rng(0).normal(size=(20, 5)), 0).umap.x))
"""
    environment = {key: value for key, value in os.environ.items() if key != "NUMBA_CACHE_DIR"}
    environment |= {"TMPDIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, "20"), done.stderr
