"""Embeddings in two dimensions, for looking: PCA, t-SNE and UMAP.

Only PCA is a picture of the distances: t-SNE and UMAP keep neighbours, not sizes of clusters nor gaps between them.
Both start from the PCA (Kobak & Linderman 2021), so the same embeddings and seed give the same map.
"""

import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmark.errors import InputError

MOST_IMAGES = 5000
"""Of more images so many are drawn at random: more hide each other, and t-SNE would take hours."""

FEWEST_IMAGES = 4
"""Fewer distinct embeddings have no neighbours to keep."""

PERPLEXITY = 30
"""Of t-SNE, or a third of the other images where that is less (van der Maaten 2014)."""

NEIGHBOURS = 15
"""Of UMAP, or all other images where these are fewer."""


class Maps(NamedTuple):
    """Two coordinates for each image.

    Attributes:
        rows: (M,) which images, ascending; all of them up to `MOST_IMAGES`.
        pca: (M, 2); the second column is zero where the embeddings lie on a line.
        variance: share of the variance along each column of `pca`; 0 where all embeddings are one.
        tsne: (M, 2); None where fewer than `FEWEST_IMAGES` embeddings are distinct.
        perplexity: of t-SNE.
        umap: (M, 2); None as for t-SNE.
        neighbours: of UMAP.
    """

    rows: NDArray[np.int64]
    pca: NDArray[np.float64]
    variance: tuple[float, float]
    tsne: NDArray[np.float64] | None
    perplexity: float
    umap: NDArray[np.float64] | None
    neighbours: int


def maps(points: NDArray[np.float64], seed: int) -> Maps:
    """All three maps of the same images.

    Args:
        points: (N, d) coordinates, N >= 1, such as `benchmark.metrics.clustering.coordinates` gives for wide
            embeddings; distances alone matter.
        seed: of t-SNE, UMAP and the draw of images.

    Raises:
        InputError: there is no image.
    """
    if len(points) == 0:
        raise InputError("There is no embedding to draw. Choose a split whose test part is not empty.")
    rows = np.arange(len(points))
    if len(points) > MOST_IMAGES:
        rows = np.sort(np.random.default_rng(seed).choice(rows, MOST_IMAGES, replace=False))
    drawn = points[rows]
    flat, variance = pca(drawn)
    perplexity = min(PERPLEXITY, (len(drawn) - 1) / 3)
    neighbours = min(NEIGHBOURS, len(drawn) - 1)
    if len(np.unique(drawn, axis=0)) < FEWEST_IMAGES:
        return Maps(rows, flat, variance, None, perplexity, None, neighbours)
    return Maps(
        rows, flat, variance, tsne(drawn, perplexity, seed), perplexity, umap(drawn, neighbours, seed), neighbours
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


def tsne(points: NDArray[np.float64], perplexity: float, seed: int) -> NDArray[np.float64]:
    """t-SNE (van der Maaten & Hinton 2008; Barnes-Hut), (N, 2).

    Args:
        points: (N, d), `FEWEST_IMAGES` distinct ones at least.
        perplexity: at most (N - 1) / 3.
        seed: of what the optimisation draws.
    """
    from sklearn.manifold import TSNE

    start = _start(points, seed) * 1e-4
    model = TSNE(perplexity=perplexity, init=start.astype(np.float32), learning_rate="auto", random_state=seed)
    found: NDArray[np.float64] = model.fit_transform(points).astype(np.float64)
    return found


def umap(points: NDArray[np.float64], neighbours: int, seed: int) -> NDArray[np.float64]:
    """UMAP (McInnes et al. 2018; least distance 0.1), (N, 2).

    Its import compiles, and so does the first map of a process: together about ten seconds.

    Args:
        points: (N, d), `FEWEST_IMAGES` distinct ones at least.
        neighbours: from 2 to N - 1.
        seed: of its samples; with a seed it works on one core.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ImportWarning)  # that TensorFlow is not there
        from umap import UMAP  # type: ignore[import-untyped]

    start = (10 * _start(points, seed)).astype(np.float32)
    model = UMAP(n_neighbors=neighbours, init=start, random_state=seed, n_jobs=1)
    found: NDArray[np.float64] = model.fit_transform(points).astype(np.float64)
    return found


def _start(points: NDArray[np.float64], seed: int) -> NDArray[np.float64]:
    """The PCA with standard deviation 1 along its first component, and a little noise that parts equal points."""
    flat, _ = pca(points)
    noise = np.random.default_rng(seed).normal(scale=1e-4, size=flat.shape)
    start: NDArray[np.float64] = flat / flat[:, 0].std() + noise
    return start
