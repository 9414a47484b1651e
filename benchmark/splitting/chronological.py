"""The time split: for each individual, earlier images train and later ones test."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from benchmark.data.capture import TIMES, footage, recordings, times
from benchmark.data.catalogue import Catalogue
from benchmark.errors import InputError
from benchmark.splitting.block import FEWEST_FRAMES, stretch_of
from benchmark.splitting.sampling import by_identity, part_sizes
from benchmark.splitting.split import Split
from benchmark.splitting.zones import ZONE_SHARES, Zones, Zoning, split_of
from benchmark.vocabulary import SPLIT_PARTS, SplitPart


class _Shot(NamedTuple):
    """One image: its date in seconds, its recording, and its frame there; the same for all where it is not known."""

    image_id: str
    date: float
    recording: int
    frame: int


class _Moment(NamedTuple):
    """Images of one individual that stay together; a `recording` (not None) can be cut around it with a gap."""

    recording: int | None
    gap: int
    ids: list[str]


def time_split(catalogue: Catalogue, digests: Mapping[str, str], seed: int, *, name: str | None = None) -> Split:
    """Of each individual, the first 80 % of its images train, then come val and test.

    Time is the date (columns timestamp, datetime or date), and within a date the frame, so that a set filmed on one
    day can be split as well; where there are no dates, the frame alone. Where a cut falls within a recording, frames
    of that individual are dropped before it: 10, or an eighth of its frames there where that is less. What
    cannot be put in order stays together: the recordings of one date, and a recording that has under 24 frames of
    the individual, for it cannot be cut with a gap. Nothing is drawn but the inpainting set.

    Another individual may be cut elsewhere, so a test image can share its photo with a training image of another.

    Raises:
        InputError: neither dates nor frames are on every row; an individual without dates stands in several
            recordings, or has too few moments; or has fewer than five images.
    """
    return split_of(catalogue, digests, seed, by_time(catalogue, seed), name or f"time-{seed}")


def by_time(catalogue: Catalogue, seed: int) -> Zoning:
    """The zones of the time split; the seed is for the words alone."""
    by_identity(catalogue)
    zones: Zones = {}
    for identity, shots in _shots(catalogue).items():
        moments = _moments(shots)
        cut = _cut(moments)
        if set(cut.values()) < set(SPLIT_PARTS):
            raise InputError(
                f"{catalogue.name} cannot carry the split 'time': the individual {identity!r} has too few moments "
                f"({len(moments)}) for train, val and test with gaps between them. A recording in which it has under "
                f"{FEWEST_FRAMES} frames is one moment, and so is a date that frames do not divide."
            )
        zones |= cut
    recipe = (
        f"Time, seed {seed}: of each individual the first images train, the next are val, the last are test, near "
        "80 : 11.2 : 8.8; where a cut falls within a recording, frames are left out before it "
        f"({len(catalogue.rows) - len(zones)} images)."
    )
    return Zoning(zones, recipe)


def _shots(catalogue: Catalogue) -> dict[str, list[_Shot]]:
    """The images of each individual, refused where nothing puts them in order."""
    rows = catalogue.rows
    taken, filmed, together = times(rows), footage(rows), recordings(rows)
    if taken is None and filmed is None:
        raise InputError(
            f"{catalogue.name} cannot carry the split 'time': not every image has a date, nor a frame number and a "
            f"recording that it counts in. Add one of the columns {', '.join(TIMES)}, or `frame` and `video`."
        )
    if filmed is not None:
        together = filmed.recordings
    of: dict[str, list[_Shot]] = {identity: [] for identity in catalogue.identities}
    for index, row in enumerate(rows):
        shot = _Shot(
            row.image_id,
            date=taken[index].timestamp() if taken else 0.0,
            recording=index if together is None else int(together[index]),
            frame=int(filmed.frames[index]) if filmed else 0,
        )
        of[row.identity].append(shot)
    for identity, shots in of.items():
        count = len({shot.recording for shot in shots})
        if taken is None and count > 1:
            raise InputError(
                f"{catalogue.name} cannot carry the split 'time': the individual {identity!r} is in {count} "
                f"recordings, and nothing says which came first. Add one of the columns {', '.join(TIMES)}."
            )
    return of


def _moments(shots: Sequence[_Shot]) -> list[_Moment]:
    """One individual's moments in order: frames where a recording can be cut, else whole recordings and dates."""
    frames = Counter(recording for recording, _ in {(shot.recording, shot.frame) for shot in shots})
    begin: dict[int, float] = {}
    present: defaultdict[float, set[int]] = defaultdict(set)
    for shot in shots:
        begin[shot.recording] = min(begin.get(shot.recording, shot.date), shot.date)
        present[shot.date].add(shot.recording)
    moments: dict[tuple[float, int], _Moment] = {}
    for shot in shots:
        if frames[shot.recording] < FEWEST_FRAMES:
            when, moment = (begin[shot.recording], 0), _Moment(None, 0, [])
        elif len(present[shot.date]) > 1:
            when, moment = (shot.date, 0), _Moment(None, 0, [])
        else:
            gap = stretch_of(frames[shot.recording]).gap
            when, moment = (shot.date, shot.frame), _Moment(shot.recording, gap, [])
        moments.setdefault(when, moment).ids.append(shot.image_id)
    return [moments[when] for when in sorted(moments)]


def _cut(moments: Sequence[_Moment]) -> Zones:
    """One individual's zones, taken from the last moment backwards, each but the first after a gap."""
    left = list(moments)
    _, *later = part_sizes(sum(len(moment.ids) for moment in left), ZONE_SHARES)
    zones: Zones = {}
    parts: tuple[SplitPart, ...] = ("test", "val")
    for part, wanted in zip(parts, reversed(later), strict=True):
        taken: list[str] = []
        edge = _Moment(None, 0, [])
        while left and len(taken) < wanted:
            edge = left.pop()
            taken += edge.ids
        zones |= dict.fromkeys(taken, part)
        for _ in range(edge.gap):
            if left and left[-1].recording == edge.recording:
                left.pop()
    return zones | {image_id: "train" for moment in left for image_id in moment.ids}
