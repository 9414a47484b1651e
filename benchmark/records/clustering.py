"""Record parts of clustering: scores, cluster validation, and projections to two dimensions."""

from typing import Annotated

from pydantic import Field

from benchmark.records.base import CORRELATION, MOST, NOT_NEGATIVE, SHARE, Code, Count, Metric, RecordPart, Share

ADJUSTED_RAND = Metric(
    "AdjRand", "adjusted Rand index; 0 = as by chance, 1 = equal", True, reference="Hubert & Arabie 1985"
)
MUTUAL_INFORMATION = Metric(
    "MutInfo", "mutual information with the individuals, at most the log of their number", True, "nats"
)
ADJUSTED_MUTUAL_INFORMATION = Metric(
    "AdjMutInfo",
    "mutual information corrected for chance; 0 = as by chance, at most 1",
    True,
    reference="Vinh et al. 2010",
)
AdjustedRand = Annotated[float, CORRELATION, ADJUSTED_RAND]
MutualInformation = Annotated[float, NOT_NEGATIVE, MUTUAL_INFORMATION]
AdjustedMutualInformation = Annotated[float, CORRELATION, ADJUSTED_MUTUAL_INFORMATION]
NormalisedMutualInformation = Annotated[
    float, SHARE, Metric("NormMutInfo", "mutual information divided by the mean entropy, in [0, 1]", True)
]
Purity = Annotated[
    float,
    SHARE,
    Metric(
        "Purity",
        "share of images that are of their cluster's commonest individual",
        True,
        reference="Manning et al. 2008",
    ),
]
BCubedPrecision = Annotated[
    float,
    SHARE,
    Metric(
        "BCubed precision",
        "mean share of an image's cluster that shows its individual",
        True,
        reference="Bagga & Baldwin 1998",
    ),
]
BCubedRecall = Annotated[
    float,
    SHARE,
    Metric(
        "BCubed recall",
        "mean share of an image's individual that is in its cluster",
        True,
        reference="Bagga & Baldwin 1998",
    ),
]
BCubed = Annotated[
    float, SHARE, Metric("BCubed", "harmonic mean of BCubed precision and recall", True, reference="Amigo et al. 2009")
]
Silhouette = Annotated[
    float | None, CORRELATION, Metric("Silhouette", "mean silhouette, in [-1, 1]", True, reference="Rousseeuw 1987")
]
DaviesBouldin = Annotated[
    float | None,
    NOT_NEGATIVE,
    Metric("DaviesBouldin", "Davies-Bouldin index, from 0", False, reference="Davies & Bouldin 1979"),
]
CalinskiHarabasz = Annotated[
    float | None,
    NOT_NEGATIVE,
    Metric("CalinskiHarabasz", "Calinski-Harabasz index, from 0", True, reference="Calinski & Harabasz 1974"),
]


class PermutedLabels(RecordPart):
    """Agreement of clusters with individuals that are permuted among the images: what such clusters reach by chance.

    Attributes:
        adjusted_rand: mean over the permutations.
        mutual_information: mean over the permutations, in nats.
        adjusted_mutual_information: mean over the permutations.
        permutations: their number.
    """

    adjusted_rand: AdjustedRand
    mutual_information: MutualInformation
    adjusted_mutual_information: AdjustedMutualInformation
    permutations: Count


class Clustering(RecordPart):
    """k-means++ on the embeddings of the test images, k = number of individuals: the paper's five metrics.

    All metrics are None if no individual has three test images or more: clusters of one or two images show no shape.

    Attributes:
        adjusted_rand: in [-1, 1]; 0 = as by chance.
        mutual_information: in nats, from 0.
        silhouette: in [-1, 1], of the clusters; None for one cluster, or if every image is its own cluster.
        davies_bouldin: from 0, lower is better; None as for `silhouette`.
        calinski_harabasz: from 0, higher is better; None as for `silhouette`, and if every cluster is one point.
        images: number of embeddings.
        dimensions: of an embedding.
        exact: False if images were sampled, embeddings sketched or clusters made by mini batches, as is done with
            many images (see `benchmark.metrics.clustering.EXACT_IMAGES`).
        adjusted_mutual_information: at most 1, 0 = as by chance.
        permuted: agreement of the same clusters with permuted individuals.
        clusters: number of the cluster of each image, in the order of the images; empty where all metrics are None.
    """

    adjusted_rand: Annotated[float | None, CORRELATION, ADJUSTED_RAND]
    mutual_information: Annotated[float | None, NOT_NEGATIVE, MUTUAL_INFORMATION]
    silhouette: Silhouette
    davies_bouldin: DaviesBouldin
    calinski_harabasz: CalinskiHarabasz
    images: Count
    dimensions: Count
    exact: bool
    adjusted_mutual_information: Annotated[float | None, CORRELATION, ADJUSTED_MUTUAL_INFORMATION]
    permuted: PermutedLabels | None
    clusters: tuple[Code, ...]


class Agreement(RecordPart):
    """Agreement of a partition of the images with the individuals.

    Attributes:
        adjusted_rand: in [-1, 1], 0 = as by chance (Hubert & Arabie 1985).
        mutual_information: nats, from 0.
        adjusted_mutual_information: at most 1, 0 = as by chance (Vinh et al. 2010; arithmetic mean of entropies).
        normalised_mutual_information: in [0, 1] (arithmetic mean of entropies).
        purity: in (0, 1], share of images that are of their cluster's commonest individual; 1 if every image is its
            own cluster (Manning et al. 2008, eq. 16.1).
        bcubed_precision: in (0, 1], mean over the images of the share of their cluster that is the same individual,
            the image itself included (Bagga & Baldwin 1998).
        bcubed_recall: in (0, 1], mean over the images of the share of their individual that is in the same cluster.
        bcubed: harmonic mean of the two (Amigo et al. 2009).
    """

    adjusted_rand: AdjustedRand
    mutual_information: MutualInformation
    adjusted_mutual_information: AdjustedMutualInformation
    normalised_mutual_information: NormalisedMutualInformation
    purity: Purity
    bcubed_precision: BCubedPrecision
    bcubed_recall: BCubedRecall
    bcubed: BCubed


class Shape(RecordPart):
    """Compactness and separation of a partition; each is None as in `Clustering`.

    Attributes:
        silhouette: in [-1, 1].
        davies_bouldin: from 0, lower is better.
        calinski_harabasz: from 0, higher is better.
    """

    silhouette: Silhouette
    davies_bouldin: DaviesBouldin
    calinski_harabasz: CalinskiHarabasz


class Measures(RecordPart):
    """All metrics of one partition, or a statistic of each over several partitions."""

    agreement: Agreement
    shape: Shape


class Starts(RecordPart):
    """k-means from several seeds.

    Attributes:
        clusters: k.
        starts: number of seeds.
        mean: of each metric over the seeds.
        sd: standard deviation over the seeds (n - 1). A metric of the shape is None if it is None for any seed.
        partitions: of each seed the cluster of each image, in the order of the images.
        shapes: of the partition of each seed.
    """

    clusters: Annotated[int, Field(ge=1, le=MOST), Metric("k", "number of clusters", None)]
    starts: Count
    mean: Measures
    sd: Measures
    partitions: tuple[tuple[Code, ...], ...]
    shapes: tuple[Shape, ...]


class Tried(RecordPart):
    """The numbers of clusters that were tried without labels.

    Attributes:
        counts: each k, ascending.
        silhouettes: of each seed of k-means, for each k, rounded to six decimals; None where it is not defined.
    """

    counts: tuple[Count, ...]
    silhouettes: tuple[tuple[Annotated[float, CORRELATION] | None, ...], ...]


class ClusterValidation(RecordPart):
    """Metrics of several partitions of one view of the embeddings.

    Attributes:
        given: k = number of individuals among the test images, or of distinct embeddings if these are fewer.
        estimated: k of the highest silhouette of the first seed, the smallest of equal ones; None if no k can be tried.
        tried: every k that was tried, and its silhouettes.
        estimated_range: lowest and highest k estimated over several seeds of k-means, that of `estimated` included.
        truth: of the individuals themselves as the partition; no partition has more mutual information.
        dimensions: of the view's vectors.
        permuted_silhouette: mean silhouette of individuals permuted among the images; None if it is not defined.
    """

    given: Starts
    estimated: Starts | None
    truth: Measures
    dimensions: Count
    tried: Tried
    estimated_range: tuple[Count, Count] | None
    permuted_silhouette: Silhouette


class Plane(RecordPart):
    """Two coordinates of each projected image, to four significant digits."""

    x: tuple[float, ...]
    y: tuple[float, ...]


class Projections(RecordPart):
    """Embeddings projected to two dimensions (see `benchmark.metrics.projections`).

    Attributes:
        pca: the second coordinate is zero if the embeddings lie on a line.
        variance: share of the variance along each coordinate of `pca`; 0 if all embeddings are equal.
        tsne: None if too few embeddings are distinct.
        perplexity: of t-SNE.
        umap: None as for t-SNE.
        neighbours: of UMAP.
    """

    pca: Plane
    variance: Annotated[
        tuple[Share, Share], Metric("variance", "share of the variance along each principal component", None)
    ]
    tsne: Plane | None
    perplexity: Annotated[float, Field(ge=0, le=MOST)]
    umap: Plane | None
    neighbours: Count


class ProjectedImages(RecordPart):
    """The test images in the projections, which are the same for all encoder states.

    Attributes:
        rows: their indices in `TestImages`, ascending.
        recordings: name of each image's video, sequence or encounter; empty if these are not known.
    """

    rows: tuple[Code, ...]
    recordings: tuple[str, ...]
