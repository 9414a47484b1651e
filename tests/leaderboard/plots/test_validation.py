from benchmark.records.classification import GroupBaseline, ScoredImages, TestImages
from leaderboard.plots.style import colour_of
from leaderboard.plots.validation import validated, validation_curves
from leaderboard.record_files import RecordFile
from support.figures import drawn, followed, lines, named_file, section, words
from support.records import part


def test_accuracies_have_the_colour_of_their_row_in_both_panels() -> None:
    rows = section(
        named_file("Old"),  # failed: is not in the figure
        named_file("Shallow", shallow=followed([0.1, 0.2])),
        named_file("Both", "imagenet", shallow=followed([0.3, 0.4]), deep=followed([0.5, 0.9])),
    )
    figure = drawn(validation_curves(rows))
    shallow, deep = figure.axes
    assert lines(shallow) == {f"{colour_of('shallow')} -": [0.1, 0.2], f"{colour_of('both')} -": [0.3, 0.4]}
    assert lines(deep) == {f"{colour_of('both')} -": [0.5, 0.9]}
    assert [axes.lines[-1].get_ydata()[0] for axes in figure.axes] == [0.25, 0.25]  # type: ignore[index]
    assert words(figure) == ["Shallow", "Both (imagenet)", "uniform guess, 4 individuals"]
    assert [record.title for record in validated(rows)] == ["Shallow", "Both"]


def test_a_mode_that_no_record_has_has_no_panel() -> None:
    figure = drawn(validation_curves(section(named_file("One", deep=followed([0.5])))))
    assert [axes.get_title() for axes in figure.axes] == ["Deep classifiers"]


def test_a_uniform_guess_is_one_over_the_number_of_candidates() -> None:
    record = named_file("One", deep=followed([0.5])).record.model_copy(update={"candidate_count": 2})
    figure = drawn(validation_curves(section(RecordFile(record, "one.json"))))
    assert [axes.lines[-1].get_ydata()[0] for axes in figure.axes] == [0.5]  # type: ignore[index]
    assert words(figure)[-1] == "uniform guess, 2 individuals"


def test_a_mode_that_no_record_has_gets_no_panel() -> None:
    figure = drawn(validation_curves(section(named_file("One", deep=followed([0.5])))))
    assert [axes.get_title() for axes in figure.axes] == ["Deep classifiers"]


def test_no_two_of_many_lines_look_alike() -> None:
    files = [named_file(f"N{number}", deep=followed([0.5])) for number in range(45)]
    figure = drawn(validation_curves(section(*files)))
    styles = [(line.get_color(), line.get_marker()) for line in figure.axes[0].lines[:-1]]
    assert len(set(styles)) == len(styles) == 45


def test_the_line_is_the_chance_of_the_validation_images_which_the_text_names() -> None:
    images = {"labels": [0, 1, 1, 1], "groups": range(4), "by": "images"}
    test = images | {"identities": ["a", "b"], "train_images": [5, 5]}
    fields = {
        "validation_images": part(ScoredImages, **images),
        "validation_baselines": {"video": part(GroupBaseline, correct=[1.0, 1.0, 1.0, 0.0])},
        "test_images": part(TestImages, **test),
    }
    record = named_file("One", deep=followed([0.5])).record.model_copy(update=fields)
    figure = drawn(validation_curves(section(RecordFile(record, "one.json"))))
    assert [axes.lines[-1].get_ydata()[0] for axes in figure.axes] == [0.75]  # type: ignore[index]
    assert words(figure)[-1] == "without looking: video alone, 0.75"
