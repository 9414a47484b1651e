"""Strips of photos: an answer, and the photos behind it."""

from typing import NamedTuple

from benchmark.records.field import FieldRecord, Suspect
from leaderboard.formats import decimals
from leaderboard.report.facts import confusions, counting

MOST_WRONG = 8
MOST_RIGHT = 4
SHOWN_CONFUSIONS = 10


class Picture(NamedTuple):
    """A photo in a strip.

    Attributes:
        photo: its index.
        caption: its part in the strip.
        name: of the individual.
        same: whether it shows the individual of the first photo; None for that photo itself.
    """

    photo: int
    caption: str
    name: str
    same: bool | None = None


class Strip(NamedTuple):
    """A photo with its answer, and its nearest photos.

    Attributes:
        truth: name of the individual.
        answer: name that was answered; another name than `truth` for a wrong answer.
        confidence: of the answer, as text.
        pictures: the photo first.
    """

    truth: str
    answer: str
    confidence: str
    pictures: tuple[Picture, ...]

    @property
    def is_right(self) -> bool:
        """Whether the answer is the photo's own individual."""
        return self.truth == self.answer


def wrong(record: FieldRecord) -> list[Strip]:
    """Wrong answers: the surest of each confusion, the most frequent confusions first, then the second of each."""
    rounds = [one.photos for one in confusions(record)]
    depth = max(map(len, rounds), default=0)
    photos = [photos[turn] for turn in range(depth) for photos in rounds if turn < len(photos)]
    return [_answered(record, photo) for photo in photos[:MOST_WRONG]]


def rightly(record: FieldRecord) -> list[Strip]:
    """Right answers: the surest of each individual, the surest individuals first."""
    scores = counting(record)
    surest: dict[int, int] = {}
    sure = [confidence or 0.0 for confidence in scores.confidences]
    for photo in sorted(range(len(record.photos)), key=lambda one: -sure[one]):
        if scores.linear.answers[photo] == record.labels[photo]:
            surest.setdefault(record.labels[photo], photo)
    return [_answered(record, photo) for photo in list(surest.values())[:MOST_RIGHT]]


def suspected(record: FieldRecord) -> list[tuple[Suspect, Strip]]:
    """The suspects with the photos that speak for the suspicion."""
    return [(one, _strip(record, one.photo, one.other, _confidence(one), one.neighbours)) for one in record.suspects]


def _confidence(suspect: Suspect) -> str:
    """A cosine has three decimals: all near-copies are near 1."""
    return decimals(suspect.confidence, 3 if suspect.kind == "near_copy" else 2)


def _answered(record: FieldRecord, photo: int) -> Strip:
    scores = counting(record)
    answer = scores.linear.answers[photo]
    confidence = scores.confidences[photo]
    assert answer is not None
    assert confidence is not None
    return _strip(record, photo, answer, decimals(confidence), record.neighbours[photo])


def _strip(record: FieldRecord, photo: int, answer: int, confidence: str, neighbours: tuple[int, ...]) -> Strip:
    truth = record.labels[photo]
    names = record.identities
    nearest = [
        Picture(one, f"similar photo {place}", names[record.labels[one]], record.labels[one] == truth)
        for place, one in enumerate(neighbours, start=1)
    ]
    first = Picture(photo, "this photo", names[truth])
    return Strip(names[truth], names[answer], confidence, (first, *nearest))
