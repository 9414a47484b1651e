"""Hypothesis strategies: catalogues without photos, and texts that files can hold."""

from pathlib import Path
from random import Random

from hypothesis import strategies as st

from benchmark.data.catalogue import Catalogue, Row

UTF8 = st.characters(codec="utf-8")
"""Every character that a UTF-8 file can hold."""


def _catalogue(rows: list[Row]) -> Catalogue:
    return Catalogue("pets", Path("pets"), tuple(sorted(rows, key=lambda row: row.image_id)))


@st.composite
def photos(draw: st.DrawFn) -> Catalogue:
    """Five to nine individuals with 12 to 30 photos each, and no other metadata."""
    counts = draw(st.lists(st.integers(12, 30), min_size=5, max_size=9))
    return _catalogue(
        [
            Row(f"i{identity}-{number:02}", f"i{identity}", Path("p.png"))
            for identity, count in enumerate(counts)
            for number in range(count)
        ]
    )


@st.composite
def films(draw: st.DrawFn) -> Catalogue:
    """One or two videos of 48 to 96 irregularly numbered frames with one to three animals each, in every frame."""
    random = Random(draw(st.integers(0, 2**16)))  # noqa: S311 - no secret
    rows = []
    for video in range(draw(st.integers(1, 2))):
        animals = draw(st.integers(1, 3))
        frame = random.randint(-100, 100)
        for _ in range(draw(st.integers(48, 96))):
            frame += random.choice((1, 1, 1, 5, 80))
            groups = {"video": f"v{video}", "frame": str(frame)}
            rows += [
                Row(f"v{video}-{frame:05}-{animal}", f"v{video}-{animal}", Path("p.png"), groups=groups)
                for animal in range(animals)
            ]
    return _catalogue(rows)


@st.composite
def sightings(draw: st.DrawFn) -> Catalogue:
    """Two to six individuals in most of 6 to 20 sequences, each sequence on its own day, two to four images each."""
    random = Random(draw(st.integers(0, 2**16)))  # noqa: S311 - no secret
    individuals = draw(st.integers(2, 6))
    rows = []
    for sequence in range(draw(st.integers(6, 20))):
        groups = {"sequence": f"s{sequence}", "date": f"2024-{1 + sequence // 28:02}-{1 + sequence % 28:02}"}
        for individual in range(individuals):
            if sequence < 3 or random.random() < 0.8:
                rows += [
                    Row(f"i{individual}-s{sequence:02}-{number}", f"i{individual}", Path("p.png"), groups=groups)
                    for number in range(random.randint(2, 4))
                ]
    return _catalogue(rows)
