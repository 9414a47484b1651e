"""Which pairs re-identification compares, against a comparison of all pairs one by one."""

from pathlib import Path

import numpy as np
import pytest

from benchmark.data.catalogue import Row
from benchmark.data.pairing import Pairing, Sightings, sightings_of
from benchmark.vocabulary import FlankPairing


def films(images: int, seed: int) -> Sightings:
    """Images of three individuals in two recordings of 60 frames, some without a flank."""
    rng = np.random.default_rng(seed)
    return Sightings(
        numbers=rng.permutation(images),
        labels=rng.integers(0, 3, images),
        recordings=rng.integers(0, 2, images),
        frames=rng.integers(0, 60, images),
        flanks=rng.choice(["left", "right", ""], images),
    )


def is_hidden(pairing: Pairing, query: int, image: int) -> bool:
    """The rule in words, for one pair."""
    number, label, recording, frame, flank = (None if values is None else values[query] for values in pairing.queries)
    number2, label2, recording2, frame2, flank2 = (
        None if values is None else values[image] for values in pairing.gallery
    )
    assert frame is not None
    assert frame2 is not None
    if number == number2:
        return True
    if recording == recording2 and abs(frame - frame2) <= pairing.window:
        return True
    if pairing.across_recordings and label == label2 and recording == recording2:
        return True
    opposite = {flank, flank2} == {"left", "right"}
    return {"any": False, "same": opposite, "cross": not opposite}[pairing.flank]


@pytest.mark.parametrize("flank", ["any", "same", "cross"])
@pytest.mark.parametrize("across", [False, True])
def test_hidden_images_are_those_of_the_rule(flank: FlankPairing, across: bool) -> None:
    pairing = Pairing(films(40, 1), films(50, 2), window=5, flank=flank, across_recordings=across)
    expected = [[is_hidden(pairing, query, image) for image in range(50)] for query in range(40)]
    assert 0 < np.mean(expected) < 1
    assert np.array([pairing.hidden(query) for query in range(40)]).tolist() == expected


def test_left_out_pairs_and_queries_by_hand() -> None:
    labels, recordings = np.array([0, 0, 0, 1, 1]), np.zeros(5, np.int64)
    images = Sightings(np.arange(5), labels, recordings, np.array([0, 4, 30, 4, 8]))
    # within ten frames of each other: 0, 4, 4 and 8; only the second individual has no image elsewhere
    assert Pairing(images, images).left_out() == (12, 2)
    assert Pairing(images, images, window=3).left_out() == (2, 0)
    assert Pairing(images._replace(frames=None), images._replace(frames=None)).left_out() is None
    lone = images._replace(labels=np.array([7, 0, 0, 1, 1]))
    assert Pairing(lone, lone).left_out() == (12, 2)  # a query that never had a match has lost none


def test_without_any_knowledge_only_the_query_itself_is_hidden() -> None:
    images = Sightings(np.arange(4), np.zeros(4, np.int64))
    for flank in ("any", "same"):
        pairing = Pairing(images, images, flank=flank, across_recordings=True)  # type: ignore[arg-type]
        assert np.array([pairing.hidden(query) for query in range(4)]).tolist() == np.eye(4, dtype=bool).tolist()


def rows(**columns: list[str]) -> list[Row]:
    count = len(next(iter(columns.values())))
    return [
        Row(f"{n}", f"i{n % 2}", Path("p.png"), groups={name: values[n] for name, values in columns.items()})
        for n in range(count)
    ]


def test_sightings_take_the_best_that_the_columns_have() -> None:
    films = sightings_of(rows(video=["a", "a", "b"], frame=["50", "10", "7"], direction=["left", "right", "left"]))
    assert films.frames is not None
    assert films.frames.tolist() == [1, 0, 0]  # frames of the data set are counted, not numbers of the camera
    assert films.flanks is not None
    assert films.flanks.tolist() == ["left", "right", "left"]
    unread = sightings_of(rows(video=["a", "a", "b"], frame=["x", "10", "7"]))
    assert unread.frames is None
    assert unread.recordings is not None
    assert unread.recordings.tolist() == [0, 0, 1]
    days = sightings_of(rows(date=["2024-05-01", "2024-05-02", "2024-05-01"]))
    assert days.recordings is not None
    assert days.recordings.tolist() == [0, 1, 0]  # photos of one individual on one day are one encounter
    nothing = sightings_of(rows(note=["x", "y", "z"]))
    assert (nothing.recordings, nothing.frames, nothing.flanks) == (None, None, None)
