import base64
import io
import re
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from PIL import Image

from leaderboard.report.focus import Square
from leaderboard.report.page import FOLDER, THUMBNAIL, data_uri, render
from support.field_records import (
    NAMES,
    PHOTOS,
    crossed,
    field_record,
    field_scores,
    random_scores,
    ranked,
    searched,
    suspect,
)

VOID = {"meta", "img", "br", "path", "rect"}
"""Elements without an end; `path` and `rect` end themselves."""

HOSTILE = "<script>alert('x')</script>\"&' onerror=\"x"


class Reader(HTMLParser):
    """Reads a page, and fails if an element is not closed where it must be."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop() == tag, f"</{tag}> closes another element."

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.text.append(data)

    def of(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.tags if name == tag]


def photo(index: int) -> Image.Image:
    return Image.new("RGB", (60, 40), (5 * index, 90, 90))


def square(index: int) -> Square:
    pattern = np.zeros((24, 24), bool)
    pattern[6:12, 6:12] = index % 2 == 0
    return Square(np.full((24, 24, 3), 5 * index, np.uint8), pattern)


def html(*records: Any) -> str:
    return render(records or [field_record()], photo, square)


def read(page: str) -> Reader:
    reader = Reader()
    reader.feed(page)
    reader.close()
    assert reader.open == []
    return reader


def text(page: str) -> str:
    return " ".join("".join(read(page).text).split())


FULL = field_record(
    suspects=[suspect(1), suspect(2, "near_copy")],
    remarks=["Column tank predicts the individual."],
    approximate_regions=True,
    retrieval=searched(across=ranked(0.5, cross_flank=crossed(0.25), unmatched=3)),
)
SMALL = field_record(
    schemes={"random": random_scores(1.0)}, retrieval=searched(across=None, anywhere=ranked(None)), unit_kind="images"
)
PAGES = {"full": [FULL], "small": [SMALL], "several": [field_record(), FULL]}


@pytest.mark.parametrize("records", PAGES.values(), ids=PAGES)
def test_the_page_is_whole_and_asks_nobody_for_anything(records: list[Any]) -> None:
    page = html(*records)
    reader = read(page)
    addresses = [attrs[name] or "" for _, attrs in reader.tags for name in ("src", "href", "srcset") if name in attrs]
    assert all(address.startswith("data:image/jpeg;base64,") for address in addresses)
    assert not re.search(r"https?://|@import|url\(", page)
    assert reader.of("script") == []


@pytest.mark.parametrize("records", PAGES.values(), ids=PAGES)
def test_the_page_can_be_used_without_seeing_it(records: list[Any]) -> None:
    reader = read(html(*records))
    assert reader.of("html") == [{"lang": "en"}]
    assert all(attrs.get("alt") for attrs in reader.of("img"))
    assert all(attrs.get("scope") for attrs in reader.of("th"))
    levels = [int(tag[1]) for tag, _ in reader.tags if re.fullmatch(r"h\d", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    ids = {attrs["id"] for _, attrs in reader.tags if "id" in attrs}
    assert all(attrs.get("role") == "img" and attrs.get("aria-labelledby") in ids for attrs in reader.of("svg"))


def test_the_sections_come_in_the_order_in_which_they_are_read() -> None:
    titles = re.findall(r"<h2>(.+?)</h2>", html(FULL))
    assert titles == [
        "Scores",
        "Background alone, pattern alone",
        "Who is confused with whom",
        "Photos to look at again",
        "What was left out and assumed",
        "What to do next",
        "What was run",
    ]


def test_the_page_says_what_the_record_holds() -> None:
    words = text(html(FULL))
    for part in (
        "Your leopards: 0.75 [0.65, 0.85] of the photos",
        "48 photos · four individuals · 48 encounters",
        "Without looking: chance 0.25.",
        "AnnBo3 of 12",
        "Named Bo, looks like Cy",
        "Named Cy, to this encoder almost equal to a photo of Di",
        "Column tank predicts the individual.",
        "Re-identification leaves out three photos",
        "Look at the two suspects above",
        "Apache-2.0",
        "not in a checkout",
    ):
        assert part in words


def test_a_page_without_masks_groups_or_mistakes_says_so() -> None:
    words = text(html(SMALL))
    assert "Region masks are needed to tell pattern and background apart" in words
    assert "No tested photo was named wrongly." in words
    assert "near-copies may be on both sides of every test" in words
    assert "No photo looks mislabelled, and no two photos" in words
    assert read(html(SMALL)).of("svg") == []


def test_several_encoders_are_side_by_side_the_best_first() -> None:
    worse = field_record(title="Worse", schemes={"grouped": field_scores(0.5), "random": random_scores(0.5)})
    words = text(html(worse, field_record()))
    assert "MeasureEfficientNet-Lite0imagenetWorseimagenetWithout looking" in words
    assert "the best of two encoders" in words


def test_names_are_text_whatever_they_hold() -> None:
    hostile = field_record(
        identities=[HOSTILE, *NAMES[1:]],
        dataset=HOSTILE,
        title=HOSTILE,
        init=HOSTILE,
        licence=HOSTILE,
        remarks=[HOSTILE],
        photos=[HOSTILE, *(f"photo{number}" for number in range(1, PHOTOS))],
        suspects=[suspect(0)],
        schemes={"grouped": field_scores(column=HOSTILE, groups=[0] * PHOTOS), "random": random_scores()},
    )
    page = html(hostile)
    reader = read(page)
    assert reader.of("script") == []
    assert not any("onerror" in attrs for _, attrs in reader.tags)
    assert "".join(reader.text).count(HOSTILE) > 10


def test_names_in_a_remark_are_set_as_code() -> None:
    page = html(field_record(remarks=["Left out: 2 (`ä <b>`, `Bo`)."]))
    assert "<li>Left out: 2 (<code><bdi>ä &lt;b&gt;</bdi></code>, <code><bdi>Bo</bdi></code>).</li>" in page


def test_names_in_any_script_stay_as_they_are() -> None:
    page = html(field_record(identities=["ירוק", "斑馬", "Ünal", "ზებრა"]))
    assert all(f"<bdi>{name}</bdi>" in page for name in ("ירוק", "斑馬", "Ünal", "ზებრა"))


def test_the_page_is_the_same_each_time_and_a_photo_is_opened_once() -> None:
    opened: list[int] = []

    def counting(index: int) -> Image.Image:
        opened.append(index)
        return photo(index)

    page = render([FULL], counting, square)
    assert page == html(FULL)
    assert len(opened) == len(set(opened))


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "P", "CMYK"])
def test_a_photo_of_any_mode_becomes_small(mode: str) -> None:
    assert data_uri(Image.new(mode, (900, 600))).startswith("data:image/jpeg;base64,")
    assert len(data_uri(Image.new(mode, (900, 600)))) < 4000
    assert THUMBNAIL < 200


def luminance(colour: str) -> float:
    """Relative luminance (WCAG 2.2) of `#rrggbb`."""
    shares = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_texts_and_bars_stand_out_in_both_themes(theme: int) -> None:
    style = (FOLDER / "report.css").read_text("utf-8")
    blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    colours = dict(re.findall(r"--(\w+): (#\w{6});", blocks[theme]))
    for ground in ("page", "panel"):
        for name in ("text", "muted", "good", "bad"):
            assert contrast(colours[name], colours[ground]) >= 4.5, (name, ground)
        for name in ("pattern", "background", "body", "other"):
            assert contrast(colours[name], colours[ground]) >= 3, (name, ground)


def test_transparency_becomes_white() -> None:
    image = Image.open(io.BytesIO(base64.b64decode(data_uri(Image.new("RGBA", (9, 9), (0, 0, 0, 0))).split(",")[1])))
    assert image.getpixel((4, 4)) == (255, 255, 255)
