"""An honest contestant of the standard library alone, which searches all that it can reach for a canary.

Every job writes what it found into `out/found.json`, and what files and columns it was given. It searches its job
folder, its arguments, environment, standard input and working folder, and in a container every file there is.
"""

import ast
import base64
import csv
import json
import os
import struct
import sys
from pathlib import Path
from typing import Any

Job = dict[str, Any]
Row = dict[str, str]

CANARY = "".join(reversed("yranac9c4d"))
"""The canary, which is not in this file as it is."""

LARGEST = 2**26
"""Bytes of a file that are searched."""

SKIPPED = ("/proc/", "/sys/", "/usr/")
"""Folders of the system, and of the image of Python, in which the harness puts nothing."""
FEATURES = 12
GRID = 4


def main() -> int:
    verb, arguments = sys.argv[1], dict(zip(sys.argv[2::2], sys.argv[3::2], strict=True))
    if verb == "describe":
        sys.stdout.write(json.dumps(describe(int(arguments.get("--image-size", "256")))))
        return 0
    folder = Path(arguments["--job"])
    job = json.loads((folder / "job.json").read_text())
    found = search(folder)
    images, pixels = read_array(folder / "data" / "images.npy")
    with (folder / "data" / "table.csv").open(newline="") as file:
        table = list(csv.DictReader(file))
    result = {"contract": "1", "images": images[0], "seconds": 0.1, "peak_memory_mib": 1.0, "versions": {}}
    result |= work(job, table, features(images, pixels), (images, pixels), folder)
    (folder / "out" / "result.json").write_text(json.dumps(result))
    report = {
        "job": {name: job.get(name) for name in ("verb", "task", "mode")},
        "found": sorted(found),
        "files": sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if "out" not in path.parts),
        "columns": list(table[0]),
        "labels": sorted({row.get("label", "") for row in table}),
    }
    (folder / "out" / "found.json").write_text(json.dumps(report))
    return 0


def describe(size: int) -> dict[str, Any]:
    return {
        "contract": "1", "name": "seeker", "variant": "", "image_size": size, "shape": [FEATURES, 1, 1],
        "capabilities": ["train:inpaint", "train:shallow", "train:deep", "explain"], "embedding_size": FEATURES,
        "parameters": {"encoder": 12, "total": 24}, "input": {"channels": "RGB"}, "weights": [],
    }  # fmt: skip


# --- the search


def search(folder: Path) -> set[str]:
    """Places where the canary is."""
    texts = {"arguments": "\0".join(sys.argv), "standard input": sys.stdin.read(), "working folder": str(Path.cwd())}
    texts |= {f"variable {name}": f"{name}={value}" for name, value in os.environ.items()}
    found = {place for place, text in texts.items() if holds(text.encode(errors="replace"))}
    for path in (Path("/proc/self") / name for name in ("cmdline", "environ", "mountinfo", "maps", "status")):
        if path.is_file() and holds(path.read_bytes()):
            found.add(str(path))
    roots = [Path("/")] if folder == Path("/job") else [folder]  # the whole container
    for root in roots:
        found |= search_folder(root)
    return found


def search_folder(root: Path) -> set[str]:
    """Files below a folder whose content, name or link has the canary; links are followed to files."""
    found = set()
    for place, folders, files in os.walk(root, followlinks=False):
        if place.startswith(SKIPPED):
            continue
        for path in (Path(place, name) for name in (*folders, *files)):
            target = str(path.readlink()) if path.is_symlink() else ""
            if holds(f"{path} {target}".encode(errors="replace")):
                found.add(f"name of {path}")
            try:
                if path.is_file() and path.stat().st_size <= LARGEST and holds(path.read_bytes()):
                    found.add(str(path))
            except OSError:
                continue
    return found


def holds(data: bytes) -> bool:
    """Whether data has the canary, in any case, as UTF-16, hexadecimal or base64."""
    lower, word = data.lower(), CANARY.encode()
    forms = [word, CANARY.encode("utf-16-le"), word.hex().encode()]
    coded = [base64.b64encode(bytes(shift) + word)[4 * (shift > 0) : -4] for shift in range(3)]
    return any(form in lower for form in forms) or any(form in data for form in coded)


# --- the work


def work(job: Job, table: list[Row], rows: list[list[float]], images: Any, folder: Path) -> dict[str, Any]:
    out = folder / "out"
    (shape, pixels) = images
    if job["verb"] == "inpaint":
        write_array(out / "reconstructions.npy", "|u1", shape, bytes(pixels))
        return {}
    if job["verb"] == "encode":
        code, letter = ("<f2", "e") if job["dtype"] == "float16" else ("<f4", "f")
        write_array(
            out / "embeddings.npy", code, (len(rows), FEATURES), pack(letter, [value for row in rows for value in row])
        )
        if job["classes"]:
            means = json.loads((folder / job["checkpoint"]).read_text())
            write_array(out / "logits.npy", "<f4", (len(rows), job["classes"]), pack("f", logits(rows, means)))
        write_cams(job, (len(rows),), out)
        return {"encoder": {"parameters": 12, "shape": [FEATURES, 1, 1]}}
    if job["task"] == "inpaint":
        shown = (1, *shape[1:])
        write_array(out / "reconstructions.npy", "|u1", shown, bytes(pixels[: shape[1] * shape[2] * 3]))
        (out / "checkpoint.safetensors").write_text("{}")
        (out / "history.csv").write_text("epoch,iterations,validation\n1,1,0.5\n")
        return {"epoch": 1, "iterations": 1, "loss": 0.5}
    means = [mean([row for row, one in zip(rows, table, strict=True) if is_of(one, label)]) for label in classes(job)]
    (out / "checkpoint.safetensors").write_text(json.dumps(means))
    epochs = range(1, job["epochs"] + 1)
    (out / "history.csv").write_text("epoch,loss\n" + "".join(f"{epoch},0.5\n" for epoch in epochs))
    held = [row for row, one in zip(rows, table, strict=True) if one["split"] == "val"]
    values = pack("f", logits(held, means)) * job["epochs"]
    write_array(out / "validation_logits.npy", "<f4", (job["epochs"], len(held), job["classes"]), values)
    write_cams(job, (job["epochs"], sum(one["probe"] == "1" for one in table)), out)
    return {}


def classes(job: Job) -> range:
    return range(job["classes"])


def is_of(row: Row, label: int) -> bool:
    return row["split"] == "train" and row["label"] == str(label)


def features(shape: tuple[int, ...], pixels: memoryview) -> list[list[float]]:
    """Mean of each colour in each quarter of the rows of each image."""
    size = shape[1] * shape[2] * 3
    quarter = size // 4
    starts = [
        image * size + part * quarter + colour for image in range(shape[0]) for part in range(4) for colour in range(3)
    ]
    values = [sum(pixels[start : start + quarter : 3]) / (quarter / 3) / 255 for start in starts]
    return [values[start : start + FEATURES] for start in range(0, len(values), FEATURES)]


def mean(rows: list[list[float]]) -> list[float]:
    return [sum(column) / len(rows) for column in zip(*rows, strict=True)] or [9.0] * FEATURES


def logits(rows: list[list[float]], means: list[list[float]]) -> list[float]:
    return [
        -sum((one - other) ** 2 for one, other in zip(row, middle, strict=True)) for row in rows for middle in means
    ]


def write_cams(job: Job, images: tuple[int, ...], out: Path) -> None:
    for method in job["explain"]:
        count = GRID * GRID
        for size in images:
            count *= size
        values = pack("f", [number % 16 / 16 for number in range(count)])
        write_array(out / f"cams-{method}.npy", "<f4", (*images, GRID, GRID), values)


def pack(letter: str, values: list[float]) -> bytes:
    return struct.pack(f"<{len(values)}{letter}", *values)


def read_array(path: Path) -> tuple[tuple[int, ...], memoryview]:
    content = path.read_bytes()
    start = 10 + struct.unpack("<H", content[8:10])[0]
    header = ast.literal_eval(content[10:start].decode())
    return header["shape"], memoryview(content)[start:]


def write_array(path: Path, code: str, shape: tuple[int, ...], values: bytes) -> None:
    header = repr({"descr": code, "fortran_order": False, "shape": tuple(shape)}).encode()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    path.write_bytes(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + values)


if __name__ == "__main__":
    sys.exit(main())
