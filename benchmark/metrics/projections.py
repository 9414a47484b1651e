"""Embeddings projected to two dimensions, for pictures: PCA, t-SNE and UMAP.

Only PCA shows distances: t-SNE and UMAP keep neighbours, not sizes of clusters nor gaps between them. Both start from
the PCA (Kobak & Linderman 2021), so the same embeddings and seed give the same projection.
"""

import os
import sys
import tempfile
import warnings
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError
from benchmark.records.clustering import Plane, Projections

MOST_IMAGES = 2000
"""With more images, a random sample of this size is projected: more points hide each other, and t-SNE is slow."""

FEWEST_IMAGES = 4
"""Fewer distinct embeddings have no neighbours to keep."""

PERPLEXITY = 30
"""Of t-SNE, or a third of the other images if that is less (van der Maaten 2014)."""

NEIGHBOURS = 15
"""Of UMAP, or all other images if these are fewer."""

DIGITS = 4
"""Significant digits of a coordinate in the record: more than a figure shows."""


def sample_images(images: int, seed: int, most: int = MOST_IMAGES) -> NDArray[np.int64]:
    """Indices of the images to project, ascending: all of them, or `most` drawn at random.

    Args:
        images: number of images.
        seed: of the draw.
        most: largest number of images to project.

    Example:
        >>> sample_images(3, seed=0)
        array([0, 1, 2])
    """
    rows = np.arange(images)
    return rows if images <= most else np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))


def project(points: NDArray[np.float64], seed: int) -> Projections:
    """All three projections of the same images.

    Args:
        points: (M, d) coordinates, M >= 1, such as `benchmark.metrics.clustering.reduce` returns for wide embeddings;
            only distances matter.
        seed: of t-SNE and UMAP.

    Raises:
        InputError: there is no image.
    """
    if len(points) == 0:
        raise InputError("There is no embedding to project. Choose a split whose test part is not empty.")
    coordinates, variance = pca(points)
    perplexity = min(PERPLEXITY, (len(points) - 1) / 3)
    neighbours = min(NEIGHBOURS, len(points) - 1)
    few = len(np.unique(points, axis=0)) < FEWEST_IMAGES
    start = None if few else _start(coordinates, seed)
    return Projections(
        pca=_plane(coordinates),
        variance=variance,
        tsne=None if start is None else _plane(tsne(points, start, perplexity, seed)),
        perplexity=perplexity,
        umap=None if start is None else _plane(umap(points, start, neighbours, seed)),
        neighbours=neighbours,
    )


def pca(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], tuple[float, float]]:
    """The two leading principal components, and the share of the variance of each.

    The sign of a component is such that its coordinate farthest from zero is positive.

    Args:
        points: (N, d).

    Returns:
        (N, 2) and two shares in [0, 1]; the second column is zero if the points lie on a line.

    Example:
        >>> pca(np.array([[1.0], [4.0], [2.0]]))[1]
        (1.0, 0.0)
    """
    centred = points - points.mean(axis=0)
    left, roots, _ = np.linalg.svd(centred, full_matrices=False)
    coordinates = np.zeros((len(points), 2))
    axes = min(2, len(roots))
    coordinates[:, :axes] = left[:, :axes] * roots[:axes]
    farthest = np.abs(coordinates).argmax(axis=0)
    coordinates *= np.where(coordinates[farthest, [0, 1]] < 0, -1.0, 1.0)
    total = float((roots**2).sum())
    shares = [float(root**2) / total if total else 0.0 for root in roots[:axes]]
    return coordinates, (shares[0], shares[1] if axes > 1 else 0.0)


def tsne(points: NDArray[np.float64], start: NDArray[np.float64], perplexity: float, seed: int) -> NDArray[np.float64]:
    """t-SNE (van der Maaten & Hinton 2008; Barnes-Hut), (N, 2).

    Args:
        points: (N, d), at least `FEWEST_IMAGES` of them distinct.
        start: (N, 2) initial positions, of unit size.
        perplexity: at most (N - 1) / 3.
        seed: of the optimisation.
    """
    from sklearn.manifold import TSNE

    initial = (1e-4 * start).astype(np.float32)
    model = TSNE(perplexity=perplexity, init=initial, learning_rate="auto", random_state=seed)
    coordinates: NDArray[np.float64] = model.fit_transform(points).astype(np.float64)
    return coordinates


def umap(points: NDArray[np.float64], start: NDArray[np.float64], neighbours: int, seed: int) -> NDArray[np.float64]:
    """UMAP (McInnes et al. 2018; minimum distance 0.1), (N, 2).

    The first import and the first projection on a machine compile, half a minute together; later processes find the
    result. The neighbours are computed here, because UMAP's own search would take half of the compilation.

    Args:
        points: (N, d), at least `FEWEST_IMAGES` of them distinct.
        start: (N, 2) initial positions, of unit size.
        neighbours: from 2 to N - 1.
        seed: of its samples; with a seed it runs on one core.
    """
    from sklearn.metrics import euclidean_distances

    distances = euclidean_distances(points)
    nearest = np.argsort(distances, axis=1, kind="stable")[:, :neighbours]  # each point itself included, as in UMAP
    precomputed = (nearest, np.take_along_axis(distances, nearest, axis=1), None)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "precomputed_knn", UserWarning)  # new points cannot be added later
        model = _umap_class()(
            n_neighbors=neighbours,
            init=(10 * start).astype(np.float32),
            random_state=seed,
            n_jobs=1,
            precomputed_knn=precomputed,
            force_approximation_algorithm=True,  # else UMAP ignores precomputed neighbours of few points
        )
        coordinates: NDArray[np.float64] = model.fit_transform(points).astype(np.float64)
    return coordinates


@cache
def _umap_class() -> Any:  # noqa: ANN401 - the library has no types
    """UMAP's class; where no folder can be written to, its compiled code is cached in a temporary one."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImportWarning)  # TensorFlow is not installed
        try:
            from umap import UMAP  # type: ignore[import-untyped]
        except RuntimeError as error:
            if "no locator available" not in str(error):
                raise
            from numba.core import config

            os.environ["NUMBA_CACHE_DIR"] = tempfile.mkdtemp(prefix="patternbench-numba-")
            config.reload_config()  # type: ignore[no-untyped-call]
            for name in _umap_modules():
                del sys.modules[name]  # half imported
            from umap import UMAP
    _keep_compiled()
    return UMAP


def _keep_compiled() -> None:
    """Let Numba keep on disk all that it compiles of UMAP: by UMAP's own choice each process compiles half of it."""
    from numba.core.dispatcher import Dispatcher

    for name in _umap_modules():
        for function in vars(sys.modules[name]).values():
            if isinstance(function, Dispatcher):
                function.enable_caching()


def _umap_modules() -> list[str]:
    """Names of the imported modules that UMAP compiles."""
    return [name for name in sys.modules if name.partition(".")[0] in {"umap", "pynndescent"}]


def _start(coordinates: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """The PCA with standard deviation 1 along its first component, and a little noise that separates equal points."""
    noise = np.random.default_rng(seed).normal(scale=1e-4, size=coordinates.shape)
    start: NDArray[np.float64] = coordinates / coordinates[:, 0].std() + noise
    return start


def _plane(coordinates: NDArray[np.float64]) -> Plane:
    """(N, 2) coordinates, rounded to `DIGITS`."""
    x, y = (tuple(float(f"{value:.{DIGITS}g}") for value in column) for column in coordinates.T)
    return Plane(x=x, y=y)
