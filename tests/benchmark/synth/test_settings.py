from typing import Any

import pytest

from benchmark.errors import InputError
from benchmark.synth.settings import SHIPPED, Stream, SynthSettings, stream


@pytest.mark.parametrize(
    ("values", "word"),
    [
        ({"shortcut": 1.01}, "shortcut"),
        ({"shortcut": -0.1}, "shortcut"),
        ({"shortcut": float("nan")}, "shortcut"),
        ({"frames_per_video": (0, 5)}, "frames_per_video"),
        ({"frames_per_video": (5, -1)}, "frames_per_video"),
        ({"width": 200}, "200x540"),
        ({"height": 100}, "960x100"),
        ({"fish_length": 0.05}, "fish_length"),
        ({"seed": -1}, "seed"),
    ],
)
def test_a_value_out_of_range_is_named(values: dict[str, Any], word: str) -> None:
    with pytest.raises(InputError, match=word):
        SynthSettings(**values)


def test_the_ends_of_the_ranges_are_allowed() -> None:
    SynthSettings(frames_per_video=(1, 1), seed=0, shortcut=0, width=240, height=136, fish_length=0.1)
    SynthSettings(shortcut=1, fish_length=0.4)


def test_the_shipped_shortcut_is_a_half() -> None:
    assert SHIPPED.shortcut == 0.5


def test_streams_differ_by_purpose_and_key_and_repeat() -> None:
    draws = {
        key: stream(7, purpose, *key[1:]).integers(2**60)
        for purpose in Stream
        for key in ((purpose, 0), (purpose, 1), (purpose, 0, 1))
    }
    assert len(set(draws.values())) == len(draws)
    assert stream(7, Stream.PLACE, 0).integers(2**60) == draws[Stream.PLACE, 0]
    assert stream(8, Stream.PLACE, 0).integers(2**60) != draws[Stream.PLACE, 0]
