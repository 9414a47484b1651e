"""The entry point of every backbone built on the kit: `python -m backbones.kit NAME VERB ...`."""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from backbones.kit.errors import DataError, JobError
from backbones.kit.facts import read_facts, weights_of
from backbones.kit.job import CONTRACT, ClassifyJob, EncodeJob, FillJob, InpaintJob, Job, read_job


def main(arguments: list[str] | None = None) -> int:
    """Run one verb and return the contract's exit code."""
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
    verb = verbs.add_parser("describe", help="print the description of this backbone as JSON")
    verb.add_argument("--image-size", type=int, default=256, help="pixels; default 256")
    verb.add_argument("--variant", default="", help="of the backbone")
    for name in ("train", "encode", "inpaint"):
        verbs.add_parser(name, help="do a job").add_argument("--job", type=Path, required=True, help="its folder")
    verb = verbs.add_parser("forward", help="run one network of the model alone")
    verb.add_argument("--part", required=True, help="name of the network")
    verb.add_argument("--state", type=Path, required=True, help="its weights: npz or safetensors, published keys")
    verb.add_argument("--input", type=Path, required=True, help="its input tensors: npz")
    verb.add_argument("--output", type=Path, required=True, help="npz to write")
    verb = verbs.add_parser("convert", help="convert a published file to safetensors, if it fits the network exactly")
    verb.add_argument("--variant", default="", help="of the backbone")
    verb.add_argument("--entry", required=True, help="name of the weights in backbone.toml")
    verb.add_argument("--input", type=Path, required=True, help="the file as published")
    verb.add_argument("--output", type=Path, required=True, help="safetensors to write")
    return parser


def describe(name: str, variant: str, image_size: int) -> dict[str, Any]:
    """The contract's description of a backbone, computed by encoding one black image.

    Args:
        name: the backbone's folder.
        variant: one of its variants; empty = the plain one.
        image_size: side of the image in pixels.

    Raises:
        JobError: the backbone does not take images of this size.
    """
    import torch

    from backbones.kit.loading import build_backbone
    from backbones.kit.parameters import count_used

    facts = read_facts(name)
    backbone = build_backbone(name, variant)
    image = torch.zeros(1, 3, image_size, image_size)
    with torch.no_grad():
        try:
            feature_maps = backbone.encoder.eval()(image)
        except (RuntimeError, ValueError) as error:
            raise JobError(f"{name} on images of {image_size} pixels: {error}") from error
    return {
        "contract": CONTRACT,
        "name": name,
        "variant": variant,
        "capabilities": facts["capabilities"],
        "parameters": {
            "encoder": count_used(backbone.encoder, image),
            "total": sum(tensor.numel() for tensor in backbone.network.parameters()),
        },
        "image_size": image_size,
        "shape": list(feature_maps.shape[1:]),
        "embedding_size": feature_maps.numel(),
        "input": facts["input"],
        "weights": facts.get("weights", []),
    }


def convert(name: str, variant: str, entry: str, published_file: Path, output: Path) -> None:
    """Convert a published file to safetensors; see `backbones.kit.published.convert`.

    Args:
        name: the backbone's folder.
        variant: one of its variants; empty = the plain one.
        entry: name of the weights in backbone.toml.
        published_file: the file as published.
        output: the .safetensors file to write.

    Raises:
        JobError: the backbone has no such weights.
        DataError: the file is unreadable or does not fit.
    """
    from backbones.kit.loading import build_backbone
    from backbones.kit.published.convert import convert as convert_file

    roles = {weights["name"]: weights["role"] for weights in weights_of(name, variant)}
    if entry not in roles:
        raise JobError(f"{name} has no weights {entry!r}; it has: {', '.join(roles) or 'none'}.")
    convert_file(build_backbone(name, variant), entry, roles[entry], published_file, output)


def run(name: str, job: Job) -> None:
    """Do a job. out/result.json is written last: if it exists, the job is complete.

    Raises:
        JobError: the job needs a capability that the backbone lacks, or images of a size that it does not take.
        DataError: the data or an artifact of the job is unusable.
    """
    from backbones.kit import loading, runtime
    from backbones.kit.learning.calibrate import calibrate

    facts = read_facts(name)
    capabilities = facts["capabilities"]
    for capability in _needed_capabilities(job):
        if capability not in capabilities:
            raise JobError(
                f"The job needs the capability {capability}, which {name} lacks; it has: {', '.join(capabilities)}."
            )
    if job.precision == "auto" and not facts.get("bfloat16", False):
        job = replace(job, precision="float32")
    runtime.prepare(job)
    job.out.mkdir(exist_ok=True)
    if isinstance(job, EncodeJob):
        from backbones.kit.learning.encode import encode

        encoder = loading.load_encoder(name, job)
        calibrate(job, encoder)
        result = encode(job, encoder)
    elif isinstance(job, InpaintJob):
        from backbones.kit.learning.inpaint import train_inpainting

        backbone = loading.load_backbone(name, job)
        result = train_inpainting(job, backbone, loading.build_recipe(name, job, backbone))
    elif isinstance(job, FillJob):
        from backbones.kit.learning.fill import fill

        backbone = loading.load_backbone(name, job)
        result = fill(job, loading.build_recipe(name, job, backbone))
    else:
        assert isinstance(job, ClassifyJob)
        from backbones.kit.learning.classify import train_classifier

        backbone = loading.load_backbone(name, job)
        calibrate(job, backbone.encoder)
        result = train_classifier(job, backbone)
    (job.out / "result.json").write_text(json.dumps(result | runtime.settings(job)) + "\n", encoding="utf-8")


def _needed_capabilities(job: Job) -> Iterator[str]:
    """The capabilities that a job needs."""
    if isinstance(job, InpaintJob | FillJob):
        yield "train:inpaint"
    if isinstance(job, ClassifyJob):
        yield f"train:{job.mode}"
    if isinstance(job, ClassifyJob | EncodeJob) and job.explain:
        yield "explain"
