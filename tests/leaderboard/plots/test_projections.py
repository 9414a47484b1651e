import numpy as np
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from numpy.typing import NDArray

from benchmark.records.classification import TestImages
from benchmark.records.clustering import Plane, ProjectedImages, Projections
from benchmark.records.record import Record
from leaderboard.plots.projections import Projected, projected, projection_panels
from leaderboard.plots.style import COLOURS, picture
from leaderboard.record_files import RecordFile, Section


def plane(flat: NDArray[np.floating]) -> Plane:
    return Plane(x=tuple(flat[:, 0].tolist()), y=tuple(flat[:, 1].tolist()))


def projections(flat: NDArray[np.floating], *, few: bool = False) -> Projections:
    """The same coordinates for PCA, turned for t-SNE and UMAP; these are missing where there are few points."""
    tsne, umap = (None, None) if few else (plane(-flat), plane(flat[:, ::-1]))
    return Projections(pca=plane(flat), variance=(0.61, 0.12), tsne=tsne, perplexity=7, umap=umap, neighbours=15)


def words(figure: Figure) -> list[str]:
    """The texts of the legends: the names, then the title, of each."""
    legends = figure.subfigs[0].legends
    return [text.get_text() for legend in legends for text in [*legend.get_texts(), legend.get_title()]]


def test_a_point_has_the_colour_of_its_individual_and_the_marker_of_its_recording() -> None:
    flat = np.random.default_rng(0).normal(size=(24, 2))
    individuals = tuple(f"fish{number % 3 + 8}" for number in range(24))
    recordings = tuple(f"Vid{number % 2}" for number in range(24))
    rows = [Projected(name, projections(flat), individuals, recordings) for name in ("LaMa", "AOT-GAN")]
    figure = projection_panels(rows)
    picture(figure)
    assert len(figure.axes) == 6
    for axes, places in zip(figure.axes, [flat, -flat, flat[:, ::-1]] * 2, strict=True):
        assert len(axes.collections) == 2
        for points in axes.collections:
            images = [int(np.abs(places - place).sum(axis=1).argmin()) for place in points.get_offsets()]
            assert len({recordings[row] for row in images}) == 1
            assert [to_hex(colour) for colour in points.get_facecolors()] == [
                COLOURS[int(individuals[row][4:]) - 8] for row in images
            ]
    assert words(figure) == ["fish8", "fish9", "fish10", "Individual (colour)", "Vid0", "Vid1", "Recording (marker)"]
    assert [axes.get_title() for axes in figure.axes[:3]] == ["PCA", "t-SNE", "UMAP"]
    assert [axes.get_ylabel() for axes in figure.axes[::3]] == ["LaMa", "AOT-GAN"]
    assert figure.axes[0].get_xlabel() == "61% and 12% of the variance"


def test_a_style_means_the_same_in_every_row() -> None:
    flat = np.eye(2)
    figure = projection_panels(
        [Projected("a", projections(flat), ("x", "y"), ()), Projected("b", projections(flat), ("y", "z"), ())]
    )
    colours = [[to_hex(one) for one in figure.axes[row].collections[0].get_facecolors()] for row in (0, 3)]
    assert colours == [list(COLOURS[:2]), list(COLOURS[1:3])]


def test_more_names_than_styles_are_counted_in_a_note() -> None:
    flat = np.random.default_rng(0).normal(size=(42, 2))
    individuals = tuple(str(number // 2) for number in range(42))
    figure = projection_panels([Projected("a", projections(flat), individuals, tuple("abcdefghijk" * 3 + "a" * 9))])
    picture(figure)
    assert words(figure) == ["21 individuals share 20 colours", "11 recordings share 10 markers"]


def test_a_missing_projection_has_a_reason_and_recordings_may_be_unknown() -> None:
    figure = projection_panels([Projected("$a", projections(np.eye(3, 2), few=True), ("_a", "$b", "c_{$"), ())])
    picture(figure)
    assert [[text.get_text() for text in axes.texts] for axes in figure.axes[1:]] == [
        ["too few distinct embeddings"]
    ] * 2
    assert len(figure.axes[0].collections) == 1
    assert len(figure.subfigs[0].legends) == 1


def test_rows_hold_what_the_records_hold() -> None:
    test = TestImages(labels=(0, 1, 1), groups=(0, 1, 2), by="images", identities=("ann", "bob"), train_images=(1, 1))
    images = ProjectedImages(rows=(0, 2), recordings=("Vid1", "Vid2"))
    facts = {"title": "LaMa", "init": "random", "seed": 0, "test_images": test}
    one = Record.model_construct(**facts, projections={"finetuned": projections(np.eye(2))}, projected_images=images)
    other = Record.model_construct(**facts | {"title": "AOT-GAN"})
    section = Section("d", "s", "p", (RecordFile(one, "a"), RecordFile(other, "b")))
    (row,) = projected(section, "finetuned")
    assert row.name == "LaMa"
    assert row.individuals == ("ann", "bob")
    assert row.recordings == ("Vid1", "Vid2")
    assert projected(section, "initial") == []
