import pytest

from leaderboard.pages.clustering import PAGE
from leaderboard.record_files import RecordFile
from support.records import clustered, complete
from support.tables import cells, page_text


def test_the_encoder_has_a_row_before_and_after_deep_classification() -> None:
    text = page_text(PAGE, complete())
    numbers = ["0.339", "0.250", "0.060", "3.224", "36.558", "60", "4096"]
    assert cells(text, "LaMa")[0][:10] == ["LaMa", "big-lama", "0.127", *numbers]
    assert cells(text, "ref-LaMa")[0][:10] == ["ref-LaMa", "big-lama", "0.228", *numbers]


def test_the_untrained_encoder_has_a_row() -> None:
    one = complete(clustering={state: clustered(0.1) for state in ("initial", "untrained")})
    assert cells(page_text(PAGE, one), "LaMa, untrained")[0][:3] == ["LaMa, untrained", "random weights", "0.100"]


def test_a_metric_that_is_not_defined_is_a_dash() -> None:
    text = page_text(PAGE, complete(clustering={"initial": clustered(0.0, silhouette=None)}))
    assert cells(text, "LaMa")[0][5] == "–"  # noqa: RUF001
    assert cells(text, "ref-LaMa") == []


@pytest.mark.parametrize(("exact", "text"), [(True, "60"), (False, "60 (approximate)")])
def test_approximate_clusters_are_marked(exact: bool, text: str) -> None:
    one = complete(clustering={"initial": clustered(0.1, exact=exact)})
    assert cells(page_text(PAGE, one), "LaMa")[0][8] == text


def test_baselines_are_below_the_encoders() -> None:
    scores = dict.fromkeys(("accuracy", "balanced_accuracy", "recall", "f1"), 0.25)
    video = {**scores, "adjusted_rand": 0.333, "mutual_information": 0.693}
    text = page_text(PAGE, complete(group_baselines={"video": video}))
    assert cells(text, "*video alone*") == [["*video alone*", "–", "0.333", "0.693", *["–"] * 6]]  # noqa: RUF001


def test_permuted_labels_are_the_last_row_if_a_record_has_them() -> None:
    def permuted(rand: float) -> dict[str, float]:
        return {
            "adjusted_rand": rand,
            "mutual_information": 0.3,
            "adjusted_mutual_information": 0.01,
            "permutations": 100,
        }

    clusters = {
        state: clustered(0.2, permuted=permuted(rand)) for state, rand in (("initial", 0.002), ("finetuned", -0.004))
    }
    text = page_text(PAGE, complete(clustering=clusters))
    assert cells(text, "LaMa")[0][2:5] == ["0.200", "0.339", "0.250"]
    assert cells(text, "*permuted labels*")[0][1:6] == ["–", "-0.001", "0.300", "0.010", "–"]  # noqa: RUF001
    assert "*permuted labels*: what clusters of these sizes reach if they ignore the animals" in text
    assert "permuted" not in page_text(PAGE, complete())


def test_too_few_images_for_clusters_are_dashes_and_the_legend_says_why() -> None:
    information = ("mutual_information", "adjusted_mutual_information")
    unmeasured = dict.fromkeys((*information, "silhouette", "davies_bouldin", "calinski_harabasz"))
    text = page_text(PAGE, complete(clustering={"initial": clustered(None, **unmeasured)}))
    assert cells(text, "LaMa")[0][2:9] == [*["–"] * 6, "60"]  # noqa: RUF001
    assert "no individual has three test images or more" in text
    assert "three test images or more" not in page_text(PAGE, complete())


def test_projections_are_shown_if_there_are_some() -> None:
    plane = {"x": [0.0], "y": [1.0]}
    projections = {"pca": plane, "variance": [1, 0], "tsne": None, "perplexity": 0, "umap": None, "neighbours": 0}
    one = complete(
        projected_images={"rows": [0]},
        projections={"finetuned": projections},
        test_images={"labels": [0], "groups": [0], "by": "images", "identities": ["ann"], "train_images": [1]},
    )
    text = page_text(PAGE, one)
    assert "(figures/embeddings-zebrafish-synth-time-full-finetuned.png)" in text
    assert "full-initial.png" not in text
    assert "Projections" not in page_text(PAGE, complete())


def one_of(units: list[int], by: str = "stretches", split: str = "block") -> RecordFile:
    """A record with two images of each of two individuals, by their units."""
    images = {"labels": [0, 0, 1, 1], "groups": units, "by": by, "identities": ["ann", "bo"], "train_images": [1, 1]}
    plane = {"x": [0.0], "y": [1.0]}
    projections = {"pca": plane, "variance": [1, 0], "tsne": None, "perplexity": 0, "umap": None, "neighbours": 0}
    return complete(
        split=split,
        key=split * 4,
        clustering={"initial": clustered(1.0)},
        projected_images={"rows": [0]},
        projections={"initial": projections},
        test_images=images,
    )


@pytest.mark.parametrize(
    ("units", "by", "shown"),
    [
        ([0, 0, 1, 1], "stretches", False),
        ([0, 0, 1, 1], "encounters", False),
        ([0, 0, 1, 2], "stretches", True),
        ([0, 1, 2, 3], "images", True),
    ],
)
def test_clusters_that_can_only_be_stretches_are_not_shown(units: list[int], by: str, shown: bool) -> None:
    one = one_of(units, by)
    text = page_text(PAGE, one)
    assert ("No clusters: each individual has one stretch (encounter) here" in text) is not shown
    for part in ("| LaMa", "figures/embeddings", "*Silhouette*"):
        assert (part in text) is shown
    (section,) = PAGE.sections([one])
    assert any(plot.has(section) for plot in PAGE.plots) is shown


def test_such_clusters_are_not_compared_between_splits() -> None:
    sections = PAGE.sections([one_of([0, 1, 2, 3], split="random"), one_of([0, 0, 1, 1])])
    compared = PAGE.content(sections).split("beside a split that leaks less")[1]
    assert "No such number under `block`" in compared
    assert "1.00" not in compared


def test_the_direction_of_every_metric_is_in_the_legend() -> None:
    legend = page_text(PAGE, complete()).split("\n\n")[0]
    assert "(Davies & Bouldin 1979); lower is better." in legend
    assert legend.count("higher is better.") == 5
    assert "in nats" in legend
