from matplotlib.colors import to_hex

from benchmark.records.base import Interval
from leaderboard.plots.regions import Alone, Point, pattern_against_background
from leaderboard.plots.style import colour_of
from support.figures import drawn, named_file, words


def alone(accuracy: float) -> Alone:
    return Alone(accuracy, Interval(low=accuracy - 0.1, high=accuracy + 0.1, groups=9))


def test_points_stand_at_their_accuracies_with_their_intervals() -> None:
    net, other = named_file("Net").record, named_file("Other").record
    points = [Point(net, alone(0.2), alone(0.6)), Point(other, Alone(0.5, None), Alone(0.4, None))]
    figure = drawn(pattern_against_background({"Reliance": points[:1], "Information": points}, 0.3))
    first, second = figure.axes
    dots = [(line.get_xdata()[0], line.get_ydata()[0]) for line in second.lines if line.get_marker() != "None"]  # type: ignore[index]
    assert dots == [(0.2, 0.6), (0.5, 0.4)]
    whiskers = [(list(line.get_xdata()), list(line.get_ydata())) for line in first.lines if line.get_alpha()]  # type: ignore[arg-type]
    assert [[round(value, 2) for value in pair] for line in whiskers for pair in line] == [
        [0.1, 0.3],
        [0.6, 0.6],
        [0.2, 0.2],
        [0.5, 0.7],
    ]
    assert to_hex(first.lines[-1].get_color()) == colour_of("net")
    assert words(figure) == ["Net", "Other", "both alike", "best answer without looking"]


def test_a_missing_reference_has_no_line() -> None:
    point = Point(named_file("Net").record, alone(0.2), alone(0.6))
    figure = drawn(pattern_against_background({"Reliance": [point]}, None))
    assert words(figure) == ["Net", "both alike"]
    assert not [line for line in figure.axes[0].lines if line.get_linestyle() == ":"]
