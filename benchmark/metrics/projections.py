"""Embeddings in two dimensions, for looking: PCA, t-SNE and UMAP.

Only PCA is a picture of the distances: t-SNE and UMAP keep neighbours, not sizes of clusters nor gaps between them.
Both start from the PCA (Kobak & Linderman 2021), so the same embeddings and seed give the same map.
"""

import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError

MOST_IMAGES = 2000
"""Of more images so many are drawn at random: more hide each other, and t-SNE takes its time."""

FEWEST_IMAGES = 4
"""Fewer distinct embeddings have no neighbours to keep."""

PERPLEXITY = 30
"""Of t-SNE, or a third of the other images where that is less (van der Maaten 2014)."""

NEIGHBOURS = 15
"""Of UMAP, or all other images where these are fewer."""


class Maps(NamedTuple):
    """Two coordinates for each image.

    Attributes:
        pca: (M, 2); the second column is zero where the embeddings lie on a line.
        variance: share of the variance along each column of `pca`; 0 where all embeddings are one.
        tsne: (M, 2); None where fewer than `FEWEST_IMAGES` embeddings are distinct.
        perplexity: of t-SNE.
        umap: (M, 2); None as for t-SNE.
        neighbours: of UMAP.
    """

    pca: NDArray[np.float64]
    variance: tuple[float, float]
    tsne: NDArray[np.float64] | None
    perplexity: float
    umap: NDArray[np.float64] | None
    neighbours: int


def draw(images: int, seed: int) -> NDArray[np.int64]:
    """Places of the images to show, ascending: all of them, or `MOST_IMAGES` drawn at random.

    Args:
        images: how many there are.
        seed: of the draw.
    """
    rows = np.arange(images)
    return rows if images <= MOST_IMAGES else np.sort(np.random.default_rng(seed).choice(rows, MOST_IMAGES, False))


def maps(points: NDArray[np.float64], seed: int) -> Maps:
    """All three maps of the same images.

    Args:
        points: (M, d) coordinates, M >= 1, such as `benchmark.metrics.clustering.reduce` gives for wide embeddings;
            distances alone matter.
        seed: of t-SNE and UMAP.

    Raises:
        InputError: there is no image.
    """
    if len(points) == 0:
        raise InputError("There is no embedding to draw. Choose a split whose test part is not empty.")
    flat, variance = pca(points)
    perplexity = min(PERPLEXITY, (len(points) - 1) / 3)
    neighbours = min(NEIGHBOURS, len(points) - 1)
    if len(np.unique(points, axis=0)) < FEWEST_IMAGES:
        return Maps(flat, variance, None, perplexity, None, neighbours)
    start = _start(flat, seed)
    return Maps(
        pca=flat,
        variance=variance,
        tsne=tsne(points, start, perplexity, seed),
        perplexity=perplexity,
        umap=umap(points, start, neighbours, seed),
        neighbours=neighbours,
    )


def pca(points: NDArray[np.float64]) -> tuple[NDArray[np.float64], tuple[float, float]]:
    """The two leading principal components, and the share of the variance of each.

    The sign of a component is such that its coordinate farthest from zero is positive.

    Args:
        points: (N, d).

    Returns:
        (N, 2) and two shares in [0, 1].
    """
    centred = points - points.mean(axis=0)
    left, roots, _ = np.linalg.svd(centred, full_matrices=False)
    flat = np.zeros((len(points), 2))
    found = min(2, len(roots))
    flat[:, :found] = left[:, :found] * roots[:found]
    farthest = np.abs(flat).argmax(axis=0)
    flat *= np.where(flat[farthest, [0, 1]] < 0, -1.0, 1.0)
    total = float((roots**2).sum())
    shares = [float(root**2) / total if total else 0.0 for root in roots[:found]]
    return flat, (shares[0], shares[1] if found > 1 else 0.0)


def tsne(points: NDArray[np.float64], start: NDArray[np.float64], perplexity: float, seed: int) -> NDArray[np.float64]:
    """t-SNE (van der Maaten & Hinton 2008; Barnes-Hut), (N, 2).

    Args:
        points: (N, d), `FEWEST_IMAGES` distinct ones at least.
        start: (N, 2) where they begin, of unit size.
        perplexity: at most (N - 1) / 3.
        seed: of what the optimisation draws.
    """
    from sklearn.manifold import TSNE

    begin = (1e-4 * start).astype(np.float32)
    model = TSNE(perplexity=perplexity, init=begin, learning_rate="auto", random_state=seed)
    found: NDArray[np.float64] = model.fit_transform(points).astype(np.float64)
    return found


def umap(points: NDArray[np.float64], start: NDArray[np.float64], neighbours: int, seed: int) -> NDArray[np.float64]:
    """UMAP (McInnes et al. 2018; least distance 0.1), (N, 2).

    Its import compiles, and so does the first map of a process: together several seconds. Finding the neighbours here
    saves the half of them that goes into compiling UMAP's own search.

    Args:
        points: (N, d), `FEWEST_IMAGES` distinct ones at least.
        start: (N, 2) where they begin, of unit size.
        neighbours: from 2 to N - 1.
        seed: of its samples; with a seed it works on one core.
    """
    from sklearn.metrics import euclidean_distances

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImportWarning)  # that TensorFlow is not there
        from umap import UMAP  # type: ignore[import-untyped]

    distances = euclidean_distances(points)
    nearest = np.argsort(distances, axis=1, kind="stable")[:, :neighbours]  # themselves included, as in UMAP
    found = (nearest, np.take_along_axis(distances, nearest, axis=1), None)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "precomputed_knn", UserWarning)  # that new points cannot be added later
        model = UMAP(
            n_neighbors=neighbours,
            init=(10 * start).astype(np.float32),
            random_state=seed,
            n_jobs=1,
            precomputed_knn=found,
            force_approximation_algorithm=True,  # or else given neighbours of few points are not taken
        )
        flat: NDArray[np.float64] = model.fit_transform(points).astype(np.float64)
    return flat


def _start(flat: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """The PCA with standard deviation 1 along its first component, and a little noise that parts equal points."""
    noise = np.random.default_rng(seed).normal(scale=1e-4, size=flat.shape)
    start: NDArray[np.float64] = flat / flat[:, 0].std() + noise
    return start
