"""The generated data set on disk, in the raw layout of the AAU zebrafish set, with exact region masks."""

import json
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import asdict
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmark.errors import InputError
from benchmark.synth import body, paint, scene, stripes, swim, tank
from benchmark.synth.settings import FISH_PER_VIDEO, VERSION, Stream, SynthSettings, stream

HEADER = (
    "Filename;Object ID;Annotation tag;Upper left corner X;Upper left corner Y;"
    "Lower right corner X;Lower right corner Y;Right,Turning,Occlusion,Glitch;Buffer;;"
)

LICENCE = "CC0-1.0"


class Frame(NamedTuple):
    """One frame of a video.

    Attributes:
        file_name: name of the photo and of its mask.
        photo: (H, W, 3) uint8 RGB.
        mask: (H, W) uint8, 10 * object id + region.
        annotations: annotation of each fish by its object id.
    """

    file_name: str
    photo: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    annotations: dict[int, scene.FishAnnotation]


_README = """\
# zebrafish-synth

Generated zebrafish in the raw layout of the AAU zebrafish re-identification set: {rows} annotated fish in
{frames} frames of {width}x{height} pixels, six individuals, fish 1-3 only in `Vid1`, fish 4-6 only in `Vid2`.
No photo went into it. Made by `patternbench data synth`; `synth.json` holds every parameter and the seed.

- `annotations.csv`: one row a fish; separator `;`; the flags are `Right,Turning,Occlusion,Glitch`. The box is
  around the whole animal within the frame, hidden parts included; its lower right corner is one past the last
  pixel. `Right`: swims right, so its right flank is seen. `Turning`: the flank is foreshortened to less than
  {turning:.0%}. `Occlusion`: it shares more than {occluded:.0%} of the smaller fish's pixels with another, in
  front or behind. `Glitch`: never set.
- `data/Vid1_0001.png`: frames, numbered from 1 in time order.
- `masks/Vid1_0001.png`: what is visible, 10 x object id + region: 1 = animal (body and fins without
  pattern), 2 = pattern (the striped flank); 0 = background.

Stripes: an activator-inhibitor model with anisotropic diffusion, one run for each flank of each fish. The
tanks have one zone for each fish; a fish spends a stretch of {stretch} frames in its own zone with chance
`shortcut` = {shortcut:g}, and anywhere otherwise. Poses, light and patterns are the same at every value of
`shortcut`; fish that stay at home meet, and so occlude each other, less often.

Licence: {licence}.
"""


def generate(settings: SynthSettings, folder: Path, progress: Callable[[int, int], None] | None = None) -> None:
    """Write the generated set into a folder.

    The same settings give the same pixels and annotations. A frame does not depend on the number of frames after it.

    Args:
        settings: the generator's settings.
        folder: created if it does not exist; `annotations.csv` is written last.
        progress: called after each frame with (frames done, all frames).

    Raises:
        InputError: the folder already holds a data set, or cannot be created.
    """
    if (folder / "annotations.csv").exists():
        raise InputError(f"{folder} already holds a data set (annotations.csv). Give another folder or delete it.")
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(f"{folder} cannot be a folder: {error.strerror}. Give another.") from error
    total = sum(settings.frames_per_video)
    rows = write_frames(draw_frames(settings), folder, lambda done: progress(done, total) if progress else None)
    _describe(settings, folder, len(rows))
    write_annotations(rows, folder)


def draw_frames(settings: SynthSettings, numbers: Container[int] | None = None) -> Iterator[Frame]:
    """The frames of both videos in order.

    Args:
        settings: the generator's settings.
        numbers: numbers, from 0, of the frames to draw in each video; None = all. A frame does not depend on which
            others are drawn.
    """
    for video, count in enumerate(settings.frames_per_video):
        object_ids = [video * FISH_PER_VIDEO + i + 1 for i in range(FISH_PER_VIDEO)]
        fish = [individual(settings, object_id) for object_id in object_ids]
        swims = [swim.poses(settings, video, i) for i in range(FISH_PER_VIDEO)]
        empty = tank.background(settings, video)
        for frame in (number for number in range(count) if numbers is None or number in numbers):
            lit = tank.add_light(empty, settings, video, frame)
            photo, regions, annotations = scene.compose(lit, fish, [poses[frame] for poses in swims], tank.WATER[video])
            name = f"Vid{video + 1}_{frame + 1:04d}.png"
            yield Frame(name, photo, _coded(object_ids, regions), dict(zip(object_ids, annotations, strict=True)))


def write_frames(
    frames: Iterable[Frame], folder: Path, progress: Callable[[int], None], compression: int = 8
) -> list[str]:
    """Write photos and masks into a folder.

    Args:
        frames: the frames.
        folder: created if it does not exist.
        progress: called after each frame with the number of frames done.
        compression: PNG compression, 0 to 9. 8 gives the smallest files; 6 takes a quarter of the time and 5 % more
            space.

    Returns:
        The lines of `annotations.csv` for these frames.
    """
    for part in ("data", "masks"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    rows: list[str] = []
    for done, frame in enumerate(frames, start=1):
        Image.fromarray(frame.photo).save(folder / "data" / frame.file_name, compress_level=compression)
        Image.fromarray(frame.mask).save(folder / "masks" / frame.file_name, compress_level=compression)
        rows += [_row(frame.file_name, object_id, fish) for object_id, fish in frame.annotations.items()]
        progress(done)
    return rows


def write_annotations(rows: list[str], folder: Path) -> None:
    """Write the lines of `annotations.csv` below its header."""
    (folder / "annotations.csv").write_text("\n".join([HEADER, *rows]) + "\n", encoding="utf-8")


def individual(settings: SynthSettings, number: int) -> scene.Fish:
    """Fish 1 to 6 with its own shape, coat and a pattern on each flank."""
    rng = stream(settings.seed, Stream.BODY, number)
    texels = int(2.2 * settings.fish_length * settings.width / body.LENGTH)
    depth = rng.uniform(1.03, 1.11)
    shape = body.draw(texels, depth, rng.uniform(0.95, 1.08))
    coat = paint.Coat(gold=rng.uniform(-1, 1), red=rng.uniform(-1, 1))
    left, right = (
        paint.paint(shape, stripes.flank(stream(settings.seed, Stream.FLANK, number, side)), coat, rng)
        for side in (0, 1)
    )
    return scene.Fish(left, right, texels, depth)


def _coded(object_ids: list[int], regions: list[scene.Region]) -> NDArray[np.uint8]:
    mask = np.zeros_like(regions[0])
    for object_id, region in zip(object_ids, regions, strict=True):
        mask = np.where(region > 0, 10 * object_id + region, mask)
    return mask.astype(np.uint8)


def _row(name: str, object_id: int, fish: scene.FishAnnotation) -> str:
    flags = ",".join(str(int(flag)) for flag in (fish.right, fish.turning, fish.occluded, False))
    corners = ";".join(map(str, fish.box))
    return f"{name};{object_id};Zebrafish;{corners};{flags};;;"


def _describe(settings: SynthSettings, folder: Path, rows: int) -> None:
    """Write README.md and synth.json."""
    facts = {
        "name": "zebrafish-synth",
        "generator_version": VERSION,
        "licence": LICENCE,
        "annotations": rows,
        "settings": asdict(settings),
    }
    (folder / "synth.json").write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
    text = _README.format(
        rows=rows,
        frames=sum(settings.frames_per_video),
        width=settings.width,
        height=settings.height,
        turning=scene.TURNING,
        occluded=scene.OCCLUDED,
        shortcut=settings.shortcut,
        stretch=swim.STRETCH,
        licence=LICENCE,
    )
    (folder / "README.md").write_text(text, encoding="utf-8")
