"""Record parts of clustering: scores, cluster validation, and projections to two dimensions."""

from typing import Annotated

from benchmark.records.base import Metric, RecordPart

AdjustedRand = Annotated[
    float, Metric("AdjRand", "adjusted Rand index, 0 = as by chance", True, reference="Hubert & Arabie 1985")
]
MutualInformation = Annotated[float, Metric("MutInfo", "mutual information with the individuals", True, "nats")]
Silhouette = Annotated[float, Metric("Silhouette", "mean silhouette, -1 to 1", True, reference="Rousseeuw 1987")]
DaviesBouldin = Annotated[float, Metric("DaviesBouldin", "Davies-Bouldin index", False, reference="1979")]
CalinskiHarabasz = Annotated[float, Metric("CalinskiHarabasz", "Calinski-Harabasz index", True, reference="1974")]


class Clustering(RecordPart):
    """k-means++ on the embeddings of the test images, k = number of individuals: the paper's five measures.

    Attributes:
        adjusted_rand: in [-1, 1]; 0 = as by chance.
        mutual_information: in nats, from 0.
        silhouette: in [-1, 1], of the clusters found; None for one cluster, or if every image is its own.
        davies_bouldin: from 0, lower is better; None as for `silhouette`.
        calinski_harabasz: from 0, higher is better; None as for `silhouette`, and if every cluster is one point.
        images: number of embeddings.
        dimensions: of an embedding.
        exact: False if images were sampled, embeddings sketched or clusters found by mini batches, as is done with
            many images (see `benchmark.metrics.clustering.EXACT_IMAGES`).
    """

    adjusted_rand: AdjustedRand
    mutual_information: MutualInformation
    silhouette: Silhouette | None
    davies_bouldin: DaviesBouldin | None
    calinski_harabasz: CalinskiHarabasz | None
    images: int
    dimensions: int
    exact: bool = True


class Agreement(RecordPart):
    """Agreement of a partition of the images with the individuals.

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


class Shape(RecordPart):
    """Compactness and separation of a partition; each is None as in `Clustering`.

    Attributes:
        silhouette: in [-1, 1].
        davies_bouldin: from 0, lower is better.
        calinski_harabasz: from 0, higher is better.
    """

    silhouette: float | None
    davies_bouldin: float | None
    calinski_harabasz: float | None


class Measures(RecordPart):
    """All measures of one partition, or a statistic of each over several."""

    agreement: Agreement
    shape: Shape


class Starts(RecordPart):
    """k-means from several seeds.

    Attributes:
        clusters: k.
        starts: number of seeds.
        mean: of each measure over them.
        sd: standard deviation over them (n - 1). A measure of the shape is None if it is None in any start.
    """

    clusters: int
    starts: int
    mean: Measures
    sd: Measures


class ClusterValidation(RecordPart):
    """Measures of several partitions of one view of the embeddings.

    Attributes:
        given: k = number of individuals among the test images, or of distinct embeddings if these are fewer.
        estimated: k of the highest silhouette; None if no k can be tried.
        truth: of the individuals themselves as the partition; no partition has more mutual information.
        dimensions: of the view's vectors.
    """

    given: Starts
    estimated: Starts | None
    truth: Measures
    dimensions: int


class Plane(RecordPart):
    """Two coordinates of each projected image, to four significant digits."""

    x: tuple[float, ...]
    y: tuple[float, ...]


class Projections(RecordPart):
    """Embeddings projected to two dimensions (see `benchmark.metrics.projections`).

    Attributes:
        pca: the second coordinate is zero if the embeddings lie on a line.
        variance: share of the variance along each coordinate of `pca`.
        tsne: None if too few embeddings are distinct.
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


class ProjectedImages(RecordPart):
    """The test images in the projections, which are the same for all encoder states.

    Attributes:
        rows: their indices in `TestImages`, ascending.
        recordings: name of each image's video, sequence or encounter; empty if they are not known.
    """

    rows: tuple[int, ...]
    recordings: tuple[str, ...] = ()
