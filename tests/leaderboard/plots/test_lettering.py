"""Text of figures, in whatever script, with the fonts of this machine."""

import logging
from pathlib import Path

import pytest
from matplotlib.figure import Figure

from leaderboard.plots import figures, lettering
from leaderboard.plots.drawn import DrawnFigures
from leaderboard.plots.figures import Plot
from leaderboard.plots.lettering import letter, spelled
from leaderboard.plots.style import picture
from support.figures import named_file, section

NOWHERE = "\U000e0100\U0010fff0"
"""A mark and a character that no font draws."""


def titled(*titles: str) -> Figure:
    figure = Figure(figsize=(2, 2), dpi=50)
    for axes, title in zip(figure.subplots(1, len(titles), squeeze=False)[0], titles, strict=True):
        axes.set_title(title)
    return figure


def shown(figure: Figure) -> list[str]:
    return [axes.get_title() for axes in figure.axes]


@pytest.mark.parametrize("title", ["$A_b$", "\\alpha", "x_1^2", "$", "50 % \\frac{1}", "a\nb", "$\\frac$"])
def test_text_is_no_mathematics(title: str) -> None:
    figure = titled(title)
    assert letter(figure) == set()
    picture(figure)
    assert shown(figure) == [title]


@pytest.mark.parametrize("title", ["Łoś", "斑马", "زرافة", "ሰላም", "зебра", "ゼブラ", "얼룩말", "ज़ेबरा", "🦓", "a\tb"])
def test_every_script_is_drawn_or_spelled_without_a_warning(title: str) -> None:
    figure = titled(title)
    missing = letter(figure)
    picture(figure)  # matplotlib warns of a glyph that it lacks, and a warning fails the test
    assert shown(figure) == [spelled(title, missing)]
    assert letter(figure) == set()


def test_letters_that_the_first_font_has_stay_in_it() -> None:
    figure = titled("Łoś")
    letter(figure)
    assert shown(figure) == ["Łoś"]


def test_a_font_that_has_the_character_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lettering, "_family", lambda character: "Other" if character == "x" else lettering._first())
    figure = titled("ax")
    assert letter(figure) == set()
    assert figure.axes[0].title.get_fontfamily() == [lettering._first(), "Other"]


def test_characters_without_a_font_are_spelled_by_their_numbers() -> None:
    figure = titled(f"a{NOWHERE[1]}b", "c")
    assert letter(figure) == {NOWHERE[1]}
    assert shown(figure) == ["a[10FFF0]b", "c"]


def test_one_message_names_the_characters_of_all_figures(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    plots = [
        Plot(f"p{number}", "", lambda _: True, lambda _, __, number=number: titled(f"a{chr(0x10FFF0 + number)}"))  # type: ignore[misc]
        for number in range(3)
    ]
    rows = section(named_file("Net"))
    with caplog.at_level(logging.WARNING):
        assert len(figures.write([(plot, rows) for plot in plots], tmp_path / "leaderboard", DrawnFigures())) == 3
    (message,) = caplog.messages
    assert all(chr(0x10FFF0 + number) in message for number in range(3))
    caplog.clear()
    plain = Plot("q", "", lambda _: True, lambda _, __: titled("plain"))
    figures.write([(plain, rows)], tmp_path / "leaderboard", DrawnFigures())
    assert not caplog.messages
