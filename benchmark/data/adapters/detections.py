"""JSON files of detections: COCO annotations, and the output of MegaDetector."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from itertools import product
from pathlib import Path, PurePosixPath
from typing import Any

from benchmark.data.adapters.columns import SYNONYMS
from benchmark.data.adapters.reading import Reading
from benchmark.data.adapters.table_cells import CellError, parse_box, parse_segmentation, parse_text
from benchmark.data.adapters.table_files import table_in
from benchmark.data.catalogue import Row
from benchmark.data.crops import upright_size
from benchmark.data.faults import Fault, counted
from benchmark.errors import InputError

CONFIDENCE = 0.2
"""Confidence of a detection above which MegaDetector's authors take it for an animal."""

_ANIMAL = "animal"
_ROUNDING = 1e-3
_FRACTIONS = "MegaDetector writes [x, y, width, height] as fractions of the photo, within 0 and 1. Run it again."
_COCO_KEYS = frozenset({"id", "image_id", "category_id", "bbox", "area", "iscrowd", "segmentation", "file_name"})
_IMAGE_KEYS = frozenset({"id", "file_name", "width", "height", "license", "coco_url", "flickr_url"})

Json = dict[str, Any]


def find_detections(location: Path) -> Path | None:
    """The location if it is a file of detections, or the only such file in a folder without metadata table, else None.

    Raises:
        InputError: the folder holds several such files.
    """
    if location.is_file():
        return location if location.suffix.lower() == ".json" and _load(location) is not None else None
    if table_in(location) is not None:
        return None
    files = [path for path in sorted(location.glob("*.json")) if _load(path) is not None]
    if len(files) > 1:
        names = ", ".join(path.name for path in files)
        raise InputError(f"{location} holds several files of detections: {names}. Give the path of one of them.")
    return files[0] if files else None


def read_detections(path: Path) -> Reading:
    """Read a file of detections, by the rules of its format.

    - COCO: boxes are [x, y, width, height] in pixels, the identity is a field of the annotation or of the image
      (`identity`, `name`, `individual_id`, ...), else the category.
    - MegaDetector: boxes are fractions of the upright photo; the identity is the first folder of the photo's path, and
      its animal is the detection with the highest confidence.

    Paths are relative to the file's folder, or to a folder `images` there.

    Raises:
        InputError: the file cannot be read, or nothing in it names individuals.
    """
    content = _load(path)
    if content is None:
        raise InputError(f"{path}: neither COCO annotations nor MegaDetector's output.")
    has_annotations = "annotations" in content
    try:
        return _READERS[has_annotations](path, content)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        tool = "COCO" if has_annotations else "MegaDetector"
        raise InputError(f"{path}: it is not as {tool} writes it ({error!r}). Export it again.") from error


def _load(path: Path) -> Json | None:
    """The content of a file of detections; None if it is something else."""
    try:
        content = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return None
    images = content.get("images") if isinstance(content, dict) else None
    if not isinstance(images, list) or not all(isinstance(image, dict) for image in images):
        return None
    return content if "annotations" in content or any("detections" in image for image in images) else None


def _read_coco(path: Path, content: Json) -> Reading:
    images = {image.get("id"): image for image in content["images"]}
    annotations = [one for one in content["annotations"] if isinstance(one, dict)]
    categories = {one.get("id"): parse_text(one.get("name")) for one in content.get("categories") or []}
    identities, remarks = _coco_identities(path, annotations, images, categories)
    per_photo = Counter(annotation.get("image_id") for annotation in annotations)
    rows: list[Row] = []
    faults: list[Fault] = []
    for number, (annotation, identity) in enumerate(zip(annotations, identities, strict=True), start=1):
        image, own_id = images.get(annotation.get("image_id")), annotation.get("id", number)
        suffix = "" if per_photo[annotation.get("image_id")] == 1 else f"#{own_id}"
        try:
            rows.append(_coco_row(path.parent, image, annotation, identity, suffix))
        except CellError as error:
            faults.append(Fault(path, error.reason, error.fix, row=f"annotation {own_id}"))
    unused = len(images) - len(set(per_photo) & set(images))
    if unused:
        remarks.append(f"Left out, because no annotation names them: {counted(unused, 'photo')}.")
    return Reading(path.parent, tuple(rows), tuple(faults), tuple(remarks))


def _coco_row(root: Path, image: Json | None, annotation: Json, identity: str, suffix: str) -> Row:
    if image is None or not parse_text(image.get("file_name")):
        missing = f"image_id {annotation.get('image_id')!r} is no image with a file_name"
        raise CellError(missing, "Export the file again.")
    if not identity:
        raise CellError("it names no individual", "Fill in its identity; `unknown` leaves it out.")
    name = parse_text(image["file_name"]).replace("\\", "/")
    return Row(
        image_id=f"{name}{suffix}",
        identity=identity,
        path=_photo(root, name),
        box=parse_box(annotation.get("bbox")),
        segmentation=parse_segmentation(annotation.get("segmentation"), root),
        groups=_plain(image, _IMAGE_KEYS) | _plain(annotation, _COCO_KEYS),
    )


def _coco_identities(
    path: Path, annotations: list[Json], images: Mapping[Any, Json], categories: Mapping[Any, str]
) -> tuple[list[str], list[str]]:
    """The identity of each annotation, and a remark if it is the category."""
    images_of = [images.get(annotation.get("image_id"), {}) for annotation in annotations]
    for key, fields in product(SYNONYMS["identity"], (annotations, images_of)):
        identities = [parse_text(one.get(key)) for one in fields]
        if any(identities):
            return identities, []
    identities = [categories.get(annotation.get("category_id"), "") for annotation in annotations]
    if len(set(identities)) > 1:
        return identities, ["No annotation has a field for the individual: its category is taken for the individual."]
    raise InputError(
        f"{path}: nothing names the individuals. Give each annotation a field `identity` (or one of "
        f"{', '.join(SYNONYMS['identity'][1:])}), or a category for each individual."
    )


def _read_megadetector(path: Path, content: Json) -> Reading:
    categories = content.get("detection_categories") or {"1": _ANIMAL}
    rows: list[Row] = []
    faults: list[Fault] = []
    several = none = 0
    for image in content["images"]:
        animals = [
            one
            for one in image.get("detections") or []
            if categories.get(str(one.get("category"))) == _ANIMAL and one.get("conf", 0) >= CONFIDENCE
        ]
        several += len(animals) > 1
        none += not animals
        name = parse_text(image.get("file")).replace("\\", "/")
        try:
            rows.append(_detected_row(path.parent, name, max(animals, key=lambda one: one["conf"], default=None)))
        except CellError as error:
            faults.append(Fault(_photo(path.parent, name), error.reason, error.fix))
    remarks = []
    if several:
        remarks.append(f"Several animals, of which the surest is taken: {counted(several, 'photo')}.")
    if none:
        remarks.append(f"No animal was detected, and the whole photo is taken: {counted(none, 'photo')}.")
    return Reading(path.parent, tuple(rows), tuple(faults), tuple(remarks))


def _detected_row(root: Path, name: str, animal: Json | None) -> Row:
    identity, *deeper = PurePosixPath(name).parts[:-1] or ("",)
    if not identity:
        raise CellError("it is in no folder, so nothing names its individual", "Put it into the individual's folder.")
    photo = _photo(root, name)
    return Row(
        image_id=name,
        identity=identity,
        path=photo,
        box=_in_pixels(animal.get("bbox"), photo) if animal and photo.is_file() else None,
        groups={"folder": "/".join(deeper)} if deeper else {},
    )


def _in_pixels(box: object, photo: Path) -> tuple[float, float, float, float] | None:
    """A box in pixels of the upright photo, from fractions of it."""
    numbers = box if isinstance(box, list) else []
    if len(numbers) != 4 or not all(isinstance(number, (int, float)) for number in numbers):  # noqa: PLR2004 - a box
        raise CellError(f"bbox is {box!r}", _FRACTIONS)
    x, y, width, height = numbers
    ends = (x, y, x + width, y + height)
    if not all(-_ROUNDING <= end <= 1 + _ROUNDING for end in ends):
        raise CellError(f"bbox is {box!r}, outside the photo", _FRACTIONS)
    size = upright_size(photo)
    if size is None:  # the photo cannot be read, which is a fault of its own
        return None
    return parse_box([x * size[0], y * size[1], width * size[0], height * size[1]])


def _photo(root: Path, name: str) -> Path:
    """The photo of a name: beside the file, or in a folder `images` there."""
    inside = root / "images" / name
    return inside if inside.is_file() and not (root / name).is_file() else root / name


def _plain(fields: Json, known: frozenset[str]) -> dict[str, str]:
    """The fields with plain values that are metadata, as groups."""
    identity = frozenset(SYNONYMS["identity"])
    return {key: text for key, value in fields.items() if key not in known | identity and (text := parse_text(value))}


_READERS: dict[bool, Callable[[Path, Json], Reading]] = {True: _read_coco, False: _read_megadetector}
"""Readers by whether the file has annotations."""
