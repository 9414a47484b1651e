"""The entry point of every backbone built on the kit: `python -m backbones.kit NAME VERB ...`."""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from backbones.kit.errors import DataError, JobError
from backbones.kit.facts import facts, weights_of
from backbones.kit.job import CONTRACT, ClassifyJob, EncodeJob, FillJob, InpaintJob, Job, read_job


def main(arguments: list[str] | None = None) -> int:
    """Run one verb; returns the contract's exit code."""
    options = _parser().parse_args(arguments)
    try:
        if options.verb == "describe":
            sys.stdout.write(json.dumps(describe(options.name, options.variant, options.image_size)) + "\n")
        elif options.verb == "forward":
            from backbones.kit.published.forward import forward

            forward(options.name, options.part, options.state, options.input, options.output)
        elif options.verb == "convert":
            convert(options.name, options.variant, options.entry, options.input, options.output)
        else:
            run(options.name, read_job(options.job, options.verb))
    except (JobError, DataError) as error:
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="backbone", description="One contestant of patternbench.")
    parser.add_argument("name", help="the backbone's folder")
    verbs = parser.add_subparsers(dest="verb", required=True)
    verb = verbs.add_parser("describe", help="print what this backbone is, as JSON")
    verb.add_argument("--image-size", type=int, default=256, help="pixels; default 256")
    verb.add_argument("--variant", default="", help="of the backbone")
    for name in ("train", "encode", "inpaint"):
        verbs.add_parser(name, help="do a job").add_argument("--job", type=Path, required=True, help="its folder")
    verb = verbs.add_parser("forward", help="apply one network of the model to given tensors")
    verb.add_argument("--part", required=True, help="which")
    verb.add_argument("--state", type=Path, required=True, help="its weights: npz or safetensors, published keys")
    verb.add_argument("--input", type=Path, required=True, help="the tensors it takes: npz")
    verb.add_argument("--output", type=Path, required=True, help="npz to write")
    verb = verbs.add_parser("convert", help="make safetensors of a published file that fits the network exactly")
    verb.add_argument("--variant", default="", help="of the backbone")
    verb.add_argument("--entry", required=True, help="name of the weights in backbone.toml")
    verb.add_argument("--input", type=Path, required=True, help="the file as published")
    verb.add_argument("--output", type=Path, required=True, help="safetensors to write")
    return parser


def describe(name: str, variant: str, image_size: int) -> dict[str, Any]:
    """The contract's description, by building the backbone and encoding one black image.

    Raises:
        JobError: the backbone does not take images of this size.
    """
    import torch

    from backbones.kit.start import build

    own = facts(name)
    backbone = build(name, variant)
    with torch.no_grad():
        try:
            maps = backbone.encoder.eval()(torch.zeros(1, 3, image_size, image_size))
        except (RuntimeError, ValueError) as error:
            raise JobError(f"{name} on images of {image_size} pixels: {error}") from error
    count = {"encoder": backbone.encoder.parameters(), "total": backbone.network.parameters()}
    return {
        "contract": CONTRACT,
        "name": name,
        "variant": variant,
        "capabilities": own["capabilities"],
        "parameters": {what: sum(tensor.numel() for tensor in tensors) for what, tensors in count.items()},
        "image_size": image_size,
        "shape": list(maps.shape[1:]),
        "embedding_size": maps.numel(),
        "input": own["input"],
        "weights": own.get("weights", []),
    }


def convert(name: str, variant: str, entry: str, given: Path, output: Path) -> None:
    """Make safetensors of a published file; see `backbones.kit.published.convert`."""
    from backbones.kit.published.convert import convert as convert_file
    from backbones.kit.start import build

    roles = {weights["name"]: weights["role"] for weights in weights_of(name, variant)}
    if entry not in roles:
        raise JobError(f"{name} has no weights {entry!r}; it has: {', '.join(roles) or 'none'}.")
    convert_file(build(name, variant), entry, roles[entry], given, output)


def run(name: str, job: Job) -> None:
    """Do a job and write out/result.json last, so that its presence means that the job is whole.

    Raises:
        JobError: it asks for what the backbone's description does not promise, or for what it turns out not to take.
        DataError: something that came with it is unusable.
    """
    from backbones.kit import runtime, start

    own = facts(name)["capabilities"]
    for needed in _needed(job):
        if needed not in own:
            raise JobError(f"The job needs the capability {needed}, which {name} lacks; it has: {', '.join(own)}.")
    runtime.prepare(job)
    backbone = start.start(name, job)
    job.out.mkdir(exist_ok=True)
    if isinstance(job, InpaintJob):
        from backbones.kit.learning.inpaint import train_inpainting

        result = train_inpainting(job, backbone, start.recipe(name, job, backbone))
    elif isinstance(job, FillJob):
        from backbones.kit.learning.fill import fill

        result = fill(job, start.recipe(name, job, backbone))
    elif isinstance(job, ClassifyJob):
        from backbones.kit.learning.classify import train_classifier

        result = train_classifier(job, backbone)
    else:
        assert isinstance(job, EncodeJob)
        from backbones.kit.learning.encode import encode

        result = encode(job, backbone)
    (job.out / "result.json").write_text(json.dumps(result) + "\n", encoding="utf-8")


def _needed(job: Job) -> Iterator[str]:
    """The capabilities that a job asks for."""
    if isinstance(job, InpaintJob | FillJob):
        yield "train:inpaint"
    if isinstance(job, ClassifyJob):
        yield f"train:{job.mode}"
    if isinstance(job, ClassifyJob | EncodeJob) and job.explain:
        yield "explain"
