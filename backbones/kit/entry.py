"""The entry point of every backbone built on the kit: `python -m backbones.kit NAME describe|train|encode`."""

import argparse
import importlib
import json
import sys
import tomllib
from pathlib import Path
from typing import Any

from backbones.kit.errors import DataError, JobError
from backbones.kit.job import CONTRACT, ClassifyJob, EncodeJob, InpaintJob, Job, read_job

FOLDER = Path(__file__).parents[1]


def main(arguments: list[str] | None = None) -> int:
    """Run one verb; returns the contract's exit code."""
    parser = argparse.ArgumentParser(prog="backbone", description="One contestant of patternbench.")
    parser.add_argument("name", help="the backbone's folder")
    verbs = parser.add_subparsers(dest="verb", required=True)
    describe_verb = verbs.add_parser("describe", help="print what this backbone is, as JSON")
    describe_verb.add_argument("--image-size", type=int, default=256, help="pixels; default 256")
    describe_verb.add_argument("--pooling", choices=("flatten", "average"), default="flatten")
    for verb in ("train", "encode"):
        verbs.add_parser(verb).add_argument("--job", type=Path, required=True, help="the job's folder")
    options = parser.parse_args(arguments)
    try:
        if options.verb == "describe":
            sys.stdout.write(json.dumps(describe(options.name, options.image_size, options.pooling)) + "\n")
        else:
            run(options.name, read_job(options.job, options.verb))
    except (JobError, DataError) as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


def facts(name: str) -> dict[str, Any]:
    """The content of the backbone's backbone.toml."""
    with (FOLDER / name / "backbone.toml").open("rb") as file:
        return tomllib.load(file)


def describe(name: str, image_size: int, pooling: str) -> dict[str, Any]:
    """The contract's description, by building the backbone and encoding one black image.

    Raises:
        JobError: the backbone does not take images of this size.
    """
    import torch

    from backbones.kit.head import embed

    own = facts(name)
    backbone = importlib.import_module(f"backbones.{name}.model").build()
    with torch.no_grad():
        try:
            maps = backbone.encoder.eval()(torch.zeros(1, 3, image_size, image_size))
        except (RuntimeError, ValueError) as error:
            raise JobError(f"{name} does not take images of {image_size} pixels: {error}") from error
    count = {"encoder": backbone.encoder.parameters(), "total": backbone.network.parameters()}
    return {
        "contract": CONTRACT,
        "name": name,
        "capabilities": own["capabilities"],
        "parameters": {what: sum(tensor.numel() for tensor in tensors) for what, tensors in count.items()},
        "image_size": image_size,
        "shape": list(maps.shape[1:]),
        "embedding_size": embed(maps, pooling).shape[1],
        "input": own["input"],
        "weights": own.get("weights", []),
    }


def run(name: str, job: Job) -> None:
    """Do a job and write out/result.json last, so that its presence means that the job is whole."""
    from backbones.kit import runtime
    from backbones.kit.start import start

    runtime.prepare(job)
    backbone = start(name, job)
    job.out.mkdir(exist_ok=True)
    if isinstance(job, InpaintJob):
        from backbones.kit.inpaint import train_inpainting
        from backbones.kit.start import recipe

        result = train_inpainting(job, backbone, recipe(name, job, backbone))
    elif isinstance(job, ClassifyJob):
        from backbones.kit.classify import train_classifier

        result = train_classifier(job, backbone)
    else:
        assert isinstance(job, EncodeJob)
        from backbones.kit.encode import encode

        result = encode(job, backbone)
    (job.out / "result.json").write_text(json.dumps(result) + "\n", encoding="utf-8")
