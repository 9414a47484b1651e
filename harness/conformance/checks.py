"""What the contract asks of a backbone, one small function a demand, in the order in which they are tried.

A check raises `Fault` with what it saw; its registration says what is asked, and how to mend what it found.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from benchmark.vocabulary import Mode, Precision
from harness.conformance.session import Attempt, Blocked, Fault, Trial
from harness.conformance.synthetic_packs import CLASSES, FEW, SHUFFLED, TWINS

SAME: dict[Precision, float] = {"float32": 1e-4, "bfloat16": 4e-2}
"""Arrays are the same where no value differs by more than this share of the largest. bfloat16 has 8 bits: where its
sums are made in another order, as for another batch size, embeddings of the networks here differ by up to 0.016."""

SAME_HALF = 5e-3
"""The same for float16, which has 11 bits."""

DIFFERENT = 1e-4
"""What must differ does so by more than this share, in any precision: it is compared in batches of one size."""


@dataclass(frozen=True)
class Check:
    """One demand of the contract.

    Attributes:
        asks: the demand, as a sentence.
        mend: what to do where it is not met.
        capability: only asked of backbones with it; empty = of all.
        look: raises `Fault` where it is not met.
    """

    asks: str
    mend: str
    capability: str
    look: Callable[[Trial], None]


@dataclass(frozen=True)
class Verdict:
    """What became of one check: passed, failed, or could not be tried because something before it failed."""

    check: Check
    status: Literal["pass", "fail", "skip"]
    cause: str = ""


CHECKS: list[Check] = []


def verdicts(trial: Trial) -> Iterator[Verdict]:
    """Try every check that the backbone's capabilities ask for, in order."""
    for check in CHECKS:
        if not check.capability or check.capability in trial.backbone.capabilities:
            yield judge(check, trial)


def judge(check: Check, trial: Trial) -> Verdict:
    """Try one check."""
    try:
        check.look(trial)
    except Fault as fault:
        return Verdict(check, "fail", str(fault))
    except Blocked as blocked:
        return Verdict(check, "skip", str(blocked))
    return Verdict(check, "pass")


def _asks(
    asks: str, *, mend: str, capability: str = ""
) -> Callable[[Callable[[Trial], None]], Callable[[Trial], None]]:
    def register(look: Callable[[Trial], None]) -> Callable[[Trial], None]:
        CHECKS.append(Check(asks, mend, capability, look))
        return look

    return register


@_asks(
    "describe says what backbone.toml says",
    mend="Make the two the same; the kit does so by reading backbone.toml.",
)
def describes_itself(trial: Trial) -> None:
    """Name, capabilities, input convention and weights are stated twice, and must agree."""
    said, written = trial.describe(), trial.backbone
    for field in ("name", "variant", "capabilities", "input", "weights"):
        _alike(f"describe's {field}", getattr(said, field), getattr(written, field))
    _alike("describe's image_size", said.image_size, trial.image_size)


@_asks(
    "a job with an unknown key is refused with exit code 2",
    mend="Check job.json against schema/job.json before doing anything, and leave with exit code 2.",
)
def refuses_unknown_keys(trial: Trial) -> None:
    """A backbone that passes over what it does not know does another job than the one it was given."""
    _ended_with(2, trial.unknown_key())


@_asks(
    "images of another size than the job says are refused with exit code 3",
    mend="Compare the shape of images.npy with the job's image_size, and leave with exit code 3.",
)
def refuses_broken_data(trial: Trial) -> None:
    """Bad data must never become other data."""
    _ended_with(3, trial.broken_data())


@_asks(
    "encode gives an embedding an image, of the size that describe says",
    mend="Write embeddings.npy as (images, embedding_size) float32, all values finite.",
)
def encodes(trial: Trial) -> None:
    """The first encoding, with random weights."""
    said = trial.describe()
    got = trial.encode("random").array("embeddings.npy").shape[1]
    _alike("the length of an embedding", got, said.embedding_size)
    _alike("the product of describe's shape", int(np.prod(said.shape)), said.embedding_size)


@_asks(
    "encode gives the same twice",
    mend="Seed every random generator with the job's seed, and leave dropout and augmentation out of encode.",
)
def encodes_the_same_twice(trial: Trial) -> None:
    """With random weights, too: the seed decides them."""
    _same(trial, "the second time", _embeddings(trial), trial.encode("random", time=2).array("embeddings.npy"))


@_asks(
    "encode keeps the order of the images",
    mend="Row i of every output belongs to row i of images.npy: do not shuffle, sort or group.",
)
def keeps_the_order(trial: Trial) -> None:
    """The second half of the pack shows the images of the first half in another order."""
    _only_after(encodes_the_same_twice, trial)
    embeddings = _embeddings(trial)
    _same(trial, "one and the same image at another place", embeddings[:TWINS][SHUFFLED], embeddings[TWINS:])


@_asks(
    "an embedding depends on its image alone",
    mend="Put the network into evaluation mode (batch norm!), and normalise nothing over the images of a job.",
)
def embeds_each_image_for_itself(trial: Trial) -> None:
    """Other company and another batch size change nothing."""
    _only_after(encodes_the_same_twice, trial)
    alone = trial.encode("random", pack="few", batch_size=1).array("embeddings.npy")
    _same(trial, "in batches of one, among fewer images", _embeddings(trial)[:FEW], alone)


@_asks(
    "different images have different embeddings",
    mend="Look whether the images reach the network at all, and whether its activations have died or overflowed.",
)
def tells_images_apart(trial: Trial) -> None:
    """A constant is not an embedding."""
    for one, other in combinations(_embeddings(trial)[:TWINS], 2):
        if _apart(one, other) <= DIFFERENT:
            raise Fault("two different images have the same embedding")


@_asks(
    "encode gives float16 and averaged embeddings when asked",
    mend="`flatten` is the map (C, h, w) as one vector, C slowest; `average` is its mean over h and w.",
)
def obeys_pooling_and_type(trial: Trial) -> None:
    """The averages must be those of the flattened maps."""
    said = trial.describe()
    averaged = trial.encode("random", pooling="average", dtype="float16").array("embeddings.npy")
    maps = _embeddings(trial).reshape(-1, *said.shape)
    _same(trial, "the average over the map", maps.mean(axis=(2, 3)), averaged.astype(np.float32), SAME_HALF)


@_asks(
    "inpainting training gives checkpoint, history and reconstructions",
    mend="Write what docs/contract.md lists for train, inpaint.",
    capability="train:inpaint",
)
def inpaints(trial: Trial) -> None:
    """One epoch on squares cut out of twelve images."""
    trial.inpaint()


@_asks(
    "inpainting training gives the same twice",
    mend="Seed weights, order of batches and every random choice with the job's seed, once, at the start.",
    capability="train:inpaint",
)
def inpaints_the_same_twice(trial: Trial) -> None:
    """Seen by the loss and the reconstructions; checkpoints are the backbone's own business."""
    first, second = trial.inpaint(), trial.inpaint(time=2)
    _same(trial, "the loss the second time", np.array([first.result.loss]), np.array([second.result.loss]))
    one, other = (_floats(run, "reconstructions.npy") for run in (first, second))
    _same(trial, "the reconstructions the second time", one, other, 1 / 255)


@_asks(
    "inpainting training teaches the encoder",
    mend="Encoder and inpainting model must share their weights, and the checkpoint must hold them.",
    capability="train:inpaint",
)
def learns_from_inpainting(trial: Trial) -> None:
    """Embeddings from its checkpoint differ from those of the random weights that it began with."""
    trial.inpaint()
    _differ("inpainting training", _embeddings(trial), _embeddings(trial, "inpaint"))


@_asks(
    "inpaint fills the holes and leaves known pixels alone",
    mend="Write reconstructions.npy, one uint8 image for each given, in their order; outside its hole as given.",
    capability="train:inpaint",
)
def fills_holes(trial: Trial) -> None:
    """With the trained state, on the images that it learnt from."""
    filled = trial.fill().array("reconstructions.npy")
    images, known = trial.pack("inpaint", "images"), trial.pack("inpaint", "masks") == 0
    changed = np.abs(filled[known].astype(int) - images[known].astype(int)).max()
    if changed > 1:
        raise Fault(f"a known pixel was changed by {changed} of 255")


@_asks(
    "shallow training gives checkpoint, history and validation logits",
    mend="Write what docs/contract.md lists for train, classify.",
    capability="train:shallow",
)
def classifies_shallow(trial: Trial) -> None:
    """And Grad-CAM maps of the probes, from backbones that explain."""
    trial.classify("shallow")


@_asks(
    "shallow training leaves the encoder as it was",
    mend="Freeze the encoder: no gradient, and evaluation mode, or batch norm statistics will move.",
    capability="train:shallow",
)
def shallow_freezes(trial: Trial) -> None:
    """Embeddings from its checkpoint are those from before."""
    trial.classify("shallow")
    _same(trial, "after shallow training", _embeddings(trial, trial.base), _embeddings(trial, "shallow"))


@_asks(
    "deep training gives checkpoint, history and validation logits",
    mend="Write what docs/contract.md lists for train, classify.",
    capability="train:deep",
)
def classifies_deep(trial: Trial) -> None:
    """As shallow training, with the encoder learning too."""
    trial.classify("deep")


@_asks(
    "deep training gives the same twice",
    mend="Seed weights, order of batches and every random choice with the job's seed, once, at the start.",
    capability="train:deep",
)
def classifies_the_same_twice(trial: Trial) -> None:
    """Seen by the logits of the validation images after every epoch."""
    first, second = trial.classify("deep"), trial.classify("deep", time=2)
    one, other = (_floats(run, "validation_logits.npy") for run in (first, second))
    _same(trial, "the logits the second time", one, other)


@_asks(
    "deep training changes the encoder, and its checkpoint keeps that",
    mend="Give the encoder's parameters to the optimiser, and save and load them with the head.",
    capability="train:deep",
)
def deep_learns(trial: Trial) -> None:
    """Embeddings from its checkpoint differ from those from before."""
    trial.classify("deep")
    _differ("deep training", _embeddings(trial, trial.base), _embeddings(trial, "deep"))


@_asks(
    "encode with a classifier's checkpoint gives logits",
    mend="Keep the head in the checkpoint, and write logits.npy as (images, classes) float32.",
    capability="train:deep",
)
def predicts(trial: Trial) -> None:
    """One value a class."""
    trial.classify("deep")
    done = trial.encode("deep")
    if not (done.folder / "out" / "logits.npy").is_file():
        raise Fault("there is no logits.npy")
    _alike("the number of classes in logits.npy", done.array("logits.npy").shape[1], CLASSES)


@_asks(
    "encode explains when asked",
    mend="Write cams.npy as (images, h, w) float32, each map scaled to [0, 1].",
    capability="explain",
)
def explains(trial: Trial) -> None:
    """Maps of the class that each image was taken for, by a classifier of the kind that it can train."""
    mode: Mode = "deep" if "train:deep" in trial.backbone.capabilities else "shallow"
    maps = trial.encode(mode).array("cams.npy")
    if maps.min() < 0 or maps.max() > 1:
        raise Fault(f"cams.npy holds values from {maps.min():.3g} to {maps.max():.3g}, expected 0 to 1")


@_asks(
    "jobs report their progress in lines of JSON",
    mend='Print {"event": "progress", "done": 1, "total": 3, "unit": "epoch"} on a line of its own, and flush.',
)
def reports_progress(trial: Trial) -> None:
    """Every job that ended well must have said at least once how far it is."""
    for attempt in _sound(trial):
        events = [_event(line) for line in attempt.lines if line.startswith("{")]
        if not any(events):
            raise Fault(f"{attempt.name} reported no progress on standard output")


@_asks(
    "nothing is written outside out/",
    mend="Write to out/ and, for what need not stay, to the folder for temporary files.",
)
def writes_nowhere_else(trial: Trial) -> None:
    """Under Docker the rest is read-only anyway."""
    for attempt in trial.attempts.values():
        if attempt.strays:
            raise Fault(f"{attempt.name} made or changed {', '.join(attempt.strays)}")


def _only_after(look: Callable[[Trial], None], trial: Trial) -> None:
    """Nothing can be seen of an order, say, where nothing is the same twice."""
    try:
        look(trial)
    except Fault as fault:
        asked = next(check.asks for check in CHECKS if check.look is look)
        raise Blocked(f"can only be seen once this is so: {asked}") from fault


def _sound(trial: Trial) -> list[Attempt]:
    return [attempt for attempt in trial.attempts.values() if attempt.result is not None]


def _event(line: str) -> bool:
    """Whether a line is a progress report; a line of JSON of another event is none, and allowed."""
    try:
        event = json.loads(line)
    except ValueError as error:
        raise Fault(f"standard output has a line that begins like JSON but is none: {line.strip()!r}") from error
    if event.get("event") != "progress":
        return False
    done, total = event.get("done"), event.get("total")
    if not isinstance(done, int) or not isinstance(total, int) or not 0 <= done <= total:
        raise Fault(f"a progress report needs whole numbers, 0 <= done <= total: {line.strip()!r}")
    return True


def _embeddings(trial: Trial, start: Any = "random") -> NDArray[np.float32]:  # noqa: ANN401 - a Start
    return _floats(trial.encode(start), "embeddings.npy")


def _floats(attempt: Attempt, name: str) -> NDArray[np.float32]:
    return attempt.array(name).astype(np.float32)


def _ended_with(code: int, attempt: Attempt) -> None:
    if attempt.outcome.code == code:
        return
    got = "exit code 0" if attempt.outcome.status == "ok" else attempt.outcome.cause
    raise Fault(f"{attempt.name}: expected exit code {code}, got: {got}")


def _alike(what: str, got: object, expected: object) -> None:
    if got != expected:
        raise Fault(f"{what} is {got}, expected {expected}")


def _apart(one: NDArray[Any], other: NDArray[Any]) -> float:
    """Largest difference as a share of the largest value; 0 where all is zero."""
    largest = float(max(np.abs(one).max(), np.abs(other).max()))
    return float(np.abs(one - other).max()) / largest if largest else 0.0


def _same(trial: Trial, when: str, one: NDArray[Any], other: NDArray[Any], least: float = 0.0) -> None:
    """They differ by no more than the trial's precision lets them, or by `least`, where that is more."""
    tolerance = max(SAME[trial.precision], least)
    if one.shape != other.shape:
        raise Fault(f"{when}: the shape is {other.shape}, before {one.shape}")
    apart = _apart(one, other)
    if apart > tolerance:
        raise Fault(f"{when}: values differ by {apart:.2g} of the largest, allowed {tolerance:.2g}")


def _differ(what: str, before: NDArray[Any], after: NDArray[Any]) -> None:
    if before.shape == after.shape and _apart(before, after) <= DIFFERENT:
        raise Fault(f"{what} left the embeddings as they were")
