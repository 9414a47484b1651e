"""The parts of a record that tell how embeddings lie: partitions of the test images, and maps of them to look at."""

from typing import Literal

from pydantic import BaseModel, ConfigDict

View = Literal["raw", "unit", "whitened"]
"""The embeddings as they are, each of unit length, or their leading principal components of unit variance."""


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Agreement(_Part):
    """How well a partition of the images meets the individuals.

    Attributes:
        adjusted_rand: in [-1, 1], 0 = as by chance (Hubert & Arabie 1985).
        mutual_information: nats, from 0.
        adjusted_mutual_information: at most 1, 0 = as by chance (Vinh et al. 2010; arithmetic mean of entropies).
        normalised_mutual_information: in [0, 1] (arithmetic mean of entropies).
        purity: in (0, 1], share of images that are of their cluster's commonest individual; 1 where every image is its
            own cluster (Manning et al. 2008, eq. 16.1).
        bcubed_precision: in (0, 1], mean over the images of the share of their cluster that is the same individual,
            themselves included (Bagga & Baldwin 1998).
        bcubed_recall: in (0, 1], mean over the images of the share of their individual that is in the same cluster.
        bcubed: harmonic mean of the two (Amigo et al. 2009).
    """

    adjusted_rand: float
    mutual_information: float
    adjusted_mutual_information: float
    normalised_mutual_information: float
    purity: float
    bcubed_precision: float
    bcubed_recall: float
    bcubed: float


class Shape(_Part):
    """How compact and separate the parts of a partition are; each None where `benchmark.records.record.Clustering` says so.

    Attributes:
        silhouette: in [-1, 1].
        davies_bouldin: from 0, lower is better.
        calinski_harabasz: from 0, higher is better.
    """

    silhouette: float | None
    davies_bouldin: float | None
    calinski_harabasz: float | None


class Measures(_Part):
    """All measures of one partition, or a statistic of each over several."""

    agreement: Agreement
    shape: Shape


class Starts(_Part):
    """k-means from several seeds.

    Attributes:
        clusters: k.
        starts: how many seeds.
        mean: of each measure over them.
        sd: standard deviation over them (n - 1). Measures of the shape are None where they are in any start.
    """

    clusters: int
    starts: int
    mean: Measures
    sd: Measures


class Partitions(_Part):
    """One view of the embeddings.

    Attributes:
        given: k = number of individuals among the test images, or of distinct embeddings where these are fewer.
        estimated: k = that of the highest silhouette; None where no k can be tried.
        truth: of the individuals themselves as the partition; its mutual information is the most that any can reach.
        dimensions: of the view's vectors: those of the embeddings, or the whitened components kept.
    """

    given: Starts
    estimated: Starts | None
    truth: Measures
    dimensions: int


class Plane(_Part):
    """Two coordinates for each image shown, to four significant digits."""

    x: tuple[float, ...]
    y: tuple[float, ...]


class Maps(_Part):
    """Embeddings in two dimensions (see `benchmark.metrics.projections`).

    Attributes:
        pca: the second coordinate is zero where the embeddings lie on a line.
        variance: share of the variance along each coordinate of `pca`.
        tsne: None where too few embeddings are distinct.
        perplexity: of t-SNE.
        umap: None as for t-SNE.
        neighbours: of UMAP.
    """

    pca: Plane
    variance: tuple[float, float]
    tsne: Plane | None
    perplexity: float
    umap: Plane | None
    neighbours: int


class MappedImages(_Part):
    """The test images on the maps, which are the same for all embeddings.

    Attributes:
        rows: their places in `benchmark.records.record.ExaminedImages`, ascending.
        recordings: the name of each one's video, sequence or encounter; empty where they are not known.
    """

    rows: tuple[int, ...]
    recordings: tuple[str, ...] = ()
