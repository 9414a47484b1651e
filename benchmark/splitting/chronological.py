"""The time split: the earlier images of each individual train, the later ones test."""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from benchmark.data.capture import TIME_COLUMNS, capture_times, frame_positions, recording_codes
from benchmark.data.catalogue import Catalogue
from benchmark.errors import InputError
from benchmark.splitting.block import MIN_FRAMES, block_lengths
from benchmark.splitting.parts import PART_SHARES, PartOf, Parts, split_from_parts
from benchmark.splitting.sampling import by_identity, part_sizes
from benchmark.splitting.split import Split
from benchmark.vocabulary import SPLIT_PARTS, SplitPart


class _Image(NamedTuple):
    """One image: its time in seconds, its recording, and its frame there; values that are not known are 0."""

    image_id: str
    time: float
    recording: int
    frame: int


class _Unit(NamedTuple):
    """Images of one individual that stay together; if `recording` is not None, a gap around it can be dropped."""

    recording: int | None
    gap: int
    ids: list[str]


def time_split(catalogue: Catalogue, digests: Mapping[str, str], seed: int, *, name: str | None = None) -> Split:
    """The first 80 % of each individual's images train; then come val and test.

    Time is the column timestamp, datetime or date, and within equal times the frame number, so that a set filmed on one
    day can be split too. Without times it is the frame number alone. Where a cut falls within a recording, frames of
    that individual are dropped before it: 10, or an eighth of its frames there if that is less.

    Images without an order stay together: the recordings of one date, and a recording with fewer than 24 frames of the
    individual, which is too short for a gap. The seed draws only the inpainting set.

    The cuts differ between individuals, so a test image can share its photo with a training image of another one.

    Args:
        catalogue: the data set.
        digests: content digest by image_id.
        seed: seed of the drawing.
        name: name of the split; None = `time-<seed>`.

    Raises:
        InputError: neither times nor frames are on every row; an individual without times is in several recordings,
            or has too few images that can be put in order, or fewer than five images.
    """
    return split_from_parts(catalogue, digests, seed, time_parts(catalogue, seed), name or f"time-{seed}")


def time_parts(catalogue: Catalogue, seed: int) -> Parts:
    """The parts of the time split; the seed only appears in the recipe. Raises `InputError` as `time_split`."""
    by_identity(catalogue)
    part_of: PartOf = {}
    for identity, images in _images_by_identity(catalogue).items():
        units = _ordered_units(images)
        parts = _cut(units)
        if set(parts.values()) < set(SPLIT_PARTS):
            raise InputError(
                f"{catalogue.name} does not support the split 'time': the individual {identity!r} has too few distinct "
                f"times ({len(units)}) for train, val and test with gaps between them. A recording with fewer than "
                f"{MIN_FRAMES} of its frames counts as one time, and so does a date without frame numbers."
            )
        part_of |= parts
    recipe = (
        f"Time, seed {seed}: of each individual the first images train, the next are val, the last are test, near "
        "80 : 11.2 : 8.8; where a cut falls within a recording, frames are left out before it "
        f"({len(catalogue.rows) - len(part_of)} images)."
    )
    return Parts(part_of, recipe)


def _images_by_identity(catalogue: Catalogue) -> dict[str, list[_Image]]:
    """The images of each individual; refused if nothing puts them in order."""
    rows = catalogue.rows
    times, positions, recordings = capture_times(rows), frame_positions(rows), recording_codes(rows)
    if times is None and positions is None:
        raise InputError(
            f"{catalogue.name} does not support the split 'time': not every image has a date with its day, or a frame "
            f"number and a recording. Add one of the columns {', '.join(TIME_COLUMNS)}, or `frame` and `video`."
        )
    if positions is not None:
        recordings = positions.recordings
    images_of: dict[str, list[_Image]] = {identity: [] for identity in catalogue.identities}
    for index, row in enumerate(rows):
        image = _Image(
            row.image_id,
            time=times[index].timestamp() if times else 0.0,
            recording=index if recordings is None else int(recordings[index]),
            frame=int(positions.frames[index]) if positions else 0,
        )
        images_of[row.identity].append(image)
    for identity, images in images_of.items():
        count = len({image.recording for image in images})
        if times is None and count > 1:
            raise InputError(
                f"{catalogue.name} does not support the split 'time': the individual {identity!r} is in {count} "
                f"recordings whose order is not known. Add one of the columns {', '.join(TIME_COLUMNS)}."
            )
    return images_of


def _ordered_units(images: Sequence[_Image]) -> list[_Unit]:
    """One individual's units in order: frames if the recording can be cut, else whole recordings and dates."""
    frames = Counter(recording for recording, _ in {(image.recording, image.frame) for image in images})
    start: dict[int, float] = {}
    recordings_at: defaultdict[float, set[int]] = defaultdict(set)
    for image in images:
        start[image.recording] = min(start.get(image.recording, image.time), image.time)
        recordings_at[image.time].add(image.recording)
    units: dict[tuple[float, int], _Unit] = {}
    for image in images:
        if frames[image.recording] < MIN_FRAMES:
            key, unit = (start[image.recording], 0), _Unit(None, 0, [])
        elif len(recordings_at[image.time]) > 1:
            key, unit = (image.time, 0), _Unit(None, 0, [])
        else:
            gap = block_lengths(frames[image.recording]).gap
            key, unit = (image.time, image.frame), _Unit(image.recording, gap, [])
        units.setdefault(key, unit).ids.append(image.image_id)
    return [units[key] for key in sorted(units)]


def _cut(units: Sequence[_Unit]) -> PartOf:
    """The parts of one individual's images, cut off from the last unit backwards, with a gap before val and test."""
    remaining = list(units)
    _, *sizes = part_sizes(sum(len(unit.ids) for unit in remaining), PART_SHARES)
    part_of: PartOf = {}
    parts: tuple[SplitPart, ...] = ("test", "val")
    for part, size in zip(parts, reversed(sizes), strict=True):
        ids: list[str] = []
        first = _Unit(None, 0, [])
        while remaining and len(ids) < size:
            first = remaining.pop()
            ids += first.ids
        part_of |= dict.fromkeys(ids, part)
        for _ in range(first.gap):
            if remaining and remaining[-1].recording == first.recording:
                remaining.pop()
    return part_of | {image_id: "train" for unit in remaining for image_id in unit.ids}
