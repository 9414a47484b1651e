import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray
from skimage.color import deltaE_ciede2000, rgb2lab
from sklearn.decomposition import PCA
from sklearn.manifold import trustworthiness

from benchmark import embedding_maps
from benchmark.embedding_maps import maps, pca, tsne, umap
from benchmark.errors import InputError
from leaderboard.embedding_figures import COLOURS, MARKERS, embedding_scatter, focus_overlays


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


def test_t_sne_keeps_neighbours_and_is_the_same_again() -> None:
    points, _ = clouds(60)
    found = tsne(points, perplexity=15, seed=4)
    assert trustworthiness(points, found, n_neighbors=5) > 0.85
    assert np.array_equal(found, tsne(points, perplexity=15, seed=4))


def test_umap_keeps_neighbours_and_is_the_same_again() -> None:
    points, _ = clouds(60)
    found = umap(points, neighbours=10, seed=4)
    assert trustworthiness(points, found, n_neighbors=5) > 0.85
    assert np.array_equal(found, umap(points, neighbours=10, seed=4))


def test_all_three_maps_part_plain_clouds() -> None:
    points, labels = clouds(45)
    found = maps(points, seed=0)
    for flat in (found.pca, found.tsne, found.umap):
        assert flat is not None
        assert flat.shape == (45, 2)
        distances = np.linalg.norm(flat[:, None] - flat, axis=2) + np.where(np.eye(45), np.inf, 0)
        assert (labels[distances.argmin(axis=1)] == labels).all()
    assert (found.perplexity, found.neighbours) == (pytest.approx(44 / 3), 15)
    assert found.rows.tolist() == list(range(45))


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
    monkeypatch.setattr(embedding_maps, "MOST_IMAGES", 20)
    points, _ = clouds(50)
    found = maps(points, seed=1)
    assert len(np.unique(found.rows)) == len(found.pca) == 20
    assert found.pca == pytest.approx(pca(points[found.rows])[0])
    assert found.rows.tolist() != maps(points, seed=2).rows.tolist()


def test_no_image_is_refused() -> None:
    with pytest.raises(InputError, match="no embedding"):
        maps(np.zeros((0, 3)), seed=0)


# --- figures -------------------------------------------------------------------------------------------------------


def drawn(figure: Figure) -> NDArray[np.uint8]:
    """The figure's pixels; a warning while drawing fails the test."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[..., :3]


def words(figure: Figure) -> list[str]:
    """What stands in the legends: names, then the title, of each."""
    return [text.get_text() for legend in figure.legends for text in [*legend.get_texts(), legend.get_title()]]


def test_a_point_has_the_colour_of_its_individual_and_the_marker_of_its_sequence() -> None:
    flat = np.random.default_rng(0).normal(size=(24, 2))
    individuals = [f"fish{number % 3 + 8}" for number in range(24)]
    sequences = [f"Vid{number % 2}" for number in range(24)]
    figure = embedding_scatter({"PCA": flat, "UMAP": -flat}, individuals, sequences)
    drawn(figure)
    for axes, sign in zip(figure.axes, (1, -1), strict=True):
        assert len(axes.collections) == 2
        for points in axes.collections:
            rows = [int(np.abs(flat - sign * place).sum(axis=1).argmin()) for place in points.get_offsets()]
            assert len({sequences[row] for row in rows}) == 1
            assert [to_hex(colour) for colour in points.get_facecolors()] == [
                COLOURS[int(individuals[row][4:]) - 8] for row in rows
            ]
    assert words(figure) == ["fish8", "fish9", "fish10", "Individual (colour)", "Vid0", "Vid1", "Sequence (marker)"]


def test_more_names_than_styles_are_counted_in_a_note() -> None:
    flat = np.random.default_rng(0).normal(size=(42, 2))
    figure = embedding_scatter(
        {"PCA": flat}, [str(number // 2) for number in range(42)], list("abcdefghijk") * 3 + ["a"] * 9
    )
    drawn(figure)
    assert words(figure) == ["21 individuals share 20 colours", "11 sequences share 10 markers"]


def test_a_map_that_could_not_be_made_says_why_and_sequences_may_be_unknown() -> None:
    figure = embedding_scatter({"PCA": np.eye(3, 2), "t-SNE": None}, ["_a", "$b", "c_{$"], None)
    drawn(figure)
    assert [text.get_text() for text in figure.axes[1].texts] == ["too few distinct embeddings"]
    assert len(figure.axes[0].collections) == 1
    assert len(figure.legends) == 1


def test_colours_differ_for_everyone() -> None:
    """Machado et al. (2009), severity 1: protanopia, deuteranopia, tritanopia, on linear RGB."""
    simulations = [
        np.eye(3),
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    ]
    colours = np.array([to_rgb(colour) for colour in COLOURS])
    linear = np.where(colours <= 0.04045, colours / 12.92, ((colours + 0.055) / 1.055) ** 2.4)
    for simulation in simulations:
        seen = np.clip(linear @ np.transpose(simulation), 0, 1)
        seen = np.where(seen <= 0.0031308, seen * 12.92, 1.055 * seen ** (1 / 2.4) - 0.055)
        lab = rgb2lab(seen[None])[0]
        apart = deltaE_ciede2000(lab[:, None], lab[None])
        assert apart[~np.eye(len(COLOURS), dtype=bool)].min() > 6
    assert len(set(COLOURS)) == 20
    assert len(set(MARKERS)) == 10


def test_overlays_show_the_map_on_the_photo_and_close_every_outline() -> None:
    random = np.random.default_rng(0)
    images = random.integers(0, 256, (3, 20, 30, 3), np.uint8)
    cams = random.random((3, 4, 5))
    cams[2] = 0
    animal, pattern = np.zeros((2, 3, 20, 30), bool)
    animal[:, :12, 5:] = True  # touches three edges
    pattern[:2, 3:6, 10:20] = True  # none in the third
    figure = focus_overlays(
        images, cams.astype(np.float16), {"animal": animal, "pattern": pattern}, ["best", "typical", "worst"]
    )
    drawn(figure)
    top, bottom = figure.axes[:3], figure.axes[3:6]
    for column in range(3):
        assert np.array_equal(top[column].images[0].get_array(), images[column])
        shown = np.asarray(bottom[column].images[1].get_array(), float)
        assert shown == pytest.approx(cams[column] / max(cams[column].max(), 1e-9), abs=1e-3)
        outlines = [path.get_extents() for lines in bottom[column].collections for path in lines.get_paths()]
        assert [np.round(box.extents).tolist() for box in outlines] == [[5, 0, 30, 12], [10, 3, 20, 6]][
            : 2 - column // 2
        ]
        assert top[column].get_title() == ["best", "typical", "worst"][column]
    assert words(figure)[:2] == ["animal", "pattern"]
